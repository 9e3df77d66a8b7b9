"""One thing changed at a time, as in section 5 and the appendices: recipes on the test sets of one experiment."""

from collections.abc import Callable, Mapping
from dataclasses import fields

import numpy as np
import pandas as pd
import torch

from oe_core.data.examples import UNLABELLED, ImageSet
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.gan.training import generated
from oe_core.detectors.kind import Kind, right
from oe_core.detectors.registry import kind_of
from oe_core.evaluation.asking import networks
from oe_core.evaluation.draws import base_rate_draws
from oe_core.evaluation.records import on_draws
from oe_core.evaluation.test_sets import Load, TestSet, prepared
from oe_core.experiments import Experiment
from oe_core.recipe import Recipe
from oe_core.runs.store import Store

ERROR = "error"  # the metric of a network's mistakes on the in-distribution's test set, percent
COLUMNS = ("setting", "shortened", "out_dist", "metric", "seed", "draw", "value")


def ablate(
    store: Store, experiment: Experiment, recipes: Mapping[str, Recipe], *, seeds: int | None = None,
    load: Load | None = None, progress: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:  # fmt: skip
    """Measure every recipe, by the name of its setting, on the out-distributions of `experiment`.

    load: (name, split, *load_options) -> examples, for sets that have no name, such as `generated_outliers`; None: as
    the kind of the networks loads them. progress: is told of each network whether it was trained or found. Each network
    is scored as it was taught.
    Returns one row a (setting, out_dist, metric, seed, draw): FPR95 (FPR90 of texts), AUROC, AUPR in percent, and once
    a seed, with out_dist "" and draw 0, how well the network does its own task: a classifier's error in percent, else
    the `Kind.quality`. "shortened" is the network's `Recipe.shortening`. The draws are those of `evaluate`. Raises
    ValueError when a recipe learns another in-distribution than the experiment.
    """
    kind, in_dist = kind_of(experiment.baseline), experiment.baseline.in_dist
    for setting, recipe in recipes.items():
        if recipe.in_dist != in_dist:
            raise ValueError(f"{setting}: in_dist={recipe.in_dist!r}, but the experiment tests {in_dist!r}")
    tests, rows = prepared(experiment, load, seeds=seeds), []
    for setting, seed, asked in networks(store, tests, recipes, progress):
        common = {"setting": setting, "shortened": asked.recipe.shortening, "seed": seed}
        rows.append(common | {"out_dist": "", "draw": 0} | _own_task(kind, asked.outputs(tests.inside), tests.inside))
        inside = asked.scores(tests.inside)
        for out in tests.outs:
            outside = asked.scores(out)
            pairs = base_rate_draws(len(inside), len(outside), tests.experiment.draws)
            rows += [common | {"out_dist": out.printed} | row for row in on_draws(inside, outside, pairs, kind.tpr)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _own_task(kind: Kind, outputs: np.ndarray, inside: TestSet) -> dict[str, str | float]:
    if kind.classifies:
        return {"metric": ERROR, "value": 100 * float((~right(outputs, inside.examples)).mean())}
    metric, measured = kind.quality
    return {"metric": metric, "value": measured(outputs, inside.examples)}


def generated_outliers(store: Store, recipe: GanRecipe, count: int) -> ImageSet:
    """`count` images of the GAN of `recipe`, unlabelled and of origin "generated", as outliers for another network.

    The GAN is trained when the store does not hold it. What it made is kept with it: another processor or number of
    threads would round some pixels otherwise, and a network that learned from them would not be found again. Errors as
    `generated`. Source: Hendrycks et al. 2019, section 5.
    """
    run = store.run(recipe)
    made = store.kept(run, "generated", f"{count} images seed=0", lambda: generated(recipe, run.weights, count).numpy())
    labels = torch.zeros(count, dtype=torch.int64)
    return ImageSet(f"{recipe.name}, {count} generated", torch.from_numpy(made), labels, (UNLABELLED,), "generated")


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Means of `ablate` over out-distributions, draws and seeds, one row a setting; columns metrics, percent."""
    by_seed = frame.groupby(["setting", "metric", "seed"])["value"].mean()
    means = by_seed.groupby(["setting", "metric"]).mean().unstack("metric")
    return means.loc[frame["setting"].unique(), frame["metric"].unique()]


def stamped(store: Store, recipes: Mapping[str, Recipe], seeds: int, *, load: Load | None = None) -> list[dict]:
    """The stamp of each network that `ablate` has measured, once, with its "setting": what its numbers rest on.

    Arguments as `ablate`.
    """
    stamps = {}
    for setting, recipe in recipes.items():
        for seed in range(seeds):
            run = store.run(recipe.with_seed(seed), load=load)
            stamps.setdefault(run.identity, {"setting": setting, **run.stamp})
    return list(stamps.values())


def controlled(
    store: Store, plans: Mapping[str, Experiment], seeds: int | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:  # fmt: skip
    """`summary` of three networks of each of `plans`, one row a (plan, network): what of a gain is due to the outliers.

    The baseline, by the paper's name of its score, the control, `Experiment.longer` ("as long, without outliers"), and
    the exposed network ("+OE"). seeds, progress and errors as `ablate`.
    """
    means = {}
    for name, plan in plans.items():
        kind = kind_of(plan.baseline)
        asked = ("baseline", kind.exposed_column.score)
        (method,) = (one.method for one in kind.main_columns if (one.network, one.score) == asked)
        recipes = {method: plan.baseline, "as long, without outliers": plan.longer, "+OE": plan.exposed}
        means[name] = summary(ablate(store, plan, recipes, seeds=seeds, progress=progress))
    return pd.concat(means, names=["in_dist", "trained"])


def varied(recipes: Mapping[str, Recipe]) -> pd.DataFrame:
    """The fields in which recipes differ, one row a setting, "" for nothing; a parent by its name.

    Names are no difference, nor is how outliers are met where there are none.
    """
    known = {field.name: field.default for recipe in recipes.values() for field in fields(recipe)}
    rows = {setting: _facts(recipe, known) for setting, recipe in recipes.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index", dtype=object)
    return frame.loc[:, frame.nunique() > 1].fillna("")


def _facts(recipe: Recipe, known: Mapping[str, object]) -> dict[str, object]:
    values = {name: getattr(recipe, name, usual) for name, usual in known.items()}
    values |= {"name": "", "parent": recipe.parent and recipe.parent.name}
    none = () if recipe.outliers else ("outlier_", "oe_")
    return {name: "" if value is None else value for name, value in values.items() if not name.startswith(none)}
