"""80 Million Tiny Images and its 300K selection, read from a copy that the reader already holds, and never fetched."""

from pathlib import Path

import numpy as np
import torch

from oe_core.data.examples import ImageSet
from oe_core.data.readers.pixels import FormatError, damage_named, resized

TINY_IMAGE_BYTES = 32 * 32 * 3
TINY_IMAGES_READ = 1_000_000  # 3 GB; about as many as ten epochs of the paper's fine-tuning meet (391 x 256 x 10)
CIFAR_LIST = "80mn_cifar_idxs.txt"


def read_tiny_images(path: Path, size: int, name: str = "tiny-images-80m", count: int = TINY_IMAGES_READ) -> ImageSet:
    """`count` images evenly spaced over tiny_images.bin, those of CIFAR left out, as one class.

    3072 bytes an image, 32x32x3 in Fortran order. The images of CIFAR are listed, counted from 1, in
    80mn_cifar_idxs.txt (hendrycks/outlier-exposure utils/), which must lie beside the file.
    """
    length, listed = path.stat().st_size, path.with_name(CIFAR_LIST)
    if not length or length % TINY_IMAGE_BYTES:
        raise FormatError(f"{path}: has {length} bytes; expected a multiple of {TINY_IMAGE_BYTES}")
    if not listed.exists():
        raise FormatError(f"{listed} is missing; put it there from utils/ of github.com/hendrycks/outlier-exposure")
    with damage_named(listed, (ValueError,), "one index, counted from 1, a line"):
        in_cifar = np.atleast_1d(np.loadtxt(listed, dtype=np.int64)) - 1
    images = np.memmap(path, np.uint8, "r").reshape(-1, 3, 32, 32)
    allowed = np.setdiff1d(np.arange(len(images)), in_cifar)
    if not len(allowed):
        raise FormatError(
            f"{path}: {listed.name} lists all of its {len(images)} images; expected some that are not CIFAR's"
        )
    chosen = allowed[np.linspace(0, len(allowed) - 1, min(count, len(allowed))).round().astype(np.int64)]
    # Fortran order: a channel's columns follow each other, so height is the last axis on disk.
    return _outliers(name, images[chosen].transpose(0, 3, 2, 1), size)


def read_300k(path: Path, size: int, name: str = "tiny-images-300k") -> ImageSet:
    """300K_random_images.npy: uint8 (n, 32, 32, 3), as one class."""
    with damage_named(path, (ValueError, OSError, EOFError), "an .npy array without pickled objects"):
        images = np.load(path, allow_pickle=False)
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        found = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else "several arrays"
        raise FormatError(f"{path}: holds {found}; expected uint8 (n, 32, 32, 3)")
    return _outliers(name, images, size)


def _outliers(name: str, images: np.ndarray, size: int) -> ImageSet:
    return ImageSet(
        name, resized(images, size), torch.zeros(len(images), dtype=torch.int64), ("unlabelled",), "catalog"
    )
