"""Formulas as MathML, which a browser shows without a script, and Markdown with such formulas as HTML."""

import re

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# A function's name before a letter or number, from which browsers do not set it apart.
FUNCTION = re.compile(r"(<mi>(?:log|exp|ln|max|min|softmax|argmax)</mi>)(?=<m(?:i|n|sup|sub|subsup|frac)\b)")
WORDS = re.compile(r"\\text\{[^{}]*\}")  # in which latex2mathml shows `\_` as it is
COMMANDS = re.compile(r"\\[A-Za-z]+|[{}\\,;!\s]")  # what TeX does not print
LONG = 48  # signs from which a displayed formula is a long one


def mathml(tex: str, display: str) -> str:
    """Return a formula as MathML; display: inline or block."""
    tex = WORDS.sub(lambda words: words[0].replace(r"\_", "_"), " ".join(tex.split()))
    return FUNCTION.sub(r'\1<mspace width="0.17em"/>', convert(tex, display=display))


def as_html(markdown: str) -> str:
    """Return Markdown as HTML; a displayed formula is in a box of class `formula`, a long one of `long` as well."""
    return MarkdownWithMath(renderer=_Formulas(escape=False, exclude_anchor_links=True)).render(markdown)


class _Formulas(IPythonRenderer):
    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def block_math(self, body: str) -> str:
        length = " long" if len(COMMANDS.sub("", body)) > LONG else ""
        return f'<div class="formula{length}">{mathml(body, "block")}</div>'
