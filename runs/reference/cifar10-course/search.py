"""The search behind the recipe of scale course: candidates validated without a test set, as the README beside it says.

`OE_DATA=DIR python runs/reference/cifar10-course/search.py cifar10 tiny-imagenet-32-no-cifar10` makes search.csv again.
"""

import argparse
from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from oe_core.atomic import write_text
from oe_core.data.sources import load_images
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.settings import SETTINGS
from oe_core.evaluation.validation import validation_scores
from oe_core.parts import training_part
from oe_core.recipe import from_scratch
from oe_core.runs.store import Store
from oe_core.scales import runs_root


def candidates(in_dist: str, outliers: str) -> list[ImageRecipe]:
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


def search(store: Store, recipes: Iterable[ImageRecipe]) -> pd.DataFrame:
    """Validate every recipe: one row each, named by the recipe, the metrics averaged over the distributions.

    The index is the recipe's name. images: millions that went through the network in training, the parent's included:
    the cost, in a unit that no busy machine changes.
    """
    rows = []
    for recipe in recipes:
        measured = validation_scores(store, recipe).drop(columns="out_dist").mean()
        rows.append({"recipe": recipe.name, **measured, "images": _images(recipe) / 1e6})
    return pd.DataFrame(rows).set_index("recipe")


def _images(recipe: ImageRecipe) -> int:
    inliers = len(training_part(load_images(recipe.in_dist, "train", recipe.size), recipe))
    outliers = recipe.outlier_batch_size * -(-inliers // recipe.batch_size) if recipe.outliers else 0
    return recipe.epochs * (inliers + outliers) + (_images(recipe.parent) if recipe.parent else 0)


def main() -> None:
    """Validate every candidate (or find it in the store of the course scale) and write records/search-IN_DIST.csv."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("in_dist", help="the data set to learn, 32 px")
    parser.add_argument("outliers", help="the outliers; never a test set")
    options = parser.parse_args()
    room = runs_root() / "course"
    found = search(Store(room), candidates(options.in_dist, options.outliers))
    path = room / "records" / f"search-{options.in_dist}.csv"
    write_text(path, found.to_csv(float_format="%.3f"))
    print(found.round(1).to_string(), f"\n{path}", sep="\n")


if __name__ == "__main__":
    main()
