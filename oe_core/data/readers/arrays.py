"""Genuine files that hold arrays: SVHN's MATLAB files, idx of the MNIST family, and .npz."""

import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import torch
from PIL import Image

from oe_core.data.examples import UNLABELLED, ImageSet
from oe_core.data.readers.bounds import check_size, open_zip, whole_bytes
from oe_core.data.readers.class_names import check_name, composed
from oe_core.data.readers.pixels import NEARLY_BLACK, FormatError, damage_named, resized
from oe_core.data.readers.samples import eight_bits, upright

DIGITS = tuple("0123456789")
NPZ_HELP = (
    "`images` uint8 (n, height, width, 3) or grey (n, height, width), uint16 or floats in [0, 1] besides, "
    "and, if wanted, `labels`, whole numbers (n,), and `classes`, a list of their names"
)
IDX_UNSIGNED_BYTES = 0x08
MOST_ENLARGED = 1 << 30  # bytes that a file of less than a megabyte may take in memory
NPY_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_svhn(*paths: Path, size: int, name: str = "svhn") -> ImageSet:
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
    return ImageSet(name, resized(images.transpose(0, 2, 3, 1), size), torch.from_numpy(labels), DIGITS, "catalog")


def _svhn_count(path: Path) -> int:
    """Number of images that the header of `X` announces."""
    from scipy.io import whosmat

    with _mat_damage(path):
        shapes = {variable: shape for variable, shape, _ in whosmat(path)}
        check_size(max(map(math.prod, shapes.values()), default=0), path)
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
    # scipy raises any kind of error on a damaged file, NotImplementedError on one of MATLAB 7.3.
    return damage_named(path, (Exception,), "a MATLAB v5 file with X and y")


def read_npz(path: Path, size: int, name: str, squash: bool = False, origin: str = "folder") -> ImageSet:
    """An .npz with `images` (n, h, w, 3) or grey (n, h, w), optionally `labels` (n,) and their `classes` (k,), names.

    images: uint8, or as `eight_bits` scales them. Without `classes` they are the labels that occur; without labels all
    are of the class UNLABELLED. Nothing in the file is ever unpickled. Raises FormatError naming file and array when
    one is missing or of another type, shape or range.
    """
    labels, classes, _ = npz_labels(path)
    images = colour(npz_array(path, "images"), path)
    if len(labels) != len(images):
        raise FormatError(f"{path}: labels is {labels.dtype} {labels.shape}; expected whole numbers ({len(images)},)")
    return ImageSet(name, _fitted(path, images, size, squash), torch.from_numpy(labels), classes, origin)


def npz_labels(path: Path) -> tuple[np.ndarray, tuple[str, ...], bool]:
    """Labels int64 (n,) of an .npz, its classes, and whether it names them; errors as `read_npz`.

    Without names the classes are the labels that occur, in rising order and numbered anew; UNLABELLED without labels.
    """
    labels, names = npz_array(path, "labels"), npz_array(path, "classes")
    if labels is None:
        return np.zeros(_npz_shape(path)[0], np.int64), (UNLABELLED,), False
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim != 1:
        raise FormatError(f"{path}: labels is {labels.dtype} {labels.shape}; expected whole numbers (n,)")
    if names is not None and (names.ndim != 1 or names.dtype.kind not in "US" or len(set(names.tolist())) < len(names)):
        raise FormatError(f"{path}: classes is {names.dtype} {names.shape}; expected a list of different names")
    highest = labels.max(initial=0) if names is None else len(names) - 1
    if len(labels) and (labels.min() < 0 or labels.max() > highest):
        raise FormatError(f"{path}: labels run from {labels.min()} to {labels.max()}; expected 0 to {highest}")
    if names is not None:
        spelled = np.char.decode(names, "utf-8", "replace") if names.dtype.kind == "S" else names
        return labels.astype(np.int64), tuple(check_name(composed(name)) for name in spelled.tolist()), True
    occurring, numbers = np.unique(labels, return_inverse=True)
    return numbers.astype(np.int64), tuple(map(str, occurring.tolist())), False


def npz_array(path: Path, key: str) -> np.ndarray | None:
    """One array of an .npz; None for one that it may lack. Nothing is made room for that is not there."""
    with _npz(path) as (archive, held):
        if key not in held:
            return None
        shape, dtype = _header(archive, held[key])
        length = archive.getinfo(held[key]).file_size
        if not dtype.hasobject and math.prod(shape) * max(1, dtype.itemsize) > length:
            raise FormatError(f"{path}: {key} claims to be {dtype} {shape}, but has {length:,} bytes; save it again")
        with archive.open(held[key]) as member:
            return np.lib.format.read_array(member, allow_pickle=False)


