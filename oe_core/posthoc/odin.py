"""ODIN (Liang et al. 2018): softmax at a high temperature after a small step of the input. Beyond the paper.

The step's length is chosen on the validation distributions of appendix A, where the original takes test anomalies.
"""

from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from oe_core.data.anomalies import VALIDATION
from oe_core.data.batches import CHANNEL_STATISTICS
from oe_core.data.examples import ImageSet
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.training import input_batches
from oe_core.devices import autocast
from oe_core.evaluation.validation import mean_metrics, validation_inputs
from oe_core.parts import held_out_part, training_part
from oe_core.runs.store import Run, Store
from oe_core.scores import msp

TEMPERATURE = 1000.0
EPSILONS = (0.0, 0.001, 0.002, 0.004, 0.008)  # of the 0..1 scale of pixels; the original's reach to 0.004
VALIDATION_IMAGES = 500  # of each distribution
BATCH_SIZE = 100


def perturbed_logits(model: nn.Module, images: Tensor, recipe: ImageRecipe, epsilons: tuple[float, ...]) -> Tensor:
    r"""Logits of $x + \epsilon \, \mathrm{sign}(\nabla_x \log \max_c p_c(x; T))$: float32 (epsilons, n, classes), CPU.

    images: uint8 (n, 3, size, size), which are scaled, or float inputs, fed as they are. epsilons: steps on the 0..1
    scale of pixels, at least 0; a standardised channel takes epsilon / std. Raises ValueError for a negative step.
    Source: Liang et al. 2018, equation 2; facebookresearch/odin code/calData.py.
    """
    if min(epsilons) < 0:
        raise ValueError(f"epsilons={epsilons} must not be negative: the step raises the largest softmax")
    outputs = []
    for inputs in input_batches(model, images, recipe, BATCH_SIZE):
        direction = _direction(model, inputs, recipe)
        # Without autocast: in bfloat16 the inputs' own rounding is as long as the step.
        with torch.inference_mode():
            outputs.append(torch.stack([model(inputs + epsilon * direction).cpu() for epsilon in epsilons]))
    return torch.cat(outputs, dim=1)


def _direction(model: nn.Module, inputs: Tensor, recipe: ImageRecipe) -> Tensor:
    inputs = inputs.detach().clone().requires_grad_()
    with autocast(recipe.precision, inputs.device):
        logits = model(inputs)
    (gradient,) = torch.autograd.grad(torch.log_softmax(logits / TEMPERATURE, dim=1).amax(dim=1).sum(), inputs)
    std = torch.tensor(CHANNEL_STATISTICS[recipe.scaling][1], device=inputs.device).view(3, 1, 1)
    return gradient.sign() / std


def odin(logits: np.ndarray) -> np.ndarray:
    """Minus the largest softmax of perturbed logits (n, classes) at T = 1000, float64 (n,); errors as `msp`."""
    return msp(np.asarray(logits, np.float64) / TEMPERATURE)


def validated_epsilons(store: Store, run: Run, model: nn.Module, inliers: ImageSet) -> pd.DataFrame:
    """How well each step of `EPSILONS` detects the validation distributions: epsilon, FPR95, AUROC, AUPR (percent).

    model: the network of `run`; inliers: its training set, of which the held-out images serve, or learned ones where
    none are held out. Metrics are means over the eight distributions, as in `oe_core.evaluation.validation`.
    """
    recipe = run.recipe
    part = held_out_part(inliers, recipe) if recipe.holdout else training_part(inliers, recipe)
    part = part.take(torch.arange(min(len(part), VALIDATION_IMAGES)))

    def scores(key: str, inputs) -> list[np.ndarray]:
        fingerprint = f"odin {EPSILONS} T={TEMPERATURE} {key} of {part.fingerprint} seed=0"
        perturbed = store.kept(
            run, f"{key} odin", fingerprint, lambda: perturbed_logits(model, inputs(), recipe, EPSILONS).numpy()
        )
        return [odin(logits) for logits in perturbed]

    in_scores = scores("validation", lambda: part.images)
    rows = []
    for key in VALIDATION:
        out_scores = scores(key, partial(validation_inputs, key, part, recipe))
        for epsilon, inside, outside in zip(EPSILONS, in_scores, out_scores, strict=True):
            rows.append({"epsilon": epsilon, **mean_metrics(inside, outside)})
    return pd.DataFrame(rows).groupby("epsilon", as_index=False).mean()
