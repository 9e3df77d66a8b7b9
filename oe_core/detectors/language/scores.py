"""Anomaly scores of language models: one number per segment, higher = more anomalous."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


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

    losses: (n, 2), nats a token as `training.predict` gives them. Returns float64 (n,), at least 0;
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


LANGUAGE_SCORES = {"BPC/BPW": bits_per_token, "H(U;p)": expected_uniformity}
"""The scores of language models by the paper's method words."""
