"""Choosing a recipe without looking at a test set: the validation distributions of appendix A.

Inliers are the recipe's held-out training images, anomalies their corrupted copies and uniform noise. Everything that
is tuned (rates, epochs, networks) is tuned on these; the out-distributions of the tables stay unseen.

`python -m oe_core.evaluation.validation IN_DIST OUTLIERS` repeats the search behind the course scale.
"""

import argparse
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from torch import Tensor

from oe_core.atomic import write_text
from oe_core.data.anomalies import VALIDATION, anomalies, validation_anomalies
from oe_core.data.batches import network_inputs
from oe_core.data.examples import ImageSet
from oe_core.data.sources import load_images
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.settings import SETTINGS
from oe_core.detectors.kind import accuracy
from oe_core.evaluation.asking import Asked
from oe_core.evaluation.draws import base_rate_draws
from oe_core.evaluation.metrics import detection_metrics
from oe_core.evaluation.test_sets import TestSet
from oe_core.recipe import from_scratch
from oe_core.runs.store import Store
from oe_core.scales import runs_root
from oe_core.scores import msp
from oe_core.train import held_out_part, training_part

DRAWS = 10


def validation_scores(
    store: Store, recipe: ImageRecipe, *, load=load_images, jigsaw: str = "text", corrupted: ImageSet | None = None
) -> pd.DataFrame:
    """MSP on every validation distribution: one row each with out_dist, FPR95, AUROC, AUPR (percent) and accuracy.

    The network of `recipe` is trained when the store does not hold it. Metrics are means over 10 draws at one anomaly
    to five inliers; accuracy is that on the held-out images. jigsaw: whose, of `anomalies.JIGSAWS`. corrupted: the
    images to corrupt, such as the test split of another data set, from which the official code takes CIFAR's and Tiny
    ImageNet's; None: the held-out inliers, as the text says. Raises ValueError for a recipe without `holdout`, and for
    corrupted images of another size than its own. Source: Hendrycks et al. 2019, appendix A.
    """
    if recipe.holdout == 0:
        raise ValueError(f"recipe {recipe.name!r} has holdout=0: there are no unseen images to validate on")
    asked = Asked(recipe.name, recipe.seed, store.run(recipe, load=load), store)
    held_out = held_out_part(load(recipe.in_dist, "train", recipe.size), recipe)
    corrupted = held_out if corrupted is None else corrupted
    if corrupted.size != recipe.size:
        raise ValueError(f"corrupted: {corrupted.name} is {corrupted.size} px, recipe {recipe.name!r} {recipe.size} px")
    in_logits = asked.outputs(TestSet("held-out", "", "", held_out.fingerprint, lambda: held_out.images))
    common = {"accuracy": accuracy(in_logits, held_out)}
    rows = []
    for key, printed in VALIDATION.items():
        source = held_out if key == "uniform-noise" else corrupted
        variant = f" jigsaw={jigsaw}" if key == "jigsaw" and jigsaw != "text" else ""
        inputs = partial(validation_inputs, key, source, recipe, jigsaw)
        out = TestSet(key, printed, "", f"{key} of {source.fingerprint} seed=0{variant}", inputs)
        rows.append({"out_dist": printed, **mean_metrics(msp(in_logits), msp(asked.outputs(out)))} | common)
    return pd.DataFrame(rows)


def search(store: Store, recipes: Iterable[ImageRecipe], *, load=load_images) -> pd.DataFrame:
    """Validate every recipe: one row each, named by the recipe, the metrics averaged over the distributions.

    The index is the recipe's name. images: millions that went through the network in training, the parent's included:
    the cost, in a unit that no busy machine changes.
    """
    rows = []
    for recipe in recipes:
        measured = validation_scores(store, recipe, load=load).drop(columns="out_dist").mean()
        rows.append({"recipe": recipe.name, **measured, "images": _images(recipe, load) / 1e6})
    return pd.DataFrame(rows).set_index("recipe")


def _images(recipe: ImageRecipe, load) -> int:
    inliers = len(training_part(load(recipe.in_dist, "train", recipe.size), recipe))
    outliers = recipe.outlier_batch_size * -(-inliers // recipe.batch_size) if recipe.outliers else 0
    return recipe.epochs * (inliers + outliers) + (_images(recipe.parent, load) if recipe.parent else 0)


def validation_inputs(key: str, held_out: ImageSet, recipe: ImageRecipe, jigsaw: str = "text") -> Tensor:
    """The inputs of one validation distribution made of `held_out`, float32 (n, 3, size, size); key: of `VALIDATION`.

    Noise is fed as it is, a corrupted photograph like a photograph. jigsaw: as in `anomalies.validation_anomalies`.
    """
    if key == "uniform-noise":
        return anomalies("uniform", len(held_out), recipe.size, signed=recipe.scaling != "unit", seed=0)
    return network_inputs(validation_anomalies(key, held_out.images, seed=0, jigsaw=jigsaw), recipe.scaling)


def mean_metrics(in_scores: np.ndarray, out_scores: np.ndarray, draws: int = DRAWS) -> dict[str, float]:
    """FPR95, AUROC and AUPR, percent: means over the draws at one anomaly to five inliers. Errors as the metrics'."""
    pairs = base_rate_draws(len(in_scores), len(out_scores), draws)
    measured = [detection_metrics(in_scores[inside], out_scores[outside]) for inside, outside in pairs]
    return {metric: 100 * float(np.mean([values[metric] for values in measured])) for metric in measured[0]}


def course_candidates(in_dist: str, outliers: str) -> list[ImageRecipe]:
    """The recipes among which that of the course scale was chosen: rates, lengths, and from scratch.

    Each is short enough for a patient CPU; fine-tuning at the paper's rate is among them, and so is the control: the
    same further epochs without outliers. Errors as `Settings.experiment`.
    """
    plan = SETTINGS.experiment(in_dist, "course", outliers=outliers)
    baseline = replace(plan.baseline, name="baseline")
    exposed = replace(plan.exposed, parent=baseline, epochs=4, learning_rate=0.05, outlier_batch_size=128)
    changes = {
        **{f"4 epochs from {rate}": {"learning_rate": rate} for rate in (0.001, 0.01, 0.05, 0.1)},
        "2 epochs from 0.05": {"epochs": 2},
    }
    tuned = [replace(exposed, name=f"OE {name}", **changed) for name, changed in changes.items()]
    control = replace(baseline, name="no outliers, 4 epochs from 0.05", parent=baseline, epochs=4, learning_rate=0.05)
    scratch = from_scratch(baseline, outliers, name="OE from scratch", outlier_batch_size=128,
                           outlier_order=exposed.outlier_order)  # fmt: skip
    return [baseline, control, *tuned, scratch]


def main(arguments: list[str] | None = None) -> None:
    """Validate every candidate (or find it in the store of the course scale) and write records/search-IN_DIST.csv."""
    parser = argparse.ArgumentParser(
        prog="python -m oe_core.evaluation.validation", description=__doc__.splitlines()[0]
    )
    parser.add_argument("in_dist", help="the data set to learn, 32 px")
    parser.add_argument("outliers", help="the outliers; never a test set")
    options = parser.parse_args(arguments)
    room = runs_root() / "course"
    found = search(Store(room), course_candidates(options.in_dist, options.outliers))
    path = room / "records" / f"search-{options.in_dist}.csv"
    write_text(path, found.to_csv(float_format="%.3f"))
    print(found.round(1).to_string(), f"\n{path}", sep="\n")


if __name__ == "__main__":
    main()
