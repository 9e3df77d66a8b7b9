"""Choosing a recipe without looking at a test set: the validation distributions of appendix A.

Inliers are the recipe's held-out training images, anomalies their corrupted copies and uniform noise. Whatever is tuned
is tuned on these; the out-distributions of the tables stay unseen.
"""

from functools import partial

import numpy as np
import pandas as pd
from torch import Tensor

from oe_core.data.anomalies import VALIDATION, anomalies, validation_anomalies
from oe_core.data.batches import network_inputs
from oe_core.data.examples import ImageSet
from oe_core.data.sources import load_images
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.kind import accuracy
from oe_core.evaluation.asking import Asked
from oe_core.evaluation.draws import base_rate_draws
from oe_core.evaluation.metrics import detection_metrics
from oe_core.evaluation.test_sets import TestSet, held_out
from oe_core.runs.store import Store
from oe_core.scores import msp


def validation_scores(
    store: Store, recipe: ImageRecipe, *, load=load_images, jigsaw: str = "text", corrupted: ImageSet | None = None
) -> pd.DataFrame:
    """MSP on every validation distribution: one row each with out_dist, FPR95, AUROC, AUPR (percent) and accuracy.

    The network is trained when the store does not hold it. Metrics are means over 10 draws at one anomaly to five
    inliers; accuracy is that on the held-out images. jigsaw: whose, of `anomalies.JIGSAWS`. corrupted: the images to
    corrupt, such as the test split of another data set, which the official code takes for CIFAR and Tiny ImageNet;
    None: the held-out inliers, as the text says. Raises ValueError for a recipe without `holdout`, and for corrupted
    images of another size than its own. Source: Hendrycks et al. 2019, appendix A.
    """
    if recipe.holdout == 0:
        raise ValueError(f"recipe {recipe.name!r} has holdout=0: there are no unseen images to validate on")
    inliers = held_out(recipe, load)
    corrupted = inliers.examples if corrupted is None else corrupted
    if corrupted.size != recipe.size:
        raise ValueError(f"corrupted: {corrupted.name} is {corrupted.size} px, recipe {recipe.name!r} {recipe.size} px")
    asked, rows = Asked(store.run(recipe, load=load), store), []
    in_logits = asked.outputs(inliers)
    for key, printed in VALIDATION.items():
        source = inliers.examples if key == "uniform-noise" else corrupted
        variant = f" jigsaw={jigsaw}" if key == "jigsaw" and jigsaw != "text" else ""
        inputs = partial(validation_inputs, key, source, recipe, jigsaw)
        out = TestSet(key, printed, "", f"{key} of {source.fingerprint} seed=0{variant}", inputs)
        rows.append({"out_dist": printed, **mean_metrics(msp(in_logits), msp(asked.outputs(out)))})
    return pd.DataFrame(rows).assign(accuracy=accuracy(in_logits, inliers.examples))


def validation_inputs(key: str, held_out: ImageSet, recipe: ImageRecipe, jigsaw: str = "text") -> Tensor:
    """The inputs of one validation distribution made of `held_out`, float32 (n, 3, size, size); key: of `VALIDATION`.

    Noise is fed as it is, a corrupted photograph like a photograph. jigsaw: as in `anomalies.validation_anomalies`.
    """
    if key == "uniform-noise":
        return anomalies("uniform", len(held_out), recipe.size, signed=recipe.signed, seed=0)
    return network_inputs(validation_anomalies(key, held_out.images, seed=0, jigsaw=jigsaw), recipe.scaling)


def mean_metrics(in_scores: np.ndarray, out_scores: np.ndarray, draws: int = 10) -> dict[str, float]:
    """FPR95, AUROC and AUPR, percent: means over the draws at one anomaly to five inliers. Errors as the metrics'."""
    pairs = base_rate_draws(len(in_scores), len(out_scores), draws)
    measured = [detection_metrics(in_scores[inside], out_scores[outside]) for inside, outside in pairs]
    return {metric: 100 * float(np.mean([values[metric] for values in measured])) for metric in measured[0]}
