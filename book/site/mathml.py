"""Formulas as MathML: Sphinx's own renderers ask the network for a script."""

from docutils import nodes
from markup import mathml


def _inline(writer, node: nodes.math) -> None:
    writer.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(writer, node: nodes.math_block) -> None:
    # A long formula scrolls in a box of its own, also by keyboard.
    box = '<div class="formula" tabindex="0" role="group" aria-label="formula">'
    writer.body.append(f"{box}{mathml(node.astext(), 'block')}</div>")
    raise nodes.SkipNode


def setup(app) -> dict:
    """Offer the renderer under the name `mathml`."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
