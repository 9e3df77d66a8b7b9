"""How the chapters are written, where a reader would miss something and no cell fails."""

import ast
import subprocess
import sys

import jupytext
import pytest
from chapters import find_chapters
from small_book import ROOT

# What ends an expression that is there to be shown: methods and attributes of a table that leave it as it is.
SHOWN = {"T", "agg", "describe", "head", "rename", "round", "sort_values", "style", "to_frame", "unstack"}


def _is_a_table(expression: ast.expr) -> bool:
    called = expression.func if isinstance(expression, ast.Call) else expression
    return isinstance(called, ast.Attribute) and called.attr in SHOWN


@pytest.mark.parametrize("path", find_chapters(ROOT / "book").values(), ids=lambda path: path.stem)
def test_no_table_is_lost_within_a_block(path):
    """A notebook shows the value of a cell's last line, but none of a line within `with`, `if` or `for`."""
    lost = []
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "code":
            blocks = [line for line in ast.parse(cell.source).body if not isinstance(line, ast.Expr)]
            inner = (node for block in blocks for node in ast.walk(block) if isinstance(node, ast.Expr))
            lost += [ast.unparse(node) for node in inner if _is_a_table(node.value)]
    assert lost == []


def test_the_book_does_not_compile_the_grammar_of_addresses_at_its_start():
    """Two seconds in every process of a build, for a format that no notebook has."""
    code = "import build, worker, sys; print([name for name in sys.modules if name.split('.')[0] == 'lark'])"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "book", capture_output=True, text=True)
    assert process.stdout == "[]\n", process.stderr
