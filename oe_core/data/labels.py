"""What holds for the labels of every data set, of images or of texts."""

import torch
from torch import Tensor


def check_labels(name: str, labels: Tensor, count: int, classes: tuple[str, ...]) -> None:
    """Raise a ValueError naming the set unless `labels` are int64 (count,) with values in [0, len(classes))."""
    if labels.dtype != torch.int64 or tuple(labels.shape) != (count,):
        raise ValueError(f"{name}: labels must be int64 ({count},), got {labels.dtype} {tuple(labels.shape)}")
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= len(classes):
        raise ValueError(
            f"{name}: labels run from {lowest} to {highest}, allowed are 0 to {len(classes) - 1} "
            f"for its {len(classes)} classes"
        )
