"""Image classifiers: how one is built, fed, optimised and asked; the loop is `oe_core.train`'s."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from oe_core import train
from oe_core.data.batches import Augmented, JointBatches, network_inputs
from oe_core.data.catalog import dataset
from oe_core.data.examples import ImageSet
from oe_core.data.fetch.download import download_folder, how_to_get
from oe_core.data.sources import MissingDataError
from oe_core.detectors.images.network import build
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.kind import asked
from oe_core.parts import training_rows
from oe_core.recipe import Recipe, cosine

FINAL_LEARNING_RATE = 1e-6  # hendrycks/outlier-exposure CIFAR/oe_tune.py


def joint_batches(
    recipe: Recipe,
    inliers: ImageSet,
    outliers: ImageSet | None,
    device: torch.device,
    augmentation: tuple[int, bool] = (0, False),
    outlier_augmentation: tuple[int, bool] = (0, False),
) -> JointBatches:
    """The joint batches of any recipe on images; an augmentation is (pixels of padding before a crop, flip)."""
    for data in (inliers, outliers):
        if data is not None and data.size != recipe.size:
            raise ValueError(f"{data.name} is {data.size} px, recipe {recipe.name!r} wants {recipe.size} px")
    rows = training_rows(inliers, recipe)
    # What is padded is copied; of anything else no copy is held, so that the largest sets can be trained on.
    padding, flip = augmentation
    images, chosen = (inliers.images[rows], None) if padding else (inliers.images, rows.to(device))
    others = outliers and Augmented(outliers.images[: recipe.outlier_limit].to(device), *outlier_augmentation)
    return JointBatches(
        Augmented(images.to(device), padding, flip, chosen), inliers.labels[rows].to(device), recipe.batch_size,
        torch.Generator().manual_seed(recipe.seed), others, recipe.outlier_batch_size, recipe.outlier_order,
    )  # fmt: skip


def _batches(recipe: ImageRecipe, inliers: ImageSet, outliers: ImageSet | None, device: torch.device) -> JointBatches:
    return joint_batches(
        recipe, inliers, outliers, device,
        (recipe.crop_padding, recipe.flip), (recipe.outlier_crop_padding, recipe.outlier_flip),
    )  # fmt: skip


def _network(recipe: ImageRecipe, num_classes: int, device: torch.device) -> nn.Module:
    return build(recipe.model, num_classes, recipe.dropout).to(device, memory_format=torch.channels_last)


def _optimiser(parameters, recipe: ImageRecipe) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        parameters, recipe.learning_rate, recipe.momentum,
        weight_decay=recipe.weight_decay, nesterov=recipe.momentum > 0, fused=True,
    )  # fmt: skip


def _rate(recipe: ImageRecipe, position: int, steps_an_epoch: int) -> float:
    """A cosine per step, whose first update already uses point 1: in hendrycks/outlier-exposure the scheduler steps
    before the optimiser."""
    return cosine(position + 1, recipe.epochs * steps_an_epoch, recipe.learning_rate, FINAL_LEARNING_RATE)


def weights_path(recipe: ImageRecipe) -> Path:
    """Where the file of weights lies that `recipe` starts from: among the downloads of its in-distribution.

    Raises MissingDataError saying how to get the file when it is not there.
    """
    path = download_folder(dataset(recipe.in_dist)) / recipe.weights_file
    if not path.exists():
        ways = how_to_get(dataset(recipe.in_dist))
        raise MissingDataError(f"{path} is missing, the weights that recipe {recipe.name!r} starts from.\n{ways}")
    return path


def _start(recipe: ImageRecipe) -> dict[str, Tensor] | None:
    """The weights of the file that the training starts from, None where it starts from none."""
    if not recipe.weights_file:
        return None
    from oe_core.detectors.images.resnet18 import places365_weights  # as in `network.build`

    return places365_weights(weights_path(recipe))


def _origins(recipe: ImageRecipe) -> list[str]:
    """sha256 (hex) of each file of weights that the training starts from."""
    return [hashlib.sha256(weights_path(recipe).read_bytes()).hexdigest()] if recipe.weights_file else []


TASK = train.Task(
    batches=_batches,
    network=_network,
    inputs=lambda images, recipe: network_inputs(images, recipe.scaling),
    optimiser=_optimiser,
    rate=_rate,
    start=_start,
    origins=_origins,
    divides=True,
)


def input_batches(model: nn.Module, images: Tensor, recipe: ImageRecipe, batch_size: int = 500) -> Iterator[Tensor]:
    """What the network takes, batch by batch on its device: uint8 images are scaled, float inputs fed as they are."""
    device = next(model.parameters()).device
    for batch in images.split(batch_size):
        batch = batch.to(device)
        inputs = network_inputs(batch, recipe.scaling) if batch.dtype == torch.uint8 else batch
        yield inputs.to(memory_format=torch.channels_last)


def predict(model: nn.Module, images: Tensor, recipe: ImageRecipe, batch_size: int = 500) -> Tensor:
    """Logits float32 (n, classes) on the CPU for uint8 images, which are scaled, or float inputs, fed as they are."""
    return asked(model, recipe, input_batches(model, images, recipe, batch_size))


def features(model: nn.Module, images: Tensor, recipe: ImageRecipe) -> Tensor:
    """Features before the head, float32 (n, features) on the CPU; `images` as in `predict`."""
    return asked(model.features, recipe, input_batches(model, images, recipe))


@torch.inference_mode()
def head(model: nn.Module, num_features: int) -> tuple[Tensor, Tensor]:
    """The affine map from features to logits: weight (classes, features) and bias (classes,), float32 on the CPU."""
    device = next(model.parameters()).device
    bias = model.head(torch.zeros(1, num_features, device=device))
    weight = (model.head(torch.eye(num_features, device=device)) - bias).T
    return weight.cpu(), bias[0].cpu()
