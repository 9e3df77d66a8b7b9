"""What a GPU would meet, without one: fake tensors of a CUDA device, where a tensor left on the CPU is an error."""

from dataclasses import replace

import pytest
import torch
from torch._subclasses import FakeTensorMode

from oe_core.data.batches import Batch
from oe_core.detectors.objectives.recipe import with_objective
from oe_core.detectors.registry import experiment, kind_of
from oe_core.train import Training

CPU, GPU = torch.device("cpu"), torch.device("cuda:0")
PLANS = {
    "images": experiment("digits", "smoke"),
    "all conv": experiment("digits", "smoke", network="allconv"),
    "branch": experiment("digits", "smoke", "branch"),
    "gan": experiment("digits", "smoke", "gan"),
    "density": experiment("photo-china", "smoke", "density"),
    "text": experiment("docstrings", "smoke", "text"),
    "language": experiment("docstrings", "smoke", "language"),
}
RECIPES = {f"{name}, {role}": recipe for name, plan in PLANS.items() for role, recipe in plan.networks.items()}
RECIPES |= {
    objective: with_objective(PLANS["images"].exposed, objective)
    for objective in ("hard-outliers", "class-prior", "energy")
}


def small(recipe):
    """The recipe on its own, with few examples a step."""
    return replace(recipe, batch_size=4, outlier_batch_size=4, parent=None)


def sets(recipe):
    """The examples that a recipe trains on."""
    load = kind_of(recipe).load
    inliers = load(recipe.in_dist, "train", *recipe.load_options)
    return inliers, load(recipe.outliers, "train", *recipe.other_load_options) if recipe.outliers else None


@pytest.mark.parametrize("name", RECIPES)
def test_a_step_of_every_kind_keeps_all_its_tensors_on_the_gpu(name):
    recipe = small(RECIPES[name])
    kind, (inliers, outliers) = kind_of(recipe), sets(recipe)
    batches = kind.task.batches(recipe, inliers, outliers, CPU)
    batch = next(batches.epoch())
    with FakeTensorMode() as mode:
        there = Batch(*(mode.from_tensor(part).to(GPU) for part in (batch.inputs, batch.labels)))
        training = Training(kind.task, recipe, batches, inliers, None, GPU)
        training.update(there)
        for tensor in training.model.state_dict().values():
            assert tensor.device == GPU
