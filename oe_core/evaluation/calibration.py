"""Calibration of classifiers: temperature, confidence, calibration errors in adaptive bins, soft F1; arrays only.

A confidence is the claimed probability, in [0, 1], that a prediction is right. An anomaly has no class among the
network's, so that every prediction on it is wrong. Errors and soft F1 are shares in [0, 1].
Source: Hendrycks et al. 2019, appendix G; hendrycks/outlier-exposure utils/calibration_tools.py ("the code" below).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import softmax

from oe_core.scores import checked_logits, msp

BIN_SIZE = 100  # examples, appendix G.1
CODE_BOUNDS = (0.2, 5.0)  # between which the code looks for a temperature


class Bins(NamedTuple):
    """Examples of like confidence, from the least confident up, each (bins,): number, mean confidence, share right."""

    count: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]


def fit_temperature(logits: ArrayLike, labels: ArrayLike, bounds: tuple[float, float] | None = None) -> float:
    r"""The temperature T under which held-out labels are likeliest: the minimum of mean $-\log \sigma_y(l / T)$.

    logits: (n, classes), finite; labels: (n,), whole numbers below `classes`. The loss is convex in 1/T; its
    minimum is bracketed and found to a relative 1e-12.
    bounds: (lowest, highest) temperature; the nearer one is the answer where the minimum lies outside. `CODE_BOUNDS`
    are the code's. None, the paper's reading: any temperature, and a ValueError where there is no finite one because
    every label is the likeliest class already (T falls to 0), or because the logits are no better than guessing
    (T rises without end). Raises ValueError for logits, labels or bounds that do not fit.
    Source: Guo et al. 2017; Hendrycks et al. 2019, appendix G.2.

    >>> logits, labels = [[2.0, 0.0]] * 4, [0, 0, 0, 1]  # always as sure, and right in three of four
    >>> temperature = fit_temperature(logits, labels)
    >>> confidences(logits, temperature).round(2).tolist()
    [0.75, 0.75, 0.75, 0.75]
    """
    excess = _excess(logits, labels)
    lowest, highest = bounds or (0.0, math.inf)
    if bounds and not 0 < lowest < highest < math.inf:
        raise ValueError(f"bounds={bounds} must be (lowest, highest) with 0 < lowest < highest, such as {CODE_BOUNDS}")
    if not excess.mean() < 0:  # the slope of the loss at 1/T = 0
        limit, why = highest, "the logits are no better than guessing, so that the best temperature is infinite"
    elif not (excess > 0).any():
        limit, why = lowest, f"all {len(excess)} labels are the likeliest class, so that the best temperature is 0"
    else:
        return min(max(1 / _best_inverse(excess), lowest), highest)
    if not bounds:
        raise ValueError(f"{why}; hold out more examples, or give bounds such as {CODE_BOUNDS}")
    return limit


def _excess(logits: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    """Each logit minus the label's, (n, classes): the loss at 1/T = b is the mean of log sum exp(b * excess)."""
    logits, labels = checked_logits(logits), np.asarray(labels)
    if labels.shape != logits.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {len(logits)} whole numbers, got {labels.dtype} of shape {labels.shape}")
    if not len(labels):
        raise ValueError("labels is empty; a temperature needs held-out examples")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"labels lie in [{labels.min()}, {labels.max()}], but logits have the classes 0 to "
                         f"{logits.shape[1] - 1}")  # fmt: skip
    return logits - np.take_along_axis(logits, labels[:, None].astype(np.int64), axis=1)


def _best_inverse(excess: NDArray[np.float64]) -> float:
    """The b > 0 at which the slope of mean log sum exp(b * excess) is 0; there is one."""
    highest = 1.0
    while _slope(highest, excess) < 0:
        highest *= 2
    return brentq(_slope, 0.0, highest, args=(excess,), xtol=1e-300, rtol=1e-12)


def _slope(inverse: float, excess: NDArray[np.float64]) -> float:
    """The derivative of the loss by b: the mean over examples of the mean under the softmax."""
    return float((softmax(inverse * excess, axis=1) * excess).sum(axis=1).mean())


