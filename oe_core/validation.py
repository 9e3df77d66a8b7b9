"""Choosing a recipe without looking at a test set: the validation distributions of appendix A.

Inliers are the recipe's held-out training images, anomalies their corrupted copies and uniform noise. Everything that
is tuned (rates, epochs, networks) is tuned on these; the out-distributions of the tables stay unseen.
"""

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd
from torch import Tensor

from oe_core.data.anomalies import VALIDATION, anomalies, validation_anomalies
from oe_core.data.batches import network_inputs
from oe_core.data.image_set import ImageSet
from oe_core.data.images import load_images
from oe_core.draws import base_rate_draws
from oe_core.metrics import detection_metrics
from oe_core.recipes import Recipe
from oe_core.runs import Store
from oe_core.scores import msp
from oe_core.train import held_out_part

DRAWS = 10


def validation_scores(store: Store, recipe: Recipe, *, load=load_images) -> pd.DataFrame:
    """MSP on every validation distribution: one row each with out_dist, FPR95, AUROC, AUPR (percent) and accuracy.

    The network of `recipe` is trained when the store does not hold it. Metrics are means over 10 draws at one anomaly
    to five inliers; accuracy is that on the held-out images. Raises ValueError for a recipe without `holdout`.
    Source: Hendrycks et al. 2019, appendix A.
    """
    if recipe.holdout == 0:
        raise ValueError(f"recipe {recipe.name!r} has holdout=0: there are no unseen images to validate on")
    run = store.run(recipe, load=load)
    held_out = held_out_part(load(recipe.in_dist, "train", recipe.size), recipe)
    in_logits = store.logits(run, "held-out", lambda: held_out.images, held_out.fingerprint)
    accuracy = 100 * float((in_logits.argmax(axis=1) == held_out.labels.numpy()).mean())
    rows = []
    for key, printed in VALIDATION.items():
        fingerprint = f"{key} of {held_out.fingerprint} seed=0"
        out_logits = store.logits(run, key, partial(_inputs, key, held_out, recipe), fingerprint)
        rows.append({"out_dist": printed, **_measured(msp(in_logits), msp(out_logits)), "accuracy": accuracy})
    return pd.DataFrame(rows)


def search(store: Store, recipes: Iterable[Recipe], *, load=load_images) -> pd.DataFrame:
    """Validate every recipe: one row each, named by the recipe, the metrics averaged over the distributions.

    `seconds` is the training time, the parent's included. The index is the recipe's name.
    """
    rows = []
    for recipe in recipes:
        measured = validation_scores(store, recipe, load=load).drop(columns="out_dist").mean()
        rows.append({"recipe": recipe.name, **measured, "seconds": _seconds(store, recipe, load)})
    return pd.DataFrame(rows).set_index("recipe")


def _seconds(store: Store, recipe: Recipe, load) -> float:
    own = store.run(recipe, load=load).stamp["seconds"]
    return own + (_seconds(store, recipe.parent, load) if recipe.parent else 0.0)


def _inputs(key: str, held_out: ImageSet, recipe: Recipe) -> Tensor:
    """Noise is fed as it is, a corrupted photograph like a photograph."""
    if key == "uniform-noise":
        return anomalies("uniform", len(held_out), recipe.size, signed=recipe.scaling != "unit", seed=0)
    return network_inputs(validation_anomalies(key, held_out.images, seed=0), recipe.scaling)


def _measured(in_scores: np.ndarray, out_scores: np.ndarray) -> dict[str, float]:
    draws = base_rate_draws(len(in_scores), len(out_scores), DRAWS)
    measured = [detection_metrics(in_scores[inside], out_scores[outside]) for inside, outside in draws]
    return {metric: 100 * float(np.mean([values[metric] for values in measured])) for metric in measured[0]}
