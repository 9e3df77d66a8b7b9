"""A session's slides as one page of reveal.js, made by nbconvert; nothing on it asks a network."""

import json
import re
from html import escape
from pathlib import Path

import nbformat
from excerpts import NUMBERED
from lessons import Found, Session
from markup import as_html
from nbconvert.exporters.slides import SlidesExporter
from outputs import is_narrow, outputs
from stamps import read_stamp

HERE = Path(__file__).parent / "deck"
SIZE = (1280, 720)  # of a slide, in pixels of a screen that shows it whole
LETTERS = "ABCD"
FMT = re.compile(r" *# fmt: skip$", re.MULTILINE)


class _Deck(SlidesExporter):
    @property
    def default_config(self):
        config = super().default_config
        config.CSSHTMLHeaderPreprocessor.style = "a11y-high-contrast-light"
        return config

    def default_filters(self):
        yield from super().default_filters()
        yield "markdown2html", as_html


def page(session: Session, cells: list[nbformat.NotebookNode]) -> str:
    """Return the page of a session whose slides are these cells."""
    title = f"Session {session.number}: {session.title}"
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"title": title, "language_info": {"name": "python"}})
    width, height = map(str, SIZE)
    size = {"reveal_url_prefix": "reveal", "reveal_width": width, "reveal_height": height}
    exporter = _Deck(template_name="deck", extra_template_basedirs=[str(HERE.parent)], **size)
    return exporter.from_notebook_node(notebook)[0]


def opening_slide(session: Session, made: dict[int, str]) -> list[nbformat.NotebookNode]:
    """The first slide: the session's question, and of which build each chapter is (`made_line`)."""
    builds = "".join(f"<li>Chapter {number}: {escape(words)}</li>" for number, words in made.items())
    said = (
        f"<p>Session {session.number}</p>\n\n# {session.title}\n\n"
        f'<p class="question">{escape(session.question)}</p>\n\n<ul class="builds">{builds}</ul>'
    )
    notes = [f"In class: {session.in_class}.", f"Read before: {session.read}.", "Often got wrong in this session:"]
    return [*_slide("opening", said), _notes([*notes, *session.mistakes])]


def closing_slide(session: Session, after: Session | None, home: list[str]) -> list[nbformat.NotebookNode]:
    """The last slide: what to do and to read before the session `after`; home: the exercises, by chapter."""
    items = [f"**Exercises.** {line}" for line in home]
    items += [f"**Read.** {after.read}"] if after else []
    items += [f"**Overnight.** {session.overnight}"] if session.overnight else []
    said = "## " + (f"Before session {after.number}" if after else "At home") + "\n\n" + _items(items)
    return [*_slide("closing", said), _notes([f"The next question: {after.question}"] if after else [])]


def content_slide(found: Found, out: Path, made: str) -> list[nbformat.NotebookNode]:
    """One slide of the build below `out`; made: which one that is. Raises PointerError where it has no such output."""
    slide = found.slide
    shown, remarks = outputs(found, out)
    kind, heading, asked, hints = _asked(found)
    said = [_text(found.text), asked, f'<p class="ask">{escape(slide.ask)}</p>' if slide.ask else ""]
    source = f'<p class="made">{escape(" · ".join(filter(None, (_place(slide.at), made))))}</p>'
    layout = "beside" if any(map(is_narrow, shown)) and any([*said, *found.code]) else "below"
    cells = _slide(kind, f"## {slide.title or heading}\n\n{source}", layout)
    cells += [_notes([slide.note, *found.mistakes, *hints, *remarks])]
    cells += [nbformat.v4.new_markdown_cell("\n\n".join(filter(None, said)))]
    cells += [nbformat.v4.new_code_cell(FMT.sub("", "\n".join(found.code)))] if found.code else []
    # What the class is asked about comes at the next key.
    kept = {"slideshow": {"slide_type": "fragment"}} if slide.ask else {}
    return cells + ([nbformat.v4.new_code_cell("", outputs=shown, metadata=kept)] if shown else [])


def _asked(found: Found) -> tuple[str, str, str, list[str]]:
    """A slide's kind and usual title, and, of an exercise or a question of the quiz, its words and the teacher's."""
    if found.exercise:
        asked, hint = found.exercise
        return "exercise", "Exercise", asked, [f"Hint: {hint}"]
    if found.question:
        options = found.question.options
        items = "".join(f"<li>{escape(option.says)}</li>" for option in options)
        verdicts = [f"{letter}, {'right' if option.right else 'no'}: {option.because}"
                    for letter, option in zip(LETTERS, options, strict=True)]  # fmt: skip
        said = f'<p>{escape(found.question.asks)}</p><ol class="poll">{items}</ol>'
        return "poll", "What do you think?", said, verdicts
    return "plain", re.sub(r"^[\d.]+ ", "", found.slide.at), "", []


def made_line(out: Path, name: str) -> str:
    """Of which build the numbers of a chapter are: scale, day, and how often each network was trained, if any was."""
    stamp = read_stamp(out, name)
    evidence = [json.loads(path.read_text("utf-8")) for path in (out / "records" / name).rglob("evidence.json")]
    seeds = max((len(one["seeds"]) for one in evidence), default=0)
    facts = [f"{out.name} build of {stamp.get('finished', '')[:10] or 'an unknown day'}"]
    return ", ".join(facts + ([f"SEEDS = {seeds}"] if seeds else []))


def _slide(kind: str, said: str, layout: str = "below") -> list[nbformat.NotebookNode]:
    data = {"kind": kind, "layout": layout}
    return [nbformat.v4.new_markdown_cell(said, metadata={"slideshow": {"slide_type": "slide", "data": data}})]


def _notes(lines: list[str]) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(_items(lines), metadata={"slideshow": {"slide_type": "notes"}})


def _items(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines if line)


def _text(units: list[str]) -> str:
    """Sentences as items, but for quotations and those with a displayed formula."""
    alone = [len(units) == 1 or "$$" in unit or unit.startswith(">") for unit in units]
    return "\n\n".join(unit if one else f"- {' '.join(unit.split())}" for unit, one in zip(units, alone, strict=True))


def _place(at: str) -> str:
    return at if NUMBERED.match(at) else f"Chapter {at.replace(' ', ', ', 1)}"
