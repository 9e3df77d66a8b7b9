"""Scores that objectives have of their own: one number per example, higher = more anomalous."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax

from oe_core.scores import checked_logits


def max_sigmoid(logits: ArrayLike) -> NDArray[np.float64]:
    r"""Largest probability of a multilabel classifier as a score, $-\max_c \sigma(l_c)$.

    logits: (n, classes), finite. Returns float64 (n,) in [-1, 0]; higher = more anomalous. Errors as `msp`.
    Source: Hendrycks et al. 2019, section 5.
    """
    return -expit(checked_logits(logits).max(axis=1))


def reject_probability(logits: ArrayLike) -> NDArray[np.float64]:
    """Posterior probability of the reject class, the last of a classifier with one class more.

    logits: (n, classes + 1), finite. Returns float64 (n,) in [0, 1]; higher = more anomalous. Errors as `msp`.
    Source: Hendrycks et al. 2019, section 5; Bartlett & Wegkamp 2008.
    """
    return softmax(checked_logits(logits), axis=1)[:, -1]
