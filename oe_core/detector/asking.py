"""What a trained detector is asked about, a batch at a time: pictures and texts, however many, in bounded memory."""

import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from oe_core.arguments import ArgumentError
from oe_core.data.examples import ImageSet, TextSet
from oe_core.data.folders import TEXT_SUFFIXES, is_txt, pictures_below
from oe_core.data.readers.arrays import colour
from oe_core.data.readers.lines import UNLABELLED
from oe_core.data.readers.pixels import CHUNK, FormatError, Picture, check_regular, decode_chunks, is_picture, resized

Refused = Callable[[FormatError], None]
Chunk = tuple[list[str], ImageSet | TextSet]  # where its examples are from, for messages and tables; and they
LONGEST_LINE = 1 << 20  # bytes; of what comes without an end of line, no more is kept in memory


def image_chunks(examples: object, size: int, refused: Refused | None = None) -> Iterator[Chunk]:
    """Pictures in chunks: a folder, a path or any number of them, an array (n, height, width, 3), or an ImageSet.

    An open binary file, such as `sys.stdin.buffer`, holds a path a line. refused: is told of each picture that cannot
    be read, which is left out; None: that raises FormatError.
    """
    if isinstance(examples, ImageSet):
        examples = examples.images.permute(0, 2, 3, 1).numpy()
    if isinstance(examples, str | Path):
        examples = _paths(Path(examples).expanduser())
    if hasattr(examples, "readline"):
        examples = (os.fsdecode(line.rstrip(b"\r\n")) for line in examples if line.strip())
    if isinstance(examples, np.ndarray | Tensor):
        yield from _of_array(np.asarray(examples), size)
    elif isinstance(examples, Iterable):
        paths = (Picture("", str(path), Path(path)) for path in _checked(examples, str | Path, "paths of pictures"))
        for pictures, pixels in decode_chunks(paths, size, upright=True, refused=refused):
            yield [picture.where for picture in pictures], _images(torch.from_numpy(pixels))
    else:
        what = "a folder, paths of pictures, or an array (n, height, width, 3)"
        raise ArgumentError(f"examples is {type(examples).__name__}; expected {what}")


def _paths(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is nothing there; expected a picture or a folder of pictures")
    return pictures_below(path) if path.is_dir() else [path]


def _of_array(images: np.ndarray, size: int) -> Iterator[Chunk]:
    single = images.ndim == 2 or (images.ndim == 3 and images.shape[2] in (1, 3, 4))  # a row of so few pixels is none
    images = images[None] if single else images
    for start in range(0, len(images), CHUNK):
        part = colour(images[start : start + CHUNK], "examples")
        yield [str(number) for number in range(start, start + len(part))], _images(resized(part, size))


def _images(pixels: Tensor) -> ImageSet:
    return ImageSet("asked", pixels, torch.zeros(len(pixels), dtype=torch.int64), (UNLABELLED,), "folder")


def text_chunks(examples: object, refused: Refused | None = None) -> Iterator[Chunk]:
    """Texts in chunks: one text, a `Path` to a file or folder of them, any number of texts, or a TextSet.

    A string is a text; lines of a file, which may be an open binary one, are read as they come. refused: is told of
    each line that is no UTF-8 or has no end, which is left out; None: that raises FormatError.
    """
    if isinstance(examples, TextSet):
        examples = examples.texts
    if isinstance(examples, str):
        examples = [examples]
    if isinstance(examples, Path):
        lines = (line for path in _text_files(examples.expanduser()) for line in _lines_of(path, refused))
    elif hasattr(examples, "readline"):
        lines = _decoded_lines(examples, "-", refused)
    elif isinstance(examples, Iterable):
        texts = _checked(examples, str, "texts; give files as pathlib.Path")
        lines = ((str(number), text) for number, text in enumerate(texts))
    else:
        raise ArgumentError(f"examples is {type(examples).__name__}; expected texts, or a path to a file of them")
    while chunk := list(islice(lines, CHUNK)):
        places, texts = zip(*chunk, strict=True)
        yield list(places), TextSet("asked", texts, torch.zeros(len(texts), dtype=torch.int64), (UNLABELLED,), "folder")


def _text_files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is nothing there; expected a file of texts, one a line")
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.name.endswith(TEXT_SUFFIXES))
    if not found:
        raise FormatError(f"{path}: holds no text; expected files ending in {', '.join(TEXT_SUFFIXES)}")
    return found


def _lines_of(path: Path, refused: Refused | None = None) -> Iterator[tuple[str, str]]:
    """(file:line, text) of a file, one text a line, blank ones left out; what stands before a tab in a .tsv is none."""
    check_regular(path, "a file of texts")
    if path.suffix == ".csv" or is_picture(path.name):
        what = "a table" if path.suffix == ".csv" else "a picture"
        raise FormatError(f"{path}: is {what}; expected one text a line, or label<TAB>text in a .tsv")
    opened = gzip.open if path.suffix == ".gz" else open
    labelled = path.name.endswith(TEXT_SUFFIXES) and not is_txt(path)
    refuse = refused or _raised
    with opened(path, "rb") as file:
        try:
            for where, text in _decoded_lines(file, str(path), refused):
                content = text.partition("\t")[2] if labelled else text
                if content.strip():
                    yield where, content
                else:
                    refuse(FormatError(f"{where}: has no text after a tab; expected label<TAB>text in each line"))
        except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
            refuse(FormatError(f"{path}: is damaged ({damage}); what stands before the damage was read"))


def _raised(error: FormatError) -> None:
    raise error


def _decoded_lines(file: BinaryIO, name: str, refused: Refused | None = None) -> Iterator[tuple[str, str]]:
    """(name:line, text) of what is read from `file`, as it comes."""
    for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE), b""), 1):
        try:
            if b"\0" in line or (len(line) == LONGEST_LINE and not line.endswith(b"\n")):
                raise ValueError("is longer than a text" if b"\0" not in line else "holds the byte 0x00")
            text = line.decode("utf-8-sig").rstrip("\r\n")
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
