"""The reader's copies of the chapters, which JupyterLab opens: what is saved there never touches the book's sources.

`python book/copies.py` is what `make lab` calls before it starts the server. In `runs/lab/` lie the chapters as
notebooks, and in `runs/lab/students/` those without solutions. A copy follows its chapter until its reader changes it.
"""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("copies")


import hashlib
import json
import sys
from pathlib import Path

import ahead  # noqa: F401
import nbformat
from chapters import find_chapters, read_chapter
from commandline import make_folder
from handout import student_version, teacher_version

from oe_core.atomic import DamagedFileError, is_there, understood, write_text
from oe_core.scales import runs_root

BOOK = Path(__file__).resolve().parent
STUDENTS = "students"
WRITTEN = "outlier_exposure_book"  # in a copy's metadata: the hash of what was written
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def sources_sha256(notebook: nbformat.NotebookNode) -> str:
    """Return a hash of what a notebook says: the kinds and sources of its cells, without what running it gave."""
    return hashlib.sha256(json.dumps([[cell.cell_type, cell.source] for cell in notebook.cells]).encode()).hexdigest()


def refresh(copy: Path, notebook: nbformat.NotebookNode) -> str | None:
    """Write `notebook` to `copy` unless it is there or its reader has changed it; returns what there is to say, if any.

    An unchanged copy of the chapter as it is keeps what it has computed.
    """
    written = sources_sha256(notebook)
    try:
        if not is_there(copy):
            return _write(copy, notebook, written)
        with understood(copy, "is no notebook that can be read"):
            there = nbformat.read(copy, as_version=4)
            made_from, now = there.metadata.get(WRITTEN, {}).get("sha256"), sources_sha256(there)
    except DamagedFileError as damage:
        if damage.path != copy:  # not the copy's to remove: what is in the way to it
            raise ValueError(str(damage)) from damage
        return f"{damage} and stays; remove it to get the chapter again"
    if written in (made_from, now):
        return None
    if made_from != now:
        return f"{copy} has changes of yours and stays; the chapter has changed since: rename the copy to get it, too"
    _write(copy, notebook, written)
    return f"{copy} follows its chapter, which has changed"


def _write(copy: Path, notebook: nbformat.NotebookNode, sha256: str) -> None:
    notebook.metadata |= {"kernelspec": KERNEL, WRITTEN: {"sha256": sha256}}
    write_text(copy, nbformat.writes(notebook) + "\n")


def refresh_all(book: Path, folder: Path) -> list[str]:
    """Refresh the copies of every chapter of `book` in `folder`; returns what there is to say of them."""
    said = []
    for name, path in find_chapters(book).items():
        notebook = read_chapter(path).notebook
        for place, version in ((folder, teacher_version), (folder / STUDENTS, student_version)):
            said.append(refresh(place / f"{name}.ipynb", version(notebook)))
    return [line for line in said if line]


def main(book: Path = BOOK) -> int:
    """Refresh the copies and say where they are; returns 1 when one cannot be written."""
    try:
        make_folder(folder := runs_root() / "lab")
        for line in refresh_all(book, folder):
            print(line)
    except (ValueError, OSError) as error:
        print(f"copies.py: {error}", file=sys.stderr)
        return 1
    print(f"JupyterLab opens copies of the chapters in {folder}; saving them leaves the book as it is")
    return 0

