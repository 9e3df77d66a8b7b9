"""Grids of example images: one labelled row a data set."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from oe_core.figures.style import styled


def pixels(images: Tensor, signed: bool = False) -> np.ndarray:
    """Images as matplotlib draws them: uint8 or float (n, 3, h, w) to (n, h, w, 3) in [0, 1].

    signed: float images lie in [-1, 1] instead of [0, 1].
    """
    if not images.is_floating_point():
        images = images / 255
    elif signed:
        images = (images + 1) / 2
    return images.clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()


@styled()
def image_grid(rows: Mapping[str, np.ndarray], captions: Mapping[str, list[str]] | None = None) -> Figure:
    """One row of pictures per label; rows: {label: (n, h, w, 3) in [0, 1]}; captions: a line above each picture."""
    columns, captions = max(map(len, rows.values())), captions or {}
    figure, axes = plt.subplots()
    bottom = 0.0  # in units of a picture and the gap after it, a sixth of its width
    for label, images in rows.items():
        height, width = images.shape[1:3]
        spaced = np.pad(np.repeat(images, 6, axis=2), ((0, 0), (0, 0), (0, width), (0, 0)), constant_values=1)
        top = bottom + (0.31 if captions else 0.08)
        bottom = top + 6 / 7 * height / width
        # One image a row in one axes: an axes for each picture takes seconds.
        axes.imshow(np.hstack(spaced), extent=(0, len(images), bottom, top), interpolation="nearest")
        axes.text(-0.13, (top + bottom) / 2, label, ha="right", va="center", fontsize=9)
        for left, caption in enumerate(captions.get(label, [])):
            axes.text(left, top - 0.03, caption, fontsize=7)
    axes.set(xlim=(0, columns - 1 / 7), ylim=(bottom, 0), anchor="W")
    axes.set_axis_off()
    figure.set_size_inches(0.8 * columns + 1.4, 0.875 * bottom + 0.1)
    return figure
