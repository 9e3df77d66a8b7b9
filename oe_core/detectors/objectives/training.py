"""Image classifiers that outliers teach something else than the uniform posterior; the rest is as for the others."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from oe_core.detectors.images.training import TASK as CLASSIFIER
from oe_core.detectors.objectives.losses import OBJECTIVES
from oe_core.detectors.objectives.recipe import ObjectiveRecipe


def _network(recipe: ObjectiveRecipe, num_classes: int, device: torch.device) -> nn.Module:
    return CLASSIFIER.network(recipe, num_classes + OBJECTIVES[recipe.objective].more_outputs, device)


def _loss(logits: Tensor, labels: Tensor, recipe: ObjectiveRecipe) -> tuple[Tensor, Tensor, Tensor]:
    return OBJECTIVES[recipe.objective].loss(logits.float(), labels, recipe)


TASK = replace(CLASSIFIER, network=_network, loss=_loss)
