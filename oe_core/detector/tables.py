"""Tables of examples: a DataFrame or a mapping of columns in memory, or a .csv file."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from oe_core.arguments import ArgumentError
from oe_core.data.readers.lines import own_bytes, text_lines
from oe_core.data.readers.pixels import FormatError, check_regular

TABLES = (".csv", ".csv.gz")  # endings of files, in any case


def is_table(source: object) -> bool:
    """Whether it is one in memory: a DataFrame, or a mapping of columns."""
    return isinstance(source, Mapping) or hasattr(source, "columns")


def column(
    table, argument: str, expected: Sequence[str] = ("path", "text"), refused: Callable | None = None
) -> tuple[str, list]:
    """The one of the `expected` columns that a table has, and what stands in it, each row's.

    refused: is told of each row in which nothing stands, which is None then; None: that raises. Raises ValueError
    naming the argument for none of the columns, for two of them, and for such a row.
    """
    content = [name for name in expected if name in columns_of(table)]
    if len(content) != 1:
        wanted, names = " or ".join(expected), columns_of(table)
        hint = "; fields are parted by commas" if len(names) == 1 and re.search(r"[;\t|]", names[0]) else ""
        hint = hint or ("; leave the other out" if content else "")
        raise ArgumentError(f"{argument} has the columns {names}; expected one of them to be {wanted}{hint}")
    items = list(table[content[0]])
    if refused:
        for place in (place for place, item in enumerate(items) if is_missing(item)):
            refused(FormatError(f"{argument}: the {content[0]} of row {place + 1} is missing"))
        return content[0], [None if is_missing(item) else str(item) for item in items]
    if missing := [place for place, item in enumerate(items) if is_missing(item)]:
        raise ArgumentError(
            f"{argument}: the {content[0]} of row {missing[0] + 1} is missing, of {len(missing)} that are; "
            "leave those rows out"
        )
    return content[0], [str(item) for item in items]


def columns_of(table) -> list[str]:
    """The names of its columns."""
    return [str(name) for name in (table.columns if hasattr(table, "columns") else table)]


def is_missing(value: object) -> bool:
    """Whether it is what a table has where it has nothing."""
    return not value.strip() if isinstance(value, str) else value is None or str(value) in ("nan", "NaT", "<NA>")


def read_table(path: Path) -> tuple[dict[str, list[str]], list[int]]:
    """The columns of a .csv file by their names, and the number of the line in which each row ends.

    Raises FormatError naming the file, and the line where there is one, for what is no table.
    """
    check_regular(path, "a table")
    content = own_bytes(path)
    list(text_lines(content, str(path)))  # says in which line there is no text
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    try:
        # A blank line is no row.
        rows = [(reader.line_num, row) for row in reader if len(row) > 1 or "".join(row).strip()]
    except csv.Error as damage:
        what = f"is no table ({damage}, line {reader.line_num})"
        raise FormatError(f"{path}: {what}; expected a heading, and comma-separated rows") from damage
    if len(rows) < 2:
        raise FormatError(f"{path}: holds no row; expected a heading with the columns label and path or text, and rows")
    (_, heading), *rows = rows
    if twice := [column for column in heading if heading.count(column) > 1]:
        raise FormatError(f"{path}: has {heading.count(twice[0])} columns named {twice[0]!r}; expected one")
    for number, row in rows:
        if len(row) != len(heading):
            what = f"line {number} has {len(row)} fields, the heading {len(heading)}"
            raise FormatError(f"{path}: {what}; put a text that holds a comma or a line break in double quotes")
    columns = dict(zip(heading, map(list, zip(*(row for _, row in rows), strict=True)), strict=True))
    return columns, [number for number, _ in rows]
