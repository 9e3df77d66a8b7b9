"""Test sets and validation distributions as the text has them and as the official code makes them, the same networks.

Each row of `readings` names the number of the disagreement in this list:
  16  jigsaw: the text permutes 16 equal patches, the code cuts every image in the one way of `validation_anomalies`;
      and the corrupted images: the text takes inliers, the code (for CIFAR and Tiny ImageNet) another data set
  17  noise for standardised inputs: the code feeds it in [-1, 1] as it is; as a picture it would be standardised
  18  blobs: the code's blur goes across the colour channels; within each of them they would be independent
Source: Hendrycks et al. 2019, appendix A; hendrycks/outlier-exposure `CIFAR/test.py`.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pandas as pd

from oe_core.data.anomalies import anomalies
from oe_core.data.batches import network_inputs
from oe_core.data.catalog import printed_name
from oe_core.data.examples import ImageSet
from oe_core.evaluation.asking import Asked, networks
from oe_core.evaluation.test_sets import Tests, out_sets, prepared
from oe_core.evaluation.validation import mean_metrics, validation_scores
from oe_core.experiments import Experiment
from oe_core.parts import limited
from oe_core.runs.store import Store

COLUMNS = ("number", "measure", "text", "code", "data")
METRICS = ("FPR95", "AUROC")


def readings(store: Store, experiment: Experiment, other: ImageSet, *, seeds: int | None = None) -> pd.DataFrame:
    """Both readings of every disagreement that the networks of `experiment` can be asked about; MSP, percent.

    other: images of another data set, of the networks' size, which the code's validation distributions corrupt; at most
    as many are taken as inliers are held out. One row a (number, what, network, metric): number, measure ("what,
    baseline or exposed, FPR95 or AUROC"), text and code (its value under either reading, mean over draws and seeds) and
    data (in-distribution and `Experiment.extent`). Number 17 has no rows for networks whose inputs lie in [0, 1], and
    18 none for grey ones. Networks are trained when the store does not hold them. Raises ValueError for recipes without
    `holdout`.
    """
    tests = prepared(experiment, seeds=seeds)
    baseline, rows = tests.experiment.baseline, []
    recipes = {"baseline": baseline, "exposed": tests.experiment.exposed}
    for role, _, asked in networks(store, tests, recipes):
        found = [*_validated(asked, other, tests), *_generated(asked, tests)]
        rows += [
            {"number": number, "measure": f"{what}, {role}, {metric}", "text": text[metric], "code": code[metric]}
            for number, what, text, code in found
            for metric in METRICS
        ]
    frame = pd.DataFrame(rows).groupby(["number", "measure"], sort=False)[["text", "code"]].mean().reset_index()
    frame = frame.sort_values("number", kind="stable", ignore_index=True)
    return frame.assign(data=f"{printed_name(baseline.in_dist)}, {experiment.extent}")[list(COLUMNS)]


# Each yields (number, what, the text's metrics, the code's metrics).
def _validated(asked: Asked, other: ImageSet, tests: Tests) -> Iterator[tuple]:
    ask = partial(validation_scores, asked.store, asked.recipe, load=tests.load)
    text, code = (found.set_index("out_dist") for found in (ask(), ask(jigsaw="code")))
    yield 16, "Jigsaw", text.loc["Jigsaw"], code.loc["Jigsaw"]
    borrowed = ask(corrupted=limited(other, asked.recipe.holdout)).set_index("out_dist")
    yield 16, f"Validation distributions (code: of {printed_name(other.name)})", text.mean(), borrowed.mean()


def _generated(asked: Asked, tests: Tests) -> Iterator[tuple]:
    """Noise and blobs; the code's are those of the tables, under the same names."""
    recipe, count = tests.experiment.baseline, len(tests.inside.examples)
    (gaussian, blobs), _ = out_sets(replace(tests.experiment, out_dists=("gaussian", "blobs")), count)
    picture = partial(anomalies, "gaussian", count, recipe.size, False, 0, grey=recipe.grey)
    within = partial(anomalies, "blobs", count, recipe.size, recipe.signed, 0, across_channels=False)
    ways = []
    if recipe.signed:
        how = f"standardised {recipe.scaling}"
        ways.append((17, "Gaussian", gaussian, how, lambda: network_inputs(picture(), recipe.scaling)))
    if not recipe.grey:
        ways.append((18, "Blobs", blobs, "within channels", within))
    inside = asked.scores(tests.inside)
    for number, what, of_code, how, inputs in ways:
        of_text = replace(of_code, fingerprint=f"{of_code.fingerprint} {how}", inputs=inputs)
        text, code = (mean_metrics(inside, asked.scores(out), tests.experiment.draws) for out in (of_text, of_code))
        yield number, what, text, code
