"""Build the book: run each chapter, keep its notebook, and link everything it made from one page a scale.

`python book/build.py --scale demo` is what `make book` calls. A chapter is run again only when it, its parameters, the
library, the paper's numbers or the data location changed, or when something that it made is gone; one that reads what
the others have made also when that changed.
"""

import argparse
import json
import sys
import time
from datetime import datetime
from pathlib import Path

from chapters import Chapter, ChapterError, chapter_parameters, find_chapters, read_chapter, tree_sha256
from execute import run_chapter
from index_page import write_index
from papermill.exceptions import PapermillExecutionError
from progress import TERMINAL_CODES, Progress
from stamps import made_files, notebook_path, read_stamp, stamp_path, state_sha256, why_build, write_stamp

import oe_core
from oe_core.scales import SCALES, check_scale, data_root, runs_root

LIBRARY = Path(oe_core.__file__).parent
TRACEBACK_LINES = 15


def main(arguments: list[str] | None = None) -> int:
    """Build what the command line asks for; returns 0, 1 when a chapter failed, 2 when the request was wrong."""
    options = _parse(arguments)
    try:
        check_scale(options.scale)
        paths = _select(options.book, options.chapter)
        if options.list:
            return _list(paths, options.scale)
        wanted = {name: _prepare(path, options.scale, options.parameters) for name, path in paths.items()}
    except ValueError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 2
    failed = build(options.book, options.scale, wanted, options.force)
    if failed:
        print(f"failed: {', '.join(failed)} (the failing cell is marked in the chapter's notebook)", file=sys.stderr)
    return 1 if failed else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="build.py", description="Build the chapters of the book.")
    parser.add_argument("--scale", default="demo", help=f"one of {', '.join(SCALES)} (default: %(default)s)")
    parser.add_argument("--chapter", action="append", metavar="NN_name", help="only this chapter (may be repeated)")
    parser.add_argument(
        "-p",
        "--parameter",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="another value for a parameter of the chapters",
    )
    parser.add_argument("--force", action="store_true", help="build also what is up to date")
    parser.add_argument("--list", action="store_true", help="list the chapters and their state, build nothing")
    parser.add_argument("--book", type=Path, default=Path(__file__).resolve().parent, help="folder of the chapters")
    return parser.parse_args(arguments)


def _select(book: Path, names: list[str] | None) -> dict[str, Path]:
    known = find_chapters(book)
    unknown = [name for name in names or [] if name not in known]
    if unknown or not known:
        raise ValueError(f"chapter {', '.join(unknown) or book} is unknown; known: {', '.join(known) or 'none'}")
    return {name: path for name, path in known.items() if not names or name in names}


def _prepare(path: Path, scale: str, given: list[tuple[str, str]]) -> tuple[Chapter, dict[str, object]] | ChapterError:
    """A chapter with its parameters, or what is wrong inside the chapter: then the others are built all the same."""
    try:
        chapter = read_chapter(path)
    except ChapterError as error:
        return error
    return chapter, chapter_parameters(chapter, scale, given)


def build(book: Path, scale: str, wanted: dict[str, tuple | ChapterError], force: bool) -> list[str]:
    """Build the `wanted` chapters one after the other and return the names of those that failed."""
    out, progress, failed = runs_root() / scale, Progress(len(wanted), sys.stdout), []
    progress.say(f"{len(wanted)} chapter(s) at scale {scale} into {out}")
    library = tree_sha256(LIBRARY, *(folder for folder in [book / "paper"] if folder.is_dir()))
    try:
        for name, chapter in wanted.items():
            if isinstance(chapter, ChapterError):
                ok = _refuse(name, chapter, out, progress)
            else:
                ok = _bring_up_to_date(*chapter, book, out, library, force, progress)
            failed += [] if ok else [name]
            write_index(find_chapters(book), scale, out)
    finally:
        progress.close()
    print(f"see {out / 'index.html'}")
    return failed


def _refuse(name: str, error: ChapterError, out: Path, progress: Progress) -> bool:
    write_stamp(out, name, {"status": "failed", "error": str(error), "outputs": []})
    progress.finish(name, f"FAILED: {error}")
    return False


def _bring_up_to_date(
    chapter: Chapter, parameters: dict, book: Path, out: Path, library: str, force: bool, progress: Progress
) -> bool:
    made_from = {
        "chapter": chapter.sha256,
        "parameters": json.loads(json.dumps(parameters)),  # as the stamp will hold them: tuples become lists
        "library": library,
        "data location": str(data_root()),
    }
    if chapter.after_others:
        own = set(read_stamp(out, chapter.name).get("outputs", []))
        made_from["records"] = state_sha256(book.parent / "runs" / "reference", out, own)
    reason = "as asked" if force else why_build(out, chapter.name, made_from)
    if reason is None:
        progress.finish(chapter.name, "up to date")
        return True
    progress.start(chapter.name, reason)
    # Without its stamp, a build that is killed half-way is never taken for a finished one.
    stamp_path(out, chapter.name).unlink(missing_ok=True)
    stamp = _run(chapter, parameters, book, out, progress)
    write_stamp(out, chapter.name, stamp | {"made_from": made_from})
    outcome = "done in" if stamp["status"] == "done" else "FAILED after"
    progress.finish(chapter.name, f"{outcome} {stamp['seconds']:.0f} s")
    return stamp["status"] == "done"


def _run(chapter: Chapter, parameters: dict, book: Path, out: Path, progress: Progress) -> dict:
    """Run a chapter and return how it ended and what it made, for its stamp."""
    before, started, error_lines = made_files(out), time.monotonic(), []
    try:
        run_chapter(chapter, parameters, book, notebook_path(out, chapter.name), progress)
    except (PapermillExecutionError, RuntimeError) as error:
        error_lines = str(error).rstrip().splitlines() or [type(error).__name__]
        progress.say("\n".join(error_lines[-TRACEBACK_LINES:]))
    return {
        "status": "failed" if error_lines else "done",
        "error": TERMINAL_CODES.sub("", error_lines[-1]) if error_lines else "",
        "seconds": round(time.monotonic() - started, 1),
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
        "outputs": sorted(name for name, state in made_files(out).items() if before.get(name) != state),
    }


def _list(paths: dict[str, Path], scale: str) -> int:
    for name in paths:
        stamp = read_stamp(runs_root() / scale, name)
        when = f"{stamp['status']} {stamp.get('finished', '')}" if stamp else "not built"
        print(f"{name:32} {when}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
