"""Formulas as MathML, which a browser shows without a script: Sphinx's own renderers ask the network for one."""

import re

from docutils import nodes
from latex2mathml.converter import convert

# A function's name before a letter or number, from which browsers do not set it apart.
FUNCTION = re.compile(r"(<mi>(?:log|exp|ln|max|min|softmax|argmax)</mi>)(?=<m(?:i|n|sup|sub|subsup|frac)\b)")


def _inline(writer, node: nodes.math) -> None:
    writer.body.append(_mathml(node, "inline"))
    raise nodes.SkipNode


def _block(writer, node: nodes.math_block) -> None:
    # A long formula scrolls in a box of its own, also by keyboard.
    box = '<div class="formula" tabindex="0" role="group" aria-label="formula">'
    writer.body.append(f"{box}{_mathml(node, 'block')}</div>")
    raise nodes.SkipNode


def _mathml(node: nodes.Element, display: str) -> str:
    made = convert(" ".join(node.astext().split()), display=display)
    return FUNCTION.sub(r'\1<mspace width="0.17em"/>', made)


def setup(app) -> dict:
    """Offer the renderer under the name `mathml`."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