def confidences(logits: ArrayLike, temperature: float = 1.0, rescaled: bool = False) -> NDArray[np.float64]:
    r"""The largest softmax probability of $l / T$ for each example; rescaled: $(c - 1/k) / (1 - 1/k)$.

    logits: (n, classes), finite. Returns float64 (n,) in [1/classes, 1], rescaled in [0, 1]: an undecided network then
    claims no confidence at all. Raises ValueError for what are no logits and for a temperature that is not positive.
    Source: Hendrycks et al. 2019, appendices G.2 and G.3; the code's option `--use_01`.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature={temperature} must be positive and finite")
    plain = -msp(np.asarray(logits, dtype=np.float64) / temperature)
    if not rescaled:
        return plain
    guess = 1 / np.shape(logits)[1]
    return np.maximum((plain - guess) / (1 - guess), 0.0)  # rounding can leave a uniform posterior just below 1/k


def adaptive_bins(confidence: ArrayLike, correct: ArrayLike, size: int = BIN_SIZE) -> Bins:
    """Bins of `size` examples in the order of their confidence; the last, most confident one takes the remainder too.

    confidence: (n,) in [0, 1]; correct: (n,), true or 1 where the prediction is right. Fewer than `size` examples are
    one bin. Examples of one confidence share their accuracy, so that the order of the input does not matter.
    Raises ValueError for arrays that are empty, do not match or hold other values, and for a size below 1.
    """
    confidence, correct = _checked(confidence, correct)
    if size < 1:
        raise ValueError(f"size={size} must be at least 1 example a bin")
    order = np.argsort(confidence)
    confidence, correct = confidence[order], correct[order]
    alike, shared = _means(correct, np.flatnonzero(np.diff(confidence, prepend=-1.0)))
    correct = np.repeat(shared, alike)
    starts = size * np.arange(max(1, len(order) // size))
    count, accuracy = _means(correct, starts)
    return Bins(count, _means(confidence, starts)[1], accuracy)


def _means(values: NDArray[np.float64], starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How many values there are from each start to the next one, and their mean."""
    count = np.diff(starts, append=len(values))
    return count, np.add.reduceat(values, starts) / count


def _checked(confidence: ArrayLike, correct: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    confidence, correct = np.asarray(confidence, dtype=np.float64), np.asarray(correct)
    if confidence.ndim != 1 or confidence.shape != correct.shape:
        raise ValueError(f"confidence and correct must be 1-d and equally long, got the shapes {confidence.shape} and "
                         f"{correct.shape}")  # fmt: skip
    if not confidence.size:
        raise ValueError("confidence is empty; calibration needs at least one prediction")
    if not (confidence.min() >= 0 and confidence.max() <= 1):  # NaN fails, too
        bad = np.flatnonzero(~((confidence >= 0) & (confidence <= 1)))
        raise ValueError(f"confidence holds {bad.size} of {confidence.size} values outside [0, 1], the first is "
                         f"{confidence[bad[0]]} at index {bad[0]}")  # fmt: skip
    if correct.dtype != bool and not ((correct == 0) | (correct == 1)).all():
        raise ValueError("correct must hold true and false, or 1 and 0")
    return confidence, correct.astype(np.float64)


def calibration_metrics(
    confidence: ArrayLike, correct: ArrayLike, size: int = BIN_SIZE, last_bin: bool = True
) -> dict[str, float]:
    r"""Calibration errors over adaptive bins $B_i$ and the soft F1 of mistakes: {"RMS", "MAD", "SoftF1"}, in [0, 1].

    RMS: $\sqrt{\sum_i \frac{|B_i|}{n} (\mathrm{acc}_i - \mathrm{conf}_i)^2}$, lower = better.
    MAD: $\sum_i \frac{|B_i|}{n} |\mathrm{acc}_i - \mathrm{conf}_i|$, at most the RMS.
    SoftF1: $\frac{c_a^T m}{\mathbf{1}^T (c_a + m) / 2}$ with doubt $c_a = 1 - c$ and mistakes $m$, higher = better: 0
    without mistakes, 1 where all mistakes are fully doubted and nothing else is.
    Arguments as `adaptive_bins`. last_bin: False leaves the most confident bin out of the sums, but not out of n, as
    the code's loop does, which ends one bin early. Raises ValueError as `adaptive_bins`, where that leaves no bin, and
    where there is neither a mistake nor a doubt (0 / 0). Source: Hendrycks et al. 2019, appendix G.1.

    >>> found = calibration_metrics([0.9] * 200, [True] * 160 + [False] * 40)  # 90 % sure, 80 % right
    >>> round(found["RMS"], 3), round(found["MAD"], 3)
    (0.1, 0.1)
    """
    bins = adaptive_bins(confidence, correct, size)
    shares, gaps = bins.count / bins.count.sum(), np.abs(bins.accuracy - bins.confidence)
    if not last_bin:
        if len(gaps) == 1:
            raise ValueError(f"last_bin=False leaves nothing of one bin of {bins.count[0]} examples; give more "
                             "examples, or last_bin=True")  # fmt: skip
        shares, gaps = shares[:-1], gaps[:-1]
    confidence, correct = _checked(confidence, correct)
    doubt, mistakes = 1 - confidence, 1 - correct
    both = doubt.sum() + mistakes.sum()
    if both == 0:
        raise ValueError(f"soft F1 of {len(doubt)} right predictions with confidence 1 is 0 / 0; there is no mistake")
    soft_f1 = float(2 * (doubt @ mistakes) / both)
    return {"RMS": math.sqrt(shares @ gaps**2), "MAD": float(shares @ gaps), "SoftF1": soft_f1}
