"""The plain way to measure calibration: one sort and one Python loop over the bins for each error.

As hendrycks/outlier-exposure `utils/calibration_tools.py` works, with its loop that ends before the last bin.
"""

import numpy as np
from numpy.typing import NDArray


def calibration_error(confidence: NDArray, correct: NDArray, power: int, size: int, last_bin: bool) -> float:
    """The mean over bins of |accuracy - confidence| to `power` (1: MAD, 2: RMS, of which the root is taken)."""
    order = np.argsort(confidence)
    confidence, correct = confidence[order], correct[order]
    edges = [[start, start + size] for start in range(0, len(order) - size + 1, size)]
    edges[-1][1] = len(order)
    total = 0.0
    for start, end in edges if last_bin else edges[:-1]:
        gap = abs(np.nanmean(correct[start:end]) - np.nanmean(confidence[start:end]))
        total += (end - start) / len(order) * gap**power
    return float(total ** (1 / power))


def calibration_metrics(
    confidence: NDArray, correct: NDArray, size: int = 100, last_bin: bool = True
) -> dict[str, float]:
    """RMS, MAD and soft F1 of confidences (n,) and 0 or 1 (n,), shares."""
    wrong = 1 - correct
    soft_f1 = 2 * ((1 - confidence) * wrong).sum() / (1 - confidence + wrong).sum()
    rms, mad = (calibration_error(confidence, correct, power, size, last_bin) for power in (2, 1))
    return {"RMS": rms, "MAD": mad, "SoftF1": float(soft_f1)}
