"""Training and scoring batches from images (uint8) and texts (token ids) that stay on the device.

Crop and flip act on a whole batch at once; the images' input scaling is applied here and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

# Per-channel (mean, std) on the 0..1 scale. "cifar" serves both CIFARs and every set met by a CIFAR network
# (hendrycks/outlier-exposure CIFAR/baseline.py); "unit" leaves inputs in [0, 1] (SVHN, section 4.2.1).
CHANNEL_STATISTICS = {
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "cifar": ((125.3 / 255, 123.0 / 255, 113.9 / 255), (63.0 / 255, 62.1 / 255, 66.7 / 255)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def network_inputs(images: Tensor, scaling: str) -> Tensor:
    """uint8 (n, 3, h, w), or float in [0, 1], to standardised float32 in channels_last order."""
    mean, std = (_on(images.device, values) for values in CHANNEL_STATISTICS[scaling])
    scale = 1 / (255 * std) if images.dtype == torch.uint8 else 1 / std
    inputs = images.to(torch.float32, memory_format=torch.channels_last)
    # Whole rows of pixels at a time: with three channels innermost, broadcasting over them is ten times slower.
    width = images.shape[3]
    rows = inputs.permute(0, 2, 3, 1).flatten(2)
    scaled = rows.mul(scale.repeat(width)).sub_((mean / std).repeat(width))
    return scaled.unflatten(2, (width, 3)).permute(0, 3, 1, 2)


def _on(device: torch.device, values: tuple[float, ...]) -> Tensor:
    """float32 (n,), filled on the device: `torch.tensor` would copy from the host, and a GPU would be waited for."""
    return torch.cat([torch.full((1,), value, device=device) for value in values])


class Resident(Protocol):
    """Examples on the device, from which batches are taken under random choices."""

    def __len__(self) -> int: ...

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Random choices for `count` examples: int64 (count, choices an example)."""

    def batch(self, indices: Tensor, choices: Tensor) -> Tensor:
        """The examples at `indices` (batch,) under `choices` (batch, choices an example)."""


class Augmented:
    """Random crops and flips of a resident image set.

    images: uint8 (n, 3, size, size). A crop is one index into a view of all (2 p + 1)^2 windows of the zero-padded
    images, kept in channels_last order, so a whole batch costs two kernels and no copy of the windows is ever made.
    Without padding there is one window, that of the images as they lie: large sets are not copied at all. rows: int64
    (m,), which of the images the set has; None: all.
    """

    def __init__(self, images: Tensor, crop_padding: int, flip: bool, rows: Tensor | None = None):
        padded = images.permute(0, 2, 3, 1)
        if crop_padding:
            padded = F.pad(images, [crop_padding] * 4).permute(0, 2, 3, 1).contiguous()
        n, channels, size = images.shape[:3]
        image, row, column, channel = padded.stride()
        self.offsets = 2 * crop_padding + 1
        self.flip, self.rows = flip, rows
        self.windows = padded.as_strided(
            (n, self.offsets, self.offsets, size, size, channels), (image, row, column, row, column, channel)
        )

    def __len__(self) -> int:
        return len(self.windows if self.rows is None else self.rows)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Augmentation choices for `count` images: int64 (count, 3) of row offset, column offset, flip."""
        offsets = torch.randint(self.offsets, (count, 2), generator=generator)
        flips = torch.randint(2 if self.flip else 1, (count, 1), generator=generator)
        return torch.cat([offsets, flips], dim=1)

    def batch(self, indices: Tensor, choices: Tensor) -> Tensor:
        """uint8 (batch, 3, size, size), channels_last, for image `indices` (batch,) under `choices` (batch, 3)."""
        indices = indices if self.rows is None else self.rows[indices]
        cropped = self.windows[indices, choices[:, 0], choices[:, 1]]
        if self.flip:
            cropped = torch.where(choices[:, 2].view(-1, 1, 1, 1).bool(), cropped.flip(2), cropped)
        return cropped.permute(0, 3, 1, 2)


class Tokens:
    """Token ids, int64 (n, length), padded in front with 0. Nothing about them is random."""

    def __init__(self, ids: Tensor):
        self.ids = ids

    def __len__(self) -> int:
        return len(self.ids)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """No choices: int64 (count, 0)."""
        return torch.empty(count, 0, dtype=torch.int64)

    def batch(self, indices: Tensor, choices: Tensor) -> Tensor:
        """int64 (batch, length)."""
        return self.ids[indices]


def outlier_indices(available: int, needed: int, order: str, generator: torch.Generator) -> Tensor:
    """Which outliers one epoch reads: int64 (needed,).

    "contiguous" reads on from a random offset and wraps around (hendrycks/outlier-exposure CIFAR/oe_tune.py; the
    outliers are then met in the order of their file); "shuffled" goes through random permutations.
    """
    if order == "contiguous":
        offset = int(torch.randint(available, (1,), generator=generator))
        return (torch.arange(needed) + offset) % available
    rounds = -(-needed // available)
    return torch.cat([torch.randperm(available, generator=generator) for _ in range(rounds)])[:needed]


@dataclass(frozen=True)
class Batch:
    """One joint batch: inputs as their source holds them (inliers first, then outliers) and the inliers' labels."""

    inputs: Tensor
    labels: Tensor


class JointBatches:
    """The epochs of one training: shuffled inliers, each batch followed by its outliers.

    All of an epoch's random choices are drawn at its start from one generator, so an epoch can be entered at any step.
    """

    def __init__(
        self,
        inliers: Resident,
        labels: Tensor,
        batch_size: int,
        generator: torch.Generator,
        outliers: Resident | None = None,
        outlier_batch_size: int = 0,
        outlier_order: str = "contiguous",
    ):
        self.inliers, self.labels, self.batch_size = inliers, labels, batch_size
        self.outliers, self.outlier_batch_size, self.outlier_order = outliers, outlier_batch_size, outlier_order
        self.generator = generator

    def __len__(self) -> int:
        """Steps an epoch: the in-distribution's length decides (section 4.3, appendix B)."""
        return -(-len(self.inliers) // self.batch_size)

    def inliers_read(self) -> Tensor:
        """Which inliers one epoch reads: int64 (examples,)."""
        return torch.randperm(len(self.inliers), generator=self.generator)

    def outliers_read(self, needed: int) -> Tensor:
        """Which outliers one epoch reads: int64 (needed,)."""
        return outlier_indices(len(self.outliers), needed, self.outlier_order, self.generator)

    def epoch(self, first_step: int = 0) -> Iterator[Batch]:
        """The batches from `first_step` on; drawing always takes the same numbers from the generator."""
        device = self.labels.device
        order = self.inliers_read().to(device)
        choices = self.inliers.draw(len(order), self.generator).to(device)
        if self.outliers is not None:
            needed = len(self) * self.outlier_batch_size
            outlier_order = self.outliers_read(needed).to(device)
            outlier_choices = self.outliers.draw(needed, self.generator).to(device)
        for step in range(first_step, len(self)):
            here = slice(step * self.batch_size, (step + 1) * self.batch_size)
            inputs = self.inliers.batch(order[here], choices[here])
            if self.outliers is not None:
                there = slice(step * self.outlier_batch_size, (step + 1) * self.outlier_batch_size)
                inputs = torch.cat([inputs, self.outliers.batch(outlier_order[there], outlier_choices[there])])
            yield Batch(inputs, self.labels[order[here]])
