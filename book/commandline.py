"""What the command lines of the book share: the scale, and which chapters are meant, with which parameters."""

import argparse
import os
from pathlib import Path

from chapters import find_chapters

from oe_core.scales import SCALES


def count(text: str) -> int:
    """A number of things, for argparse."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def count_or_auto(text: str) -> int | str:
    """A number of things or "auto", for argparse."""
    if text == "auto":
        return text
    try:
        return count(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, nor auto") from error


def add_scale(parser: argparse.ArgumentParser) -> None:
    """Add --scale; who reads it checks it."""
    parser.add_argument("--scale", default="demo", help=f"one of {', '.join(SCALES)} (default: %(default)s)")


def add_wanted(parser: argparse.ArgumentParser) -> None:
    """Add --scale, and --chapter, --parameter and --book, which say what is asked for."""
    add_scale(parser)
    parser.add_argument("--chapter", action="append", metavar="NN_name", help="only this chapter (may be repeated)")
    parser.add_argument("-p", "--parameter", dest="parameters", nargs=2, action="append", default=[],
                        metavar=("NAME", "VALUE"), help="another value for a parameter of those chapters that have it, "
                        "such as SEEDS 3")  # fmt: skip
    parser.add_argument("--book", type=Path, default=Path(__file__).resolve().parent, help="folder of the chapters")


def selected(book: Path, names: list[str] | None) -> dict[str, Path]:
    """The chapters in `book` called `names`, all without any, in its order; ValueError for others or none."""
    known = find_chapters(book)
    unknown = [name for name in names or [] if name not in known]
    if unknown or not known:
        raise ValueError(f"chapter {', '.join(unknown) or book} is unknown; known: {', '.join(known) or 'none'}")
    return {name: path for name, path in known.items() if not names or name in names}


def make_folder(folder: Path) -> None:
    """Make a folder for results, below OE_RUNS, where there is none; ValueError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(folder, os.W_OK) else "no permission to write there"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise ValueError(f"the folder {folder} cannot be made ({reason}); choose another place with OE_RUNS")
