"""The losses of the paper, one function each, the formula beside the code.

Each is a mean over its own part of the joint batch, in nats: one over both would make lambda depend on their sizes.
"""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor


def classification(logits: Tensor, labels: Tensor) -> Tensor:
    """E[-log f_y(x)] for logits (n, classes) and int64 labels (n,); >= 0. Section 4.3."""
    return F.cross_entropy(logits, labels)


def uniform_cross_entropy(logits: Tensor) -> Tensor:
    """E[H(U; f(x'))] for outlier logits (n, classes); >= log(classes), reached by the uniform posterior.

    H(U; f) = -(1/k) sum_c log f_c. Section 4.3.

    >>> import torch
    >>> [round(uniform_cross_entropy(torch.tensor([logits])).item(), 3) for logits in ([0.0, 0.0], [9.0, 0.0])]
    [0.693, 4.5]
    """
    return -F.log_softmax(logits, dim=1).mean()


def outlier_exposure(
    logits: Tensor, labels: Tensor, oe_weight: float, outlier_loss: Callable[[Tensor], Tensor] = uniform_cross_entropy
) -> tuple[Tensor, Tensor, Tensor]:
    """Equation 1 on one joint forward pass: the first len(labels) rows of `logits` are inliers, the rest outliers.

    Returns (total, inlier part, outlier part); the outlier part is 0 when there are no outliers.
    """
    # Split and not sliced: a slice's gradient is a tensor of zeros as large as all logits, once for each part.
    inliers, outliers = logits.split([len(labels), len(logits) - len(labels)])
    inlier_loss = classification(inliers, labels)
    if len(outliers) == 0:
        return inlier_loss, inlier_loss, inlier_loss.new_zeros(())
    outlier_part = outlier_loss(outliers)
    return inlier_loss + oe_weight * outlier_part, inlier_loss, outlier_part
