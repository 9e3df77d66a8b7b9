"""Images of 32 pixels in bytes: the binary versions of CIFAR, which need no pickle, and 80 Million Tiny Images."""

from dataclasses import dataclass
from pathlib import Path
from posixpath import basename

import numpy as np
import torch

from oe_core.data.examples import UNLABELLED, ImageSet
from oe_core.data.readers.archives import tar_members
from oe_core.data.readers.class_names import numbered
from oe_core.data.readers.pixels import FormatError, damage_named, resized


@dataclass(frozen=True)
class Layout:
    """Members of each split, the member that names the classes, and the bytes before the pixels, the label last."""

    members: dict[str, tuple[str, ...]]
    class_file: str
    class_count: int
    label_bytes: int


LAYOUTS = {
    "cifar10": Layout(
        {"train": tuple(f"data_batch_{part}.bin" for part in range(1, 6)), "test": ("test_batch.bin",)},
        class_file="batches.meta.txt",
        class_count=10,
        label_bytes=1,
    ),
    # A coarse label stands before the fine one.
    "cifar100": Layout({"train": ("train.bin",), "test": ("test.bin",)}, "fine_label_names.txt", 100, label_bytes=2),
}


def read_cifar(path: Path, split: str, size: int, name: str) -> ImageSet:
    """cifar-10-binary.tar.gz (name "cifar10") or cifar-100-binary.tar.gz ("cifar100"; fine labels), "train" or "test".

    Raises FormatError naming archive and member when one is missing, has part of a record, or a label out of range.
    """
    layout = LAYOUTS[name]
    members, class_file = layout.members[split], layout.class_file
    wanted = {*members, class_file}
    found = {basename(member): raw for member, raw in tar_members(path, lambda m: basename(m) in wanted)}
    if missing := sorted(wanted - set(found)):
        raise FormatError(f"{path}: has no member {', '.join(missing)}; expected {', '.join(sorted(wanted))}")
    classes = tuple(found[class_file].decode("utf-8", "replace").split())
    if len(classes) != layout.class_count:
        raise FormatError(f"{path}: {class_file} names {len(classes)} classes; expected {layout.class_count}")
    parts = [_records(f"{path}: {member}", found.pop(member), layout) for member in members]
    labels = np.concatenate([records[:, layout.label_bytes - 1] for records in parts]).astype(np.int64)
    images = np.concatenate([records[:, layout.label_bytes :] for records in parts]).reshape(-1, 3, 32, 32)
    return ImageSet(name, resized(images.transpose(0, 2, 3, 1), size), torch.from_numpy(labels), classes, "catalog")


def _records(where: str, raw: bytes, layout: Layout) -> np.ndarray:
    """uint8 (n, label bytes + 3072)."""
    length = layout.label_bytes + 3 * 32 * 32
    if not raw or len(raw) % length:
        raise FormatError(f"{where} has {len(raw)} bytes; expected a multiple of {length}")
    records = np.frombuffer(raw, np.uint8).reshape(-1, length)
    highest = int(records[:, layout.label_bytes - 1].max())
    if highest >= layout.class_count:
        raise FormatError(f"{where} has the label {highest}; expected 0 to {layout.class_count - 1}")
    return records


TINY_IMAGE_BYTES = 32 * 32 * 3
TINY_IMAGES_READ = 1_000_000  # 3 GB; about as many as ten epochs of the paper's fine-tuning meet (391 x 256 x 10)


def read_tiny_images(path: Path, listed: Path, size: int, name: str = "tiny-images-80m") -> ImageSet:
    """TINY_IMAGES_READ images evenly spaced over tiny_images.bin, those of CIFAR left out, as one class.

    3072 bytes an image, 32x32x3 in Fortran order. listed: 80mn_cifar_idxs.txt (hendrycks/outlier-exposure utils/), the
    images of CIFAR, counted from 1.
    """
    length = path.stat().st_size
    if not length or length % TINY_IMAGE_BYTES:
        raise FormatError(f"{path}: has {length} bytes; expected a multiple of {TINY_IMAGE_BYTES}")
    with damage_named(listed, (ValueError,), "one index, counted from 1, a line"):
        in_cifar = np.atleast_1d(np.loadtxt(listed, dtype=np.int64)) - 1
    images = np.memmap(path, np.uint8, "r").reshape(-1, 3, 32, 32)
    allowed = np.setdiff1d(np.arange(len(images)), in_cifar)
    if not len(allowed):
        raise FormatError(
            f"{path}: {listed.name} lists all of its {len(images)} images; expected some that are not CIFAR's"
        )
    chosen = allowed[np.linspace(0, len(allowed) - 1, min(TINY_IMAGES_READ, len(allowed))).round().astype(np.int64)]
    # Fortran order: a channel's columns follow each other, so height is the last axis on disk.
    return _outliers(name, images[chosen].transpose(0, 3, 2, 1), size)


def read_300k(path: Path, size: int, name: str = "tiny-images-300k") -> ImageSet:
    """300K_random_images.npy: uint8 (n, 32, 32, 3), as one class."""
    # numpy raises any kind of error on a damaged header. Mapped: a header may claim more than the file has.
    with damage_named(path, (Exception,), "an .npy array without pickled objects"):
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        found = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else "several arrays"
        raise FormatError(f"{path}: holds {found}; expected uint8 (n, 32, 32, 3)")
    return _outliers(name, images, size)


def _outliers(name: str, images: np.ndarray, size: int) -> ImageSet:
    return ImageSet(name, resized(images, size), *numbered([UNLABELLED] * len(images)), "catalog")
