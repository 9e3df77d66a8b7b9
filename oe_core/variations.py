"""One thing changed at a time: recipes beside each other on the test sets of one experiment.

Section 5 and the appendices make claims about what Outlier Exposure needs. Each is a set of recipes that differ in one
respect; here they are trained (or found), scored and measured as `protocol` measures a table's networks.
"""

from collections.abc import Callable, Mapping
from functools import cache

import pandas as pd

from oe_core.data.images import load_images
from oe_core.draws import base_rate_draws
from oe_core.experiments import Experiment
from oe_core.protocol import limited, out_sets, substituted
from oe_core.recipes import ImageRecipe
from oe_core.records import on_draws
from oe_core.runs import Store
from oe_core.scores import OBJECTIVE_SCORES

ERROR = "error"  # the metric of a network's mistakes on the in-distribution's test set, percent
COLUMNS = ("setting", "out_dist", "metric", "seed", "draw", "value")


def vary(
    store: Store,
    experiment: Experiment,
    recipes: Mapping[str, ImageRecipe],
    *,
    seeds: int | None = None,
    draws: int | None = None,
    load: Callable = load_images,
    progress: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Measure every recipe, by the name of its setting, on the out-distributions of `experiment`.

    load: (name, split, size) -> images, for training sets that the door does not know (`data.derived.loader`). Each
    network is scored as its objective wants. Returns one row a (setting, out_dist, metric, seed, draw): FPR95, AUROC,
    AUPR, and the error once a seed, with out_dist "" and draw 0; all in percent. The draws are those of
    `protocol.evaluate`. Raises ValueError when a recipe learns another in-distribution than the experiment.
    """
    experiment, _ = substituted(experiment)
    in_dist, load = experiment.baseline.in_dist, cache(load)
    for setting, recipe in recipes.items():
        if recipe.in_dist != in_dist:
            raise ValueError(f"{setting}: in_dist={recipe.in_dist!r}, but the experiment tests {in_dist!r}")
    test = limited(load(in_dist, "test", experiment.baseline.size), experiment.test_limit)
    outs, _ = out_sets(experiment, len(test), load)
    rows = []
    for seed in range(experiment.seeds if seeds is None else seeds):
        for setting, recipe in recipes.items():
            progress(f"{setting}, seed {seed}")
            run = store.run(recipe.with_seed(seed), load=load)
            score = OBJECTIVE_SCORES[getattr(recipe, "objective", "uniform")]
            logits = store.logits(run, in_dist, lambda: test.images, test.fingerprint)
            mistakes = logits[:, : len(test.classes)].argmax(axis=1) != test.labels.numpy()
            error = 100 * float(mistakes.mean())
            rows.append({"setting": setting, "out_dist": "", "metric": ERROR, "seed": seed, "draw": 0, "value": error})
            for out in outs:
                out_logits = store.logits(run, out.key, out.inputs, out.fingerprint)
                pairs = base_rate_draws(len(test), len(out_logits), experiment.draws if draws is None else draws)
                common = {"setting": setting, "out_dist": out.printed, "seed": seed}
                rows += [common | row for row in on_draws(score(logits), score(out_logits), pairs)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Means of `vary` over out-distributions, draws and seeds, one row a setting; columns metrics, percent.

    `attrs["std_seeds"]` holds the standard deviation over seeds (n - 1; NaN for one seed) in a frame of the same form.
    """
    by_seed = frame.groupby(["setting", "metric", "seed"], sort=False)["value"].mean()
    cells = by_seed.groupby(["setting", "metric"], sort=False).agg(["mean", "std"]).unstack("metric")
    order = [ERROR, "FPR95", "AUROC", "AUPR"]
    means = cells["mean"].reindex(index=frame["setting"].drop_duplicates(), columns=order)
    means.attrs["std_seeds"] = cells["std"].reindex_like(means)
    return means
