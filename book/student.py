"""The student's version of the book: every chapter as a notebook whose solutions are left to the reader.

`python book/student.py` is what `make student` calls; the notebooks go to `runs/student/`.
"""

import sys
from itertools import groupby
from pathlib import Path

import nbformat
from chapters import ChapterError, find_chapters, read_chapter
from progress import replace_what_cannot_be_shown

from oe_core.atomic import write_text
from oe_core.scales import runs_root

ROOM_TO_WORK = "# Write your solution here.\n"


def without_solutions(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy of `notebook` in which one empty code cell stands for each run of cells tagged `solution`."""
    cells = []
    for solved, group in groupby(notebook.cells, lambda cell: "solution" in cell.metadata.get("tags", [])):
        cells += [nbformat.v4.new_code_cell(ROOM_TO_WORK)] if solved else list(group)
    student = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    _, student = nbformat.validator.normalize(student)
    return student


def main(book: Path) -> int:
    """Write the student's version of every chapter of `book` and say where; returns 1 when one cannot be written."""
    replace_what_cannot_be_shown(sys.stdout, sys.stderr)
    folder, chapters = runs_root() / "student", find_chapters(book)
    try:
        for name, path in chapters.items():
            student = without_solutions(read_chapter(path).notebook)
            write_text(folder / f"{name}.ipynb", nbformat.writes(student) + "\n")
    except (ChapterError, OSError) as error:
        print(f"student.py: {error}", file=sys.stderr)
        return 1
    print(f"{len(chapters)} notebooks without their solutions in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
