"""What the checks of all chapters share: how an answer is refused in words, and what kind of thing it has to be.

A chapter's checks stand in a file of this folder under its name, such as `ch01_metrics.py`: a function for each
exercise, which takes what the solution leaves and says by what it *does* whether it is right. A message points to the
mistake, and never gives the answer.
"""

import functools
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

NOTHING_YET = "nothing is given yet; put your answer into the cell above, in place of the three dots"


class NotYet(AssertionError):
    """An answer that is missing, or not right yet; the message says in words where to look."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback, which would lead through the check and not through the answer."""
        return [str(self)]


def exercise(number: int) -> Callable:
    """Make a function the check of exercise `number`: it prints that an answer is right, or raises NotYet.

    The function calls `need` and the like; an error of any other kind comes from an answer that cannot be used.
    """

    def as_check(check: Callable) -> Callable:
        @functools.wraps(check)
        def checked(*answer) -> None:
            try:
                need(not any(part is ... for part in answer), NOTHING_YET)
                check(*answer)
            except NotYet as problem:
                end = "" if str(problem).endswith("?") else "."
                raise NotYet(f"Exercise {number}, not yet: {problem}{end}") from None
            except KeyError as error:
                said = (
                    f"the answer has nothing under {error} where that is looked for; is it spelled as in the question?"
                )
                raise NotYet(f"Exercise {number}, not yet: {said}") from error
            except Exception as error:
                said = f"with it the check ends in {type(error).__name__}: {error}"
                raise NotYet(
                    f"Exercise {number}, not yet: the answer is not of the kind that is asked; {said}."
                ) from error
            print(f"Exercise {number}: right.")

        checked.number = number
        return checked

    return as_check


def need(holds: bool, otherwise: str) -> None:
    """Refuse the answer where it does not hold what is asked; `otherwise` is a clause without its full stop."""
    if not holds:
        raise NotYet(otherwise)


def number(answer: object, what: str) -> float:
    """Return `answer` as one finite number; NotYet where it is something else."""
    array = np.asarray(answer, dtype=object)
    need(array.size == 1, f"{what} is to be one number, and {array.size} values are given")
    try:
        value = float(array.item())
    except (TypeError, ValueError):
        raise NotYet(f"{what} is to be one number, and a {type(array.item()).__name__} is given") from None
    need(np.isfinite(value), f"{what} is to be a number, and {value} is given")
    return value


def numbers(answer: object, what: str, size: int) -> np.ndarray:
    """Return `answer` as `size` finite numbers, an array or a list of them; NotYet where it is something else."""
    array = np.asarray(answer, dtype=float)
    need(array.shape == (size,), f"{what} is to hold {size} numbers, and its shape is {array.shape}")
    need(np.isfinite(array).all(), f"{what} is to hold numbers, and some are not finite")
    return array


def table(answer: object, what: str, rows: Iterable, columns: Iterable) -> pd.DataFrame:
    """Return these `rows` and `columns` of a DataFrame, or of a dict of columns; NotYet names one that is missing."""
    frame = answer if isinstance(answer, pd.DataFrame) else pd.DataFrame(answer)
    for kind, wanted, there in (("row", rows, frame.index), ("column", columns, frame.columns)):
        missing = [name for name in wanted if name not in there]
        need(not missing, f"{what} has no {kind} {missing[:1]}; it has {list(there)}")
    return frame.loc[list(rows), list(columns)].astype(float)


def close(one: object, other: object, within: float = 1e-6) -> bool:
    """Whether two numbers, or arrays of one shape, agree within a distance that is absolute."""
    return bool(np.allclose(one, other, rtol=0, atol=within))


def need_close(given: object, right: object, within: float, otherwise: str, typical: Iterable[tuple] = ()) -> None:
    """Refuse what is not within an absolute distance of the right numbers, in the words for it.

    typical: pairs of numbers that a known mistake gives and its words; `otherwise`: the words for any other mistake.
    """
    if not close(given, right, within):
        for mistaken, words in typical:
            need(not close(given, mistaken, within), words)
        need(False, otherwise)
