"""What a chapter says about its parameters before a kernel starts for it.

A chapter may hold a code cell tagged `checks` directly after its parameters. It imports what it needs and raises a
ValueError for parameters that the chapter could not use; in the notebook it is a cell like any other.
"""

import contextlib
import warnings
from pathlib import Path

from chapters import Chapter


def checked(chapter: Chapter, values: dict[str, object], book: Path) -> dict[str, object]:
    """Run the checks of `chapter` in this process, in the folder `book` as the chapter will be.

    Returns the names that they leave, with `values` in place of the parameters' defaults. Raises ValueError when they
    refuse the parameters, or end in any other way.
    """
    defaults = {name: parameter.default for name, parameter in chapter.parameters.items()}
    names = {"__name__": f"checks of {chapter.name}", **defaults, **values}
    try:
        # Chapters write in their own process: what the checks print or warn of comes again from there.
        with contextlib.chdir(book), contextlib.redirect_stdout(None), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(chapter.checks, f"{chapter.name}.py, the cell tagged 'checks'", "exec"), names)
    except ValueError as error:
        raise ValueError(f"chapter {chapter.name}: {error}") from error
    except (Exception, SystemExit) as error:
        raise ValueError(f"chapter {chapter.name}: its checks ended with {type(error).__name__}: {error}") from error
    return names


def refusal(chapter: Chapter, values: dict[str, object], book: Path) -> str | None:
    """Why `chapter` refuses its parameters with `values` in place of their defaults, or None."""
    try:
        checked(chapter, values, book)
    except ValueError as error:
        return str(error)
    return None
