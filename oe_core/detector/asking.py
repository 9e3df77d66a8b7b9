"""What a trained detector is asked about, a batch at a time: pictures and texts, however many, in bounded memory."""

import gzip
import io
import logging
import os
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, count, islice
from os.path import isfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from oe_core.arguments import ArgumentError, expanded
from oe_core.data.examples import UNLABELLED, ImageSet, TextSet
from oe_core.data.folders import NPZ, pictures_below
from oe_core.data.readers.arrays import colour, in_memory, read_npz, resized_each
from oe_core.data.readers.lines import TEXT_SUFFIXES, is_text, is_txt
from oe_core.data.readers.pixels import (
    CHUNK,
    FormatError,
    Picture,
    check_regular,
    chunks,
    decode_chunks,
    is_picture,
    resized,
)  # fmt: skip
from oe_core.data.text_folders import is_heading
from oe_core.detector.given import ARRAYS
from oe_core.detector.tables import LONGEST_LINE, TABLES, Refused, column, is_table, is_table_file, items_of, raised
from oe_core.errors import printable
from oe_core.wording import several

LOG = logging.getLogger("oe_core")
Chunk = tuple[list[str], ImageSet | TextSet]  # where its examples are from, for messages and tables; and they
BLOCK = 1 << 13  # bytes of a stream that are read at once; less than a pipe holds, so that one that is full fills them


def image_chunks(examples: object, size: int, refused: Refused | None = None) -> Iterator[Chunk]:
    """Pictures in chunks: a folder, a path or any number of them, an array (n, height, width, 3), or an ImageSet.

    Any number of pictures in memory, too, each of its own size: arrays (height, width, 3), or Pillow's. Also a table
    with a column path, or a .csv file of one, from whose folder its paths lead, and an .npz. An open binary file, such
    as `sys.stdin.buffer`, holds a path a line. refused: is told of each picture that cannot be read, which is left out;
    None: that raises FormatError.
    """
    if isinstance(examples, str | Path):
        examples = _pictures_at(expanded(examples), size, refused)
    if isinstance(examples, ImageSet):
        examples = examples.images.permute(0, 2, 3, 1).numpy()
    if isinstance(examples, np.ndarray | Tensor):
        yield from _of_array(np.asarray(examples), size)
        return
    if is_table(examples):
        examples = [path for path in column(examples, "examples", ["path"], refused)[1] if path is not None]
    if hasattr(examples, "readline"):
        taken = ([os.fsdecode(line) for _, line in lines] for lines in arrivals(examples))
    elif isinstance(examples, Iterable):
        first, examples = _first(examples)
        if first and not isinstance(first[0], str | Path):
            yield from _of_pictures(examples, size, refused)
            return
        taken = chunks(_checked(examples, str | Path, "paths of pictures"))
    else:
        what = "a folder, paths of pictures, or an array (n, height, width, 3)"
        raise ArgumentError(f"examples is {type(examples).__name__}; expected {what}")
    pictures = (list(map(_picture, paths)) for paths in taken)
    for found, pixels in decode_chunks(pictures, size, upright=True, refused=refused):
        yield [picture.where for picture in found], _images(torch.from_numpy(pixels))


def _picture(path: str | Path) -> Picture:
    """One of many: where nobody has the home that is named there is nothing, which the reader says."""
    try:
        return Picture("", str(path), expanded(path))
    except ArgumentError:
        return Picture("", str(path), Path(path))


def _pictures_at(path: Path, size: int, refused: Refused | None) -> ImageSet | Iterable[Path]:
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is nothing there; expected a picture or a folder of pictures")
    if path.is_dir():
        return _pictures_at(path / NPZ, size, refused) if (path / NPZ).exists() else pictures_below(path)
    if path.suffix.lower() == ARRAYS:
        return read_npz(path, size, path.name)
    if is_text(path):
        raise FormatError(f"{path}: holds text; paths of pictures, one a line, are given as an open file, or to -")
    if is_table_file(path):
        return (path.parent / item for _, item in items_of(path, ["path"], refused or raised))
    return [path]


