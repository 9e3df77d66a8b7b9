"""Slides for each session of the course, out of the executed chapters: `python book/slides.py --scale demo`.

`course/slides.toml` says what each session shows, and points to where it stands. Text, formulas, code, figures and
tables come from the chapters' own cells, so that their numbers are those of one build, which every slide names.
"""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("slides")


import argparse
import re
import shutil
import sys
from html import escape
from pathlib import Path

import ahead  # noqa: F401
import nbformat
from chapters import find_chapters, read_chapter
from commandline import add_scale
from deck import HERE, closing_slide, content_slide, made_line, opening_slide, page
from excerpts import Excerpts, PointerError, excerpts
from executed import Executed, executed
from lessons import Session, find, read_sessions
from questions import exercises
from quiz import read_quiz

from oe_core.atomic import exclusive, write_text
from oe_core.scales import check_scale, runs_root

BOOK = Path(__file__).resolve().parent
NAMES = {int(name[:2]): name for name in find_chapters(BOOK)}
HOME = re.compile(r"(\d+): ([\d, ]+)")


def main(arguments: list[str] | None = None) -> int:
    """Write the slides of one scale; returns 0, 1 when a pointer leads nowhere, 2 for a wrong request."""
    parser = argparse.ArgumentParser(prog="slides.py", description="Write the slides of the course.")
    add_scale(parser)
    scale = parser.parse_args(arguments).scale
    try:
        check_scale(scale)
        out = runs_root() / scale
        with exclusive(out / ".site.lock", "building the site"):
            run = executed(BOOK, out)
            faults = "".join(run.faults) + write_slides(out, run)
        for session in read_sessions():
            print(f"session {session.number}: {_state(session, out, run)}")
    except (ValueError, OSError) as error:
        print(f"slides.py: {error}", file=sys.stderr)
        return 2
    print(faults, end="", file=sys.stderr)
    return 1 if faults else 0


def name_of(number: int) -> str:
    """The name of the chapter of this number; a ValueError when there is none."""
    if number not in NAMES:
        raise ValueError(f"course/slides.toml: there is no chapter {number}, but those from 0 to {max(NAMES)}")
    return NAMES[number]


def place(session: Session) -> str:
    """Where the slides of a session lie in the site."""
    return f"slides/session_{session.number}.html"


def waiting(session: Session, out: Path, run: Executed) -> str:
    """What has to be run before a session has slides, "" when all of its chapters were run below `out`."""
    missing = [name for name in map(name_of, session.chapters) if name not in run.notebooks]
    return "; ".join(f"make book CHAPTER={name} SCALE={out.name}" for name in missing)


def _state(session: Session, out: Path, run: Executed) -> str:
    if commands := waiting(session, out, run):
        return f"first {commands}"
    page = out / "site" / place(session)
    return str(page) if page.is_file() else "not made, it points to what is not there"


def index(out: Path, run: Executed) -> str:
    """The sessions for the course's page of the site: links to their slides, or what they wait for."""
    return "\n".join(
        f"- Session {session.number}: "
        + (f"first `{commands}`" if (commands := waiting(session, out, run))
           else f'<a href="../{place(session)}">{escape(session.title)}</a>')
        for session in read_sessions()
    )  # fmt: skip


def write_slides(out: Path, run: Executed) -> str:
    """Write a page below `out/site` for each session whose chapters were run; returns what is wrong, a line each."""
    sessions, faults = read_sessions(), []
    folder = (out / "site" / place(sessions[0])).parent
    copies = {path.relative_to(HERE): path for path in (HERE / "reveal").rglob("*") if path.is_file()}
    for name, path in (copies | {Path("reveal/deck.css"): HERE / "deck.css"}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)  # not its mode, which may forbid to write it the next time
    for old in folder.glob("*.html"):
        old.unlink()
    shown = {number: name_of(number) for session in sessions for number in session.chapters}
    chapters = {number: excerpts(name, run.notebooks[name]) for number, name in shown.items() if name in run.notebooks}
    for session, after in zip(sessions, [*sessions[1:], None], strict=True):
        if chapters.keys() >= set(session.chapters):
            try:
                cells = session_cells(session, after, chapters, out)
                write_text(out / "site" / place(session), page(session, cells))
            except PointerError as error:
                faults.append(f"course/slides.toml: {error}\n")
    return "".join(faults)


def session_cells(
    session: Session, after: Session | None, chapters: dict[int, Excerpts], out: Path
) -> list[nbformat.NotebookNode]:
    """Return the cells of a session's slides, of the build below `out`; after: the next session."""
    made = {number: made_line(out, name_of(number)) for number in session.chapters}
    cells, quiz, faults = opening_slide(session, made), read_quiz(), []
    for number, slide in enumerate(session.slides, start=2):
        try:
            found = find(slide, chapters.get(slide.chapter), quiz[name_of(slide.chapter)], session.mistakes)
            cells += content_slide(found, out, made.get(slide.chapter, ""))
        except PointerError as error:
            faults.append(f"session {session.number}, slide {number}: {error}")
    if faults:
        raise PointerError("\n".join(faults))
    return cells + closing_slide(session, after, _at_home(session.home))


def _at_home(home: str) -> list[str]:
    """The exercises `0: 1, 2; 3: 1` of the syllabus with their titles, a line for each chapter."""
    lines = []
    for chapter, numbers in HOME.findall(home):
        notebook = read_chapter(BOOK / f"{name_of(int(chapter))}.py").notebook
        asked = {one.number: one.title for one in exercises(notebook)}
        chosen = (f"{number} {asked[int(number)]}" for number in numbers.split(","))
        lines.append(f"Chapter {chapter}: {'; '.join(chosen)}")
    return lines

