"""Figures of detection: ROC and precision-recall curves, histograms of scores, gains and trainings.

Every function returns a pyplot figure. Scores come as {method: (in_scores, out_scores)}, higher = more anomalous.
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from oe_core.evaluation.metrics import aupr, auroc, precision_recall_curve, roc_curve
from oe_core.figures.style import GREY, IN_COLOUR, LINES, OUT_COLOUR, PALETTE, check_count, legend_above, row, styled

MethodScores = Mapping[str, tuple[ArrayLike, ArrayLike]]
MOST_POINTS = 2000  # more corners than pixels only make an SVG heavy
UNIT = (-0.02, 1.02)


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most MOST_POINTS of the curve's points, spread evenly along its length, both ends kept."""
    if len(x) <= MOST_POINTS:
        return x, y
    along = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))))
    kept = np.unique(np.searchsorted(along, np.linspace(0, along[-1], MOST_POINTS)))
    return x[kept], y[kept]


def _roc_panel(axes: Axes, scores: MethodScores) -> None:
    for (method, pair), (colour, dash) in zip(scores.items(), LINES, strict=False):
        label = f"{method}: AUROC {100 * auroc(*pair):.1f}"
        axes.plot(*_thinned(*roc_curve(*pair)), color=colour, linestyle=dash, label=label)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9, label="guessing")
    axes.set(xlabel="false positive rate (inliers flagged)", ylabel="true positive rate\n(anomalies detected)")
    axes.legend(loc="lower right")


def _pr_panel(axes: Axes, scores: MethodScores) -> None:
    for (method, pair), (colour, dash) in zip(scores.items(), LINES, strict=False):
        label = f"{method}: AUPR {100 * aupr(*pair):.1f}"
        curve = _thinned(*precision_recall_curve(*pair))
        axes.plot(*curve, color=colour, linestyle=dash, label=label, drawstyle="steps-pre")
    base_rates = {len(out_scores) / (len(in_scores) + len(out_scores)) for in_scores, out_scores in scores.values()}
    for number, base_rate in enumerate(sorted(base_rates)):
        axes.axhline(base_rate, color=GREY, linewidth=0.9, label="" if number else "guessing (base rate)")
    axes.set(xlabel="recall (anomalies detected)", ylabel="precision\n(alarms that are anomalies)")
    axes.legend(loc="best")


def roc_pr(scores: MethodScores, title: str = "") -> Figure:
    """ROC curve (left) and precision-recall curve (right) of each method on one out-distribution (Figure 1).

    Raises ValueError for no method or more than four, and as the metrics do.
    """
    return roc_pr_grid({title: scores})


@styled()
def roc_pr_grid(scores: Mapping[str, MethodScores]) -> Figure:
    """One row of ROC and precision-recall curves an out-distribution (Figure 4): {out_dist: {method: (in, out)}}.

    Raises ValueError for no out-distribution, and as `roc_pr` does.
    """
    if not scores:
        raise ValueError("scores is empty; give {out_dist: {method: (in_scores, out_scores)}}")
    figure, rows = plt.subplots(len(scores), 2, figsize=(8.4, 4.0 * len(scores)), squeeze=False)
    for panels, (out_dist, methods) in zip(rows, scores.items(), strict=True):
        check_count("scores", methods, "methods")
        for axes, draw in zip(panels, (_roc_panel, _pr_panel), strict=True):
            draw(axes, methods)
            axes.set(xlim=UNIT, ylim=UNIT, box_aspect=1)
        panels[0].set_title(out_dist)
    return figure


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
        axes.set_yscale("log" if log else "linear")
    panels[0].legend(loc="best")
    return figure