def _of_array(images: np.ndarray, size: int) -> Iterator[Chunk]:
    single = images.ndim == 2 or (images.ndim == 3 and images.shape[2] <= 4)  # a row of so few pixels is none
    if images.ndim == 3 and not single and len(images) == 3:
        what = f"examples of shape {images.shape} may be three grey pictures, or one with its channels first"
        raise ArgumentError(f"{what}; give (3, height, width, 1), or (height, width, 3)")
    images = images[None] if single else images
    for start in range(0, len(images), CHUNK):
        part = colour(images[start : start + CHUNK], "examples")
        yield [str(number) for number in range(start, start + len(part))], _images(resized(part, size))


def _first(examples: Iterable) -> tuple[list, Iterator]:
    """The first of them in a list, if there is one, and all of them."""
    examples = iter(examples)
    first = list(islice(examples, 1))
    return first, chain(first, examples)


def _of_pictures(pictures: Iterable, size: int, refused: Refused | None) -> Iterator[Chunk]:
    for part in chunks(enumerate(pictures)):
        read: dict[str, Tensor] = {}
        for number, picture in part:
            where = f"examples[{number}]"
            try:
                read[str(number)] = resized_each({where: in_memory(picture, where)}, size)
            except FormatError as error:
                if refused is None:
                    raise
                refused(error)
        if read:
            yield list(read), _images(torch.cat(list(read.values())))


def _images(pixels: Tensor) -> ImageSet:
    return ImageSet("asked", pixels, torch.zeros(len(pixels), dtype=torch.int64), (UNLABELLED,), "folder")


def text_chunks(examples: object, refused: Refused | None = None) -> Iterator[Chunk]:
    """Texts in chunks: one text, a `Path` to a file or folder of them, any number of texts, or a TextSet.

    A string is a text. Also a table with a column text, or a .csv file of one. Lines of a file, which may be an open
    binary one, are read as they come. refused: is told of each line that is no UTF-8 or has no end, which is left out;
    None: that raises FormatError.
    """
    if isinstance(examples, TextSet):
        examples = examples.texts
    if isinstance(examples, str):
        if isfile(examples):  # false as well for what is too long for a name
            raise ArgumentError(f"examples is the text {examples!r}, which a file is called, too; for what that holds "
                                f"give Path({examples!r}), for the text [{examples!r}]")  # fmt: skip
        examples = [examples]
    if is_table(examples):
        texts = column(examples, "examples", ["text"], refused)[1]
        taken = chunks((str(number), text) for number, text in enumerate(texts) if text is not None)
    elif isinstance(examples, Path):
        taken = chunks(line for path in _text_files(expanded(examples)) for line in _lines_of(path, refused))
    elif hasattr(examples, "readline"):
        taken = (list(_decoded(lines, "-", refused)) for lines in arrivals(examples))
    elif isinstance(examples, Iterable):
        texts = _checked(examples, str, "texts; give files as pathlib.Path")
        taken = chunks((str(number), text) for number, text in enumerate(texts))
    else:
        raise ArgumentError(f"examples is {type(examples).__name__}; expected texts, or a path to a file of them")
    count, files = 0, True
    for chunk in filter(None, taken):
        places, texts = zip(*chunk, strict=True)
        count, files = count + len(texts), files and all(map(isfile, texts))  # the first that is none ends the search
        if files and count > 1:
            raise ArgumentError(f"{places[-1]} is {texts[-1]!r}, the name of a file, as all before it are; give a "
                                "pathlib.Path, or what is in the files")  # fmt: skip
        yield list(places), TextSet("asked", texts, torch.zeros(len(texts), dtype=torch.int64), (UNLABELLED,), "folder")


def _text_files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is nothing there; expected a file of texts, one a line")
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("[!.]*") if file.is_file())
    found = [file for file in files if is_text(file) or is_table_file(file)]
    if not found:
        raise FormatError(f"{path}: holds no text; expected files ending in {', '.join((*TEXT_SUFFIXES, *TABLES))}")
    if others := [file for file in files if file not in set(found)]:
        what = f"left out {several('file', len(others))}, not read as texts; the first is {others[0].relative_to(path)}"
        LOG.warning("%s", printable(f"{path}: {what}"))
    return found


