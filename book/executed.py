"""The chapters that were run at one scale, as they were run: what is damaged, or another's, is named and left out."""

from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from chapters import find_chapters
from stamps import notebook_path, sound_files

from oe_core.atomic import DamagedFileError, is_there, understood


@dataclass
class Executed:
    """notebooks: of the chapters, by name. files: the tables, figures and records that they made. faults: lines."""

    notebooks: dict[str, nbformat.NotebookNode] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def executed(book: Path, out: Path) -> Executed:
    """What the chapters of `book` left below `out`, as the last builds that ended wrote it."""
    found = Executed()
    for name in find_chapters(book):
        path = notebook_path(out, name)
        try:
            if not is_there(path):
                continue
            files = sound_files(out, name)
            with understood(path, "is no notebook that can be read"):
                notebook = nbformat.read(path, as_version=4)
        except (DamagedFileError, OSError) as damage:
            found.faults.append(f"{damage}; it is left out: make book CHAPTER={name} SCALE={out.name} makes it again\n")
            continue
        found.notebooks[name] = notebook
        found.files += files
    return found
