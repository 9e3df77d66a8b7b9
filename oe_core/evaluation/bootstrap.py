"""Bootstrap over examples: what the metrics would be on as many other inliers and anomalies like these."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oe_core.evaluation.metrics import Alarms, count_alarms, metrics_of

CONFIDENCE = 0.95
Resample = tuple[NDArray[np.int64], NDArray[np.int64]]
"""How often each example is drawn: in_counts (inliers,), out_counts (anomalies,)."""


def resamples(num_in: int, num_out: int, count: int, sizes: tuple[int, int] | None = None) -> Iterator[Resample]:
    """`count` seeded draws with replacement, of inliers and of anomalies, one at a time: all take gigabytes.

    sizes: how many of each are drawn; None: as many as there are. The inliers drawn depend on their numbers alone, so
    that they are the same beside every set of anomalies.
    """
    of_in, of_out = (np.random.default_rng([0, kind]) for kind in range(2))
    size_in, size_out = sizes or (num_in, num_out)
    for _ in range(count):
        yield _counts(of_in, num_in, size_in), _counts(of_out, num_out, size_out)


def _counts(generator: np.random.Generator, num: int, size: int) -> NDArray[np.int64]:
    return np.bincount(generator.integers(num, size=size), minlength=num)


def resampled_metrics(
    in_scores: ArrayLike, out_scores: ArrayLike, drawn: Iterable[Resample], tpr: float = 0.95
) -> dict[str, NDArray[np.float64]]:
    """`metrics.detection_metrics` of every resample, {"FPR95": (resamples,), ...}, by one sorting; errors as there."""
    count_alarms(in_scores, out_scores)  # refuses what are no scores
    in_order, out_order = np.argsort(in_scores), np.argsort(out_scores)
    thresholds, starts = np.unique(np.asarray(out_scores)[out_order], return_index=True)
    inliers = np.asarray(in_scores)[in_order]
    below, up_to = (np.searchsorted(inliers, thresholds, side)[::-1] for side in ("left", "right"))
    measured = []
    for in_counts, out_counts in drawn:
        lower = np.append(0, in_counts[in_order].cumsum())  # how many of the inliers drawn are below the k-th
        caught = np.add.reduceat(out_counts[out_order], starts)[::-1]
        met = np.flatnonzero(caught)
        measured.append(metrics_of(Alarms(
            caught=caught[met], hits=caught[met].cumsum(), false_alarms=lower[-1] - lower[below[met]],
            above=lower[-1] - lower[up_to[met]], num_in=int(lower[-1]), num_out=int(caught.sum()),
        ), tpr))  # fmt: skip
    return {metric: np.array([values[metric] for values in measured]) for metric in measured[0]}


def interval(values: ArrayLike) -> tuple[float, float]:
    """The percentile interval of a bootstrap's values (resamples,): its lower and upper limit at `CONFIDENCE`."""
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
