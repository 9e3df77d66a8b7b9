"""Anomaly scores of networks with a confidence branch: one number per example, higher = more anomalous."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oe_core.scores import checked_logits, msp


def _branch_parts(outputs: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits (n, classes) and confidence logits (n,) of a branch network's outputs (n, classes + 1), checked."""
    outputs = np.asarray(outputs, dtype=np.float64)
    if outputs.ndim != 2 or outputs.shape[1] < 3:
        raise ValueError(f"outputs must be two or more logits and a confidence logit a row, got {outputs.shape}")
    outputs = checked_logits(outputs)
    return outputs[:, :-1], outputs[:, -1]


def branch_msp(outputs: ArrayLike) -> NDArray[np.float64]:
    """`msp` of the classes of a network with a confidence branch, which its last output does not enter.

    outputs: (n, classes + 1), finite, as `training.predict` gives them. Errors as `msp`.
    """
    return msp(_branch_parts(outputs)[0])


def branch_confidence(outputs: ArrayLike) -> NDArray[np.float64]:
    r"""The order of $-b(x)$, minus the confidence, without its ties: $\log \frac{1 - b(x)}{b(x)}$, which is $-z$.

    outputs: as `branch_msp`, whose errors it has; z, the confidence logit, is the last. Returns float64 (n,), the log
    odds of doubt; higher = more anomalous. Every metric of ranks is that of -b(x) in exact numbers. As a number b(x)
    is 1 from z = 37 on, where an exposed network can have most of its inliers, and they would tie with each other.
    Source: Hendrycks et al. 2019, section 4.3; DeVries & Taylor 2018.
    """
    return -_branch_parts(outputs)[1]


BRANCH_SCORES = {"MSP": branch_msp, "Branch": branch_confidence}
"""The scores of networks with a confidence branch by the paper's method words."""
