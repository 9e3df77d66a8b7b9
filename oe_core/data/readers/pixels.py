"""From encoded pictures, or arrays of another size, to uint8 (n, 3, size, size)."""

import io
import math
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from posixpath import basename

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

from oe_core.data.readers.bounds import TooLargeError
from oe_core.data.readers.samples import in_colour
from oe_core.errors import FormatError
from oe_core.scales import data_root

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")  # read by content, and no other
PICTURE_SUFFIXES = (".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
# What cameras and drawing programs write and Pillow does not read, or not without more packages.
TO_CONVERT = (".arw", ".cr2", ".dng", ".heic", ".heif", ".jp2", ".jxl", ".nef", ".psd", ".svg")
CHUNK = 1024  # pictures decoded at once; bounds the encoded bytes held in memory
MOST_NAMED = 5  # of the pictures that cannot be read
MOST_PIXELS = 89_478_485  # of a picture, as it lies and as it is resized: Pillow itself warns of larger ones
NEARLY_BLACK = 16  # of 255; what 12 bits, saved in 16, come to
LARGE = 1 << 24  # pixels; larger pictures are decoded one at a time, as each takes up to 20 bytes a pixel
_one_large = threading.Lock()


def check_regular(path: Path, expected: str) -> None:
    """Raise a FormatError for a folder, pipe or device: it has no end, or no beginning."""
    if path.exists() and not path.is_file():
        raise FormatError(f"{path}: is no regular file; expected {expected}")


@contextmanager
def damage_named(path: Path, damages: tuple[type[Exception], ...], expected: str) -> Iterator[None]:
    """Turn a library's `damages` while reading `path` into a FormatError naming the file and what was `expected`."""
    check_regular(path, expected)
    try:
        yield
    except (FormatError, FileNotFoundError, PermissionError):
        raise
    except TooLargeError as refusal:
        raise FormatError(f"{path}: {refusal}") from refusal
    except (*damages, MemoryError, RecursionError) as damage:
        # A file of the reader's own may be its only copy.
        way_out = ". Delete it and get it again" if data_root() / "downloads" in path.absolute().parents else ""
        found = f"truncated or damaged ({type(damage).__name__}: {damage})"
        raise FormatError(f"{path}: {found}; expected {expected}{way_out}") from damage


@dataclass(frozen=True)
class Picture:
    """One encoded picture: its class, where it is (for messages), and its bytes or the file that holds them."""

    class_name: str
    where: str
    encoded: bytes | Path


def is_picture(name: str) -> bool:
    """Whether a file name is that of a picture (and not of a hidden file, such as macOS leaves in archives)."""
    return name.lower().endswith(PICTURE_SUFFIXES) and not basename(name).startswith(".")


@cache
def _formats() -> tuple[str, ...]:
    """Those of FORMATS that the installed Pillow reads: AVIF came late."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def holds_picture(path: Path) -> bool:
    """Whether a file begins as one of FORMATS does, whatever its name."""
    try:
        with Image.open(path, formats=_formats()):
            return True
    except Exception:  # Pillow raises any kind of error on what is no picture
        return False


def _fitted_size(width: int, height: int, size: int, where: str = "") -> tuple[int, int]:
    """Width and height with the shorter side made `size`. A line of pixels would take gigabytes: FormatError."""
    fitted = tuple(int(size * side / min(width, height)) for side in (width, height))
    if math.prod(fitted) > MOST_PIXELS:
        raise FormatError(
            f"{where}{width} x {height} pixels are {fitted[0]} x {fitted[1]} when the shorter side is {size}; "
            f"expected at most {MOST_PIXELS:,} pixels: crop it"
        )
    return fitted


def fit(picture: Image.Image, size: int, squash: bool = False) -> np.ndarray:
    """A picture as uint8 (3, size, size), bilinear, in colour as `in_colour` makes it.

    Shorter side to `size` and centre crop, or with `squash` both sides to `size`
    (hendrycks/outlier-exposure CIFAR/test.py, SVHN/test.py). A picture that has the size is not touched.
    """
    picture = in_colour(picture)
    if squash and picture.size != (size, size):
        picture = picture.resize((size, size), Image.Resampling.BILINEAR)
    elif picture.size != (size, size):
        width, height = _fitted_size(*picture.size, size)
        if picture.size != (width, height):
            picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        left, top = round((width - size) / 2), round((height - size) / 2)
        picture = picture.crop((left, top, left + size, top + size))
    return np.asarray(picture).transpose(2, 0, 1)


def decode(picture: Picture, size: int, squash: bool = False, upright: bool = False) -> np.ndarray:
    """One encoded picture as `fit` gives it; FormatError naming the picture when it cannot be read.

    upright: turn it as its EXIF orientation says. Published sets are read as they lie, as the paper's code did.
    """
    source = picture.encoded if isinstance(picture.encoded, Path) else io.BytesIO(picture.encoded)
    if isinstance(source, Path):
        if not source.exists():
            raise FormatError(f"{picture.where}: there is nothing there; expected a picture")
        check_regular(source, "a picture")
    try:
        with Image.open(source, formats=_formats()) as opened, _room_for(opened):
            if upright:
                ImageOps.exif_transpose(opened, in_place=True)
            return fit(opened, size, squash)
    except FormatError as refusal:
        raise FormatError(f"{picture.where}: {refusal}") from refusal
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as damage:
        raise FormatError(f"{picture.where}: {damage}; expected at most {MOST_PIXELS:,} pixels") from damage
    except Exception as damage:  # Pillow raises any kind of error on a damaged picture
        way_out = ": convert it" if picture.where.lower().endswith(TO_CONVERT) else ""
        expected = f"expected {', '.join(FORMATS)}{way_out}"
        raise FormatError(f"{picture.where}: not a whole picture ({damage}); {expected}") from damage


def _room_for(opened: Image.Image):
    """Wait for other large pictures before a large one; FormatError for one of more than MOST_PIXELS."""
    pixels = opened.width * opened.height
    if pixels > MOST_PIXELS:
        size = f"{opened.width} x {opened.height} pixels"
        raise FormatError(f"has {size}; expected at most {MOST_PIXELS:,} in all: make it smaller")
    return _one_large if pixels > LARGE else nullcontext()


def decode_all(
    pictures: Iterable[Picture], size: int, squash: bool = False, total: int | None = None, upright: bool = False
) -> tuple[Tensor, list[str]]:
    """All pictures in their order: uint8 (n, 3, size, size) and the list of their class names.

    A progress bar appears when it takes longer than some seconds (`total` is its end). Raises FormatError naming the
    pictures that cannot be read, the first MOST_NAMED of them, when all have been tried.
    """
    class_names, images, refused = [], np.empty((0, 3, size, size), np.uint8), []

    def keep(refusal: FormatError) -> None:
        refused.append(refusal if len(refused) < MOST_NAMED else None)  # each holds its picture's bytes

    with _bar(total, "pictures") as bar:
        for chunk, decoded in decode_chunks(chunks(pictures), size, squash, upright, keep):
            # Growing in place moves no bytes for large arrays, where joining chunks would need the memory twice.
            images.resize((len(images) + len(chunk), 3, size, size), refcheck=False)
            images[-len(chunk) :] = decoded
            class_names.extend(picture.class_name for picture in chunk)
            bar.update(len(chunk))
    if refused:
        raise _all_of(refused, len(refused) + len(images))
    if len(images) and images.max() <= NEARLY_BLACK:
        where = f"{chunk[-1].where} and {len(images) - 1} others"
        raise FormatError(f"{where}: nearly black, none brighter than {images.max()} of 255; expected samples that use "
                          "all their bits: of 12 bits in 16, multiply them by 16")  # fmt: skip
    return torch.from_numpy(images), class_names


def _all_of(refused: list[FormatError | None], tried: int) -> FormatError:
    """One error for all pictures that cannot be read, so that they are mended at once and not one a run."""
    if len(refused) == 1:
        return refused[0]
    named = "; ".join(str(refusal) for refusal in refused if refusal)
    more = f"; and {len(refused) - MOST_NAMED} more" if len(refused) > MOST_NAMED else ""
    return FormatError(f"{len(refused)} of {tried} pictures cannot be read: {named}{more}")


def decode_chunks(
    taken: Iterable[list[Picture]],
    size: int,
    squash: bool = False,
    upright: bool = False,
    refused: Callable[[FormatError], None] | None = None,
) -> Iterator[tuple[list[Picture], np.ndarray]]:
    """Pictures a chunk at a time, in their order, with their pixels, uint8 (n, 3, size, size); several threads decode.

    taken: CHUNK of them at a time, so that memory is bounded, or fewer. Threads are a full chunk ahead of who asks, so
    that a network need not wait for them; one that is not full is all that came so far, and is given at once. refused:
    is told of each picture that cannot be read, which is then left out; None: that ends it.
    """

    def decoded(picture: Picture) -> np.ndarray | FormatError:
        try:
            return decode(picture, size, squash, upright)
        except FormatError as refusal:
            return refusal

    def kept(begun: tuple[list[Picture], Iterator]) -> Iterator[tuple[list[Picture], np.ndarray]]:
        pictures, pixels = [], []
        for picture, result in zip(*begun, strict=True):
            if isinstance(result, np.ndarray):
                pictures.append(picture)
                pixels.append(result)
            elif refused is None:
                raise result
            else:
                refused(result)
        if pictures:
            yield pictures, np.stack(pixels)

    pool, begun = ThreadPoolExecutor(min(8, os.cpu_count() or 1)), deque()
    try:
        for chunk in taken:
            begun.append((chunk, pool.map(decoded, chunk)))
            while len(begun) > (len(chunk) >= CHUNK):
                yield from kept(begun.popleft())
        for rest in begun:
            yield from kept(rest)
    finally:
        pool.shutdown(cancel_futures=True)


def chunks(items: Iterable) -> Iterator[list]:
    """CHUNK of them at a time, and what is left."""
    items = iter(items)
    while chunk := list(islice(items, CHUNK)):
        yield chunk


def resized(images: np.ndarray, size: int, squash: bool = False, where: str = "images") -> Tensor:
    """uint8 (n, height, width, 3) in memory to (n, 3, size, size), as `fit` does; the same size is only rearranged.

    Raises FormatError naming `where` for images that cannot be fitted.
    """
    if images.shape[1:3] == (size, size):
        return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    if not squash:
        _fitted_size(images.shape[2], images.shape[1], size, f"{where}: ")
    fitted = np.empty((len(images), 3, size, size), np.uint8)
    with _bar(len(images), "images resized") as bar:
        for place, image in enumerate(images):
            fitted[place] = fit(Image.fromarray(image), size, squash)
            bar.update()
    return torch.from_numpy(fitted)


def _bar(total: int | None, unit: str) -> tqdm:
    """A bar that appears when the work takes longer than some seconds; seldom redrawn where there is no terminal."""
    return tqdm(total=total, unit=f" {unit}", delay=3, mininterval=0.1 if sys.stderr.isatty() else 10, leave=False)
