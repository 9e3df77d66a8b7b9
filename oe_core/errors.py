"""Errors that explain themselves: what a reader did, what was allowed, and the way out."""

import traceback

SHOWN = 60  # characters of a wrong value, line or header that a message repeats, at most


def printable(text: str) -> str:
    r"""`text` with what a terminal would obey or could not show written as escapes (\x1b, \n, \udc80): for messages."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def shown(value: object) -> str:
    """A wrong value as a message repeats it: as Python writes it, and cut where it is long."""
    return repr(_cut(value)) if isinstance(value, str) else _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


class ExplainedError(Exception):
    """An error whose message is all that a reader needs: a notebook shows it without the way through the package."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: the message, and the reader's own line that led to it."""
        said = [f"{type(self).__name__}: {self}"]
        # Before the reader's cell stands IPython, behind it the package, or nothing where the cell itself has raised.
        for frame in traceback.extract_tb(self.__traceback__)[:-1]:
            if "ipykernel_" in frame.filename or frame.filename.startswith("<ipython"):
                return [*said, f"in line {frame.lineno} of this cell: {frame.line}"]
        return said


class PrintableError(ExplainedError):
    """An error that may repeat names from outside: its message is `printable`."""

    def __init__(self, message: str):
        super().__init__(printable(message))


class FormatError(PrintableError, ValueError):
    """A file is not what its format promises; the message names the file, what was found and what was expected."""