@contextmanager
def _npz(path: Path) -> Iterator[tuple[ZipFile, dict[str, str]]]:
    """An open .npz that holds images, and the names of its members by those of its arrays."""
    # numpy raises any kind of error on a damaged header.
    with (
        damage_named(path, (Exception,), f"an .npz without pickled objects holding {NPZ_HELP}"),
        open_zip(path) as archive,
    ):
        held = {name.removesuffix(".npy"): name for name in archive.namelist()}
        if "images" not in held:
            raise FormatError(f"{path}: holds {list(held)}, not ['images']; expected {NPZ_HELP}")
        yield archive, held


def _header(archive: ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type that an array in an .npz claims to have."""
    with archive.open(name) as member:
        shape, _, dtype = NPY_HEADERS[np.lib.format.read_magic(member)](member)
    return shape, dtype


def npz_side(path: Path) -> int:
    """The shorter side in pixels of the images in an .npz, which are not read; errors as `read_npz`."""
    shape = _npz_shape(path)
    return min(shape[1:3])


def _npz_shape(path: Path) -> tuple[int, ...]:
    """That of the images in an .npz, by its header."""
    with _npz(path) as (archive, held):
        shape, dtype = _header(archive, held["images"])
    if len(shape) < 3:
        raise FormatError(f"{path}: images is {dtype} {shape}; expected {NPZ_HELP}")
    return shape


def colour(images: np.ndarray, where: Path | str) -> np.ndarray:
    """Images as uint8 (n, h, w, 3): grey ones repeated to three channels, samples scaled as by `eight_bits`.

    Raises FormatError naming `where` for another shape, or samples that do not say how bright their white is.
    """
    grey = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 1)
    if 0 in images.shape or not (grey or (images.ndim == 4 and images.shape[3] == 3)):
        raise FormatError(f"{where}: images is {images.dtype} {images.shape}; expected {NPZ_HELP}")
    if images.dtype == np.uint16 and images.max() <= 257 * NEARLY_BLACK:
        what = f"images is uint16 up to {images.max()}, nearly black"
        raise FormatError(f"{where}: {what}; save 8-bit values as uint8, multiply those of 12 bits by 16")
    images = eight_bits(images, f"{where}: images is")
    return np.repeat(images.reshape(*images.shape[:3], 1), 3, axis=3) if grey else images


def in_memory(picture: object, where: str) -> np.ndarray:
    """One picture, of Pillow or an array already, as an array (height, width) or (height, width, 3) of any samples.

    Pillow's is turned upright, as it is when it is given by its path. Raises FormatError naming `where` for what is no
    picture, or no whole one.
    """
    if isinstance(picture, Image.Image):
        try:
            return np.asarray(upright(picture))
        except FormatError as refusal:
            raise FormatError(f"{where}: {refusal}") from refusal
        except Exception as damage:  # a file is read only now, and Pillow raises any kind of error on a damaged one
            raise FormatError(f"{where}: not a whole picture ({damage})") from damage
    try:
        array = np.asarray(picture)
    except (TypeError, ValueError):  # rows of unequal lengths, or a tensor that is not in this memory
        array = np.empty(0)
    if array.ndim not in (2, 3) or array.dtype.kind not in "uif":
        what = "a path, an array (height, width, 3) or a picture of Pillow's"
        raise FormatError(f"{where} is {type(picture).__name__}; expected {what}")
    return array


def resized_each(pictures: Mapping[str, np.ndarray], size: int) -> torch.Tensor:
    """Pictures of any sizes, as `in_memory` gives them, by name: uint8 (n, 3, size, size). Errors as `colour`."""
    return torch.cat([resized(colour(picture[None], where), size, where=where) for where, picture in pictures.items()])


def _fitted(path: Path, images: np.ndarray, size: int, squash: bool = False) -> torch.Tensor:
    """As `resized`. FormatError where millions of images of few pixels would take the memory when they are enlarged."""
    room, most = len(images) * 3 * size * size, max(MOST_ENLARGED, 1000 * path.stat().st_size)
    if room > most:
        found = f"its {len(images):,} images take {room:,} bytes at {size} x {size} pixels"
        raise FormatError(f"{path}: {found}; expected at most {most:,}: take fewer or a smaller size")
    return resized(images, size, squash, str(path))


def read_idx(
    images_path: Path, labels_path: Path | None = None, *, size: int, name: str, classes: tuple[str, ...] = DIGITS
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
    pixels = _fitted(images_path, colour(images, images_path), size)
    return ImageSet(name, pixels, torch.from_numpy(labels.astype(np.int64)), classes, "catalog")


def _idx_array(path: Path, dimensions: int) -> np.ndarray:
    """uint8 array of an idx file: two zero bytes, type, number of dimensions, their sizes (big-endian), values."""
    with damage_named(path, (OSError, EOFError, zlib.error), "an idx file, gzipped if its name ends in .gz"):
        content = whole_bytes(path)
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
