"""Classifiers with a confidence branch: how one is built, fed, optimised and asked; the loop is `oe_core.train`'s."""

import logging
from dataclasses import replace

import torch
from torch import Tensor, nn

from oe_core import ranks
from oe_core.data.batches import JointBatches
from oe_core.data.examples import ImageSet
from oe_core.detectors.branch.cutout import Cutout
from oe_core.detectors.branch.losses import confidence_penalty, hinted_classification, next_weight, outlier_confidence
from oe_core.detectors.branch.network import ConfidenceNetwork
from oe_core.detectors.branch.recipe import BranchRecipe
from oe_core.detectors.images.network import build
from oe_core.detectors.images.training import TASK as CLASSIFIER
from oe_core.detectors.images.training import predict
from oe_core.parts import training_part
from oe_core.train import Training, step

WATCHED = 1000  # training images on which the branch is watched
SPREAD = 0.1  # between the 5th and the 95th percentile of the confidences: less, and the branch tells nothing apart
HIGH, LOW = 0.9, 0.1
LOG = logging.getLogger("oe_core")


def _batches(recipe: BranchRecipe, inliers: ImageSet, outliers: ImageSet | None, device: torch.device) -> JointBatches:
    made = CLASSIFIER.batches(recipe, inliers, outliers, device)
    if recipe.cutout:
        # Outliers, too: otherwise a hole would be the mark of an inlier.
        made.inliers = Cutout(made.inliers, recipe.cutout, recipe.scaling)
        made.outliers = made.outliers and Cutout(made.outliers, recipe.cutout, recipe.scaling)
    return made


def _network(recipe: BranchRecipe, num_classes: int, device: torch.device) -> nn.Module:
    model = ConfidenceNetwork(build(recipe.model, num_classes, recipe.dropout), recipe.confidence_weight)
    return model.to(device, memory_format=torch.channels_last)


def _rate(recipe: BranchRecipe, position: int, steps_an_epoch: int) -> float:
    if not recipe.milestones:
        return CLASSIFIER.rate(recipe, position, steps_an_epoch)
    passed = sum(position >= milestone * steps_an_epoch for milestone in recipe.milestones)
    return recipe.learning_rate * recipe.drop**passed


def branch_loss(
    outputs: Tensor, labels: Tensor, hinted: Tensor, weight: Tensor, oe_weight: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The loss of one joint batch: (total, inliers' part, outliers' part, the inliers' confidence penalty).

    outputs: (n, classes + 1), the inliers' first; labels, hinted: of the inliers; weight: lambda of the penalty.
    """
    inliers, outliers = outputs.float().split([len(labels), len(outputs) - len(labels)])
    penalty = confidence_penalty(inliers[:, -1])
    inlier_part = hinted_classification(inliers[:, :-1], inliers[:, -1], labels, hinted) + weight * penalty
    if len(outliers) == 0:
        return inlier_part, inlier_part, penalty.new_zeros(()), penalty
    outlier_part = outlier_confidence(outliers[:, -1])
    return inlier_part + oe_weight * outlier_part, inlier_part, outlier_part, penalty


def _update(training: Training, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """A joint forward pass and a step as for every classifier, then the next lambda."""
    recipe, weight = training.recipe, training.model.penalty_weight
    hinted = (ranks.agreed(torch.rand(len(labels), device=labels.device)) < 0.5) & recipe.hints
    with training.autocast():
        outputs = training.forward(inputs)
    loss, *parts, penalty = branch_loss(outputs, labels, hinted, weight.clone(), recipe.oe_weight)
    step(training, loss)
    weight.copy_(next_weight(weight, penalty.detach(), recipe.budget))
    return tuple(parts)


def confidences(model: ConfidenceNetwork, images: Tensor, recipe: BranchRecipe) -> Tensor:
    """b(x) in [0, 1], float32 (n,) on the CPU, of uint8 images or floats fed as they are, by a network in eval mode."""
    return predict(model, images, recipe)[:, -1].sigmoid()


def collapse(found: Tensor) -> str:
    """Nothing ("") for a branch that tells examples apart: 5th and 95th percentile at least SPREAD from each other.

    Else the confidences (n,) are all alike: "high" or "low", the two known ends, or "level" between them, as after the
    first epochs of every training.
    """
    low, high = found.quantile(torch.tensor([0.05, 0.95])).tolist()
    if high - low >= SPREAD:
        return ""
    return "high" if found.mean() > HIGH else "low" if found.mean() < LOW else "level"


def _after_epoch(
    model: ConfidenceNetwork, optimiser: torch.optim.Optimizer, recipe: BranchRecipe, inliers: ImageSet, log: list[dict]
) -> dict:
    """What the branch says of the first training images: lambda, the confidences, whether they collapsed."""
    found = confidences(model.eval(), training_part(inliers, recipe).images[:WATCHED], recipe)
    model.train()
    low, middle, high = found.quantile(torch.tensor([0.05, 0.5, 0.95])).tolist()
    row = {
        "lambda": model.penalty_weight.item(), "confidence": found.mean().item(), "confidence_std": found.std().item(),
        "confidence_5": low, "confidence_50": middle, "confidence_95": high, "collapse": collapse(found),
    }  # fmt: skip
    _warn(row, log[-1]["collapse"] if log else "", recipe, len(log) + 1)
    return row


def _warn(row: dict, before: str, recipe: BranchRecipe, epoch: int) -> None:
    """Say that the branch has come to one of its ends or left it, and at the last epoch that it tells nothing apart."""
    now, ends = row["collapse"], ("high", "low")
    news = ""
    if now and epoch == recipe.epochs or now in ends and now != before:
        news = f"has collapsed, all confidences are {now}"
    elif before in ends and now not in ends:
        news = "has recovered from confidences that were all alike"
    if news:
        LOG.warning(
            "recipe %r (seed %d), epoch %d of %d: the confidence branch %s: 90 %% of them lie in %.3f to %.3f (lambda "
            "%.2g, budget %g)", recipe.name, recipe.seed, epoch, recipe.epochs, news, row["confidence_5"],
            row["confidence_95"], row["lambda"], recipe.budget,
        )  # fmt: skip


TASK = replace(CLASSIFIER, batches=_batches, network=_network, rate=_rate, update=_update, after_epoch=_after_epoch)
