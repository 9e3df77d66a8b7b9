"""The one in-memory form of an image data set."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from oe_core.data.labels import check_labels


@dataclass(frozen=True)
class ImageSet:
    """Images with labels, held whole in memory.

    images: uint8 (n, 3, height, width); labels: int64 (n,) with values in [0, len(classes)).
    origin: "folder" (the reader's own), "embedded", "catalog" or, by a network, "generated".
    stand_in_for: the paper's name of the data set that this one replaces, "" when it replaces none.
    Raises ValueError when shapes, types or label range disagree.
    """

    name: str
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    origin: str
    stand_in_for: str = ""

    def __post_init__(self):
        shape = tuple(self.images.shape)
        if self.images.dtype != torch.uint8 or len(shape) != 4 or shape[1] != 3:
            raise ValueError(
                f"{self.name}: images must be uint8 (n, 3, height, width), got {self.images.dtype} {shape}"
            )
        if shape[0] == 0:
            raise ValueError(f"{self.name}: holds no image")
        check_labels(self.name, self.labels, shape[0], self.classes)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> int:
        """Height and width in pixels (the book's images are square)."""
        return self.images.shape[-1]

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) of pixels, shape and labels: two sets with one name but other content differ here."""
        digest = hashlib.sha256(repr(tuple(self.images.shape)).encode())
        for part in (self.images, self.labels):
            digest.update(part.contiguous().cpu().numpy().tobytes())
        return digest.hexdigest()

    def take(self, indices: Tensor) -> "ImageSet":
        """The examples at `indices` (int64), in that order, under the same name."""
        return ImageSet(
            self.name, self.images[indices], self.labels[indices], self.classes, self.origin, self.stand_in_for
        )
