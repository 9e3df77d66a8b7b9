"""From encoded pictures, or arrays of another size, to uint8 (n, 3, size, size)."""

import io
import os
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from posixpath import basename

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

PICTURE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
CHUNK = 1024  # pictures decoded at once; bounds the encoded bytes held in memory
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)


class FormatError(ValueError):
    """A file is not what its format promises; the message names the file, what was found and what was expected."""


@contextmanager
def damage_named(path: Path, damages: tuple[type[Exception], ...], expected: str) -> Iterator[None]:
    """Turn a library's `damages` while reading `path` into a FormatError naming the file and what was `expected`."""
    try:
        yield
    except (FormatError, FileNotFoundError, PermissionError):
        raise
    except damages as damage:
        raise FormatError(
            f"{path}: truncated or damaged ({type(damage).__name__}: {damage}); expected {expected}. "
            f"Delete it and get it again"
        ) from damage


@dataclass(frozen=True)
class Picture:
    """One encoded picture: its class, where it is (for messages), and its bytes or the file that holds them."""

    class_name: str
    where: str
    encoded: bytes | Path


def is_picture(name: str) -> bool:
    """Whether a file name is that of a picture (and not of a hidden file, such as macOS leaves in archives)."""
    return name.lower().endswith(PICTURE_SUFFIXES) and not basename(name).startswith(".")


def fit(picture: Image.Image, size: int, squash: bool = False) -> np.ndarray:
    """A picture as uint8 (3, size, size): grey and palette colours made RGB, bilinear.

    Shorter side to `size` and centre crop, or with `squash` both sides to `size`
    (hendrycks/outlier-exposure CIFAR/test.py, SVHN/test.py). A picture that has the size is not touched.
    """
    if picture.mode == "P" and "transparency" in picture.info:
        picture = picture.convert("RGBA")
    picture = picture.convert("RGB")
    if squash and picture.size != (size, size):
        picture = picture.resize((size, size), Image.Resampling.BILINEAR)
    elif picture.size != (size, size):
        shorter = min(picture.size)
        width, height = (int(size * side / shorter) for side in picture.size)
        if picture.size != (width, height):
            picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        left, top = round((width - size) / 2), round((height - size) / 2)
        picture = picture.crop((left, top, left + size, top + size))
    return np.asarray(picture).transpose(2, 0, 1)


def decode(picture: Picture, size: int, squash: bool = False) -> np.ndarray:
    """One encoded picture as `fit` gives it; FormatError naming the picture when it cannot be read."""
    source = picture.encoded if isinstance(picture.encoded, Path) else io.BytesIO(picture.encoded)
    try:
        with Image.open(source) as opened:
            return fit(opened, size, squash)
    except UNREADABLE as damage:
        raise FormatError(
            f"{picture.where}: not a whole picture ({damage}); expected a JPEG, PNG or the like"
        ) from damage


def decode_all(
    pictures: Iterable[Picture], size: int, squash: bool = False, total: int | None = None
) -> tuple[Tensor, list[str]]:
    """All pictures in their order: uint8 (n, 3, size, size) and the list of their class names.

    Several threads decode; a progress bar appears when it takes longer than some seconds (`total` is its end).
    """
    pictures, class_names = iter(pictures), []
    images = np.empty((0, 3, size, size), np.uint8)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool, _bar(total, "pictures") as bar:
        while chunk := list(islice(pictures, CHUNK)):
            decoded = list(pool.map(lambda picture: decode(picture, size, squash), chunk))
            # Growing in place moves no bytes for large arrays, where joining chunks would need the memory twice.
            images.resize((len(images) + len(chunk), 3, size, size), refcheck=False)
            np.stack(decoded, out=images[-len(chunk) :])
            class_names.extend(picture.class_name for picture in chunk)
            bar.update(len(chunk))
    return torch.from_numpy(images), class_names


def resized(images: np.ndarray, size: int, squash: bool = False) -> Tensor:
    """uint8 (n, height, width, 3) in memory to (n, 3, size, size), as `fit` does; the same size is only rearranged."""
    if images.shape[1:3] == (size, size):
        return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    fitted = np.empty((len(images), 3, size, size), np.uint8)
    with _bar(len(images), "images resized") as bar:
        for place, image in enumerate(images):
            fitted[place] = fit(Image.fromarray(image), size, squash)
            bar.update()
    return torch.from_numpy(fitted)


def numbered(class_names: list[str], classes: tuple[str, ...] | None = None) -> tuple[Tensor, tuple[str, ...]]:
    """Class names to labels int64 (n,) and the classes: those given, else the names in sorted order."""
    classes = classes or tuple(sorted(set(class_names)))
    number = {name: label for label, name in enumerate(classes)}
    return torch.tensor([number[name] for name in class_names], dtype=torch.int64), classes


def _bar(total: int | None, unit: str) -> tqdm:
    """A bar that appears when the work takes longer than some seconds; seldom redrawn where there is no terminal."""
    return tqdm(total=total, unit=f" {unit}", delay=3, mininterval=0.1 if sys.stderr.isatty() else 10, leave=False)
