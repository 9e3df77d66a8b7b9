"""Formulas of a rendered notebook as MathML, which a browser shows without fetching anything."""

import re

import nbformat
from latex2mathml.converter import convert
from nbconvert.preprocessors import Preprocessor

# Code first: a dollar inside it is no formula.
FORMULA = re.compile(r"(?P<code>```.*?```|`[^`\n]*`)|\$\$(?P<block>.+?)\$\$|(?<!\\)\$(?P<inline>[^$]+?)\$", re.DOTALL)


class FormulaPreprocessor(Preprocessor):
    """Replaces `$...$` and `$$...$$` in the Markdown cells."""

    def preprocess_cell(self, cell: nbformat.NotebookNode, resources: dict, index: int):
        """Return the cell, its source changed when it is Markdown, and the resources."""
        if cell.cell_type == "markdown":
            cell.source = FORMULA.sub(_mathml, cell.source)
        return cell, resources


def _mathml(found: re.Match) -> str:
    if found["code"]:
        return found["code"]
    display = "block" if found["block"] else "inline"
    latex = " ".join((found["block"] or found["inline"]).split())
    # In a line of its own Markdown takes HTML as it is; a blank line inside would end it.
    return convert(latex, display=display).replace("\n", " ")
