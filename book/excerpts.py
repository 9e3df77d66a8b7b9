"""What slides take out of a chapter: sentences, statements and outputs, found by their heading and their first words.

What is wanted is named by the words that it begins with, bare of markup; with ` ...` behind them it goes on to the
end of its paragraph, or of its cell. It is found alike in a chapter's source and in its executed notebook.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

import nbformat
from questions import Exercise, exercises, tagged

HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
NUMBERED = re.compile(r"\d+\.(\d+)? ")
LEFT_OUT = ("solution", "check")  # tags of cells that no slide shows
# Paragraphs are parted by blank lines, but for those around a formula, which belongs to the sentence before it.
PARAGRAPHS = re.compile(r"(?<!\$\$)\n\s*\n(?!\$\$)|\n(?=- |\d+\. )")
SENTENCES = re.compile(
    r"(?:(?<=[.?!])(?<!et al\.)|(?<=[.?!][\"”)*])|(?<=[.?!]\*\*)|(?<=[.?!]\$\$))\s+(?=[A-Z\"“(*$`])"
)
FORMULA = re.compile(r"\$\$.+?\$\$", re.DOTALL)
ITEM, QUOTED = re.compile(r"(?:- |\d+\. )"), re.compile(r"^> ?", re.MULTILINE)
ON = " ..."
MENTIONED = 60  # characters of what is there instead of what was asked for


class PointerError(ValueError):
    """A slide points to what is not there; the message says what is."""


@dataclass(frozen=True)
class Section:
    """What a chapter says and computes under one heading, up to the next one; solutions and checks are left out.

    name: as slides have it, `4.2 What a hint costs` or, without a number of its own, `4 Summary`.
    """

    name: str
    cells: tuple[nbformat.NotebookNode, ...]

    def text(self, words: str) -> str:
        """Return the sentence, list item or displayed formula that begins with `words`, as Markdown."""
        units = [unit for cell in self._of("markdown") for unit in sentences(cell.source)]
        return self._one(units, words, "sentence")

    def code(self, words: str) -> str:
        """Return the statement of a code cell that begins with `words`."""
        return self._one([unit for cell in self._of("code") for unit in _statements(cell.source)], words, "statement")

    def cell(self, words: str) -> nbformat.NotebookNode:
        """Return the one code cell that has `words` in it."""
        cells = self._of("code")
        found = [cell for cell in cells if words in cell.source]
        if len(found) != 1:
            there = (cell.source.strip().splitlines()[-1] for cell in cells)
            raise self._error(f"{len(found)} code cells with {words!r} in them", there)
        return found[0]

    def _of(self, kind: str) -> list[nbformat.NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == kind]

    def _one(self, units: list[tuple[str, str]], words: str, kind: str) -> str:
        start = bare(words.removesuffix(ON))
        found = [unit for unit in units if bare(unit[0]).startswith(start)]
        if len(found) != 1:
            raise self._error(f"{len(found)} {kind}s that begin with {words!r}", (bare(unit) for unit, _ in units))
        return found[0][words.endswith(ON)]

    def _error(self, found: str, there: Iterable[str]) -> PointerError:
        starts = "".join(f"\n  {start[:MENTIONED]}" for start in there)
        return PointerError(f"{self.name!r} has {found}; it has:{starts}")


@dataclass(frozen=True)
class Excerpts:
    """A chapter as slides see it: its sections by name, and its exercises by title."""

    chapter: str
    sections: dict[str, Section]
    exercises: dict[str, tuple[str, str]]

    def section(self, name: str) -> Section:
        """Return the section of that name."""
        return self._there(self.sections, name, "heading")

    def exercise(self, title: str) -> tuple[str, str]:
        """Return what an exercise asks, and its hint, as Markdown."""
        return self._there(self.exercises, title, "exercise")

    def _there(self, found: dict, name: str, kind: str):
        if name not in found:
            there = "".join(f"\n  {other}" for other in found)
            raise PointerError(f"chapter {self.chapter} has no {kind} {name!r}; it has:{there}")
        return found[name]


def excerpts(chapter: str, notebook: nbformat.NotebookNode) -> Excerpts:
    """Return what slides can take out of a chapter's notebook, executed or not."""
    parts = [(f"{int(chapter.split('_')[0])} ", [])]
    for cell in notebook.cells:
        if any(tagged(cell, tag) for tag in LEFT_OUT):
            continue
        if cell.cell_type == "code":
            parts[-1][1].append(cell)
            continue
        before, *headed = HEADING.split(cell.source)
        parts[-1][1].append(nbformat.v4.new_markdown_cell(before))
        for heading, text in zip(headed[::2], headed[1::2], strict=True):
            name = heading if NUMBERED.match(heading) else parts[0][0] + heading
            parts.append((name.strip(), [nbformat.v4.new_markdown_cell(text)]))
    sections = {name: Section(name, tuple(cells)) for name, cells in parts[1:]}
    return Excerpts(chapter, sections, {one.title: _asked(notebook, one) for one in exercises(notebook)})


def bare(text: str) -> str:
    """Return Markdown without emphasis, marks of lists and line breaks."""
    return " ".join(re.sub(r"[*`]", "", QUOTED.sub("", text)).split())


def sentences(source: str) -> list[tuple[str, str]]:
    """Each sentence, item and formula of a text, with what goes on from there to the end of its paragraph."""
    found = []
    for paragraph in filter(None, map(str.strip, PARAGRAPHS.split(source))):
        if whole := ITEM.match(paragraph) or QUOTED.match(paragraph):
            found.append((paragraph[whole.end() if whole.re is ITEM else 0 :].strip(),) * 2)
            continue
        starts = [0, *(match.end() for match in SENTENCES.finditer(paragraph))]
        spans = zip(starts, [*starts[1:], len(paragraph)], strict=True)
        found += [(paragraph[start:end].strip(), paragraph[start:].strip()) for start, end in spans]
        found += [(formula[0], formula[0]) for formula in FORMULA.finditer(paragraph) if formula.start() not in starts]
    return found


def _statements(source: str) -> list[tuple[str, str]]:
    """Each statement of a cell with the lines that it stands on, and what follows to the cell's end."""
    lines = source.splitlines()
    spans = [(node.lineno - 1, node.end_lineno) for node in ast.parse(source).body]
    return [("\n".join(lines[start:end]), "\n".join(lines[start:])) for start, end in spans]


def _asked(notebook: nbformat.NotebookNode, one: Exercise) -> tuple[str, str]:
    source = notebook.cells[one.question].source
    asked, _, folded = source[source.index(f"**{one.number}. {one.title}") :].partition("<details>")
    return asked.strip(), re.sub(r"<summary>.*?</summary>|</?details>", "", folded, flags=re.DOTALL).strip()
