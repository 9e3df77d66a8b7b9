"""This engine in bfloat16 against itself in float32: whether the precision that "auto" takes is the faster one."""

from dataclasses import replace
from functools import partial

import torch

from bench.alternation import Alternation
from bench.comparisons import random_images, step_flops
from bench.timing import Comparison
from oe_core import train
from oe_core.detectors.images import IMAGES
from oe_core.detectors.images.recipe import ImageRecipe


def training_step(recipe: ImageRecipe, device: torch.device, steps: int, warm_up: int, rounds: int) -> Comparison:
    """One Outlier Exposure step, arguments as `comparisons.training_step`; a ratio above 1 asks for bfloat16."""
    inliers = random_images("random pixels", 16 * recipe.batch_size, recipe.size)
    outliers = random_images("random pixels", 16 * recipe.outlier_batch_size, recipe.size)
    long = replace(recipe, epochs=recipe.epochs if device.type == "cpu" else 1000)
    float32, bfloat16 = (replace(long, precision=precision) for precision in ("float32", "bfloat16"))
    batches = IMAGES.task.batches(float32, inliers, outliers, device)
    other = train.Training(IMAGES.task, float32, batches, inliers, None, device)
    batch = next(batches.epoch())

    def step() -> None:
        other.update(batch)
        other.step = 0

    alternation = Alternation(step, device, steps, warm_up, rounds)
    alternation.leave_early(partial(IMAGES.fit, bfloat16, inliers, outliers))
    items = recipe.batch_size + recipe.outlier_batch_size
    flops = step_flops(recipe, items)
    seconds = {"ours in float32": alternation.plain}
    return Comparison(f"OE step in bfloat16, {recipe.model}", seconds, alternation.ours, items, flops=flops)
