"""Draws: subsets of a test in which anomalies and inliers stand at a fixed base rate, 1:5 in the paper."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Draw = tuple[NDArray[np.int64], NDArray[np.int64]]
"""(in_indices, out_indices), each int64, ascending, without repeats."""


def base_rate_draws(num_in: int, num_out: int, draws: int = 10, ratio: int = 5, seed: int = 0) -> list[Draw]:
    """Draw subsets with exactly one anomaly to `ratio` inliers, without replacement.

    num_in, num_out: how many scored examples there are. Each draw takes m = min(num_in // ratio, num_out) anomalies
    and m * ratio inliers: where anomalies are few, the inliers are thinned out too, because the AUPR depends on the
    base rate. Draw k depends on (seed, k) and the two sizes only, not on how many draws are made.
    Where m = num_out and m * ratio = num_in there is one possible draw and no spread over draws.
    Raises ValueError when num_in < ratio, or when another argument is below 1 (seed: below 0).
    Source: Hendrycks et al. 2019, section 4.1; the paper's "10 runs" are such draws of one trained network.

    >>> inliers, anomalies = base_rate_draws(num_in=10, num_out=100, draws=1)[0]
    >>> len(inliers), len(anomalies)
    (10, 2)
    """
    for argument, value in (("num_out", num_out), ("draws", draws), ("ratio", ratio), ("seed", seed)):
        lowest = 0 if argument == "seed" else 1
        if value < lowest:
            raise ValueError(f"{argument}={value} is too small, it must be {lowest} or more")
    if num_in < ratio:
        raise ValueError(f"num_in={num_in} inliers are too few for one anomaly to ratio={ratio}; give {ratio} or more")
    anomalies = min(num_in // ratio, num_out)
    return [_draw(num_in, num_out, anomalies, anomalies * ratio, seed, draw) for draw in range(draws)]


def loader_draws(num_in: int, lengths: Sequence[int], draws: int, by_length: bool) -> list[Draw]:
    """The draws of the paper's code for texts: all inliers, and batches of 64 anomalies until past a fifth of them.

    lengths: of the texts of one out-distribution, in tokens. by_length: its loader was sorted, so that each draw takes
    the same, shortest texts; else each draw is a random one. The base rate is above 1:5, most where inliers are few.
    Source: hendrycks/outlier-exposure NLP_classification/eval_OOD_*.py.
    """
    anomalies = min(64 * (num_in // 5 // 64 + 1), len(lengths))
    shortest = np.sort(np.argsort(lengths, kind="stable")[:anomalies])
    pairs = (_draw(num_in, len(lengths), anomalies, num_in, 0, draw) for draw in range(draws))
    return [(inliers, shortest if by_length else outliers) for inliers, outliers in pairs]


def _draw(num_in: int, num_out: int, anomalies: int, inliers: int, seed: int, draw: int) -> Draw:
    generator = np.random.default_rng([seed, draw])
    out_indices = np.sort(generator.permutation(num_out)[:anomalies])
    return np.sort(generator.permutation(num_in)[:inliers]), out_indices


def draws_digest(draws: Iterable[Draw]) -> str:
    """sha256 (hex) of the draws' indices in order: equal digests mean that equal examples were compared."""
    digest = hashlib.sha256()
    for in_indices, out_indices in draws:
        for indices in (in_indices, out_indices):
            digest.update(len(indices).to_bytes(8, "little"))
            digest.update(np.ascontiguousarray(indices, dtype="<i8").tobytes())
    return digest.hexdigest()
