"""The chapters of a book: what each declares, what it is run with, and what its last build was made from."""

import ast
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat

CHAPTER_FILES = "[0-9][0-9]_*.py"
# A tag of the parameters' cell: the chapter reads what the others have made.
AFTER_OTHERS = "after-the-others"


class ChapterError(ValueError):
    """A chapter, or a value given for one of its parameters, that cannot be run; the message says what to change."""


@dataclass(frozen=True)
class Chapter:
    """One chapter: its notebook, its title and question for the index, and its parameters with their default values.

    after_others: it reads what the other chapters have made, and is made again when that changes.
    """

    name: str
    notebook: nbformat.NotebookNode
    title: str
    question: str
    defaults: dict[str, object]
    sha256: str
    after_others: bool = False


def find_chapters(book: Path) -> dict[str, Path]:
    """Return the chapters `book/NN_name.py` by name, in the book's order."""
    return {path.stem: path for path in sorted(book.glob(CHAPTER_FILES))}


def read_chapter(path: Path) -> Chapter:
    """Read a percent-format chapter; a ChapterError when its parameters are not literals in one tagged cell."""
    text = path.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="py:percent")
    title, question = _title_and_question(path.stem, notebook)
    sha256, parameters = hashlib.sha256(text.encode()).hexdigest(), _parameters(path.stem, notebook)
    defaults, after = _defaults(path.stem, parameters.source), AFTER_OTHERS in parameters.metadata["tags"]
    return Chapter(path.stem, notebook, title, question, defaults, sha256, after)


def _title_and_question(name: str, notebook: nbformat.NotebookNode) -> tuple[str, str]:
    """The first heading, and the first quoted paragraph or, where none is quoted, the first sentence that asks."""
    text = "\n\n".join(cell.source for cell in notebook.cells[:3] if cell.cell_type == "markdown")
    heading = re.search(r"^#+ +(.+)$", text, re.MULTILINE)
    quoted = re.search(r"(^> .*\n?)+", text, re.MULTILINE)
    prose = re.sub(r"^(#+ .*$|> ?)|[*_`]", "", quoted.group() if quoted else text, flags=re.MULTILINE)
    sentences = [prose] if quoted else re.split(r"(?<=[.?!])\s+|\n\s*\n", prose)
    question = next((part for part in sentences if part.strip().endswith("?")), prose if quoted else "")
    return heading.group(1).strip() if heading else name, " ".join(question.split())


def _parameters(name: str, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The cell that declares a chapter's parameters."""
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ChapterError(f"chapter {name} has {len(cells)} cells tagged 'parameters'; it needs one, with SCALE in it")
    return cells[0]


def _defaults(name: str, source: str) -> dict[str, object]:
    try:
        defaults = dict(_literal(statement) for statement in ast.parse(source).body)
    except (SyntaxError, ValueError) as error:
        raise ChapterError(f"chapter {name}: its parameters must be literals, `NAME = value` each: {error}") from error
    if "SCALE" not in defaults:
        raise ChapterError(f"chapter {name} has no parameter SCALE; its parameters: {', '.join(defaults) or 'none'}")
    return defaults


def _literal(statement: ast.stmt) -> tuple[str, object]:
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(targets[0], ast.Name):
        raise ValueError(f"line {statement.lineno}: {ast.unparse(statement)!r}")
    return targets[0].id, ast.literal_eval(statement.value)


def chapter_parameters(chapter: Chapter, scale: str, given: list[tuple[str, str]]) -> dict[str, object]:
    """Return what to run a chapter with: SCALE and the `given` names and texts, each in the type of its default."""
    parameters: dict[str, object] = {"SCALE": scale}
    for name, text in given:
        if name == "SCALE":
            raise ChapterError(f"-p SCALE {text}: the scale is chosen with --scale (make: SCALE={text})")
        if name not in chapter.defaults:
            known = ", ".join(known for known in chapter.defaults if known != "SCALE") or "SCALE only"
            raise ChapterError(f"chapter {chapter.name} has no parameter {name!r}; its parameters: {known}")
        parameters[name] = _typed(chapter.name, name, text, chapter.defaults[name])
    return parameters


def _typed(chapter: str, name: str, text: str, default: object) -> object:
    """Read `text` as a value of the default's type; a list or tuple may also be given as `a,b,c`."""
    if isinstance(default, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        value = text
    if default is None:
        return value
    if isinstance(default, (list, tuple)):
        if not isinstance(value, (list, tuple)):
            first = default[0] if default else None
            value = [_typed(chapter, name, part.strip(), first) for part in text.split(",")]
        return type(default)(value)
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        kind = type(default).__name__
        raise ChapterError(f"{name}={text!r} for chapter {chapter} is not of type {kind}, as in {name} = {default!r}")
    return value


def tree_sha256(*folders: Path) -> str:
    """Return one hash of the names and contents of all files under `folders`, compiled files left out."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content = path.read_bytes()
                digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
