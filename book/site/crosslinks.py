"""Links that no author has to write: chapters, sections, tables, figures, references, and each term's first use.

Prose says "chapter 2", "section 4.4", "Table 3" or "the base rate"; where the site has a place for it, the words lead
there.
"""

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.util.nodes import make_refnode

PLACE = re.compile(
    r"\b(?:[Cc]hapter (?P<chapter>\d+)|[Ss]ection (?P<section>\d+\.\d+)"
    r"|Table (?P<table>\d+(?:\.\d+)?)|Figure (?P<figure>\d+\.\d+))\b"
)
CHAPTER = re.compile(r"(\d\d)_\w+")
# Where words are no prose, or lead somewhere already.
CLOSED = (
    nodes.reference, nodes.literal, nodes.literal_block, nodes.title, nodes.math, nodes.raw, nodes.term, nodes.thead,
)  # fmt: skip
REFERENCES = "References"
WITHOUT_TERMS = ("glossary", "bibliography")
# Terms that are common words, too, in the sense of their entries; the name of a scale follows as code.
SENSES = {
    "draw": r"(?:\b(?:a|one|each|every|per|another|the same) (?P<one>draw)\b(?! (?:a|an|the|one)\b)"
            r"|(?:\d|\bof|\bover|\band|\btwo|\bten|\bthe|\btheir|\bsame|,) (?P<many>draws)\b)",
    "scale": r"(?:(?P<named>scales?)(?= (?:smoke|demo|course|paper)\b)"
             r"|\b(?:this|each|another|the larger|which) (?P<any>scale)\b(?! of\b))",
}  # fmt: skip
# What stands before a place in the paper, or before a list of such places: its sections have numbers of the same form.
OF_THE_PAPER = re.compile(
    r"(paper|paper's|paper’s|\d{4}[,.]),? ((section|appendix|table|figure)s? [A-Z\d.]+(,|;|,? and) )*$", re.IGNORECASE
)


def link(app, doctree: nodes.document, docname: str) -> None:
    """Link what the prose of one page names."""
    if CHAPTER.fullmatch(docname):
        _link_references(app, doctree, docname)
    if docname.startswith("api/"):  # docstrings quote the paper's sections
        return
    _link_names(app, doctree, docname)
    places, terms = _places(app.env), _terms(app.env)
    for text in list(doctree.findall(nodes.Text)):
        if not _is_prose(text):
            continue
        found = [*_named_places(text, places, docname)]
        if not docname.startswith(WITHOUT_TERMS):
            found += _first_uses(text, terms, _code_after(text))
        _replace(app, docname, text, found)


def _link_names(app, doctree: nodes.document, docname: str) -> None:
    """The names of chapters lead to their pages, and among the measured results those of records to theirs."""
    pages = {name: name for name in app.env.found_docs if CHAPTER.fullmatch(name)}
    pages |= dict.fromkeys(("runs/reference", "runs/reference/README.md"), "measured/index")
    if docname.startswith(("measured/", "course/")):
        pages |= {name.removeprefix("measured/"): name for name in app.env.found_docs if name.startswith("measured/")}
    for name in list(doctree.findall(nodes.literal)):
        page = pages.get(name.astext(), docname)
        if page != docname and not any(isinstance(part, (nodes.reference, nodes.title)) for part in _above(name)):
            name.parent.replace(name, make_refnode(app.builder, docname, page, "", name.deepcopy()))


def _above(node: nodes.Node) -> list[nodes.Node]:
    return [node.parent, *_above(node.parent)] if node.parent is not None else []


def _is_prose(text: nodes.Text) -> bool:
    above = _above(text)
    in_references = any(isinstance(part, nodes.section) and part[0].astext() == REFERENCES for part in above)
    in_prose = any(isinstance(part, (nodes.paragraph, nodes.caption)) for part in above)
    numbered = [type(part) for part in above[:2]] == [nodes.strong, nodes.caption]  # the number of a figure itself
    return in_prose and not numbered and not in_references and not any(isinstance(part, CLOSED) for part in above)


