"""The chapters of a book: what each declares, and one hash of all that it is made from."""

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import ahead  # noqa: F401
import jupytext
import nbformat
from parameters import Parameter, declared

CHAPTER_FILES = "[0-9][0-9]_*.py"
# A tag of the parameters' cell: the chapter reads what the others have made.
AFTER_OTHERS = "after-the-others"


class ChapterError(ValueError):
    """A chapter that cannot be run; the message says what to change in it."""


@dataclass(frozen=True)
class Chapter:
    """One chapter: its notebook, its title and question for the index, and its parameters by name.

    checks: the source of its cell tagged `checks`, which refuses wrong parameters before a kernel starts; or "".
    after_others: it reads what the other chapters have made, and is made again when that changes.
    """

    name: str
    path: Path
    notebook: nbformat.NotebookNode
    title: str
    question: str
    parameters: dict[str, Parameter]
    sha256: str
    checks: str = ""
    after_others: bool = False


def usual_seconds(book: Path, column: str = "seconds") -> dict[str, float]:
    """How long each chapter takes at scale demo on two cores, two at a time; "again" where all networks are there.

    From `seconds.csv` of the folder `book`, empty without one.
    """
    path = book / "seconds.csv"
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["chapter"]: float(row[column]) for row in csv.DictReader(file)}


def find_chapters(book: Path) -> dict[str, Path]:
    """Return the chapters `book/NN_name.py` by name, in the book's order."""
    return {path.stem: path for path in sorted(book.glob(CHAPTER_FILES))}


def read_chapter(path: Path) -> Chapter:
    """Read a percent-format chapter; a ChapterError when it is damaged or declares its parameters wrongly."""
    name = path.stem
    try:
        text = path.read_text(encoding="utf-8")
        notebook = jupytext.reads(text, fmt="py:percent")
    except (OSError, UnicodeDecodeError) as error:
        raise ChapterError(f"chapter {name}: {path} cannot be read: {error}; put the file back in order") from error
    title, question = _title_and_question(name, notebook)
    position = _parameters(name, notebook)
    cell, checks = notebook.cells[position], _checks(name, notebook, position)
    try:
        parameters = declared(cell.source)
    except ValueError as error:
        raise ChapterError(f"chapter {name}: {error}") from error
    sha256, after = hashlib.sha256(text.encode()).hexdigest(), AFTER_OTHERS in cell.metadata["tags"]
    return Chapter(name, path, notebook, title, question, parameters, sha256, checks, after)


def _title_and_question(name: str, notebook: nbformat.NotebookNode) -> tuple[str, str]:
    """The first heading, and the first quoted paragraph or, where none is quoted, the first sentence that asks."""
    text = "\n\n".join(cell.source for cell in notebook.cells[:3] if cell.cell_type == "markdown")
    heading = re.search(r"^#+ +(.+)$", text, re.MULTILINE)
    quoted = re.search(r"(^> .*\n?)+", text, re.MULTILINE)
    prose = re.sub(r"^(#+ .*$|> ?)|[*_`]", "", quoted.group() if quoted else text, flags=re.MULTILINE)
    sentences = [prose] if quoted else re.split(r"(?<=[.?!])\s+|\n\s*\n", prose)
    question = next((part for part in sentences if part.strip().endswith("?")), prose if quoted else "")
    return heading.group(1).strip() if heading else name, " ".join(question.split())


def _tagged(notebook: nbformat.NotebookNode, tag: str) -> list[int]:
    return [number for number, cell in enumerate(notebook.cells) if tag in cell.metadata.get("tags", [])]


def _parameters(name: str, notebook: nbformat.NotebookNode) -> int:
    """The number of the cell that declares a chapter's parameters."""
    found = _tagged(notebook, "parameters")
    if len(found) != 1:
        raise ChapterError(f"chapter {name} has {len(found)} cells tagged 'parameters'; it needs one, with SCALE in it")
    return found[0]


def _checks(name: str, notebook: nbformat.NotebookNode, parameters: int) -> str:
    """The source of the cell that checks the parameters, "" where there is none."""
    found = _tagged(notebook, "checks")
    if not found:
        return ""
    if found != [parameters + 1]:
        raise ChapterError(
            f"chapter {name}: a cell tagged 'checks' stands directly after the parameters, and there is one at most; "
            f"found: cell {', '.join(str(number + 1) for number in found)}, the parameters in cell {parameters + 1}"
        )
    source = notebook.cells[found[0]].source
    try:
        compile(source, f"{name}.py, the cell tagged 'checks'", "exec")
    except SyntaxError as error:
        raise ChapterError(f"chapter {name}: its cell tagged 'checks' must be plain Python: {error}") from error
    return source


def tree_sha256(*folders: Path) -> str:
    """Return one hash of the names and contents of all files under `folders`, compiled and hidden ones left out."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                content = path.read_bytes()
                digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