@styled()
def before_after(table: pd.DataFrame, title: str = "") -> Figure:
    """One panel a metric, one line an out-distribution (or detector), one mark a method (or network) with its spread.

    table: the rows of one in-distribution of a frame of `paper.compare`, indexed by out_dist, with two methods; or a
    frame of `posthoc.comparison.summary`.
    The spread is the standard deviation over seeds, none where there is one seed. Raises ValueError for another
    number of methods.
    """
    methods = list(dict.fromkeys(table.columns.get_level_values(1)))
    if len(methods) != 2:
        raise ValueError(f"table has {len(methods)} methods ({', '.join(methods)}); this figure compares two")
    figure, panels = _a_panel_a_metric(table, title, 0.34)
    lines = range(len(table))
    for metric, axes in panels.items():
        axes.hlines(lines, *(table[metric, method, "mean"] for method in methods), color=GREY, linewidth=1)
        for method, colour, marker in zip(methods, PALETTE, "os", strict=False):
            spread = table[metric, method, "std_seeds"].fillna(0)
            axes.errorbar(table[metric, method, "mean"], lines, xerr=spread, color=colour, marker=marker, linestyle="",
                          label=method)  # fmt: skip
    legend_above(figure, list(panels.values()))
    return figure


@styled()
def seed_strips(records: pd.DataFrame, table: pd.DataFrame, title: str = "") -> Figure:
    """One panel a metric, one line an out-distribution: dots are trainings, a bar their mean, a diamond the paper.

    records: of one in-distribution and one table; table: its rows in a frame of `paper.compare` of those records,
    indexed by out_dist. A dot is the mean over the draws of one seed. Raises ValueError for more than four methods.
    """
    methods = list(dict.fromkeys(table.columns.get_level_values(1)))
    check_count("table", methods, "methods")
    by_seed = records.groupby(["metric", "method", "seed", "out_dist"])["value"].mean().unstack()
    dots = by_seed.assign(Mean=by_seed.mean(axis=1)).stack().rename("mean").reset_index()
    figure, panels = _a_panel_a_metric(table, title, 0.42)
    for metric, axes in panels.items():
        cells = table[metric].stack(0, future_stack=True).rename_axis(["out_dist", "method"]).reset_index()
        printed = cells.assign(mean=pd.to_numeric(cells["paper"], errors="coerce")).dropna(subset="mean")
        printed["method"] += ", the paper"
        common = {"x": "mean", "y": "out_dist", "order": list(table.index), "hue": "method",
                  "palette": PALETTE[: len(methods)], "ax": axes}  # fmt: skip
        means = common | {"dodge": 0.8 - 0.8 / len(methods), "linestyle": "none", "errorbar": None}  # beside the dots
        sns.stripplot(dots[dots["metric"] == metric], hue_order=methods, dodge=True, jitter=False, size=4, alpha=0.35,
                      zorder=1.5, legend=False, **common)  # fmt: skip
        sns.pointplot(cells, hue_order=methods, marker="|", markersize=11, markeredgewidth=2, **means)
        sns.pointplot(printed, hue_order=[f"{method}, the paper" for method in methods], marker="D", markersize=5,
                      markeredgewidth=1, markerfacecolor="white", **means)  # fmt: skip
        axes.set_ylabel("")
        axes.grid(axis="y")
    legend_above(figure, list(panels.values()))
    return figure


def _a_panel_a_metric(table: pd.DataFrame, title: str, line: float) -> tuple[Figure, dict[str, Axes]]:
    """A panel for each metric of a frame of `paper.compare`, whose lines (inches high) are its rows."""
    metrics = list(dict.fromkeys(table.columns.get_level_values(0)))
    figure, panels = row([title, *[""] * (len(metrics) - 1)], line * len(table) + 1.4, [3.1] * len(metrics))
    for axes, metric in zip(panels, metrics, strict=True):
        axes.set(xlim=(-3, 103), xlabel=f"{metric} ({'lower' if metric.startswith('FPR') else 'higher'} = better)")
    panels[0].set_yticks(range(len(table)), table.index)
    panels[0].invert_yaxis()
    return figure, dict(zip(metrics, panels, strict=True))
