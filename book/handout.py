"""The chapters as notebooks to hand out: to students, who write the solutions, and to teachers, who have them.

`python book/handout.py` is what `make handout` calls. The notebooks go to `runs/handout/student/` and `.../teacher/`,
in each folder beside the checks that they call. With `--nbgrader` cells carry the metadata of nbgrader, version 3 of
its schema: the teacher's notebooks are then the source of an assignment.
"""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("handout")


import argparse
import copy
import sys
from pathlib import Path
from shlex import quote

import ahead  # noqa: F401
import nbformat
from chapters import find_chapters, read_chapter
from commandline import make_folder
from questions import Exercise, exercises

from oe_core.atomic import write_text
from oe_core.scales import runs_root

ROOM_TO_WORK = "# Write your solution here.\n"
BOOK = Path(__file__).resolve().parent
CHECKS = "exercises"


def teacher_version(notebook: nbformat.NotebookNode, nbgrader: bool = False) -> nbformat.NotebookNode:
    """Return a copy of `notebook` with its solutions, marked for nbgrader where that is asked for."""
    cells = copy.deepcopy(notebook.cells)
    for exercise in exercises(notebook) if nbgrader else []:
        for count, place in enumerate(exercise.solution):
            _mark(cells[place], f"{_name(exercise)}-answer{count or ''}", solution=True)
        _mark_checks(exercise, cells)
    return _notebook(cells, notebook)


def student_version(notebook: nbformat.NotebookNode, nbgrader: bool = False) -> nbformat.NotebookNode:
    """Return a copy of `notebook` in which one cell stands for each solution; it binds what is checked to `...`."""
    cells = copy.deepcopy(notebook.cells)
    for exercise in exercises(notebook):
        for place in exercise.solution:
            cells[place] = None
        if exercise.solution:
            room = nbformat.v4.new_code_cell(ROOM_TO_WORK + "".join(f"{name} = ...\n" for name in exercise.names))
            cells[exercise.solution[0]] = room
            if nbgrader:
                _mark(room, f"{_name(exercise)}-answer", solution=True)
        if nbgrader:
            _mark_checks(exercise, cells)
    return _notebook([cell for cell in cells if cell is not None], notebook)


VERSIONS = {"student": student_version, "teacher": teacher_version}


def _name(exercise: Exercise) -> str:
    return f"exercise-{exercise.number}"


def _mark(cell: nbformat.NotebookNode, name: str, solution: bool = False, points: int = 0) -> None:
    """Say in a cell's metadata what it is to nbgrader, for which prose that is an answer is graded by hand."""
    graded = bool(points) or cell.cell_type == "markdown"
    marks = {"schema_version": 3, "grade_id": name, "grade": graded, "solution": solution}
    cell.metadata["nbgrader"] = marks | {"locked": not solution, "task": False} | ({"points": points} if graded else {})


def _mark_checks(exercise: Exercise, cells: list) -> None:
    for count, place in enumerate(exercise.check):
        _mark(cells[place], f"{_name(exercise)}-check{count or ''}", points=exercise.points)


def _notebook(cells: list, like: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A notebook of these cells, none of which was run."""
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    _, notebook = nbformat.validator.normalize(nbformat.v4.new_notebook(cells=cells, metadata=like.metadata))
    return notebook


def write_handout(book: Path, folder: Path, nbgrader: bool) -> int:
    """Write both versions of every chapter of `book` into `folder`, beside the checks; returns how many there are."""
    chapters = {name: read_chapter(path).notebook for name, path in find_chapters(book).items()}
    for version, of in VERSIONS.items():
        for name, notebook in chapters.items():
            write_text(folder / version / f"{name}.ipynb", nbformat.writes(of(notebook, nbgrader)) + "\n")
        for check in sorted((book / CHECKS).glob("*.py")):
            write_text(folder / version / CHECKS / check.name, check.read_text(encoding="utf-8"))
    return len(chapters)


def main(book: Path = BOOK, arguments: list[str] | None = None) -> int:
    """Write the handout of `book` and say where; returns 1 when it cannot be written."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nbgrader", action="store_true", help="mark questions, answers and checks for nbgrader")
    options = parser.parse_args(arguments)
    try:
        make_folder(folder := runs_root() / "handout")
        count = write_handout(book, folder, options.nbgrader)
    except (ValueError, OSError) as error:
        print(f"handout.py: {error}", file=sys.stderr)
        return 1
    opens = f"make lab OPEN={quote(str(folder / 'student'))} opens them"
    print(f"{count} chapters for students and for teachers in {folder}; {opens}")
    return 0

