"""Values that an argument of a function, or a parameter of a chapter, cannot have: refused before any work is done."""

import math
from collections.abc import Iterable
from numbers import Real
from pathlib import Path

from oe_core.errors import ExplainedError, shown

LARGEST = 2**31 - 1  # a seed, or a number of anything


class ArgumentError(ExplainedError, ValueError):
    """A value that an argument or parameter cannot have: named, with what is allowed."""


def check_choice(argument: str, value: str, known: Iterable[str]) -> None:
    """Raise an ArgumentError that lists the `known` values unless `value` is one of them."""
    known = tuple(known)
    if value not in known:
        raise ArgumentError(f"{argument}={shown(value)} is unknown; choose one of {', '.join(known) or 'none'}")


def check_counts(*, least: int = 1, most: int = LARGEST, given: bool = False, **counts: int | None) -> None:
    """Raise an ArgumentError unless each is a whole number from `least` to `most`, or None if it may be left out.

    given: it may not.
    """
    for argument, value in counts.items():
        if value is None and not given:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            upper = f", at most {most:,}" if isinstance(value, int) and value > most else ""
            raise ArgumentError(f"{argument}={shown(value)} must be a whole number of at least {least}{upper}")


def check_numbers(*, above: float, most: float = math.inf, below: float = math.inf, **numbers: float) -> None:
    """Raise an ArgumentError unless each of the arguments is a number above one bound and within the other."""
    upper = f", at most {most:g}" if most < math.inf else f", below {below:g}" if below < math.inf else ""
    for argument, value in numbers.items():
        if not isinstance(value, Real) or not above < value <= most or value >= below < math.inf:
            raise ArgumentError(f"{argument}={shown(value)} must be a number above {above:g}{upper}")


def expanded(path: str | Path) -> Path:
    """A path whose `~` or `~name` is that user's folder; an ArgumentError where nobody is known to have that name."""
    try:
        return Path(path).expanduser()
    except RuntimeError as unknown:
        raise ArgumentError(f"{path}: {unknown}; give the folder itself") from unknown


def check_lists(*, least: int = 0, **lists: list | tuple) -> None:
    """Raise an ArgumentError unless each is a list or tuple of `least` things or more: a text is many letters."""
    for argument, value in lists.items():
        if not isinstance(value, (list, tuple)):
            raise ArgumentError(f"{argument}={shown(value)} must be a list, such as [{shown(value)}]")
        if len(value) < least:
            raise ArgumentError(f"{argument}={shown(value)} must hold at least {least}")
