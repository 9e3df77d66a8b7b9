"""Anomaly scores of classifiers and language models: one number per example, higher = more anomalous."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax


def _checked(logits: ArrayLike) -> NDArray[np.float64]:
    """Return `logits` as float64 (n, classes); raise ValueError for another shape, NaN or infinities."""
    logits = np.asarray(logits, dtype=np.float64)
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(f"logits must have the shape (n, classes) with 2 or more classes, got {logits.shape}")
    bad_rows = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if bad_rows.size:
        raise ValueError(
            f"logits holds NaN or infinities in {bad_rows.size} of {len(logits)} rows, the first in row {bad_rows[0]}; "
            "look for a diverged network or damaged inputs"
        )
    return logits


def msp(logits: ArrayLike) -> NDArray[np.float64]:
    r"""Maximum softmax probability as a score, $-\max_c f_c(x)$.

    logits: (n, classes), finite. Returns float64 (n,) in [-1, -1/classes]; higher = more anomalous.
    Raises ValueError for another shape, NaN or infinities.
    Source: Hendrycks & Gimpel 2017; Hendrycks et al. 2019, section 4.3.
    """
    logits = _checked(logits)
    # The largest term of the shifted softmax is exp(0) = 1.
    return -1.0 / np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)


def uniform_cross_entropy(logits: ArrayLike) -> NDArray[np.float64]:
    r"""Minus the cross entropy from the uniform distribution to the posterior, $-H(\mathcal{U}; f(x))$.

    logits: (n, classes), finite. Returns float64 (n,), at most -log(classes), which a uniform posterior
    reaches; higher = more anomalous. Raises ValueError for another shape, NaN or infinities.
    Source: Hendrycks et al. 2019, appendix E; hendrycks/outlier-exposure, CIFAR/test.py (`--use_xent`).
    """
    logits = _checked(logits)
    largest = logits.max(axis=1)
    # -H(U; p) = mean_c log p_c = mean_c(logits) - logsumexp_c(logits)
    return logits.mean(axis=1) - largest - np.log(np.exp(logits - largest[:, None]).sum(axis=1))


def max_sigmoid(logits: ArrayLike) -> NDArray[np.float64]:
    r"""Largest probability of a multilabel classifier as a score, $-\max_c \sigma(l_c)$.

    logits: (n, classes), finite. Returns float64 (n,) in [-1, 0]; higher = more anomalous. Errors as `msp`.
    Source: Hendrycks et al. 2019, section 5.
    """
    return -expit(_checked(logits).max(axis=1))


def reject_probability(logits: ArrayLike) -> NDArray[np.float64]:
    """Posterior probability of the reject class, the last of a classifier with one class more.

    logits: (n, classes + 1), finite. Returns float64 (n,) in [0, 1]; higher = more anomalous. Errors as `msp`.
    Source: Hendrycks et al. 2019, section 5; Bartlett & Wegkamp 2008.
    """
    return softmax(_checked(logits), axis=1)[:, -1]


def max_logit(logits: ArrayLike) -> NDArray[np.float64]:
    r"""Minus the largest logit, $-\max_c l_c(x)$. Beyond the paper.

    logits: (n, classes), finite. Returns float64 (n,); higher = more anomalous. Unlike the softmax it depends on the
    logits' common level. Raises ValueError for another shape, NaN or infinities.
    Source: Hendrycks et al. 2022, Scaling out-of-distribution detection for real-world settings.
    """
    return -_checked(logits).max(axis=1)


def energy(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    r"""Free energy, $-T \log \sum_c \exp(l_c(x) / T)$. Beyond the paper.

    logits: (n, classes), finite; temperature above 0. Returns float64 (n,); higher = more anomalous. Raises ValueError
    for another shape, NaN or infinities, or another temperature.
    Source: Liu et al. 2020, Energy-based out-of-distribution detection (whose detector takes the energy's negative).
    """
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be above 0; the energy score's own is 1")
    return -temperature * np.logaddexp.reduce(_checked(logits) / temperature, axis=1)


def _checked_losses(losses: ArrayLike) -> NDArray[np.float64]:
    """Return `losses` as float64 (n, 2); raise ValueError for another shape, NaN, infinities or negative values."""
    losses = np.asarray(losses, dtype=np.float64)
    if losses.ndim != 2 or losses.shape[1] != 2:
        raise ValueError(f"losses must have the shape (n, 2), likelihood and uniform part, got {losses.shape}")
    bad_rows = np.flatnonzero(~(np.isfinite(losses) & (losses >= 0)).all(axis=1))
    if bad_rows.size:
        raise ValueError(
            f"losses holds NaN, infinities or negative values in {bad_rows.size} of {len(losses)} rows, the first in "
            f"row {bad_rows[0]}; look for a diverged network"
        )
    return losses


def bits_per_token(losses: ArrayLike) -> NDArray[np.float64]:
    r"""Bits per word or character of a segment, $-\frac{1}{T} \sum_t \log_2 p(x_t | x_{<t})$.

    losses: (n, 2), nats a token as `oe_core.language_model.predict` gives them. Returns float64 (n,), at least 0;
    higher = more anomalous. Raises ValueError for another shape and values that are no losses.
    Source: Hendrycks et al. 2019, section 4.4 (BPW, BPC).
    """
    return _checked_losses(losses)[:, 0] / np.log(2)


def expected_uniformity(losses: ArrayLike) -> NDArray[np.float64]:
    r"""How near to uniform a language model's expectations are, $-\frac{1}{T} \sum_t H(\mathcal{U}; p(x_t | x_{<t}))$.

    losses: as `bits_per_token`. Returns float64 (n,) in nats, at most -log(vocabulary); higher = more anomalous. The
    tokens that come do not enter, only what was expected before each. Errors as `bits_per_token`.
    Source: hendrycks/outlier-exposure NLP_language_modeling/eval_ood.py, which scores with it where the text has BPW.
    """
    return -_checked_losses(losses)[:, 1]


def bits_per_pixel(losses: ArrayLike) -> NDArray[np.float64]:
    r"""Bits per pixel of an image, $-\log_2 p(x) / (h w)$: three times the bits per dimension (sub-pixel).

    losses: (n, 1), nats a sub-pixel as `oe_core.density.predict` gives them, finite. Returns float64 (n,); higher =
    more anomalous. Raises ValueError for another shape, NaN or infinities.
    Source: Hendrycks et al. 2019, section 4.4 (BPP), whose figure 2 shows bits per dimension under that name.
    """
    losses = np.asarray(losses, dtype=np.float64)
    if losses.ndim != 2 or losses.shape[1] != 1 or not np.isfinite(losses).all():
        raise ValueError(f"losses must be finite with the shape (n, 1), got {losses.shape}")
    return 3 * losses[:, 0] / np.log(2)


def _branch_parts(outputs: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits (n, classes) and confidence logits (n,) of a branch network's outputs (n, classes + 1), checked."""
    outputs = np.asarray(outputs, dtype=np.float64)
    if outputs.ndim != 2 or outputs.shape[1] < 3:
        raise ValueError(f"outputs must be two or more logits and a confidence logit a row, got {outputs.shape}")
    outputs = _checked(outputs)
    return outputs[:, :-1], outputs[:, -1]


def branch_msp(outputs: ArrayLike) -> NDArray[np.float64]:
    """`msp` of the classes of a network with a confidence branch, which its last output does not enter.

    outputs: (n, classes + 1), finite, as `oe_core.confidence_branch.predict` gives them. Errors as `msp`.
    """
    return msp(_branch_parts(outputs)[0])


def branch_confidence(outputs: ArrayLike) -> NDArray[np.float64]:
    r"""The order of $-b(x)$, minus the confidence, without its ties: $\log \frac{1 - b(x)}{b(x)}$, which is $-z$.

    outputs: as `branch_msp`, whose errors it has; z, the confidence logit, is the last. Returns float64 (n,), the log
    odds of doubt; higher = more anomalous. Every metric of ranks is that of -b(x) in exact numbers. As a number b(x)
    is 1 from z = 37 on, where an exposed network has most of its inliers, and they would tie with each other.
    Source: Hendrycks et al. 2019, section 4.3; DeVries & Taylor 2018.
    """
    return -_branch_parts(outputs)[1]


SCORES = {"MSP": msp, "H(U;p)": uniform_cross_entropy}
"""The scores of classifiers by the paper's method words."""
OBJECTIVE_SCORES = {
    "uniform": msp,
    "hard-outliers": msp,
    "class-prior": msp,
    "reject-class": reject_probability,
    "multilabel": max_sigmoid,
    "energy": energy,
}
"""The score of each of `objectives.OBJECTIVES`."""
LANGUAGE_SCORES = {"BPC/BPW": bits_per_token, "H(U;p)": expected_uniformity}
"""The scores of language models by the paper's method words."""
DENSITY_SCORES = {"BPP": bits_per_pixel}
"""The scores of density estimators by the paper's method words."""
BRANCH_SCORES = {"MSP": branch_msp, "Branch": branch_confidence}
"""The scores of networks with a confidence branch by the paper's method words."""
