"""Figures of calibration. Predictions are (confidence, correct), each (n,), as in `evaluation.calibration`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from oe_core.evaluation.calibration import adaptive_bins, calibration_metrics
from oe_core.figures.curves import UNIT, shares
from oe_core.figures.style import BLUE, GREEN, GREY, PALETTE, VERMILION, check_count, legend_above, row, styled
from oe_core.wording import several

Predictions = tuple[ArrayLike, ArrayLike]
GROUP_COLOURS = (BLUE, GREEN, VERMILION)
WIDTH = 3.1  # of a panel, inches


@styled()
def reliability(predictions: Mapping[str, Predictions]) -> Figure:
    """Reliability diagrams, one panel a name: each adaptive bin's accuracy against its mean confidence.

    The line from a bin to the diagonal is the gap that RMS and MAD measure (written in the panel, percent), red where
    the network claims too much. Raises ValueError for no or more than four panels, and as `calibration.adaptive_bins`.
    """
    check_count("predictions", predictions, "panels")
    figure, panels = row(list(predictions), 4.2, [WIDTH] * len(predictions))
    for axes, (confidence, correct) in zip(panels, predictions.values(), strict=True):
        bins, errors = adaptive_bins(confidence, correct), calibration_metrics(confidence, correct)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9)
        boasting = bins.confidence > bins.accuracy
        for chosen, colour in ((boasting, VERMILION), (~boasting, BLUE)):
            claimed, right = bins.confidence[chosen], bins.accuracy[chosen]
            axes.vlines(claimed, right, claimed, color=colour, linewidth=0.8, alpha=0.5)
            axes.plot(claimed, right, "o", color=colour, markersize=3.2)
        text = f"RMS {100 * errors['RMS']:.1f}\nMAD {100 * errors['MAD']:.1f}\n{several('bin', len(bins.count))}"
        axes.text(0.04, 0.96, text, transform=axes.transAxes, va="top", fontsize=9)
        axes.set(xlabel="mean confidence of a bin", xlim=UNIT, ylim=UNIT, box_aspect=1)
    panels[0].set_ylabel("accuracy of a bin")
    return figure


@styled()
def confidence_histograms(confidences: Mapping[str, Mapping[str, ArrayLike]], bins: int = 20) -> Figure:
    """Histograms of confidence, one panel a name, one outline a group of examples: {panel: {group: (n,) in [0, 1]}}.

    Heights are shares of each group; the dotted line is the group's mean. Raises ValueError for no or more than four
    panels, for more than three groups, and for a group that is empty or lies outside [0, 1].
    """
    check_count("confidences", confidences, "panels")
    figure, panels = row(list(confidences), 3.2, [WIDTH] * len(confidences))
    for axes, (panel, groups) in zip(panels, confidences.items(), strict=True):
        check_count(panel, groups, "groups", len(GROUP_COLOURS))
        for (group, values), colour in zip(groups.items(), GROUP_COLOURS, strict=False):
            values = np.asarray(values, float)
            if not (values.size and values.min() >= 0 and values.max() <= 1):
                raise ValueError(f"{panel} / {group} must hold confidences in [0, 1], and at least one")
            shares(axes, values, np.linspace(0, 1, bins + 1), colour, group, 0.15)
            axes.axvline(values.mean(), color=colour, linestyle=":", linewidth=1.2)
        axes.set(xlabel="confidence", ylabel="share of the group in a bin", xlim=UNIT)
    legend_above(figure, panels)
    return figure


@styled()
def error_bars(panels: Mapping[str, pd.DataFrame]) -> Figure:
    """RMS errors as bars (Figure 3), one panel a name: {panel: frame with a row a data set and a column a method}.

    Percent. A column "METHOD ±" is the spread of METHOD, a whisker that ends at 0 and 100. Raises ValueError for other
    than 1 to 4 panels or methods.
    """
    check_count("panels", panels, "panels")
    figure, row_of_axes = row(list(panels), 3.4, [max(1.6, 0.95 * len(frame)) for frame in panels.values()])
    for axes, frame in zip(row_of_axes, panels.values(), strict=True):
        methods = [name for name in frame.columns if not name.endswith(" ±")]
        check_count("a frame", methods, "methods")
        spread = frame.reindex(columns=[f"{name} ±" for name in methods]).fillna(0)
        bars = frame[methods].rename(index=lambda name: name.replace(" ", "\n"))
        whiskers = np.stack([np.minimum(spread.to_numpy(), room) for room in (bars, 100 - bars)]).transpose(2, 0, 1)
        bars.plot.bar(yerr=whiskers, error_kw={"ecolor": GREY, "elinewidth": 1.8}, rot=0, width=0.74,
                      color=PALETTE[: len(methods)], ax=axes)  # fmt: skip
        axes.set_xlim(min(-0.55, len(frame) / 2 - 1.35), max(len(frame) - 0.45, len(frame) / 2 + 0.35))
        axes.set(xlabel="", ylabel="RMS error (%), lower = better")
        axes.xaxis.grid(False)
    legend_above(figure, row_of_axes)
    return figure
