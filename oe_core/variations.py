"""One thing changed at a time: recipes beside each other on the test sets of one experiment.

Section 5 and the appendices make claims about what Outlier Exposure needs. Each is a set of recipes that differ in one
respect; here they are trained (or found), scored and measured as `protocol` measures a table's networks.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial

import pandas as pd
import torch

from oe_core.data.image_set import ImageSet
from oe_core.domains import DOMAINS, Domain
from oe_core.draws import base_rate_draws
from oe_core.experiments import Experiment
from oe_core.gan_classifier import generated
from oe_core.protocol import limited, out_sets, substituted
from oe_core.recipes import GanRecipe, ImageRecipe, Recipe, TextRecipe
from oe_core.records import on_draws
from oe_core.runs import Store
from oe_core.scores import OBJECTIVE_SCORES

ERROR = "error"  # the metric of a network's mistakes on the in-distribution's test set, percent
COLUMNS = ("setting", "out_dist", "metric", "seed", "draw", "value")
CLASSIFIERS = (ImageRecipe, GanRecipe, TextRecipe)  # whose outputs are logits and nothing else


def vary(
    store: Store,
    experiment: Experiment,
    recipes: Mapping[str, Recipe],
    *,
    seeds: int | None = None,
    draws: int | None = None,
    load: Callable | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Measure every recipe, by the name of its setting, on the out-distributions of `experiment`.

    load: (name, split, *reading) -> examples, for training sets that the door does not know (`data.derived.loader`);
    None: as the kind of the networks loads them. Each network is scored as its objective wants. Returns one row a
    (setting, out_dist, metric, seed, draw): FPR95 (FPR90 of texts), AUROC, AUPR, and the error once a seed, with
    out_dist "" and draw 0; all in percent. The draws are those of `protocol.evaluate`. Raises ValueError when a recipe
    learns another in-distribution than the experiment, and for an experiment whose networks are no classifiers.
    """
    kind = type(experiment.baseline)
    if kind not in CLASSIFIERS:
        known = ", ".join(one.__name__ for one in CLASSIFIERS)
        raise ValueError(f"experiment: its networks are of {kind.__name__}; vary measures classifiers, of {known}")
    experiment, _ = substituted(experiment)
    domain, baseline = DOMAINS[kind], experiment.baseline
    in_dist, load = baseline.in_dist, cache(load or domain.load)
    for setting, recipe in recipes.items():
        if recipe.in_dist != in_dist:
            raise ValueError(f"{setting}: in_dist={recipe.in_dist!r}, but the experiment tests {in_dist!r}")
    test = limited(load(in_dist, "test", *baseline.reading), experiment.test_limit)
    inputs = partial(domain.inputs, test, baseline, partial(load, in_dist, "train", *baseline.reading))
    outs, _ = out_sets(experiment, len(test), load)
    rows = []
    for seed in range(experiment.seeds if seeds is None else seeds):
        for setting, recipe in recipes.items():
            progress(f"{setting}, seed {seed}")
            run = store.run(recipe.with_seed(seed), load=load)
            score = _score(domain, recipe)
            logits = store.logits(run, in_dist, inputs, test.fingerprint)
            mistakes = logits[:, : len(test.classes)].argmax(axis=1) != test.labels.numpy()
            error = 100 * float(mistakes.mean())
            rows.append({"setting": setting, "out_dist": "", "metric": ERROR, "seed": seed, "draw": 0, "value": error})
            for out in outs:
                out_logits = store.logits(run, out.key, out.inputs, out.fingerprint)
                pairs = base_rate_draws(len(test), len(out_logits), experiment.draws if draws is None else draws)
                common = {"setting": setting, "out_dist": out.printed, "seed": seed}
                rows += [common | row for row in on_draws(score(logits), score(out_logits), pairs, domain.tpr)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _score(domain: Domain, recipe: Recipe) -> Callable:
    """The score that fits what a network was taught; of plain classifiers that of their domain's main table."""
    objective = getattr(recipe, "objective", None)
    return OBJECTIVE_SCORES[objective] if objective else domain.scores[domain.main_columns[0].score]


def generated_outliers(
    store: Store, recipe: GanRecipe, count: int, seed: int = 0, *, load: Callable | None = None
) -> ImageSet:
    """`count` images of the GAN of `recipe`, unlabelled and of origin "generated", as outliers for another network.

    The GAN is trained when the store does not hold it. What it made is kept with it: another processor or number of
    threads would round some pixels otherwise, and a network that learned from them would not be found again. Errors as
    `gan_classifier.generated`. Source: Hendrycks et al. 2019, section 5.
    """
    run = store.run(recipe, load=load)
    made = store.kept(
        run, "generated", f"{count} images seed={seed}", lambda: generated(recipe, run.weights, count, seed).numpy()
    )
    labels = torch.zeros(count, dtype=torch.int64)
    return ImageSet(f"{recipe.name}, {count} generated", torch.from_numpy(made), labels, ("unlabelled",), "generated")


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Means of `vary` over out-distributions, draws and seeds, one row a setting; columns metrics, percent.

    `attrs["std_seeds"]` holds the standard deviation over seeds (n - 1; NaN for one seed) in a frame of the same form.
    """
    by_seed = frame.groupby(["setting", "metric", "seed"], sort=False)["value"].mean()
    cells = by_seed.groupby(["setting", "metric"], sort=False).agg(["mean", "std"]).unstack("metric")
    rates = [metric for metric in frame["metric"].unique() if metric.startswith("FPR")]
    order = [ERROR, *rates, "AUROC", "AUPR"]
    means = cells["mean"].reindex(index=frame["setting"].drop_duplicates(), columns=order)
    means.attrs["std_seeds"] = cells["std"].reindex_like(means)
    return means
