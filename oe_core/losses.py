"""The losses of the paper, one function each, the formula beside the code.

Every loss is a mean over its own part of the joint batch, in nats: averaging over inliers and outliers together would
make lambda depend on the batch sizes.
"""

import torch.nn.functional as F
from torch import Tensor


def classification(logits: Tensor, labels: Tensor) -> Tensor:
    """E[-log f_y(x)] for logits (n, classes) and int64 labels (n,); >= 0. Section 4.3."""
    return F.cross_entropy(logits, labels)


def uniform_cross_entropy(logits: Tensor) -> Tensor:
    """E[H(U; f(x'))] for outlier logits (n, classes); >= log(classes), reached by the uniform posterior.

    H(U; f) = -(1/k) sum_c log f_c. Section 4.3.
    """
    return -F.log_softmax(logits, dim=1).mean()


def outlier_exposure(logits: Tensor, labels: Tensor, oe_weight: float) -> tuple[Tensor, Tensor, Tensor]:
    """Equation 1 on one joint forward pass: the first len(labels) rows of `logits` are inliers, the rest outliers.

    Returns (total, inlier part, outlier part); the outlier part is 0 when there are no outliers.
    """
    # Split and not sliced: a slice's gradient is a tensor of zeros as large as all logits, once for each part.
    inliers, outliers = logits.split([len(labels), len(logits) - len(labels)])
    inlier_loss = classification(inliers, labels)
    if len(outliers) == 0:
        return inlier_loss, inlier_loss, inlier_loss.new_zeros(())
    outlier_loss = uniform_cross_entropy(outliers)
    return inlier_loss + oe_weight * outlier_loss, inlier_loss, outlier_loss


def likelihood_margin(inlier_losses: Tensor, outlier_losses: Tensor, margin: float) -> Tensor:
    """E[max(0, margin + nll(x_in) - nll(x_out))] over pairs; >= 0, reached when outliers cost `margin` more.

    inlier_losses, outlier_losses: negative log-likelihoods (n,) and (m,), and the margin, in one unit; the first
    min(n, m) of each are paired. Source: Hendrycks et al. 2019, section 4.4.
    """
    pairs = min(len(inlier_losses), len(outlier_losses))
    return F.relu(margin + inlier_losses[:pairs] - outlier_losses[:pairs]).mean()


def activation_penalty(dropped: Tensor) -> Tensor:
    """Mean square of a recurrent layer's activations after dropout, (length, batch, width); >= 0.

    Source: Merity et al. 2018a, Regularizing and optimizing LSTM language models, section 4.7 (AR).
    """
    return dropped.float().square().mean()


def slowness_penalty(raw: Tensor) -> Tensor:
    """Mean square of the change from token to token of activations before dropout, (length, batch, width); >= 0.

    0 for a segment of one token. Source: as `activation_penalty` (TAR).
    """
    return raw.float().diff(dim=0).square().mean() if len(raw) > 1 else raw.new_zeros(())
