"""The binary versions of CIFAR-10 and CIFAR-100, which need no pickle."""

from dataclasses import dataclass
from pathlib import Path
from posixpath import basename

import numpy as np
import torch

from oe_core.data.examples import ImageSet
from oe_core.data.readers.archives import tar_members
from oe_core.data.readers.pixels import FormatError, resized


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
    tensor = torch.from_numpy(images) if size == 32 else resized(images.transpose(0, 2, 3, 1), size)
    return ImageSet(name, tensor, torch.from_numpy(labels), classes, "catalog")


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
