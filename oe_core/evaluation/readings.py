"""Test sets and validation distributions as the text has them and as the official code makes them, the same networks.

Each row of `readings` names the number of the disagreement in this list:
  16  jigsaw: the text permutes 16 equal patches, the code cuts every image in the one way of `validation_anomalies`;
      and the corrupted images: the text takes inliers, the code (for CIFAR and Tiny ImageNet) another data set
  17  noise for standardised inputs: the code feeds it in [-1, 1] as it is; as a picture it would be standardised
  18  blobs: the code's blur goes across the colour channels; within each of them they would be independent
Source: Hendrycks et al. 2019, appendix A; hendrycks/outlier-exposure `CIFAR/test.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pandas as pd
from torch import Tensor

from oe_core.data.anomalies import anomalies
from oe_core.data.batches import network_inputs
from oe_core.data.catalog import printed_name
from oe_core.data.examples import ImageSet
from oe_core.data.sources import load_images
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.evaluation.asking import networks
from oe_core.evaluation.test_sets import TestSet, limited, out_sets, prepared
from oe_core.evaluation.validation import mean_metrics, validation_scores
from oe_core.experiments import Experiment
from oe_core.runs.store import Store

COLUMNS = ("number", "measure", "text", "code", "data")
METRICS = ("FPR95", "AUROC")


def readings(
    store: Store,
    experiment: Experiment,
    other: ImageSet,
    *,
    seeds: int | None = None,
    draws: int | None = None,
    load=load_images,
) -> pd.DataFrame:
    """Both readings of every disagreement that the networks of `experiment` can be asked about; MSP, percent.

    other: images of another data set, of the networks' size, which the code's validation distributions corrupt; at most
    as many are taken as inliers are held out. One row a (number, what, network, metric): number, measure ("what,
    baseline or exposed, FPR95 or AUROC"), text and code (its value under either reading, mean over draws and seeds) and
    data (in-distribution and scale). Number 17 has no rows for networks whose inputs lie in [0, 1], and 18 none for
    grey ones. Networks are trained when the store does not hold them. Raises ValueError for recipes without `holdout`.
    """
    tests = prepared(experiment, load)
    seeds, draws = experiment.seeds if seeds is None else seeds, experiment.draws if draws is None else draws
    recipes = {"baseline": tests.experiment.baseline, "exposed": tests.experiment.exposed}
    recipe, pairs = recipes["baseline"], list(_generated(tests.experiment, len(tests.inside.examples)))
    rows = []
    for asked in networks(store, recipes, seeds, load=tests.load):
        rows += _validated(store, asked.recipe, asked.label, other, tests.load)
        inside = asked.scores(tests.inside)
        for number, what, *ways in pairs:
            measured = [mean_metrics(inside, asked.scores(out), draws) for out in ways]
            rows += _rows(number, f"{what}, {asked.label}", *measured)
    frame = pd.DataFrame(rows).groupby(["number", "measure"], sort=False)[["text", "code"]].mean().reset_index()
    frame = frame.sort_values("number", kind="stable", ignore_index=True)
    return frame.assign(data=f"{printed_name(recipe.in_dist)}, {experiment.scale}")[list(COLUMNS)]


def _validated(store: Store, recipe: ImageRecipe, network: str, other: ImageSet, load) -> list[dict]:
    ask = partial(validation_scores, store, recipe, load=load)
    text, code = (found.set_index("out_dist") for found in (ask(), ask(jigsaw="code")))
    borrowed = ask(corrupted=limited(other, recipe.holdout))
    what = f"Validation distributions (code: of {printed_name(other.name)}), {network}"
    return [
        *_rows(16, f"Jigsaw, {network}", text.loc["Jigsaw"], code.loc["Jigsaw"]),
        *_rows(16, what, text.mean(), borrowed.set_index("out_dist").mean()),
    ]


def _rows(number: int, measure: str, text, code) -> list[dict]:
    return [
        {"number": number, "measure": f"{measure}, {metric}", "text": text[metric], "code": code[metric]}
        for metric in METRICS
    ]


def _generated(experiment: Experiment, count: int) -> Iterator[tuple[int, str, TestSet, TestSet]]:
    """(number, what, the text's set, the code's set); the code's are those of the tables, under the same names."""
    recipe = experiment.baseline
    of_code = replace(experiment, out_dists=("gaussian", "blobs"))
    gaussian, blobs = out_sets(of_code, count, load=None)[0]
    if recipe.signed:
        picture = partial(anomalies, "gaussian", count, recipe.size, False, 0, grey=recipe.grey)
        fed = partial(_standardised, picture, recipe.scaling)
        yield 17, "Gaussian", _read_otherwise(gaussian, f"standardised {recipe.scaling}", fed), gaussian
    if not recipe.grey:
        within = partial(anomalies, "blobs", count, recipe.size, recipe.signed, 0, across_channels=False)
        yield 18, "Blobs", _read_otherwise(blobs, "within channels", within), blobs


def _standardised(picture: Callable[[], Tensor], scaling: str) -> Tensor:
    return network_inputs(picture(), scaling)


def _read_otherwise(out: TestSet, how: str, inputs: Callable[[], Tensor]) -> TestSet:
    return replace(out, fingerprint=f"{out.fingerprint} {how}", inputs=inputs)
