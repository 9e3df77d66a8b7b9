"""Genuine files that hold arrays: SVHN's MATLAB files, idx of the MNIST family, and .npz."""

import gzip
import math
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from oe_core.data.image_set import ImageSet
from oe_core.data.readers.pixels import FormatError, damage_named, resized

DIGITS = tuple("0123456789")
NPZ_HELP = (
    "`images` uint8 (n, height, width, 3) or grey (n, height, width), `labels` whole numbers (n,) and, "
    "if wanted, `classes`, a list of names"
)
IDX_UNSIGNED_BYTES = 0x08


def read_svhn(paths: Sequence[Path], size: int, name: str = "svhn") -> ImageSet:
    """SVHN format 2, several files joined in the order given (the paper trains on train + extra).

    Each .mat holds `X` uint8 (32, 32, 3, n) and `y` (n, 1) with labels 1 to 10, where 10 means the digit 0.
    Raises FormatError naming the file when it is damaged, lacks a variable or breaks these shapes or ranges.
    """
    counts = [_svhn_count(path) for path in paths]
    images = np.empty((sum(counts), 3, 32, 32), np.uint8)
    labels = np.empty(sum(counts), np.int64)
    start = 0
    for path, count in zip(paths, counts, strict=True):
        here = slice(start, start + count)
        pixels, labels[here] = _svhn_arrays(path, count)
        images[here] = pixels.transpose(3, 2, 0, 1)
        del pixels  # the extra file alone takes 1.6 GB
        start += count
    tensor = torch.from_numpy(images) if size == 32 else resized(images.transpose(0, 2, 3, 1), size)
    return ImageSet(name, tensor, torch.from_numpy(labels), DIGITS, "catalog")


def _svhn_count(path: Path) -> int:
    """Number of images that the header of `X` announces."""
    from scipy.io import whosmat

    with _mat_damage(path):
        shapes = {variable: shape for variable, shape, _ in whosmat(path)}
    if not {"X", "y"} <= set(shapes):
        raise FormatError(f"{path}: truncated or foreign, it holds the variables {list(shapes)}; expected X and y")
    if len(shapes["X"]) != 4 or shapes["X"][:3] != (32, 32, 3):
        raise FormatError(f"{path}: X has the shape {shapes['X']}; expected (32, 32, 3, n)")
    return shapes["X"][3]


def _svhn_arrays(path: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.io import loadmat

    with _mat_damage(path):
        content = loadmat(path, variable_names=["X", "y"])
    images, labels = content["X"], content["y"].reshape(-1)
    if images.dtype != np.uint8 or len(labels) != count:
        raise FormatError(
            f"{path}: X is {images.dtype} with {count} images and y has {len(labels)} labels; "
            f"expected uint8 and a label an image"
        )
    if count and (labels.min() < 1 or labels.max() > 10):
        raise FormatError(f"{path}: y runs from {labels.min()} to {labels.max()}; expected 1 to 10 (10 is the digit 0)")
    return images, labels.astype(np.int64) % 10


def _mat_damage(path: Path):
    from scipy.io.matlab import MatReadError

    damages = (MatReadError, OSError, ValueError, TypeError, EOFError, KeyError, zlib.error)
    return damage_named(path, damages, "a MATLAB v5 file with X and y")


def read_npz(path: Path, size: int, name: str, squash: bool = False, origin: str = "folder") -> ImageSet:
    """An .npz with `images` uint8 (n, h, w, 3) or grey (n, h, w), `labels` (n,) and optionally `classes` (k,) of names.

    Without `classes` they are "0", "1", ... up to the highest label. Nothing in the file is ever unpickled.
    Raises FormatError naming file and array when one is missing or of another type, shape or range.
    """
    damages = (OSError, ValueError, EOFError, KeyError, SyntaxError, zipfile.BadZipFile, zlib.error)
    with damage_named(path, damages, f"an .npz without pickled objects holding {NPZ_HELP}"):
        with zipfile.ZipFile(path) as archive:
            held = [member.removesuffix(".npy") for member in archive.namelist()]
        if missing := [key for key in ("images", "labels") if key not in held]:
            raise FormatError(f"{path}: holds {held}, not {missing}; expected {NPZ_HELP}")
        with np.load(path, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
            classes = arrays["classes"] if "classes" in held else None
    images = _colour(path, images)
    classes = _classes(path, labels, len(images), classes)
    return ImageSet(name, resized(images, size, squash), torch.from_numpy(labels.astype(np.int64)), classes, origin)


def _colour(path: Path, images: np.ndarray) -> np.ndarray:
    """Images as uint8 (n, h, w, 3), grey ones repeated to three channels."""
    grey = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 1)
    if images.dtype != np.uint8 or 0 in images.shape or not (grey or (images.ndim == 4 and images.shape[3] == 3)):
        raise FormatError(f"{path}: images is {images.dtype} {images.shape}; expected {NPZ_HELP}")
    return np.repeat(images.reshape(*images.shape[:3], 1), 3, axis=3) if grey else images


def _classes(path: Path, labels: np.ndarray, count: int, names: np.ndarray | None) -> tuple[str, ...]:
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (count,):
        raise FormatError(f"{path}: labels is {labels.dtype} {labels.shape}; expected whole numbers ({count},)")
    if names is not None and (names.ndim != 1 or names.dtype.kind not in "US"):
        raise FormatError(f"{path}: classes is {names.dtype} {names.shape}; expected a list of names")
    classes = tuple(names.astype(str).tolist()) if names is not None else tuple(map(str, range(int(labels.max()) + 1)))
    if labels.min() < 0 or labels.max() >= len(classes):
        raise FormatError(f"{path}: labels run from {labels.min()} to {labels.max()}; expected 0 to {len(classes) - 1}")
    return classes


def read_idx(
    images_path: Path, labels_path: Path | None, size: int, name: str, classes: tuple[str, ...] = DIGITS
) -> ImageSet:
    """idx files of the MNIST family (gzipped or not): grey images (n, h, w), repeated to three channels, and labels.

    Without a labels file every image has label 0. Raises FormatError naming the file when its header, length or label
    range is not what idx and `classes` allow.
    """
    images = _idx_array(images_path, 3)
    labels = _idx_array(labels_path, 1) if labels_path else np.zeros(len(images), np.uint8)
    if len(images) != len(labels):
        raise FormatError(f"{labels_path}: holds {len(labels)} labels; expected {len(images)}, one an image")
    if len(labels) and labels.max() >= len(classes):
        raise FormatError(f"{labels_path}: labels run to {labels.max()}; expected 0 to {len(classes) - 1}")
    pixels = resized(_colour(images_path, images), size)
    return ImageSet(name, pixels, torch.from_numpy(labels.astype(np.int64)), classes, "catalog")


def _idx_array(path: Path, dimensions: int) -> np.ndarray:
    """uint8 array of an idx file: two zero bytes, type, number of dimensions, their sizes (big-endian), values."""
    opened = gzip.open if path.suffix == ".gz" else open
    with damage_named(path, (OSError, EOFError, zlib.error), "an idx file, gzipped if its name ends in .gz"):
        with opened(path, "rb") as file:
            content = file.read()
    magic = bytes((0, 0, IDX_UNSIGNED_BYTES, dimensions))
    header = 4 + 4 * dimensions
    if content[:4] != magic or len(content) < header:
        raise FormatError(
            f"{path}: begins with {content[:4].hex()} ({len(content)} bytes); expected {magic.hex()}, "
            f"an idx header of {dimensions} dimensions of unsigned bytes"
        )
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise FormatError(f"{path}: has {len(content)} bytes; expected {expected} for the shape {shape} in its header")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
