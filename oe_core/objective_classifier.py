"""Image classifiers that outliers teach something else than the uniform posterior; the rest is `image_classifier`'s."""

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from oe_core import image_classifier, train
from oe_core.image_classifier import load, predict  # noqa: F401  the store asks each kind of classifier for them
from oe_core.objectives import OBJECTIVES
from oe_core.recipes import ObjectiveRecipe


def _network(recipe: ObjectiveRecipe, num_classes: int, device: torch.device) -> nn.Module:
    return image_classifier.TASK.network(recipe, num_classes + OBJECTIVES[recipe.objective].more_outputs, device)


def _loss(logits: Tensor, labels: Tensor, recipe: ObjectiveRecipe) -> tuple[Tensor, Tensor, Tensor]:
    return OBJECTIVES[recipe.objective].loss(logits.float(), labels, recipe.oe_weight)


TASK = replace(image_classifier.TASK, network=_network, loss=_loss)

# `train.fit` and `train.load_model` for this kind of recipe.
fit = partial(train.fit, TASK)
load_model = partial(train.load_model, TASK)
