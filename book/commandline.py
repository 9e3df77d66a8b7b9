"""What the command lines of the book share: the scale, and which chapters are meant, with which parameters."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from chapters import find_chapters
from progress import replace_what_cannot_be_shown

from oe_core.scales import SCALES


def program(main: Callable[..., int], *arguments: object) -> None:
    """End this process with what `main` returns, on a terminal that may lack signs; Ctrl-C is one word, and 130."""
    replace_what_cannot_be_shown(sys.stdout, sys.stderr)
    try:
        sys.exit(main(*arguments))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


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
