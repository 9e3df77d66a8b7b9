"""Figures: ROC and precision-recall curves, score histograms; one restrained, colour-blind-safe style.

Every function returns a pyplot figure. Scores come as {method: (in_scores, out_scores)}, higher = more anomalous.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from oe_core.evaluation.metrics import aupr, auroc, precision_recall_curve, roc_curve

MethodScores = Mapping[str, tuple[ArrayLike, ArrayLike]]

# Okabe and Ito's palette, told apart with any colour vision; lines differ in dash as well.
BLUE, VERMILION, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#6E6E6E"
LINES = [(BLUE, "--"), (VERMILION, "-"), (GREEN, "-."), (PURPLE, ":")]
IN_COLOUR, OUT_COLOUR = BLUE, VERMILION
STYLE = {
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 9,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
}
SVG = {"svg.hashsalt": "oe_core", "svg.fonttype": "none"}  # equal figures give equal files; text stays text
MOST_POINTS = 2000  # more corners than pixels only make an SVG heavy


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most MOST_POINTS of the curve's points, spread evenly along its length, both ends kept."""
    if len(x) <= MOST_POINTS:
        return x, y
    along = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))))
    kept = np.unique(np.searchsorted(along, np.linspace(0, along[-1], MOST_POINTS)))
    return x[kept], y[kept]


@contextmanager
def styled(settings: Mapping[str, object] = STYLE) -> Iterator[None]:
    """Draw with matplotlib's `settings` for a while.

    The first figure of a session loads the backend, which in a notebook turns interactive drawing on. That has to
    outlast the context, or no later figure is shown.
    """
    with plt.rc_context(settings):
        yield
        interactive = plt.isinteractive()
    matplotlib.interactive(interactive)


def _check_methods(scores: MethodScores) -> None:
    if not 1 <= len(scores) <= len(LINES):
        raise ValueError(f"scores has {len(scores)} methods ({', '.join(scores)}); a panel shows 1 to {len(LINES)}")


def _roc_panel(axes: Axes, scores: MethodScores) -> None:
    for (method, (in_scores, out_scores)), (colour, dash) in zip(scores.items(), LINES, strict=False):
        label = f"{method}: AUROC {100 * auroc(in_scores, out_scores):.1f}"
        axes.plot(*_thinned(*roc_curve(in_scores, out_scores)), color=colour, linestyle=dash, label=label)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9, label="guessing")
    axes.set(xlabel="false positive rate (inliers flagged)", ylabel="true positive rate\n(anomalies detected)")
    axes.legend(loc="lower right")


def _pr_panel(axes: Axes, scores: MethodScores) -> None:
    base_rates = set()
    for (method, (in_scores, out_scores)), (colour, dash) in zip(scores.items(), LINES, strict=False):
        label = f"{method}: AUPR {100 * aupr(in_scores, out_scores):.1f}"
        recall, precision = _thinned(*precision_recall_curve(in_scores, out_scores))
        axes.plot(recall, precision, color=colour, linestyle=dash, label=label, drawstyle="steps-pre")
        base_rates.add(len(out_scores) / (len(in_scores) + len(out_scores)))
    for number, base_rate in enumerate(sorted(base_rates)):
        axes.axhline(base_rate, color=GREY, linewidth=0.9, label="" if number else "guessing (base rate)")
    axes.set(xlabel="recall (anomalies detected)", ylabel="precision\n(alarms that are anomalies)")
    axes.legend(loc="best")


def _square(axes: Axes) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1)


def roc_pr(scores: MethodScores, title: str = "") -> Figure:
    """ROC curve (left) and precision-recall curve (right) of each method on one out-distribution (Figure 1).

    Raises ValueError for no method or more than four, and as the metrics do.
    """
    return roc_pr_grid({title: scores})


def roc_pr_grid(scores: Mapping[str, MethodScores]) -> Figure:
    """One row of ROC and precision-recall curves an out-distribution (Figure 4): {out_dist: {method: (in, out)}}.

    Raises ValueError for no out-distribution, and as `roc_pr` does.
    """
    if not scores:
        raise ValueError("scores is empty; give {out_dist: {method: (in_scores, out_scores)}}")
    with styled():
        figure, rows = plt.subplots(len(scores), 2, figsize=(8.4, 4.0 * len(scores)), squeeze=False)
        for (left, right), (out_dist, methods) in zip(rows, scores.items(), strict=True):
            _check_methods(methods)
            _roc_panel(left, methods)
            _pr_panel(right, methods)
            left.set_title(out_dist)
            _square(left)
            _square(right)
    return figure


def score_histograms(scores: MethodScores, title: str = "", bins: int = 40, log: bool = False) -> Figure:
    """One panel a method: the share of inliers and of anomalies in each bin of its score.

    The dotted line is the median anomaly: half of the anomalies lie to its right. log: logarithmic shares, for scores
    that pile up. Raises ValueError for no method or more than four, and for scores that are no scores.
    """
    _check_methods(scores)
    with styled():
        size = (4.2 * len(scores) + 0.4, 3.2)
        figure, panels = plt.subplots(1, len(scores), figsize=size, sharey=True, squeeze=False)
        for axes, (method, (in_scores, out_scores)) in zip(panels[0], scores.items(), strict=True):
            area = auroc(in_scores, out_scores)  # checks both arrays, too
            _histogram(axes, np.asarray(in_scores, float), np.asarray(out_scores, float), bins)
            heading = f"{title}: {method}" if title else method
            axes.set(xlabel="score (right = more anomalous)", title=f"{heading}, AUROC {100 * area:.1f}")
            if log:
                axes.set_yscale("log")
        panels[0][0].set_ylabel("share of examples in a bin")
        panels[0][0].legend(loc="best")
    return figure


