"""What else outliers may teach a classifier: the further losses of section 5, and one that came after the paper.

Each loss takes the logits (n, outputs) of one joint forward pass, the inliers' first, their int64 labels (inliers,) and
the weight of the outliers, and returns (total, inlier part, outlier part) in nats, each part a mean over its own rows;
without outliers the outlier part is 0. OBJECTIVES has what belongs together.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from oe_core.detectors.objectives.scores import max_sigmoid, reject_probability
from oe_core.losses import classification, outlier_exposure
from oe_core.recipe import Recipe
from oe_core.scores import energy, msp

Parts = tuple[Tensor, Tensor, Tensor]


def hard_outliers(logits: Tensor, labels: Tensor, oe_weight: float, share: float) -> Parts:
    """Equation 1 on the hardest `share` (0 to 1) of a batch's outliers, those furthest from the uniform posterior.

    Online hard example mining, section 5; hendrycks/outlier-exposure MNIST/oe_scratch.py (commented out there).
    """

    def hardest(outliers: Tensor) -> Tensor:
        losses = -F.log_softmax(outliers, dim=1).mean(dim=1)
        return losses.topk(math.ceil(len(losses) * share - 1e-9)).values.mean()  # 100 * 0.07 is a little more than 7

    return outlier_exposure(logits, labels, oe_weight, hardest)


def class_prior(logits: Tensor, labels: Tensor, oe_weight: float) -> Parts:
    """E[H(q; f(x'))] with q the share of each class among the batch's labels, in place of the uniform distribution.

    For imbalanced classes. H is linear in q, so that the mean over batches is the cross-entropy from the training set's
    class prior. Section 4.3 proposes it; no code has it.
    """
    prior = F.one_hot(labels, logits.shape[1]).to(logits.dtype).mean(dim=0)
    return outlier_exposure(logits, labels, oe_weight, lambda others: -(F.log_softmax(others, dim=1) @ prior).mean())


def reject_class(logits: Tensor, labels: Tensor, oe_weight: float) -> Parts:
    """Cross-entropy with one class more, the last, which every outlier belongs to. Section 5 (Bartlett & Wegkamp)."""
    rejected = torch.full((len(logits) - len(labels),), logits.shape[1] - 1, device=logits.device)
    return outlier_exposure(logits, labels, oe_weight, lambda others: classification(others, rejected))


def multilabel(logits: Tensor, labels: Tensor, oe_weight: float) -> Parts:
    """Binary cross-entropy of each output, summed over the classes; an outlier has no label at all. Section 5.

    The text gives neither the form of the loss nor its weight.
    """
    inliers, outliers = logits.split([len(labels), len(logits) - len(labels)])
    target = F.one_hot(labels, logits.shape[1]).to(logits.dtype)
    inlier_part = F.binary_cross_entropy_with_logits(inliers, target, reduction="sum") / len(labels)
    # -log(1 - sigmoid(l)) = softplus(l)
    outlier_part = F.softplus(outliers).sum(dim=1).mean() if len(outliers) else logits.new_zeros(())
    return inlier_part + oe_weight * outlier_part, inlier_part, outlier_part


def energy_margins(logits: Tensor, labels: Tensor, oe_weight: float, margins: tuple[float, float]) -> Parts:
    """E[max(0, E(x) - m_in)^2] + E[max(0, m_out - E(x'))^2] beside the classification, E = -log sum_c exp l_c.

    margins: (m_in, m_out), the energy that inliers stay below and outliers above. The inliers' hinge counts to the
    outlier part, which alone is weighed. Beyond the paper: Liu et al. 2020, Energy-based out-of-distribution detection.
    """

    def hinges(outliers: Tensor) -> Tensor:
        above = F.relu(-logits[: len(labels)].logsumexp(dim=1) - margins[0]).square().mean()
        below = F.relu(margins[1] + outliers.logsumexp(dim=1)).square().mean()
        return above + below

    return outlier_exposure(logits, labels, oe_weight, hinges)


@dataclass(frozen=True)
class Objective:
    """loss: logits, labels and recipe -> parts as above. score: logits (n, outputs) -> (n,), higher = more anomalous.

    more_outputs: how many the network has beyond its classes.
    """

    loss: Callable[[Tensor, Tensor, Recipe], Parts]
    score: Callable[[ArrayLike], NDArray[np.float64]]
    more_outputs: int = 0


def _weighed_only(loss: Callable[[Tensor, Tensor, float], Parts]) -> Callable[[Tensor, Tensor, Recipe], Parts]:
    return lambda logits, labels, recipe: loss(logits, labels, recipe.oe_weight)


OBJECTIVES = {
    "uniform": Objective(_weighed_only(outlier_exposure), msp),
    "hard-outliers": Objective(lambda logits, labels, r: hard_outliers(logits, labels, r.oe_weight, r.hard_share), msp),
    "class-prior": Objective(_weighed_only(class_prior), msp),
    "reject-class": Objective(_weighed_only(reject_class), reject_probability, more_outputs=1),
    "multilabel": Objective(_weighed_only(multilabel), max_sigmoid),
    "energy": Objective(
        lambda logits, labels, r: energy_margins(logits, labels, r.oe_weight, r.energy_margins), energy
    ),
}
"""The objectives of `Recipe` by name."""
