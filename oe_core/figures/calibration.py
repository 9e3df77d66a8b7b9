"""Figures of calibration: reliability diagrams, histograms of confidence, bars of calibration errors.

Every function returns a pyplot figure in the style of `figures.curves`. Predictions are (confidence, correct), each of
shape (n,), as in `evaluation.calibration`.
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from oe_core.evaluation.calibration import BIN_SIZE, adaptive_bins, calibration_metrics
from oe_core.figures.curves import BLUE, GREEN, GREY, LINES, VERMILION, styled

Predictions = tuple[ArrayLike, ArrayLike]
GROUP_COLOURS = (BLUE, GREEN, VERMILION)
MOST_COLUMNS = 4


def _panels(names: list[str], argument: str, height: float, widths: list[float] | None = None):
    """A figure and its panels, one a name in one row, titled; ValueError for none and for more than a row holds."""
    if not 1 <= len(names) <= MOST_COLUMNS:
        raise ValueError(f"{argument} has {len(names)} panels ({', '.join(names)}); a row shows 1 to {MOST_COLUMNS}")
    widths = widths or [3.1] * len(names)  # inches
    size = (sum(widths) + 0.5, height)
    figure, axes = plt.subplots(1, len(names), figsize=size, squeeze=False, sharey=True, width_ratios=widths)
    for panel, name in zip(axes[0], names, strict=True):
        panel.set_title(name)
    return figure, axes[0]


def reliability(predictions: Mapping[str, Predictions], size: int = BIN_SIZE) -> Figure:
    """Reliability diagrams, one panel a name: each adaptive bin's accuracy against its mean confidence.

    A calibrated network's bins lie on the diagonal; the line from a bin to it is the gap that RMS and MAD measure
    (written in the panel, percent), red where the network claims too much. Raises ValueError for no or more than four
    panels, and as `calibration.adaptive_bins`.
    """
    with styled():
        figure, panels = _panels(list(predictions), "predictions", 3.7)
        for axes, (confidence, correct) in zip(panels, predictions.values(), strict=True):
            _reliability_panel(axes, confidence, correct, size)
        panels[0].set_ylabel("accuracy of a bin")
    return figure


def _reliability_panel(axes: Axes, confidence: ArrayLike, correct: ArrayLike, size: int) -> None:
    bins = adaptive_bins(confidence, correct, size)
    errors = calibration_metrics(confidence, correct, size)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9)
    for chosen, colour in ((bins.confidence > bins.accuracy, VERMILION), (bins.confidence <= bins.accuracy, BLUE)):
        where, low, high = bins.confidence[chosen], bins.accuracy[chosen], bins.confidence[chosen]
        axes.vlines(where, low, high, color=colour, linewidth=0.8, alpha=0.5)
        axes.plot(where, low, "o", color=colour, markersize=3.2)
    text = f"RMS {100 * errors['RMS']:.1f}\nMAD {100 * errors['MAD']:.1f}\n{len(bins.count)} bin(s)"
    axes.text(0.04, 0.96, text, transform=axes.transAxes, va="top", fontsize=9)
    axes.set(xlabel="mean confidence of a bin", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1)


def confidence_histograms(confidences: Mapping[str, Mapping[str, ArrayLike]], bins: int = 20) -> Figure:
    """Histograms of confidence, one panel a name, one outline a group of examples: {panel: {group: (n,) in [0, 1]}}.

    Heights are shares of each group; the dotted line is the group's mean. Raises ValueError for no or more than four
    panels, for more than three groups, and for a group that is empty or lies outside [0, 1].
    """
    with styled():
        figure, panels = _panels(list(confidences), "confidences", 3.2)
        for axes, (panel, groups) in zip(panels, confidences.items(), strict=True):
            if len(groups) > len(GROUP_COLOURS):
                raise ValueError(f"{panel} has {len(groups)} groups; a panel shows at most {len(GROUP_COLOURS)}")
            for (group, values), colour in zip(groups.items(), GROUP_COLOURS, strict=False):
                _histogram(axes, panel, group, np.asarray(values, float), colour, bins)
            axes.set(xlabel="confidence", xlim=(-0.02, 1.02))
        panels[0].set_ylabel("share of the group in a bin")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=len(GROUP_COLOURS))
    return figure


def _histogram(axes: Axes, panel: str, group: str, values: np.ndarray, colour: str, bins: int) -> None:
    if not (values.size and values.min() >= 0 and values.max() <= 1):
        raise ValueError(f"{panel} / {group} must hold confidences in [0, 1], and at least one")
    edges, weights = np.linspace(0, 1, bins + 1), np.full(len(values), 1 / len(values))
    axes.hist(values, edges, weights=weights, color=colour, alpha=0.15, histtype="stepfilled")
    axes.hist(values, edges, weights=weights, color=colour, linewidth=1.4, histtype="step", label=group)
    axes.axvline(values.mean(), color=colour, linestyle=":", linewidth=1.2)


def error_bars(panels: Mapping[str, pd.DataFrame], metric: str = "RMS error") -> Figure:
    """Bars as in Figure 3, one panel a name: {panel: frame with a row a data set and a column a method (percent)}.

    A column named "METHOD ±" is the spread of METHOD and becomes a whisker. Raises ValueError for no or more than four
    panels, and for more than four methods.
    """
    with styled():
        widths = [max(1.6, 0.95 * len(frame)) for frame in panels.values()]
        figure, axes = _panels(list(panels), "panels", 3.4, widths)
        for panel, frame in zip(axes, panels.values(), strict=True):
            _bars(panel, frame)
        axes[0].set_ylabel(f"{metric} (%), lower = better")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=len(LINES))
    return figure


def _bars(axes: Axes, frame: pd.DataFrame) -> None:
    methods = [name for name in frame.columns if not name.endswith(" ±")]
    if len(methods) > len(LINES):
        raise ValueError(f"a frame has {len(methods)} methods ({', '.join(methods)}); a panel shows 1 to {len(LINES)}")
    places, width = np.arange(len(frame)), 0.8 / len(methods)
    for number, (method, (colour, _)) in enumerate(zip(methods, LINES, strict=False)):
        spread = frame.get(f"{method} ±")
        left = places + (number - (len(methods) - 1) / 2) * width
        axes.bar(left, frame[method], width * 0.92, color=colour, label=method,
                 yerr=None if spread is None else spread.fillna(0), error_kw={"ecolor": GREY})  # fmt: skip
    axes.set_xlim(min(-0.55, len(frame) / 2 - 1.35), max(len(frame) - 0.45, len(frame) / 2 + 0.35))
    axes.set_xticks(places, [name.replace(" ", "\n") for name in frame.index])
    axes.grid(axis="x", visible=False)
