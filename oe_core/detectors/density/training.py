"""Density estimators: how one is built, initialised, fed, optimised and asked; the loop is `oe_core.train`'s."""

import math
from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor, nn

from oe_core import train
from oe_core.data.examples import ImageSet
from oe_core.data.sources import load_images
from oe_core.detectors.density.losses import likelihood_margin
from oe_core.detectors.density.network import PixelCNN
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.images.training import joint_batches
from oe_core.detectors.kind import asked

# What embedded sets replace here; as classifiers meet them, they replace others.
STAND_INS = {"photo-china": "CIFAR-10", "font-letters": "80 Million Tiny Images"}


def load(name: str, split: str, size: int) -> ImageSet:
    """`load_images`, whose arguments and errors it has, but for what an embedded set stands in for."""
    images = load_images(name, split, size)
    replaced = STAND_INS.get(name) if images.origin == "embedded" else None
    return replace(images, stand_in_for=replaced) if replaced else images


def scaled(images: Tensor) -> Tensor:
    """uint8 images (n, 3, h, w), or floats in [-1, 1], to float32 on the 256 values that the likelihood knows."""
    steps = images.float() if images.dtype == torch.uint8 else ((images.clamp(-1, 1) + 1) * 127.5).round()
    return (steps / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def margin(recipe: DensityRecipe) -> float:
    """The margin loss's num_pixels in nats a sub-pixel, as `recipe` reads it: from log(2) / 3 to 1.

    The text compares likelihoods of whole images; here they are divided by their 3 h w sub-pixels.
    """
    unit = math.log(2) if recipe.margin_unit == "bits" else 1.0
    return unit / (1 if recipe.margin_count == "sub-pixels" else 3)


def _network(recipe: DensityRecipe, num_classes: int, device: torch.device) -> nn.Module:
    if recipe.model != "pixelcnn":
        raise ValueError(f"model={recipe.model!r} is unknown; the density estimator is a pixelcnn")
    model = PixelCNN(recipe.filters, recipe.blocks, recipe.mixtures, recipe.dropout)
    return model.to(device, memory_format=torch.channels_last)


def _optimiser(parameters: Iterable[nn.Parameter], recipe: DensityRecipe) -> torch.optim.Optimizer:
    """Adam, which after each of its steps also moves the running averages of the parameters where there are any."""
    made = torch.optim.Adam(parameters, recipe.learning_rate, fused=True)
    if recipe.polyak:
        made.register_step_post_hook(lambda optimiser, *_: _average(optimiser, recipe.polyak))
    return made


@torch.no_grad()
def _average(optimiser: torch.optim.Optimizer, decay: float) -> None:
    for parameter, state in optimiser.state.items():
        if "average" in state:
            state["average"].lerp_(parameter, 1 - decay)
        else:
            state["average"] = parameter.detach().clone()


def final_weights(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The network's state dict, with the running averages in place of the parameters where there are any."""
    return model.state_dict() | train.kept(model, optimiser, "average")


def _loss(losses: Tensor, labels: Tensor, recipe: DensityRecipe) -> tuple[Tensor, Tensor, Tensor]:
    """Nats a sub-pixel: the inliers' mean likelihood loss, and the margin loss of pairs of inliers and outliers."""
    inliers, outliers = losses.split([len(labels), len(losses) - len(labels)])
    inliers, outliers = (part / (3 * recipe.size**2) for part in (inliers, outliers))
    if len(outliers) == 0:
        return inliers.mean(), inliers.mean(), losses.new_zeros(())
    outlier_part = likelihood_margin(inliers, outliers, margin(recipe))
    kept = inliers.mean() if recipe.inlier_likelihood else 0.0
    return kept + recipe.oe_weight * outlier_part, inliers.mean(), outlier_part


TASK = train.Task(
    batches=joint_batches,
    network=_network,
    inputs=lambda images, recipe: scaled(images),
    optimiser=_optimiser,
    rate=lambda recipe, position, steps: recipe.learning_rate * recipe.rate_decay**position,
    prepare=PixelCNN.initialise,
    loss=_loss,
    weights=final_weights,
    divides=True,
)


def predict(model: nn.Module, images: Tensor, recipe: DensityRecipe, batch_size: int = 100) -> Tensor:
    """Negative log-likelihood in nats a sub-pixel, float32 (n, 1) on the CPU, of uint8 images or floats in [-1, 1]."""
    device = next(model.parameters()).device
    losses = asked(model, recipe, (scaled(batch.to(device)) for batch in images.split(batch_size)))
    return losses[:, None] / images[0].numel()