def _histogram(axes: Axes, in_scores: np.ndarray, out_scores: np.ndarray, bins: int) -> None:
    edges = np.histogram_bin_edges(np.concatenate((in_scores, out_scores)), bins)
    for values, colour, label in ((in_scores, IN_COLOUR, "inliers"), (out_scores, OUT_COLOUR, "anomalies")):
        weights = np.full(len(values), 1 / len(values))
        axes.hist(values, edges, weights=weights, color=colour, alpha=0.3, histtype="stepfilled")
        axes.hist(values, edges, weights=weights, color=colour, histtype="step", linewidth=1.4, label=label)
    axes.axvline(np.median(out_scores), color=OUT_COLOUR, linestyle=":", linewidth=1.2, label="median anomaly")


def before_after(table: pd.DataFrame, title: str = "") -> Figure:
    """One panel a metric, one line an out-distribution (or detector), one mark a method (or network) with its spread.

    table: the rows of one in-distribution of a frame of `tables.compare`, indexed by out_dist, with two methods; or a
    frame of `detectors.summary`.
    The spread is the standard deviation over seeds, none where there is one seed. Raises ValueError for another
    number of methods.
    """
    metrics, methods = (list(dict.fromkeys(table.columns.get_level_values(level))) for level in (0, 1))
    if len(methods) != 2:
        raise ValueError(f"table has {len(methods)} methods ({', '.join(methods)}); this figure compares two")
    lines = np.arange(len(table))
    with styled():
        figsize = (2.7 * len(metrics) + 1.4, 0.34 * len(table) + 1.3)
        figure, panels = plt.subplots(1, len(metrics), figsize=figsize, sharey=True, squeeze=False)
        for axes, metric in zip(panels[0], metrics, strict=True):
            means = [table[metric, method, "mean"].to_numpy(float) for method in methods]
            axes.hlines(lines, *means, color=GREY, linewidth=1)
            for values, method, colour, marker in zip(means, methods, (BLUE, VERMILION), "os", strict=True):
                spread = table[metric, method, "std_seeds"].fillna(0).to_numpy(float)
                axes.errorbar(values, lines, xerr=spread, color=colour, marker=marker, linestyle="", label=method)
            axes.set(xlim=(-3, 103), xlabel=f"{metric} ({'lower' if metric.startswith('FPR') else 'higher'} = better)")
        panels[0][0].set_yticks(lines, table.index)
        panels[0][0].invert_yaxis()
        panels[0][0].set_title(title)
        figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def seed_strips(records: pd.DataFrame, table: pd.DataFrame, title: str = "") -> Figure:
    """One panel a metric, one line an out-distribution: dots are trainings, a bar their mean, a diamond the paper.

    records: of one in-distribution and one table; table: its rows in a frame of `tables.compare` of those records,
    indexed by out_dist. A dot is the mean over the draws of one seed. Raises ValueError for more than four methods.
    """
    metrics, methods = (list(dict.fromkeys(table.columns.get_level_values(level))) for level in (0, 1))
    _check_methods(dict.fromkeys(methods))
    by_seed = records.groupby(["metric", "method", "seed", "out_dist"])["value"].mean().unstack()
    by_seed["Mean"] = by_seed.mean(axis=1)
    with styled():
        figsize = (2.9 * len(metrics) + 1.4, 0.42 * len(table) + 1.4)
        figure, panels = plt.subplots(1, len(metrics), figsize=figsize, sharey=True, squeeze=False)
        for axes, metric in zip(panels[0], metrics, strict=True):
            for number, (method, (colour, _)) in enumerate(zip(methods, LINES, strict=False)):
                lines = np.arange(len(table)) + 0.26 * (number - (len(methods) - 1) / 2)
                _strip(axes, by_seed.loc[metric, method][table.index], table[metric, method], lines, colour, method)
            axes.set(xlim=(-3, 103), xlabel=f"{metric} ({'lower' if metric.startswith('FPR') else 'higher'} = better)")
        panels[0][0].set_yticks(np.arange(len(table)), table.index)
        panels[0][0].invert_yaxis()
        panels[0][0].set_title(title)
        figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper right", ncols=2 * len(methods))
    return figure


def _strip(axes: Axes, by_seed: pd.DataFrame, cells: pd.DataFrame, lines: np.ndarray, colour: str, method: str) -> None:
    for values in by_seed.to_numpy():
        axes.plot(values, lines, ".", color=colour, alpha=0.35, markersize=6)
    axes.plot(cells["mean"].to_numpy(float), lines, "|", color=colour, markersize=11, markeredgewidth=2, label=method)
    paper = pd.to_numeric(cells["paper"], errors="coerce")
    if paper.notna().any():
        hollow = {"color": colour, "markerfacecolor": "white", "markersize": 4.5}
        axes.plot(paper, lines, "D", label=f"{method}, the paper", **hollow)


def publish(figure: Figure, stem: str, folder: Path | str) -> None:
    """Write the figure as folder/stem.png and folder/stem.svg, each whole or not at all; equal figures, equal files."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        beside = folder / f".{stem}.{os.getpid()}.{kind}"
        try:
            with styled(SVG):
                figure.savefig(beside, dpi=160, metadata=metadata)
            os.replace(beside, folder / f"{stem}.{kind}")
        finally:
            beside.unlink(missing_ok=True)
