"""The margin loss of density estimators, in nats."""

import torch.nn.functional as F
from torch import Tensor


def likelihood_margin(inlier_losses: Tensor, outlier_losses: Tensor, margin: float) -> Tensor:
    """E[max(0, margin + nll(x_in) - nll(x_out))] over pairs; >= 0, reached when outliers cost `margin` more.

    inlier_losses, outlier_losses: negative log-likelihoods (n,) and (m,), and the margin, in one unit; the first
    min(n, m) of each are paired. Source: Hendrycks et al. 2019, section 4.4.
    """
    pairs = min(len(inlier_losses), len(outlier_losses))
    return F.relu(margin + inlier_losses[:pairs] - outlier_losses[:pairs]).mean()
