"""Figures of detection. Scores come as {method: (in_scores, out_scores)}, higher = more anomalous."""

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from oe_core.evaluation.metrics import aupr, auroc, lower_is_better, precision_recall_curve, roc_curve
from oe_core.figures.style import GREY, IN_COLOUR, LINES, OUT_COLOUR, PALETTE, check_count, legend_above, row, styled

MethodScores = Mapping[str, tuple[ArrayLike, ArrayLike]]
UNIT = (-0.02, 1.02)


def roc_pr(scores: MethodScores, title: str = "") -> Figure:
    """ROC curve (left) and precision-recall curve (right) of each method on one out-distribution (Figure 1)."""
    return roc_pr_grid({title: scores})


@styled()
def roc_pr_grid(scores: Mapping[str, MethodScores]) -> Figure:
    """One row of ROC and precision-recall curves an out-distribution (Figure 4): {out_dist: {method: (in, out)}}.

    Raises ValueError for no out-distribution, for no method or more than four, and as the metrics do.
    """
    if not scores:
        raise ValueError("scores is empty; give {out_dist: {method: (in_scores, out_scores)}}")
    figure, rows = plt.subplots(len(scores), 2, figsize=(8.4, 4.0 * len(scores)), squeeze=False)
    for (roc, pr), (out_dist, methods) in zip(rows, scores.items(), strict=True):
        check_count("scores", methods, "methods")
        _curves(roc, methods, roc_curve, "AUROC", auroc)
        roc.plot([0, 1], [0, 1], color=GREY, linewidth=0.9, label="guessing")
        roc.set(xlabel="false positive rate (inliers flagged)", ylabel="true positive rate\n(anomalies detected)")
        roc.set_title(out_dist)
        roc.legend(loc="best")
        _curves(pr, methods, precision_recall_curve, "AUPR", aupr, drawstyle="steps-pre")
        base_rates = {len(anomalies) / (len(inliers) + len(anomalies)) for inliers, anomalies in methods.values()}
        for number, base_rate in enumerate(sorted(base_rates)):
            pr.axhline(base_rate, color=GREY, linewidth=0.9, label="" if number else "guessing (base rate)")
        pr.set(xlabel="recall (anomalies detected)", ylabel="precision\n(alarms that are anomalies)")
        pr.legend(loc="best")
    return figure


def _curves(axes: Axes, scores: MethodScores, curve: Callable, metric: str, area: Callable, **how) -> None:
    for (method, pair), (colour, dash) in zip(scores.items(), LINES, strict=False):
        label = f"{method}: {metric} {100 * area(*pair):.1f}"
        axes.plot(*curve(*pair), color=colour, linestyle=dash, label=label, **how)
    axes.set(xlim=UNIT, ylim=UNIT, box_aspect=1)


def shares(axes: Axes, values: ArrayLike, edges: np.ndarray, colour: str, label: str, alpha: float) -> None:
    """A histogram of shares of `values` (n,) between `edges`, filled and outlined."""
    sns.histplot(x=np.asarray(values, float), bins=edges, stat="probability", element="step", color=colour, alpha=alpha,
                 linewidth=1.4, label=label, ax=axes)  # fmt: skip


@styled()
def score_histograms(scores: MethodScores, title: str = "", bins: int = 40, log: bool = False) -> Figure:
    """One panel a method: the share of inliers and of anomalies in each bin of its score.

    The dotted line is the median anomaly: half of the anomalies lie to its right. log: logarithmic shares, for scores
    that pile up. Raises ValueError for no method or more than four, and for scores that are no scores.
    """
    check_count("scores", scores, "methods")
    heading = f"{title}: " if title else ""
    # The metric checks both arrays, too.
    titles = [f"{heading}{method}, AUROC {100 * auroc(*pair):.1f}" for method, pair in scores.items()]
    figure, panels = row(titles, 3.2, [4.2] * len(scores))
    for axes, (in_scores, out_scores) in zip(panels, scores.values(), strict=True):
        edges = np.histogram_bin_edges(np.concatenate((in_scores, out_scores)), bins)
        shares(axes, in_scores, edges, IN_COLOUR, "inliers", 0.3)
        shares(axes, out_scores, edges, OUT_COLOUR, "anomalies", 0.3)
        axes.axvline(np.median(out_scores), color=OUT_COLOUR, linestyle=":", linewidth=1.2, label="median anomaly")
        axes.set(xlabel="score (right = more anomalous)", ylabel="share of examples in a bin")
    if log:  # down to a single example, which the largest heap would hide
        most = max(len(part) for pair in scores.values() for part in pair)
        panels[0].set(yscale="log", ylim=(0.7 / most, 1.5))
    panels[0].legend(loc="best")
    return figure