def _places(env) -> dict[tuple[str, str], tuple[str, str]]:
    """What prose can name, and the page and anchor of each: ("section", "4.4") and the like."""
    found = {}
    for docname in env.found_docs:
        if not (chapter := CHAPTER.fullmatch(docname)):
            continue
        found["chapter", str(int(chapter[1]))] = (docname, "")
        for heading in env.tocs[docname].findall(nodes.reference):
            if number := re.match(r"\d+\.\d+", heading.astext()):
                found["section", number[0]] = (docname, heading["anchorname"].lstrip("#"))
    for name, (docname, anchor) in env.get_domain("std").anonlabels.items():
        if label := re.fullmatch(r"(table|figure)-([\d-]+)", name):
            found[label[1], label[2].replace("-", ".")] = (docname, anchor)
    return found


def _named_places(text: str, places: dict, docname: str) -> Iterator[tuple[int, int, tuple[str, str]]]:
    for match in PLACE.finditer(text):
        place = places.get((match.lastgroup, match[match.lastgroup]))
        if place and place != (docname, "") and not OF_THE_PAPER.search(text[: match.start()]):
            yield match.start(), match.end(), place


def _terms(env) -> dict[str, tuple[re.Pattern, tuple[str, str]]]:
    """The glossary's terms, longest first, each with what finds it; a page takes out what it has linked."""
    objects = env.get_domain("std").get_objects()
    found = [(name, page, anchor) for name, _, kind, page, anchor, _ in objects if kind == "term"]
    found.sort(key=lambda term: -len(term[0]))
    flags = {name: 0 if name.isupper() else re.IGNORECASE for name, _, _ in found}
    patterns = {name: SENSES.get(name, rf"(?<![\w-]){re.escape(name)}s?(?![\w-])") for name, _, _ in found}
    return {name: (re.compile(patterns[name], flags[name]), (page, anchor)) for name, page, anchor in found}


def _code_after(text: nodes.Text) -> str:
    """The code that follows a text of the same paragraph, "" where something else does."""
    after = text.next_node(descend=False, siblings=True)
    return after.astext() if isinstance(after, nodes.literal) else ""


def _first_uses(text: str, terms: dict, after: str) -> Iterator[tuple[int, int, tuple[str, str]]]:
    for name, (pattern, place) in list(terms.items()):
        match = pattern.search(text + after) if name in terms else None
        if match and match.end() <= len(text):
            start, end = match.span(match.lastgroup or 0)
            yield start, end, place
            text = text[:start] + "\0" * (end - start) + text[end:]  # no shorter term inside it
            # Terms of one entry say the same thing, so that one link does for all of them.
            for other in [other for other in terms if terms[other][1] == place]:
                del terms[other]


def _replace(app, docname: str, text: nodes.Text, found: list[tuple[int, int, tuple[str, str]]]) -> None:
    parts, done = [], 0
    for start, end, (page, anchor) in sorted(found):
        if start < done:
            continue
        words = nodes.inline("", text[start:end], classes=["term-link"] if page == "glossary" else [])
        parts += [nodes.Text(text[done:start]), make_refnode(app.builder, docname, page, anchor, words)]
        done = end
    if parts:
        text.parent.replace(text, [*parts, nodes.Text(text[done:])])


def _link_references(app, doctree: nodes.document, docname: str) -> None:
    """The titles in a chapter's references lead to the book's bibliography."""
    entries = _bibliography(app.env)
    for section in doctree.findall(nodes.section):
        if section[0].astext() != REFERENCES:
            continue
        for title in list(section.findall(nodes.emphasis)):
            place = entries.get(_letters(title.astext()))
            if place:
                title.parent.replace(title, make_refnode(app.builder, docname, *place, title.deepcopy()))


def _bibliography(env) -> dict[str, tuple[str, str]]:
    """The page and anchor of each entry, by the letters of its title."""
    citations = env.get_domain("cite").citations
    return {
        _letters(citation.entry.fields["title"]): (citation.bibliography_key.docname, citation.citation_id)
        for citation in citations
    }


def _letters(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


def setup(app) -> dict:
    """Link once all pages are known."""
    app.connect("doctree-resolved", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
