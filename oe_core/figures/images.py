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


def image_grid(rows: Mapping[str, np.ndarray], captions: Mapping[str, list[str]] | None = None) -> Figure:
    """One row of pictures per label; rows: {label: (n, h, w, 3) in [0, 1]}; captions: a line above each picture."""
    columns = max(len(images) for images in rows.values())
    height = 0.82 if captions is None else 1.02
    with styled():
        figsize = (0.8 * columns + 1.4, height * len(rows))
        figure, grid = plt.subplots(len(rows), columns, figsize=figsize, squeeze=False)
        for line, (label, images) in zip(grid, rows.items(), strict=True):
            for axes in line:
                axes.set_axis_off()
            for axes, image in zip(line, images, strict=False):
                axes.imshow(image, interpolation="nearest")
            for axes, caption in zip(line, (captions or {}).get(label, []), strict=False):
                axes.set_title(caption, fontsize=7, pad=2)
            line[0].text(-0.15, 0.5, label, transform=line[0].transAxes, ha="right", va="center", fontsize=9)
    return figure