def _lines_of(path: Path, refused: Refused | None = None) -> Iterator[tuple[str, str]]:
    """(file:line, text) of a file, one text a line, blank ones left out; what stands before a tab in a .tsv is none."""
    check_regular(path, "a file of texts")
    if is_picture(path.name) or path.suffix.lower() == ARRAYS:
        raise FormatError(f"{path}: is a picture; expected one text a line, label<TAB>text in a .tsv, or a .csv")
    refuse = refused or raised
    if is_table_file(path):
        yield from ((f"{path}:{number}", text) for number, text in items_of(path, ["text"], refuse))
        return
    if path.suffix and not is_text(path):
        endings = ", ".join((*TEXT_SUFFIXES, *TABLES))
        raise FormatError(f"{path}: is not read; expected a file ending in {endings}, or lines from an open file or -")
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    labelled = is_text(path) and not is_txt(path)
    with opened(path, "rb") as file:
        try:
            lines = (line for block in arrivals(file) for line in block)
            for where, text in _decoded(lines, str(path), refused):
                label, _, content = text.partition("\t") if labelled else ("", "", text)
                if labelled and is_heading(label, content):
                    refuse(FormatError(f"{where}: looks like a heading; expected label<TAB>text"))
                elif content.strip():
                    yield where, content
                else:
                    refuse(FormatError(f"{where}: has no text after a tab; expected label<TAB>text in each line"))
        except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
            refuse(FormatError(f"{path}: is damaged ({damage}); what stands before the damage was read"))


def arrivals(file: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    r"""Number, from 1, and content of the lines of an open binary file that hold more than blanks, without their ends.

    At most CHUNK together, and no more than have come: whoever writes slowly is not kept waiting for an answer. A line
    ends in \n, \r\n or \r; of one longer than LONGEST_LINE only so much comes as shows that it is. Raises ValueError
    for a file that is open as text.
    """
    if isinstance(file, io.TextIOBase):
        raise ArgumentError(f"examples is {type(file).__name__}, open as text; open it in binary, as open(path, 'rb')")
    read, numbers, held, come = getattr(file, "read1", file.read), count(1), b"", []
    for block in iter(lambda: read(BLOCK), b""):
        lines = (held + block).splitlines(keepends=True)
        # A line may go on in the next block, and the \n that belongs to a \r may be there.
        held = b"" if lines[-1].endswith(b"\n") else lines.pop()
        if len(held) > LONGEST_LINE:
            held = held[:LONGEST_LINE] + held[-1:]  # too long already, and whether it ends in \r
        come += ((number, line.rstrip(b"\r\n")) for line, number in zip(lines, numbers, strict=False) if line.strip())
        while len(come) >= CHUNK or (come and len(block) < BLOCK):
            yield come[:CHUNK]
            come = come[CHUNK:]
    come += [(next(numbers), held.rstrip(b"\r"))] if held.strip() else []
    yield from chunks(come)


def _decoded(
    lines: Iterable[tuple[int, bytes]], name: str, refused: Refused | None = None
) -> Iterator[tuple[str, str]]:
    """(name:line, text) of each line."""
    for number, line in lines:
        try:
            if b"\0" in line or len(line) >= LONGEST_LINE:
                raise ValueError("is longer than a text" if b"\0" not in line else "holds the byte 0x00")
            text = line.decode("utf-8-sig")
        except ValueError as damage:
            error = FormatError(f"{name} line {number} is no text ({damage}); expected UTF-8, one text a line")
            if refused is None:
                raise error from damage
            refused(error)
            continue
        if text.strip():
            yield f"{name}:{number}", text


def _checked(examples: Iterable, kind: type, expected: str) -> Iterator:
    for number, example in enumerate(examples):
        if not isinstance(example, kind):
            raise ArgumentError(f"examples[{number}] is {type(example).__name__}; expected {expected}")
        yield example
