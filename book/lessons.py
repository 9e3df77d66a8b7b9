"""The sessions of the course: what the syllabus, the guide for teachers and `course/slides.toml` say of each."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

import nbformat
from excerpts import MENTIONED, Excerpts, PointerError, bare, sentences
from quiz import Question

COURSE = Path(__file__).parent / "course"
OUTPUTS = ("figure", "table", "says")  # what a cell can show, each named by words in its cell
MISTAKES = re.compile(r"^(\d+)\. \*\*.+?\*\* (.+(?:\n(?!\d+\. |\n).+)*)", re.MULTILINE)


@dataclass(frozen=True)
class Slide:
    """One slide: `at` names the heading that everything on it stands under, `4.2 What a hint costs` or `4 Summary`.

    title: words instead of the heading. text, code: first words of sentences and statements (see `excerpts`). figure,
    table, says: words in the cell whose picture, table or printed lines are shown. rows: how many of the table's at
    most. exercise: its title. quiz: how a question of the chapter begins, at `4 Quiz`. ask: what the class says before
    the result is shown. note: words for the teacher. mistake: how sentences of the session's common mistakes begin.
    """

    at: str
    title: str = ""
    text: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    figure: str = ""
    table: str = ""
    says: str = ""
    rows: int = 9
    exercise: str = ""
    quiz: str = ""
    ask: str = ""
    note: str = ""
    mistake: tuple[str, ...] = ()

    def __post_init__(self):
        if not re.match(r"\d+ Quiz$" if self.quiz else r"\d+[. ]", self.at):
            form = "`4 Quiz`" if self.quiz else "`4.2 A heading` or `4 Summary`"
            raise ValueError(f"at = {self.at!r} has to be like {form}, with the number of a chapter")

    @property
    def chapter(self) -> int:
        """The number of the chapter that the slide shows."""
        return int(re.match(r"\d+", self.at)[0])


@dataclass(frozen=True)
class Session:
    """One session: its row of the syllabus, its slides, and what students often get wrong in it."""

    number: int
    question: str
    in_class: str
    read: str
    home: str
    overnight: str
    title: str
    slides: tuple[Slide, ...]
    mistakes: tuple[str, ...]

    @property
    def chapters(self) -> list[int]:
        """The numbers of the chapters whose builds its slides show; the quiz needs none."""
        return sorted({slide.chapter for slide in self.slides if not slide.quiz})


@dataclass(frozen=True)
class Found:
    """What a slide points to; cells: by the kind of output that is shown of each."""

    slide: Slide
    text: list[str]
    code: list[str]
    cells: dict[str, nbformat.NotebookNode]
    exercise: tuple[str, str] | None
    question: Question | None
    mistakes: list[str]


def session_rows(course: Path = COURSE) -> list[str]:
    """The rows of the sessions, the first table of the syllabus."""
    text = (course / "syllabus.md").read_text("utf-8").partition("\n## ")[0]
    return re.findall(r"^\| \d+ \|.*$", text, re.MULTILINE)


def read_sessions(course: Path = COURSE) -> list[Session]:
    """Return the sessions in their order; a ValueError names the file and what is wrong with it."""
    path = course / "slides.toml"
    rows = session_rows(course)
    mistakes = dict(MISTAKES.findall((course / "teacher.md").read_text("utf-8")))
    try:
        plans = tomllib.loads(path.read_text("utf-8"))["session"]
        if len(plans) != len(rows):
            raise ValueError(f"{len(plans)} sessions, and the syllabus has {len(rows)}")
        return [_session(row, plan, mistakes) for row, plan in zip(rows, plans, strict=True)]
    except (ValueError, TypeError, KeyError) as error:
        names = ", ".join(field.name for field in fields(Slide))
        raise ValueError(f"{path}: {error}; need [[session]] with title and slides of {names}") from error


def _session(row: str, plan: dict, mistakes: dict[str, str]) -> Session:
    number, *rest = (cell.strip() for cell in row.strip("|").split("|"))
    slides = tuple(Slide(**slide) for slide in plan["slides"])
    return Session(int(number), *rest, plan["title"], slides, tuple(one for one, _ in sentences(mistakes[number])))


def find(slide: Slide, chapter: Excerpts | None, quiz: tuple[Question, ...], mistakes: tuple[str, ...]) -> Found:
    """Return what a slide points to, in a chapter's source or in its executed notebook; else raise a PointerError.

    quiz: the chapter's questions, which need no notebook. mistakes: the session's.
    """
    wrong = [_beginning(mistakes, words, "mistake", str) for words in slide.mistake]
    if slide.quiz:
        return Found(slide, [], [], {}, None, _beginning(quiz, slide.quiz, "question", lambda one: one.asks), wrong)
    section = chapter.section(slide.at)
    return Found(
        slide,
        [section.text(words) for words in slide.text],
        [section.code(words) for words in slide.code],
        {kind: section.cell(words) for kind in OUTPUTS if (words := getattr(slide, kind))},
        chapter.exercise(slide.exercise) if slide.exercise else None,
        None,
        wrong,
    )


def _beginning(there: tuple, words: str, kind: str, said):
    """The one of those there that begins with `words`."""
    found = [one for one in there if bare(said(one)).startswith(bare(words))]
    if len(found) != 1:
        starts = "".join(f"\n  {bare(said(one))[:MENTIONED]}" for one in there)
        raise PointerError(f"{len(found)} {kind}s begin with {words!r}; there are:{starts}")
    return found[0]
