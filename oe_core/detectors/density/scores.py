"""The anomaly score of density estimators: one number per image, higher = more anomalous."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bits_per_pixel(losses: ArrayLike) -> NDArray[np.float64]:
    r"""Bits per pixel of an image, $-\log_2 p(x) / (h w)$: three times the bits per dimension (sub-pixel).

    losses: (n, 1), nats a sub-pixel as `training.predict` gives them, finite. Returns float64 (n,); higher =
    more anomalous. Raises ValueError for another shape, NaN or infinities.
    Source: Hendrycks et al. 2019, section 4.4 (BPP), whose figure 2 shows bits per dimension under that name.
    """
    losses = np.asarray(losses, dtype=np.float64)
    if losses.ndim != 2 or losses.shape[1] != 1 or not np.isfinite(losses).all():
        raise ValueError(f"losses must be finite with the shape (n, 1), got {losses.shape}")
    return 3 * losses[:, 0] / np.log(2)


DENSITY_SCORES = {"BPP": bits_per_pixel}
"""The scores of density estimators by the paper's method words."""
