"""Formulas as MathML, which a browser shows without a script, and Markdown with such formulas as HTML."""

import re

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# A function's name before a letter or number, from which browsers do not set it apart.
FUNCTION = re.compile(r"(<mi>(?:log|exp|ln|max|min|softmax|argmax)</mi>)(?=<m(?:i|n|sup|sub|subsup|frac)\b)")
WORDS = re.compile(r"\\text\{[^{}]*\}")  # in which latex2mathml shows `\_` as it is
COMMANDS = re.compile(r"\\[A-Za-z]+|[{}\\,;!\s]")  # what TeX does not print
GREEK = dict(zip(
    "alpha beta gamma delta epsilon lambda mu sigma tau theta phi".split(), "αβγδελμστθφ", strict=True
))  # fmt: skip
LONG = 48  # signs from which a displayed formula is a long one


def mathml(tex: str, display: str) -> str:
    """Return a formula as MathML; display: inline or block."""
    tex = WORDS.sub(lambda words: words[0].replace(r"\_", "_"), " ".join(tex.split()))
    return FUNCTION.sub(r'\1<mspace width="0.17em"/>', convert(tex, display=display))


def spoken(text: str) -> str:
    """Return words that hold TeX's commands for a screen reader: `\\mathcal{U}` is U, `\\alpha` is α."""
    text = re.sub(r"\\(?:mathcal|mathrm|text|operatorname)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\(log|exp|ln|max|min)\b", r"\1", text)
    return re.sub(r"\\([A-Za-z]+)", lambda command: GREEK.get(command[1], command[1]), text)


def as_html(markdown: str) -> str:
    """Return Markdown as HTML; a displayed formula is in a box of class `formula`, a long one of `long` as well."""
    return MarkdownWithMath(renderer=_Formulas(escape=False, exclude_anchor_links=True)).render(markdown)


class _Formulas(IPythonRenderer):
    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def block_math(self, body: str) -> str:
        length = " long" if len(COMMANDS.sub("", body)) > LONG else ""
        return f'<div class="formula{length}">{mathml(body, "block")}</div>'
