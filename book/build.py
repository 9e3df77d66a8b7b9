"""Build the book: run each chapter, keep its notebook, and link everything it made from one page a scale.

`python book/build.py --scale demo` is what `make book` calls. A chapter is run again only when it, its parameters, the
library, the checks of exercises or the data location changed, or when something that it made is gone or damaged; one
that reads what the others have made also when that changed. Chapters run side by side, those that read others' last.
"""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("build")


import argparse
import sys
from dataclasses import replace
from pathlib import Path

from chapters import Chapter, ChapterError, read_chapter
from checks import refusal
from commandline import add_wanted, count, count_or_auto, make_folder, selected
from ending import Stopped, stoppable
from parameters import check_names, given_values
from progress import Progress
from schedule import Build, Request, threads_each, verdict
from stamps import library_sha256, read_stamp

import oe_core
from oe_core.processors import usable_cores
from oe_core.scales import check_scale, runs_root
from oe_core.wording import several

LIBRARY = Path(oe_core.__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Build what the command line asks for.

    Returns 0, 1 when a chapter failed, 2 when the request was wrong, 128 + the signal's number when it was stopped.
    """
    options = _parse(arguments)
    try:
        with stoppable():
            return _follow(options)
    except (ValueError, OSError) as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 2
    except Stopped as stopped:
        verb = "were" if len(stopped.running) > 1 else "was"
        running = f"{', '.join(stopped.running) or 'no chapter'} {verb} running"
        print(f"stopped: {running}; what was finished before is kept, the same command goes on", file=sys.stderr)
        return 128 + stopped.signum


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="build.py", description="Build the chapters of the book.")
    add_wanted(parser)
    parser.add_argument(
        "--jobs",
        type=count_or_auto,
        default="auto",
        help="chapters at a time: a number, or auto, the default, for as many as there are cores",
    )
    parser.add_argument(
        "--threads",
        type=count,
        help="threads of each chapter; default: OMP_NUM_THREADS, or else 1 at the scales smoke and demo, so that JOBS "
        "changes no digit of a table, and an equal share of the cores at course and paper",
    )
    parser.add_argument("--force", action="store_true", help="build also what is up to date")
    parser.add_argument("--list", action="store_true", help="list the chapters and their state, build nothing")
    return parser.parse_args(arguments)


def _follow(options: argparse.Namespace) -> int:
    """Do what the `options` ask for; a ValueError when the request is wrong."""
    check_scale(options.scale)
    book, out = options.book.resolve(), runs_root() / options.scale
    paths = selected(book, options.chapter)
    if options.list:
        return _list(paths, out)
    chapters = {name: _read(path) for name, path in paths.items()}
    whole = {name: chapter for name, chapter in chapters.items() if isinstance(chapter, Chapter)}
    check_names((chapter.parameters for chapter in whole.values()), options.parameters)
    wanted = chapters | {
        name: (chapter, given_values(name, chapter.parameters, options.scale, options.parameters))
        for name, chapter in whole.items()
    }
    make_folder(out)
    library = library_sha256(LIBRARY, book)
    request = Request(book, options.scale, out, LIBRARY, library, wanted, options.force)
    request = replace(request, wanted=wanted | _refused(request, bool(options.parameters)))
    jobs = min(usable_cores() if options.jobs == "auto" else options.jobs, len(wanted))
    threads = threads_each(options.scale, jobs, options.threads)
    progress = Progress(len(wanted), sys.stdout)
    progress.say(f"{several('chapter', len(wanted))} at scale {options.scale} into {out}, {jobs} at a time")
    failed = Build(replace(request, jobs=jobs, threads=threads), progress).run()
    if "index.html" not in failed:
        print(f"see {out / 'index.html'}")
    if failed:
        print(f"failed: {', '.join(failed)} (a failing cell is marked in the chapter's notebook)", file=sys.stderr)
    return 1 if failed else 0


def _read(path: Path) -> Chapter | ChapterError:
    """A chapter, or what is wrong inside it: then the others are built all the same."""
    try:
        return read_chapter(path)
    except ChapterError as error:
        return error


def _refused(request: Request, parameters_given: bool) -> dict[str, ChapterError]:
    """The chapters that refuse their parameters, before a kernel starts; a ValueError where the reader gave some."""
    fine = {name: found for name, found in request.wanted.items() if not isinstance(found, ChapterError)}
    due = [name for name in fine if verdict(request, name).reason]
    # Others that are built may be what makes these due.
    due += [name for name, (chapter, _) in fine.items() if due and chapter.after_others and name not in due]
    said = {name: refusal(*fine[name], request.book) for name in due}
    errors = {name: ChapterError(text) for name, text in said.items() if text}
    if errors and parameters_given:
        raise ValueError("; ".join(map(str, errors.values())))
    return errors


def _list(paths: dict[str, Path], out: Path) -> int:
    for name in paths:
        stamp = read_stamp(out, name)
        when = f"{stamp['status']} {stamp.get('finished', '')}" if stamp else "not built"
        print(f"{name:32} {when}")
    return 0

