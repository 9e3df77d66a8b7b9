"""From which score on an alarm is given, and how often that will be wrong.

Of n inliers that a detector never learned from, the k-th highest score is taken. Whatever the scores look like, the
share of all inliers that lie above it is Beta(k, n + 1 - k) distributed (Vovk 2012, proposition 2a; chapter 1 derives
it), with mean k / (n + 1), so that k = floor(rate (n + 1)) keeps to a wanted rate on average.
"""

import math
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from oe_core.arguments import ArgumentError

CONFIDENCE = 0.95
# Scores are sums of float32 numbers, whose order differs between batches, processors and numbers of threads: what is no
# further apart is the same score. Measured: up to 1e-6.
ROUNDING = 1e-5


@dataclass(frozen=True)
class Threshold:
    """An alarm is `score >= value`.

    false_alarm_rate: what was asked for. interval: (low, high), in which the true rate lies with probability
    CONFIDENCE. held_out: how many inliers it was set with; above: how many of them ring. tied: how many have the score
    just below, to ROUNDING, more than one of which make the true rate lower than said.
    """

    value: float
    false_alarm_rate: float
    interval: tuple[float, float]
    held_out: int
    above: int
    tied: int

    def __str__(self) -> str:
        low, high = (f"{100 * rate:.{2 if rate < 0.1 else 3}g}" for rate in self.interval)
        return (
            f"alarm from score {self.value:.6g} on: {100 * self.false_alarm_rate:g} % false alarms, with "
            f"{100 * CONFIDENCE:g} % confidence {low} to {high} %, by {self.held_out} inliers held out"
            + (f"; {self.tied} of them tie just below it, so that fewer ring" if self.tied > 1 else "")
        )


def threshold(held_out_scores: ArrayLike, false_alarm_rate: float) -> Threshold:
    """The threshold at which `false_alarm_rate` of the inliers ring on average, from scores (n,) of held-out ones.

    Raises ValueError for a rate outside (0, 1), for scores that are not finite, and for fewer inliers than the rate
    takes, saying how many those are.

    >>> print(threshold(held_out_scores=range(100), false_alarm_rate=0.05))
    alarm from score 95 on: 5 % false alarms, with 95 % confidence 1.6 to 9.9 %, by 100 inliers held out
    """
    from scipy import stats  # takes a second, which asking can do without

    check_rate(false_alarm_rate)
    scores = np.sort(np.asarray(held_out_scores, np.float64))
    if not np.isfinite(scores).all():
        raise ArgumentError(
            f"held_out_scores hold NaN or infinities in {(~np.isfinite(scores)).sum()} of {len(scores)}"
        )
    n = len(scores)
    check_enough(n, false_alarm_rate)
    k = math.floor(false_alarm_rate * (n + 1) + 1e-9)  # 0.29 * 100 is a little less than 29
    kth = scores[-k]
    low, high = map(float, stats.beta.interval(CONFIDENCE, k, n + 1 - k))
    # Just above it, so that scores which tie, as those of a very sure network do, ring less often than said, not more,
    # and no verdict on them depends on which examples were asked about together.
    value = float(kth) + ROUNDING
    above, tied = int((scores >= value).sum()), int((abs(scores - kth) <= ROUNDING).sum())
    return Threshold(value, float(false_alarm_rate), (low, high), n, above, tied)


def _rounded_up(rate: float) -> float:
    """To two significant digits, so that what is advised is enough."""
    unit = 10.0 ** (math.floor(math.log10(rate)) - 1)
    return float(f"{math.ceil(rate / unit - 1e-9) * unit:.2g}")


def check_rate(false_alarm_rate: float) -> None:
    """Raise a ValueError unless it lies between 0 and 1."""
    if not isinstance(false_alarm_rate, Real) or not 0 < false_alarm_rate < 1:
        raise ArgumentError(f"false_alarm_rate={false_alarm_rate!r} must lie between 0 and 1; 5 % is written 0.05")


def check_enough(held_out: int, false_alarm_rate: float) -> None:
    """Raise a ValueError for fewer held-out inliers than the rate takes, saying how many those are."""
    if held_out < least(false_alarm_rate):
        or_else = f", or a rate of at least {_rounded_up(1 / (held_out + 1))}" if held_out else ""
        raise ArgumentError(
            f"false_alarm_rate={false_alarm_rate} takes at least {least(false_alarm_rate)} inliers that were held out "
            f"of training, there are {held_out}; give more examples{or_else}"
        )


def least(false_alarm_rate: float) -> int:
    """How many held-out inliers a rate takes: 1 / rate - 1, rounded up.

    >>> least(0.05), least(0.001)
    (19, 999)
    """
    return math.ceil(1 / false_alarm_rate - 1e-9) - 1