@styled()
def before_after(table: pd.DataFrame, title: str = "") -> Figure:
    """One panel a metric, one line an out-distribution (or detector), one mark a method (or network) with its spread.

    table: the rows of one in-distribution of a frame of `paper.compare`, indexed by out_dist; or a frame of
    `posthoc.comparison.summary`. The spread is the standard deviation over seeds, none where there is one seed; its bar
    ends at 0 and at 100.
    Raises ValueError for another number of methods than two.
    """
    methods = list(table.columns.unique(1))
    if len(methods) != 2:
        raise ValueError(f"table has {len(methods)} methods ({', '.join(methods)}); this figure compares two")
    figure, panels = _a_panel_a_metric(table, title, 0.34)
    lines = range(len(table))
    for metric, axes in panels.items():
        axes.hlines(lines, *(table[metric, method, "mean"] for method in methods), color=GREY, linewidth=1)
        for method, colour, marker in zip(methods, PALETTE, "os", strict=False):
            mean, spread = table[metric, method, "mean"], table[metric, method, "std_seeds"].fillna(0)
            bar = [np.minimum(spread, mean), np.minimum(spread, 100 - mean)]
            axes.errorbar(mean, lines, xerr=bar, color=colour, marker=marker, linestyle="",
                          label=method)  # fmt: skip
    legend_above(figure, list(panels.values()))
    return figure


@styled()
def seed_strips(records: pd.DataFrame, table: pd.DataFrame, title: str = "") -> Figure:
    """One panel a metric, one line an out-distribution: dots are trainings, a bar their mean, a diamond the paper.

    records: of one in-distribution and one table; table: its rows in a frame of `paper.compare` of those records,
    indexed by out_dist. A dot is the mean over the draws of one seed. Raises ValueError for more than four methods.
    """
    methods = list(table.columns.unique(1))
    check_count("table", methods, "methods")
    by_seed = records.groupby(["metric", "method", "seed", "out_dist"])["value"].mean().unstack()
    by_seed["Mean"] = by_seed.mean(axis=1)
    figure, panels = _a_panel_a_metric(table, title, 0.42)
    for metric, axes in panels.items():
        for place, (method, colour) in enumerate(zip(methods, PALETTE, strict=False)):
            lines = np.arange(len(table)) + 0.8 * ((place + 0.5) / len(methods) - 0.5)
            dots, mean = by_seed.loc[metric, method][table.index], table[metric, method, "mean"]
            axes.plot(dots.T, lines, "o", color=colour, alpha=0.35, markersize=4, markeredgewidth=0)
            axes.plot(mean, lines, "|", color=colour, markersize=11, markeredgewidth=2, label=method)
            printed = pd.to_numeric(table[metric, method, "paper"], errors="coerce")
            if printed.notna().any():
                label = f"{method}, the paper"
                axes.plot(printed, lines, "D", color=colour, markersize=5, markerfacecolor="white", label=label)
    legend_above(figure, list(panels.values()))
    return figure


def _a_panel_a_metric(table: pd.DataFrame, title: str, line: float) -> tuple[Figure, dict[str, Axes]]:
    metrics = list(table.columns.unique(0))
    figure, panels = row([title, *[""] * (len(metrics) - 1)], line * len(table) + 1.4, [3.1] * len(metrics))
    for axes, metric in zip(panels, metrics, strict=True):
        better = "lower" if lower_is_better(metric) else "higher"
        axes.set(xlim=(-3, 103), xlabel=f"{metric} ({better} = better)")
    panels[0].set_yticks(range(len(table)), table.index)
    panels[0].set_ylim(len(table) - 0.5, -0.5)
    return figure, dict(zip(metrics, panels, strict=True))
