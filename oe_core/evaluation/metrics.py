"""Detection metrics: AUROC, AUPR and the false positive rate at N % true positive rate.

The out-distribution is the positive class; an alarm is `score >= threshold`; results are fractions in [0, 1]. All
follow from counts at the anomalies' scores alone, since no threshold between two of them changes what is detected.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

RULES = ("nearest", "at_or_above")
Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


class Alarms(NamedTuple):
    """Counts at each distinct score of the anomalies, from the highest threshold down, int64 (thresholds,).

    caught: anomalies at the threshold; hits: at or above it. false_alarms: inliers at or above it; above: above it.
    """

    caught: NDArray[np.int64]
    hits: NDArray[np.int64]
    false_alarms: NDArray[np.int64]
    above: NDArray[np.int64]
    num_in: int
    num_out: int


def _sorted(scores: ArrayLike, argument: str) -> NDArray[np.floating]:
    """Return `scores` in ascending order; raise ValueError naming `argument` when they are no scores."""
    scores = np.asarray(scores)
    if scores.ndim != 1:
        raise ValueError(f"{argument} must be 1-d, one score per example, got the shape {scores.shape}")
    if scores.size == 0:
        raise ValueError(f"{argument} is empty; a metric needs at least one score of each kind")
    if scores.dtype not in (np.float32, np.float64):
        if scores.dtype.kind not in "iuf":
            raise ValueError(f"{argument} must hold real numbers, got the type {scores.dtype}")
        scores = scores.astype(np.float64)
    ordered = np.sort(scores)
    # NaN sorts to the end and -inf to the front, so the two ends tell of the whole array.
    if not (np.isfinite(ordered[0]) and np.isfinite(ordered[-1])):
        bad = np.flatnonzero(~np.isfinite(scores))
        raise ValueError(f"{argument} holds {bad.size} NaN or infinite of {scores.size} scores (the first is at index "
                         f"{bad[0]})")  # fmt: skip
    return ordered


def count_alarms(in_scores: ArrayLike, out_scores: ArrayLike) -> Alarms:
    """Count hits and false alarms at each distinct score of the anomalies.

    in_scores: (inliers,); out_scores: (anomalies,); finite, higher = more anomalous. Scores of two float types are
    compared in the wider one. Raises ValueError naming the argument that is empty, not 1-d, not finite or not numeric.
    """
    inliers, anomalies = _sorted(in_scores, "in_scores"), _sorted(out_scores, "out_scores")
    kind = np.result_type(inliers, anomalies)
    inliers, anomalies = inliers.astype(kind, copy=False), anomalies.astype(kind, copy=False)
    first = np.flatnonzero(np.concatenate(([True], anomalies[1:] != anomalies[:-1])))
    thresholds = anomalies[first]
    below = np.searchsorted(inliers, thresholds, side="left")
    up_to = below.copy()
    # The second search is due only where an inlier has the very score of an anomaly.
    tied = inliers.take(below, mode="clip") == thresholds
    up_to[tied] = np.searchsorted(inliers, thresholds[tied], side="right")
    return Alarms(
        caught=np.diff(first, append=anomalies.size)[::-1], hits=(anomalies.size - first)[::-1],
        false_alarms=(inliers.size - below)[::-1], above=(inliers.size - up_to)[::-1],
        num_in=inliers.size, num_out=anomalies.size,
    )  # fmt: skip


def _auroc(alarms: Alarms) -> float:
    # Pairs won by the inlier count whole, ties half; whole numbers, so nothing is rounded before the division.
    twice_lost = int(np.dot(alarms.caught, alarms.false_alarms + alarms.above))
    pairs = alarms.num_in * alarms.num_out
    return (2 * pairs - twice_lost) / (2 * pairs)


def _aupr(alarms: Alarms) -> float:
    precision = alarms.hits / (alarms.hits + alarms.false_alarms)
    return float(np.dot(alarms.caught, precision)) / alarms.num_out


def _fpr(alarms: Alarms, tpr: float, rule: str) -> float:
    if not 0 < tpr <= 1:
        raise ValueError(f"tpr={tpr} must lie in (0, 1]; 95 % is written 0.95")
    if rule not in RULES:
        raise ValueError(f"rule={rule!r} is unknown; choose one of {', '.join(RULES)}")
    recall = alarms.hits / alarms.num_out
    if rule == "at_or_above":
        return float(alarms.false_alarms[np.argmax(recall >= tpr)]) / alarms.num_in
    # The lowest threshold that keeps a recall lies just above the next anomaly; full recall takes its first threshold.
    false_alarms = np.append(alarms.above[1:], alarms.false_alarms[-1])
    if alarms.above[0]:  # inliers above every anomaly: thresholds of recall 0 exist
        recall, false_alarms = np.append(0.0, recall), np.append(alarms.above[0], false_alarms)
    # argmin takes the first of equally near recalls: look from the highest recall down.
    nearest = recall.size - 1 - np.argmin(np.abs(recall[::-1] - tpr))
    return float(false_alarms[nearest]) / alarms.num_in


def auroc(in_scores: ArrayLike, out_scores: ArrayLike) -> float:
    """Area under the ROC curve: P(out > in) + P(out = in) / 2 over all pairs of an anomaly and an inlier.

    Higher = better, 0.5 = uninformative (constant scores give exactly 0.5). Arguments and errors as `count_alarms`.
    Source: Hendrycks et al. 2019, section 4.1. Equals scikit-learn's `roc_auc_score`.

    >>> auroc(in_scores=[0.1, 0.2, 0.6], out_scores=[0.5, 0.9])  # five of the six pairs are in order
    0.8333333333333334
    """
    return _auroc(count_alarms(in_scores, out_scores))


def aupr(in_scores: ArrayLike, out_scores: ArrayLike) -> float:
    r"""Area under the precision-recall curve by steps, $\sum_k (R_k - R_{k-1}) P_k$ over thresholds; OOD is positive.

    Higher = better; constant scores give the base rate anomalies / (anomalies + inliers). Arguments and errors as
    `count_alarms`. Source: Hendrycks et al. 2019, section 4.1. Equals scikit-learn's `average_precision_score`.

    >>> aupr(in_scores=[0.1, 0.2, 0.6], out_scores=[0.5, 0.9])  # (1 / 1 + 2 / 3) / 2
    0.8333333333333333
    """
    return _aupr(count_alarms(in_scores, out_scores))


def fpr_at_tpr(in_scores: ArrayLike, out_scores: ArrayLike, tpr: float = 0.95, rule: str = "nearest") -> float:
    """False positive rate where the share `tpr` of the anomalies is detected (FPR95 for 0.95); lower = better.

    tpr: in (0, 1]. Arguments and errors as `count_alarms`; raises ValueError for another tpr or rule, too.
    rule "nearest": of all distinct scores as thresholds, the one whose recall is nearest to tpr. Of two recalls
    equally near (in float64) the higher counts. Of several thresholds with that recall the lowest counts, so the most
    false alarms; for recall 1 the highest. This is the choice of hendrycks/outlier-exposure,
    utils/display_results.py, whose argmin runs from full recall downwards.
    rule "at_or_above": the highest threshold whose recall is at least tpr (as in OpenOOD).

    >>> fpr_at_tpr(in_scores=[0.1, 0.2, 0.6, 0.3], out_scores=[0.5, 0.9])  # to catch both, 0.6 is an alarm, too
    0.25
    """
    return _fpr(count_alarms(in_scores, out_scores), tpr, rule)


def detection_metrics(in_scores: ArrayLike, out_scores: ArrayLike, tpr: float = 0.95) -> dict[str, float]:
    """All three from one count: {"FPR95": ..., "AUROC": ..., "AUPR": ...}, the first key from tpr; errors as theirs.

    >>> detection_metrics(in_scores=[0.1, 0.2, 0.6], out_scores=[0.7, 0.9])
    {'FPR95': 0.0, 'AUROC': 1.0, 'AUPR': 1.0}
    """
    return metrics_of(count_alarms(in_scores, out_scores), tpr)


def metrics_of(alarms: Alarms, tpr: float) -> dict[str, float]:
    """As `detection_metrics`, of what was counted."""
    return {f"FPR{100 * tpr:g}": _fpr(alarms, tpr, "nearest"), "AUROC": _auroc(alarms), "AUPR": _aupr(alarms)}


def roc_curve(in_scores: ArrayLike, out_scores: ArrayLike) -> Curve:
    """Corners of the ROC curve from (0, 0) to (1, 1): (false positive rates, true positive rates).

    Straight lines between the corners give the whole curve; the area below it is the AUROC. Errors as `count_alarms`.
    """
    alarms = count_alarms(in_scores, out_scores)
    # Each threshold adds two corners: before its ties are counted, and after.
    fpr = np.column_stack((alarms.above, alarms.false_alarms)).ravel() / alarms.num_in
    tpr = np.column_stack((np.append(0, alarms.hits[:-1]), alarms.hits)).ravel() / alarms.num_out
    return np.concatenate(([0.0], fpr, [1.0])), np.concatenate(([0.0], tpr, [1.0]))


def precision_recall_curve(in_scores: ArrayLike, out_scores: ArrayLike) -> Curve:
    """Steps of the precision-recall curve by rising recall: (recalls, precisions), the first recall 0.

    precisions[k] holds on (recalls[k-1], recalls[k]]; the area below is the AUPR. Errors as `count_alarms`.
    """
    alarms = count_alarms(in_scores, out_scores)
    precision = alarms.hits / (alarms.hits + alarms.false_alarms)
    return np.append(0.0, alarms.hits / alarms.num_out), np.append(precision[0], precision)


def lower_is_better(metric: str) -> bool:
    """Whether less of a metric is better: of false alarms (FPR95, FPR90) and of calibration errors (RMS, MAD)."""
    return metric.startswith(("FPR", "RMS", "MAD"))
