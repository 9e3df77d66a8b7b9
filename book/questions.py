"""The exercises of a chapter: what is asked, how hard and how long it is, and which cells answer and check it.

A question is prose, and has a hint that folds out:

    **2. From two rates to a precision.** *Easy, 10 minutes.* A detector has ...

    <details><summary>Hint</summary> ... </details>

Cells tagged `solution` follow, code and prose that reads its result, and one cell tagged `check`, which hands names
that the solution binds to a function of `exercises/chNN_name.py`.
"""

import ast
import re
from dataclasses import dataclass

import nbformat

POINTS = {"Easy": 1, "Medium": 2, "Hard": 3}
QUESTION = re.compile(
    r"^\*\*(?P<number>\d+)\. (?P<title>.+?)\.?\*\*"
    rf"(?: \*(?P<difficulty>{'|'.join(POINTS)}), (?P<minutes>\d+) minutes\.\*)?",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Exercise:
    """One exercise; cells are positions in the notebook.

    difficulty: Easy, Medium or Hard. solution: the cells that answer it. check: the cells that check an answer.
    names: what an answer has to bind for its check, in the order of the check.
    """

    number: int
    title: str
    difficulty: str | None
    minutes: int | None
    question: int
    solution: tuple[int, ...]
    check: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def points(self) -> int:
        """What a right answer counts."""
        return POINTS.get(self.difficulty, 1)


def exercises(notebook: nbformat.NotebookNode) -> list[Exercise]:
    """Return the exercises of a chapter in their order; what stands between two questions belongs to the first."""
    cells = notebook.cells
    found = [(place, match) for place, cell in enumerate(cells) for match in [_question(cell)] if match]
    ends = [place for place, _ in found[1:]] + [len(cells)]
    return [_exercise(cells, place, end, match) for (place, match), end in zip(found, ends, strict=False)]


def tagged(cell: nbformat.NotebookNode, tag: str) -> bool:
    """Whether a cell has a tag."""
    return tag in cell.metadata.get("tags", [])


def _question(cell: nbformat.NotebookNode) -> re.Match | None:
    asks = cell.cell_type == "markdown" and not tagged(cell, "solution")
    return QUESTION.search(cell.source) if asks else None


def _exercise(cells: list, place: int, end: int, match: re.Match) -> Exercise:
    own = range(place + 1, end)
    solution, check = (tuple(i for i in own if tagged(cells[i], tag)) for tag in ("solution", "check"))
    bound = {name for i in solution if cells[i].cell_type == "code" for name in _names(cells[i], ast.Store)}
    names = dict.fromkeys(name for i in check for name in _names(cells[i], ast.Load) if name in bound)
    minutes = match["minutes"] and int(match["minutes"])
    title, difficulty = match["title"], match["difficulty"]
    return Exercise(int(match["number"]), title, difficulty, minutes, place, solution, check, tuple(names))


def _names(cell: nbformat.NotebookNode, context: type) -> list[str]:
    """The names that a cell reads, or those that it binds, functions included."""
    nodes = list(ast.walk(ast.parse(cell.source)))
    names = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, context)]
    return names + [node.name for node in nodes if isinstance(node, ast.FunctionDef) and context is ast.Store]
