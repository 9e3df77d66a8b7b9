"""Build the site of one scale: every chapter that was run, what was measured on real data, and the pages around them.

`python book/website.py --scale demo` is what `make site` calls. Sphinx reads pages that are written here from the
executed notebooks, and runs none of them; the site needs no network and can be moved as one folder.
"""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("website")


import argparse
import os
import shutil
import sys
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import ahead  # noqa: F401
import nbformat
from chapters import find_chapters, tree_sha256
from commandline import add_scale
from executed import Executed, executed
from measured import front_figure, measured_pages, relinked
from pages import FILES, page
from progress import TERMINAL_CODES
from quiz import read_quiz
from slides import index, write_slides
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from stamps import MADE_FOLDERS, notebook_path
from status_page import write_index

from oe_core import figures
from oe_core.atomic import exclusive, write_text
from oe_core.scales import SCALES, check_scale, runs_root

BOOK = Path(__file__).resolve().parent
SETTINGS = BOOK / "site"
COURSE = BOOK / "course"
REFERENCE = BOOK.parent / "runs" / "reference"  # beside the pages that lead there, wherever oe_core is installed
SLIDES = "<!-- slides -->"  # where the syllabus has the links to them
AROUND = {
    "Measured on real data": ("results", "measured/index"),
    "Teach it": ("course/syllabus", "course/teacher"),
    "Use it": ("building", "own_data", "scale_up"),
    "Reference": ("notation", "glossary", "bibliography", "code", "api/index"),
}
BADGES = {
    "build": "{scale} build: {what}",
    "measured": "measured record: real data, kept with the book",
}


def main(arguments: list[str] | None = None) -> int:
    """Build the site that the command line asks for; returns 0, 1 when a page has a fault, 2 for a wrong request."""
    parser = argparse.ArgumentParser(prog="website.py", description="Build the site of the book.")
    add_scale(parser)
    scale = parser.parse_args(arguments).scale
    try:
        check_scale(scale)
        out = runs_root() / scale
        if not any(out.glob("notebooks/*.ipynb")):
            raise ValueError(f"no chapter was run at scale {scale} below {out}: first `make book SCALE={scale}`")
        with exclusive(out / ".site.lock", "building the site"):
            faults = build(out, scale)
        write_index(find_chapters(BOOK), scale, out)
    except (ValueError, OSError, SphinxError) as error:
        print(f"website.py: {error}", file=sys.stderr)
        return 2
    print(faults, end="", file=sys.stderr)
    print(f"see {out / 'site' / 'index.html'}")
    return 1 if faults else 0


def build(out: Path, scale: str) -> str:
    """Build `out/site` from what lies below `out`; returns what Sphinx has to say against the pages."""
    source, site = out / ".site-source", out / "site"
    run, faults = executed(BOOK, out), StringIO()
    write_sources(source, out, run)
    badges = {kind: words.format(scale=scale, what=SCALES[scale]) for kind, words in BADGES.items()}
    settings = {"oe_badges": badges, "oe_code": tree_sha256(SETTINGS)}
    if run.notebooks.keys() < find_chapters(BOOK).keys():
        settings["suppress_warnings"] = ["myst.xref_missing"]  # links to chapters that were not run yet
    options = {"confoverrides": settings, "status": None, "warning": faults}
    app = Sphinx(source, SETTINGS, site, out / ".site-doctrees", "html", **options)
    # Every page has the ways to all others, and one that was cut short is younger than its source.
    app.build(force_all=True)
    _keep_pages(site, app.env.found_docs)
    _mirror(source / FILES, site / FILES, _files(source / FILES))
    return "".join(run.faults) + TERMINAL_CODES.sub("", faults.getvalue()) + write_slides(out, run)


def _keep_pages(site: Path, names: Iterable[str]) -> None:
    """Remove the pages of what is gone; those that are no pages of Sphinx's have folders of their own."""
    wanted = {*names, "search"}
    for path in site.rglob("*.html"):
        name = path.relative_to(site)
        if name.parts[0] not in (FILES, "slides", "_static") and name.with_suffix("").as_posix() not in wanted:
            path.unlink()


def write_sources(source: Path, out: Path, run: Executed) -> None:
    """Write every page that Sphinx reads, those that changed; others go. run: the chapters that ended below `out`."""
    pages, quiz = {}, read_quiz()
    for folder, up in ((SETTINGS, ""), (COURSE, "../")):
        for file in folder.rglob("*.md"):
            name = file.relative_to(folder if folder == SETTINGS else BOOK).as_posix()
            pages[name] = relinked(file.read_text("utf-8"), file.parent, REFERENCE, up)
    pages["course/syllabus.md"] = pages["course/syllabus.md"].replace(SLIDES, index(out, run))
    chapters = find_chapters(BOOK)
    for name, notebook in run.notebooks.items():
        made = page(name, notebook, out, quiz.get(name, ()))
        pages[f"{name}.ipynb"] = nbformat.writes(made) + "\n"
        _copy(notebook_path(out, name), source / FILES / "notebooks" / f"{name}.ipynb")
        _copy(chapters[name], source / FILES / "chapters" / chapters[name].name)
    _mirror(out, source / FILES, map(Path, run.files), MADE_FOLDERS)
    _mirror(REFERENCE, source / FILES / "reference", _files(REFERENCE))
    pages |= measured_pages(REFERENCE)
    figures.publish(front_figure(REFERENCE), "front", source / "_made")
    pages["_made/contents.md"] = _contents(name for name in pages if name.endswith(".ipynb"))
    for name, text in pages.items():
        path = source / name
        if not path.is_file() or path.read_text("utf-8") != text:
            write_text(path, text)
    for path in [*source.rglob("*.md"), *source.rglob("*.ipynb")]:
        name = path.relative_to(source).as_posix()
        if name not in pages and not name.startswith(f"{FILES}/"):
            path.unlink()


def _contents(chapters: Iterable[str]) -> str:
    """The contents of the site, which the sidebar shows."""
    parts = {"Chapters": sorted(chapters), **AROUND}
    options = ":hidden:\n:caption: {}\n\n"
    trees = (options.format(caption) + "\n".join(names) for caption, names in parts.items())
    return "\n".join(f"```{{toctree}}\n{tree}\n```\n" for tree in trees)


def _copy(path: Path, to: Path) -> None:
    if not to.is_file() or (to.stat().st_mtime, to.stat().st_size) != (path.stat().st_mtime, path.stat().st_size):
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)  # not its mode, which may forbid to write it the next time
        os.utime(to, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))


def _files(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]


def _mirror(folder: Path, to: Path, names: Iterable[Path], parts: Iterable[str] = (".",)) -> None:
    """Let the folder `to`, or its `parts`, hold these files of `folder` and no others."""
    wanted = set(names)
    for name in wanted:
        _copy(folder / name, to / name)
    for part in parts:
        for path in [path for path in (to / part).rglob("*") if path.is_file() and path.relative_to(to) not in wanted]:
            path.unlink()

