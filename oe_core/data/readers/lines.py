"""Text files a line an example, and what every reader of text shares: bytes to lines, lines to a TextSet."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from oe_core.data.examples import UNLABELLED, TextSet
from oe_core.data.readers.bounds import whole_bytes
from oe_core.data.readers.class_names import composed, numbered
from oe_core.data.readers.pixels import FormatError, damage_named
from oe_core.errors import shown

TEXT_SUFFIXES = (".tsv", ".txt", ".tsv.gz", ".txt.gz")
MOST_LINES = 4_000_000  # of a file: each takes some 400 bytes of memory, and the longest of the paper's has 2 million


def file_bytes(path: Path) -> bytes:
    """The content of a file, unzipped where its name ends in .gz; FormatError naming it when the gzip is damaged."""
    expected = "a whole gzip file" if path.suffix.lower() == ".gz" else "a file of text"
    with damage_named(path, (OSError, EOFError, zlib.error), expected):
        return whole_bytes(path)


def decoded(raw: bytes, where: str, encoding: str = "utf-8-sig") -> str:
    """Bytes to text, a byte-order mark dropped; FormatError naming `where` and the line of the first wrong byte."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as damage:
        line = damage.object[: damage.start].count(b"\n") + 1
        found = damage.object[damage.start]
        raise FormatError(
            f"{where} line {line} holds the byte 0x{found:02X}, which is no {encoding.removesuffix('-sig').upper()}; "
            "expected text in that encoding: save it so"
        ) from damage


def split_lines(raw: bytes, where: str, encoding: str = "utf-8-sig") -> list[str]:
    r"""The lines without their ends, \n or \r\n; other breaks that Unicode knows are characters of a line."""
    if raw.count(b"\n") > MOST_LINES:
        raise FormatError(f"{where} has {raw.count(bytes([10])):,} lines; expected at most {MOST_LINES:,}: shorten it")
    lines = decoded(raw, where, encoding).split("\n")
    return [line.removesuffix("\r") for line in (lines[:-1] if not lines[-1] else lines)]


def own_bytes(path: Path) -> bytes:
    r"""As `file_bytes`, of a file of the reader's own: a line may end in \r alone, too."""
    return file_bytes(path).replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def text_lines(raw: bytes, where: str, encoding: str = "utf-8-sig") -> list[tuple[int, str]]:
    """Number, from 1, and content of every line that holds more than blanks."""
    return [(number, line) for number, line in enumerate(split_lines(raw, where, encoding), 1) if line.strip()]


def one_line(text: str) -> str:
    """`text` with every run of blanks and line breaks made one space."""
    return " ".join(text.split())


def text_set(name: str, texts: Iterable[str], where: str, expected: str, origin: str = "catalog") -> TextSet:
    """A TextSet of `texts`, all "unlabelled"; errors as `labelled_set`."""
    return labelled_set(name, [(UNLABELLED, text) for text in texts], where, expected, (UNLABELLED,), origin)


def labelled_set(
    name: str, found: Sequence[tuple[str, str]], where: str, expected: str, classes: tuple[str, ...], origin="catalog"
) -> TextSet:
    """A TextSet of labels, names out of `classes`, and texts; FormatError with `where` and `expected` for none."""
    if not found:
        raise FormatError(f"{where}: holds no text; expected {expected}")
    labels, texts = zip(*found, strict=True)
    return TextSet(name, texts, *numbered(labels, classes), origin)


def read_lines(path: Path, name: str, origin: str = "catalog") -> TextSet:
    """A text file (gzipped or not) of one example a line, each as it is spelled; lines of blanks alone are dropped.

    Raises FormatError naming the file, and the line where there is one, when it is empty or no UTF-8.
    """
    raw = own_bytes(path) if origin == "folder" else file_bytes(path)
    texts = [line for _, line in text_lines(raw, str(path))]
    return text_set(name, texts, str(path), "one example a line", origin=origin)


def labelled_lines(path: Path, read: Callable[[Path], bytes] = file_bytes) -> list[tuple[int, str, str]]:
    """Number, label and text of each line label<TAB>text of a file, gzipped or not; the text may be empty.

    Lines of blanks alone are dropped. Raises FormatError naming file and line where a tab or the label is missing, and
    as `decoded` does.
    """
    found = []
    for number, line in text_lines(read(path), str(path)):
        label, tab, text = line.partition("\t")
        if not tab or not label.strip():
            raise FormatError(f"{path} line {number} is {shown(line)}; expected label<TAB>text")
        found.append((number, composed(label.strip()), text))
    return found


def is_text(path: Path) -> bool:
    """Whether a file's name is that of one of texts."""
    return path.name.lower().endswith(TEXT_SUFFIXES)


def is_txt(path: Path) -> bool:
    """Whether a file of text holds no labels."""
    return path.name.lower().endswith((".txt", ".txt.gz"))


def without_endings(path: Path) -> str:
    """The name of a file of text without them, in lower case: that of a split, where it is named like one."""
    return path.name.lower().removesuffix(".gz").removesuffix(".tsv").removesuffix(".txt")
