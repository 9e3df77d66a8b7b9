"""What stands around the text of each page: which data it rests on, and tables that scroll and sort."""

import re

from docutils import nodes

MEASURED = ("measured/", "results")
CHAPTER = re.compile(r"\d\d_\w+")
# Which numbers each badge is about where a page has both.
BOTH = {
    "index": {"measured": "the numbers here: ", "build": "the chapters: "},
    "10_results": {"build": "from this build: ", "measured": "from runs/reference: "},
}
QUOTED = re.compile(r"(`[^`]*`|\$[^$]+\$)")
# Where a cell of numbers may not break: all but before a parenthesis; a heading not before its arrow.
TOGETHER = {True: re.compile(r" (?=[↓↑])"), False: re.compile(r" (?!\()")}
MARKUP = re.compile(r"[*|\\]|(?<=\w)_(?!\w)")


def badge(app, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Say at the top of a page which build it belongs to, and which data its numbers are of."""
    if "body" not in context:
        return
    about = _about(pagename)
    badges = app.config.oe_badges
    spans = (f'<span class="data-badge {kind}">{what}{badges[kind]}</span>' for kind, what in about.items())
    # docutils gives entries of a bibliography a role that is deprecated.
    body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
    line = f'<p class="badge-line">{" ".join(spans)}</p>' if about else ""
    context["body"] = f"{line}{body}"


def _about(pagename: str) -> dict[str, str]:
    """The badges of a page with what each is about; a page that no build and no record has a number on has none."""
    if pagename in BOTH:
        return BOTH[pagename]
    if pagename.startswith(MEASURED):
        return {"measured": ""}
    return {"build": ""} if CHAPTER.fullmatch(pagename) else {}


def wrap_tables(app, doctree: nodes.document, docname: str) -> None:
    """Put every table into a box of its own that scrolls, also by keyboard; a number breaks before a parenthesis."""
    for table in list(doctree.findall(nodes.table)):
        for cell in table.findall(lambda node: isinstance(node, nodes.entry) and "text-right" in node["classes"]):
            together = TOGETHER[isinstance(cell.parent.parent, nodes.thead)]
            for text in list(cell.findall(nodes.Text)):
                text.parent.replace(text, nodes.Text(together.sub("\N{NO-BREAK SPACE}", text)))
        for name in table.findall(lambda node: isinstance(node, nodes.literal) and "_" in node.astext()):
            _breaking(name)
        before = nodes.raw("", '<div class="scroll" tabindex="0" role="region" aria-label="table">', format="html")
        after = nodes.raw("", "</div>", format="html")
        table.parent.replace(table, [before, table, after])


def _breaking(name: nodes.literal) -> None:
    """Let a name in a narrow column break after its underscores, not inside of its words."""
    first, *parts = re.findall(r"[^_]*_+|[^_]+", name.astext())
    breaks = ((nodes.raw("", "<wbr>", format="html"), nodes.Text(part)) for part in parts)
    name.children = []
    name.extend([nodes.Text(first), *(node for pair in breaks for node in pair)])


def plain_docstring(app, what: str, name: str, thing, options, lines: list[str]) -> None:
    """A docstring is prose with `code`, $formulas$ and examples: what else reStructuredText reads into it is text."""
    paragraphs = "\n".join(lines).split("\n\n")
    lines[:] = "\n\n".join(text if text.startswith(">>>") else _escaped(text) for text in paragraphs).split("\n")


def _escaped(text: str) -> str:
    parts = QUOTED.split(text)
    parts[::2] = (MARKUP.sub(r"\\\g<0>", part) for part in parts[::2])
    parts[1::2] = (f":math:`{part[1:-1]}`" if part.startswith("$") else part for part in parts[1::2])
    return "".join(parts)


def setup(app) -> dict:
    """Dress all pages."""
    app.add_config_value("oe_badges", {}, "html")
    app.add_config_value("oe_code", "", "env")  # with this site's own code all pages change
    app.connect("autodoc-process-docstring", plain_docstring)
    app.connect("html-page-context", badge)
    app.connect("doctree-resolved", wrap_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
