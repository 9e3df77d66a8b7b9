"""Figures with knobs that the chapters show: a threshold, a mixture of two pictures, a temperature."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from oe_core.evaluation.calibration import BIN_SIZE, adaptive_bins, calibration_metrics, confidences
from oe_core.evaluation.metrics import roc_curve
from oe_core.figures.curves import UNIT, shares
from oe_core.figures.knobs import Knobs, knobs
from oe_core.figures.style import BLUE, GREY, IN_COLOUR, OUT_COLOUR, PALETTE, VERMILION, check_count, styled

RATIOS = (1, 5, 100)  # inliers to an anomaly
TEMPERATURES = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
BIN_SIZES = (25, BIN_SIZE)
MOST_CLASSES = 10  # of a posterior


@styled()
def alarms(in_scores: ArrayLike, out_scores: ArrayLike, ratios: Sequence[int] = RATIOS, thresholds: int = 9) -> Knobs:
    """A threshold to turn, and how rare anomalies are: who rings, where that is on both curves, what alarms are worth.

    Scores (n,), higher = more anomalous. ratios: inliers to an anomaly. thresholds: at most so many, at quantiles of
    all scores. Raises ValueError as the metrics, and for scores that are all the same.
    """
    false_alarms, hits = roc_curve(in_scores, out_scores)
    inside, outside = np.asarray(in_scores, float), np.asarray(out_scores, float)
    both = np.concatenate((inside, outside))
    places = np.quantile(both, np.linspace(0.02, 0.98, thresholds), method="nearest")
    places = np.unique([float(f"{place:.3g}") for place in places])
    edges = np.histogram_bin_edges(both, 40)

    def draw(figure: Figure, threshold: float, ratio: str) -> str:
        ratio = int(ratio.partition(":")[2])
        fpr, tpr = (inside >= threshold).mean(), (outside >= threshold).mean()
        heap, roc, pr = figure.subplots(1, 3, width_ratios=(1.5, 1, 1))
        shares(heap, inside, edges, IN_COLOUR, "inliers", 0.3)
        shares(heap, outside, edges, OUT_COLOUR, "anomalies", 0.3)
        heap.axvspan(threshold, edges[-1], color=GREY, alpha=0.15, label="rings")
        heap.set(xlabel="score (right = more anomalous)", ylabel="share of examples in a bin")
        heap.legend(loc="best")
        here, curve = _precision(tpr, fpr, ratio), _precision(hits, false_alarms, ratio)
        for axes, line, dot in ((roc, (false_alarms, hits), (fpr, tpr)), (pr, (hits, curve), (tpr, here))):
            axes.plot(*line, color=BLUE)
            axes.plot(*dot, "o", color=VERMILION)
            axes.set(xlim=UNIT, ylim=UNIT, box_aspect=1)
        roc.set(xlabel="inliers that ring", ylabel="anomalies that ring")
        pr.set(xlabel="anomalies that ring", ylabel="alarms that are right")
        return _told(threshold, ratio, tpr, fpr)

    named = {"threshold": places.tolist(), "anomalies to inliers": [f"1:{ratio}" for ratio in ratios]}
    return knobs(draw, named, [len(places) // 2, min(1, len(ratios) - 1)], (9, 3))


def _told(threshold: float, ratio: int, tpr: float, fpr: float) -> str:
    right = f"{100 * _precision(tpr, fpr, ratio):.0f} % of the alarms are right" if tpr + fpr else "there is no alarm"
    anomalies, inliers = 10_000 / (1 + ratio), 10_000 * ratio / (1 + ratio)
    return (
        f"Threshold {threshold}, one anomaly to {ratio} inlier{'s' if ratio > 1 else ''}: {100 * tpr:.0f} % of the "
        f"anomalies and {100 * fpr:.1f} % of the inliers ring; {right}. Of 10,000 examples {anomalies * tpr:,.0f} are "
        f"hits, {anomalies * (1 - tpr):,.0f} misses, {inliers * fpr:,.0f} false alarms and "
        f"{inliers * (1 - fpr):,.0f} pass rightly."
    )


def _precision(tpr: ArrayLike, fpr: ArrayLike, ratio: int) -> NDArray[np.float64]:
    """Share of the alarms that are anomalies, of `ratio` inliers to each; NaN where nothing rings."""
    with np.errstate(invalid="ignore"):
        return np.asarray(tpr) / (np.asarray(tpr) + ratio * np.asarray(fpr))


@styled()
def posteriors(
    pictures: NDArray, answers: Mapping[str, NDArray], classes: Sequence[str], steps: Sequence[str]
) -> Knobs:
    """A picture that changes step by step, and what each network believes of it.

    pictures: (steps, h, w, 3) in [0, 1]. answers: {network: probabilities (steps, classes)}, up to four. steps: what
    each is called. Of many classes those are shown that are ever the likeliest. Raises ValueError as `knobs`, and for
    no network or more than four.
    """
    check_count("answers", answers, "networks")
    most = np.max([probabilities.max(axis=0) for probabilities in answers.values()], axis=0)
    shown = np.sort(np.argsort(-most, kind="stable")[:MOST_CLASSES])
    names = [classes[label] for label in shown]

    def draw(figure: Figure, step: str) -> str:
        place = list(steps).index(step)
        picture, *panels = figure.subplots(1, 1 + len(answers))
        picture.imshow(pictures[place], interpolation="nearest")
        picture.set_axis_off()
        said = []
        for axes, (name, probabilities), colour in zip(panels, answers.items(), PALETTE, strict=False):
            axes.barh(range(len(names)), probabilities[place][shown], color=colour)
            axes.set(xlim=(0, 1), yticks=range(len(names)), yticklabels=names, title=name, xlabel="probability")
            axes.invert_yaxis()
            likeliest = int(probabilities[place].argmax())
            said.append(f"{name}, {classes[likeliest]} ({100 * probabilities[place][likeliest]:.0f} %)")
        return f"{step}. The likeliest class: {'; '.join(said)}."

    return knobs(draw, {"mixture": list(steps)}, [len(steps) // 2], (2.6 * (1 + len(answers)), 3))


@styled()
def tempered(
    logits: ArrayLike, correct: ArrayLike, temperatures: Sequence[float] = TEMPERATURES,
    sizes: Sequence[int] = BIN_SIZES,
) -> Knobs:  # fmt: skip
    """A reliability diagram with a temperature to turn, and the number of examples a bin.

    logits: (n, classes); correct: (n,), true where the likeliest class is right. Raises ValueError as
    `calibration.adaptive_bins`, `calibration.confidences` and `knobs`.
    """
    correct = np.asarray(correct)

    def draw(figure: Figure, temperature: float, size: int) -> str:
        confidence = confidences(logits, temperature)
        bins, error = adaptive_bins(confidence, correct, size), calibration_metrics(confidence, correct, size)["RMS"]
        diagram, heap = figure.subplots(1, 2)
        diagram.plot([0, 1], [0, 1], color=GREY, linewidth=0.9)
        colours = np.where(bins.confidence > bins.accuracy, VERMILION, BLUE)
        diagram.vlines(bins.confidence, bins.accuracy, bins.confidence, color=colours, alpha=0.5)
        diagram.scatter(bins.confidence, bins.accuracy, s=14, color=colours)
        diagram.set(xlabel="mean confidence of a bin", ylabel="accuracy of a bin", xlim=UNIT, ylim=UNIT, box_aspect=1)
        shares(heap, confidence, np.linspace(0, 1, 21), BLUE, "confidence", 0.3)
        heap.set(xlabel="confidence", ylabel="share of the examples in a bin", xlim=UNIT)
        return (
            f"Temperature {temperature:g}, {size} examples a bin: mean confidence {100 * confidence.mean():.1f} %, "
            f"accuracy {100 * correct.mean():.1f} %, RMS error {100 * error:.1f} % over {len(bins.count)} bins."
        )

    start = [list(temperatures).index(1.0) if 1.0 in temperatures else 0, len(sizes) - 1]
    return knobs(draw, {"temperature": temperatures, "examples a bin": sizes}, start, (7.4, 3.4))
