"""Tables of examples: a DataFrame or a mapping of columns in memory, or a .csv file."""

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NoReturn, TextIO

from oe_core.arguments import ArgumentError
from oe_core.data.readers.bounds import most_bytes
from oe_core.data.readers.lines import MOST_LINES
from oe_core.data.readers.pixels import FormatError, damage_named

Refused = Callable[[FormatError], None]
TABLES = (".csv", ".csv.gz")  # endings of files, in any case
LONGEST_LINE = 1 << 20  # of what comes without an end of line, no more is kept in memory
NO_TEXT = re.compile("[\0\udc80-\udcff]")  # what a byte becomes that is no UTF-8, and the one that no text holds


def is_table(source: object) -> bool:
    """Whether it is one in memory: a DataFrame, or a mapping of columns."""
    return isinstance(source, Mapping) or hasattr(source, "columns")


def column(
    table, argument: str, expected: Sequence[str] = ("path", "text"), refused: Refused | None = None
) -> tuple[str, list]:
    """The one of the `expected` columns that a table has, and what stands in it, each row's.

    refused: is told of each row in which nothing stands, which is None then; None: that raises. Raises ValueError
    naming the argument for none of the columns, for two of them, and for such a row.
    """
    content = content_column(columns_of(table), argument, expected)
    items = list(table[content])
    if refused:
        for place in (place for place, item in enumerate(items) if is_missing(item)):
            refused(FormatError(f"{argument}: the {content} of row {place + 1} is missing"))
        return content, [None if is_missing(item) else str(item) for item in items]
    if missing := [place for place, item in enumerate(items) if is_missing(item)]:
        raise ArgumentError(
            f"{argument}: the {content} of row {missing[0] + 1} is missing, of {len(missing)} that are; "
            "leave those rows out"
        )
    return content, [str(item) for item in items]


def content_column(names: Sequence[str], argument: str, expected: Sequence[str]) -> str:
    """The one of the `expected` columns among `names`. Raises ValueError naming the argument for none, and for two."""
    content = [name for name in expected if name in names]
    if len(content) == 1:
        return content[0]
    wanted, hint = " or ".join(expected), "; leave the other out" if content else ""
    if len(names) == 1 and (other := re.search(r"[;\t|]", names[0])):
        hint = f"; its fields are parted by {other.group()!r}, expected are commas: save it with them"
    raise ArgumentError(f"{argument} has the columns {list(names)}; expected one of them to be {wanted}{hint}")


def columns_of(table) -> list[str]:
    """The names of its columns."""
    return [str(name) for name in (table.columns if hasattr(table, "columns") else table)]


def is_missing(value: object) -> bool:
    """Whether it is what a table has where it has nothing."""
    return not value.strip() if isinstance(value, str) else value is None or str(value) in ("nan", "NaT", "<NA>")


def is_table_file(path: Path) -> bool:
    """Whether a file's name is that of a table."""
    return path.name.lower().endswith(TABLES)


def read_table(path: Path) -> dict[str, list[str]]:
    """The columns of a .csv file by their names.

    Raises FormatError naming the file, and the line where there is one, for what is no table.
    """
    found, length, most = [], 0, most_bytes(path)
    for number, row in _rows(path, raised):
        length += sum(map(len, row))
        if number > MOST_LINES or (length > most and path.suffix.lower() == ".gz"):
            raise FormatError(f"{path}: unpacks to more than {most:,} bytes or {MOST_LINES:,} lines; shorten it")
        found.append(row)
    return {name: list(column) for name, *column in zip(*found, strict=True)}


def items_of(path: Path, expected: Sequence[str], refused: Refused) -> Iterator[tuple[int, str]]:
    """In which line a row of a .csv file ends, and what stands in the one of the `expected` columns; row by row.

    refused: is told of each row that does not fit the heading or has nothing there, and of what ends the table too
    early. Raises as `content_column`, and FormatError naming the file for one without a heading or a row.
    """
    with closing(_rows(path, refused)) as rows:  # the file, too, wherever it ends
        _, heading = next(rows)
        name = content_column(heading, str(path), expected)
        for number, row in rows:
            if is_missing(item := row[heading.index(name)]):
                refused(FormatError(f"{path} line {number}: the {name} is missing"))
            else:
                yield number, item


def raised(error: FormatError) -> NoReturn:
    """The `refused` of whoever wants all or nothing."""
    raise error


def _rows(path: Path, refused: Refused) -> Iterator[tuple[int, list[str]]]:
    """The heading of a .csv file, then each row that fits it, with the number of the line in which it ends."""
    heading, count = None, 0
    with closing(_parsed(path, refused)) as parsed:
        for number, row in parsed:
            count += 1
            if heading is None:
                heading = row
                if twice := [column for column in heading if heading.count(column) > 1]:
                    raise FormatError(f"{path}: has {heading.count(twice[0])} columns named {twice[0]!r}; expected one")
            elif len(row) != len(heading):
                what = f"line {number} has {len(row)} fields, the heading {len(heading)}"
                refused(FormatError(f"{path}: {what}; put a text that holds a comma or a line break in double quotes"))
                continue
            yield number, row
    if count < 2:
        raise FormatError(f"{path}: holds no row; expected a heading with the columns label and path or text, and rows")


def _parsed(path: Path, refused: Refused) -> Iterator[tuple[int, list[str]]]:
    """Every row of a .csv file, read one by one; of a damage behind the first, `refused` is told, and it ends."""
    come, opened = False, gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with (
            damage_named(path, (OSError, EOFError, zlib.error), "a table"),
            opened(path, "rt", encoding="utf-8-sig", errors="surrogateescape") as file,
        ):
            reader = csv.reader(_lines(file, path), strict=True)
            for row in reader:
                if len(row) > 1 or "".join(row).strip():  # a blank line is no row
                    come = True
                    yield reader.line_num, row
        return
    except csv.Error as damage:
        what = f"is no table ({damage}, line {reader.line_num})"
        error = FormatError(f"{path}: {what}; expected a heading, and comma-separated rows")
    except FormatError as damage:
        error = damage
    (refused if come else raised)(error)


def _lines(file: TextIO, path: Path) -> Iterator[str]:
    r"""Each with an end of \n. Raises FormatError naming the line for one that is no UTF-8, or has no end."""
    for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE), ""), 1):
        if wrong := NO_TEXT.search(line):
            found = f"holds the byte 0x{ord(wrong.group()) & 0xFF:02X}, which is no text in UTF-8; save it so"
            raise FormatError(f"{path} line {number} {found}")
        if len(line) == LONGEST_LINE:
            raise FormatError(f"{path} line {number} is longer than {LONGEST_LINE:,} characters; shorten it")
        yield line
