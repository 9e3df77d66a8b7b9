"""Anomaly scores of classifiers: one number per example, higher = more anomalous.

Logits of another shape, NaN and infinities raise ValueError in all of them.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def checked_logits(logits: ArrayLike) -> NDArray[np.float64]:
    """Return `logits` as float64 (n, classes); raise ValueError for another shape, NaN or infinities."""
    logits = np.asarray(logits, dtype=np.float64)
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(f"logits must have the shape (n, classes) with 2 or more classes, got {logits.shape}")
    check_finite("logits", logits)
    return logits


def check_finite(argument: str, rows: NDArray[np.float64]) -> None:
    """Raise a ValueError that counts the rows (n, numbers) with NaN or infinities and names the first, if there are."""
    bad_rows = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad_rows.size:
        which = f"in {bad_rows.size} of {len(rows)} rows, the first in row {bad_rows[0]}"
        raise ValueError(f"{argument} holds NaN or infinities {which}; look for a diverged network or damaged inputs")


def msp(logits: ArrayLike) -> NDArray[np.float64]:
    r"""Maximum softmax probability as a score, $-\max_c f_c(x)$.

    logits: (n, classes). Returns float64 (n,) in [-1, -1/classes]; higher = more anomalous.
    Source: Hendrycks & Gimpel 2017; Hendrycks et al. 2019, section 4.3.

    >>> msp([[9.0, 0.0, 0.0], [1.0, 1.0, 1.0]]).round(3).tolist()  # sure of a class, and of none
    [-1.0, -0.333]
    """
    logits = checked_logits(logits)
    # The largest term of the shifted softmax is exp(0) = 1.
    return -1.0 / np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)


def uniformity(logits: ArrayLike) -> NDArray[np.float64]:
    r"""How near to uniform the posterior is: $-H(\mathcal{U}; f(x))$, minus the loss that outliers are taught with.

    logits: (n, classes). Returns float64 (n,), at most -log(classes), which a uniform posterior reaches.
    Source: Hendrycks et al. 2019, appendix E; hendrycks/outlier-exposure, CIFAR/test.py (`--use_xent`).
    """
    logits = checked_logits(logits)
    largest = logits.max(axis=1)
    # -H(U; p) = mean_c log p_c = mean_c(logits) - logsumexp_c(logits)
    return logits.mean(axis=1) - largest - np.log(np.exp(logits - largest[:, None]).sum(axis=1))


def max_logit(logits: ArrayLike) -> NDArray[np.float64]:
    r"""Minus the largest logit, $-\max_c l_c(x)$. Beyond the paper.

    logits: (n, classes). Returns float64 (n,), which unlike the softmax depends on the logits' common level.
    Source: Hendrycks et al. 2022, Scaling out-of-distribution detection for real-world settings.
    """
    return -checked_logits(logits).max(axis=1)


def energy(logits: ArrayLike) -> NDArray[np.float64]:
    r"""Free energy, $-\log \sum_c \exp l_c(x)$. Beyond the paper.

    logits: (n, classes). Returns float64 (n,).
    Source: Liu et al. 2020, Energy-based out-of-distribution detection (whose detector takes its negative), at T = 1.
    """
    return -np.logaddexp.reduce(checked_logits(logits), axis=1)


SCORES = {"MSP": msp, "H(U;p)": uniformity}
"""The scores of classifiers by the paper's method words."""
