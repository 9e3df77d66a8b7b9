"""The paper's test protocol: one experiment in, records out.

Every network scores its in-distribution's test set and every out-distribution once; each draw then compares subsets
at one anomaly to five inliers (section 4.1). The indices of every draw are stored beside the records.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from oe_core.data.anomalies import ANOMALIES, ANOMALY_NAMES, anomalies
from oe_core.data.catalog import CATALOG
from oe_core.data.derived import DERIVED
from oe_core.data.door import MissingDataError
from oe_core.domains import DOMAINS, Column, Domain, Examples
from oe_core.draws import Draw, base_rate_draws, draws_digest
from oe_core.experiments import Experiment
from oe_core.recipes import Recipe
from oe_core.records import OWN_FOLDER, detection_records
from oe_core.records import write as write_records
from oe_core.runs import Run, Store


@dataclass(frozen=True)
class OutSet:
    """One out-distribution, ready to be scored: its printed name, the name that it stands in for, and its inputs.

    examples: the set behind the inputs, None for noise.
    """

    key: str
    printed: str
    stand_in_for: str
    fingerprint: str
    inputs: Callable[[], Tensor]
    examples: Examples | None = None


@dataclass
class Evaluation:
    """What `evaluate` measured.

    records: rows of the paper's tables of this domain (7 and 10 for image classifiers, 8 for texts, 11 for language
    models, 5 for density estimators, 4 for classifiers beside a GAN).
    quality: one row per seed and method, how well the network does its own task, in the column that the domain names:
    "accuracy" (percent), "perplexity" (per token) or "bits per dimension", all on the test set.
    scores: {out_dist: {method: (in_scores, out_scores)}} of the first seed, whole sets, for the figures.
    missing: {out_dist: why it was not run}. draws: {out_dist: the index pairs}. runs: {(method, seed): Run}.
    test and out_sets: what was scored, to be shown. inputs: what a network takes of `test`.
    """

    records: pd.DataFrame
    quality: pd.DataFrame
    scores: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]
    test: Examples
    out_sets: list[OutSet]
    inputs: Callable[[], Tensor]
    missing: dict[str, str] = field(default_factory=dict)
    runs: dict[tuple[str, int], Run] = field(default_factory=dict)
    draws: dict[str, list[Draw]] = field(default_factory=dict)

    @property
    def quality_name(self) -> str:
        """The column of `quality` that holds its values."""
        return DOMAINS[type(next(iter(self.runs.values())).recipe)].quality[0]

    def evidence(self) -> dict:
        """What each number rests on: the stamp of every run (data hashes, hardware, packages, commit, seconds)."""
        once = {run.identity: (method, run) for (method, _), run in reversed(self.runs.items())}
        stamps = [{"method": method, **run.stamp} for method, run in reversed(once.values())]
        return {
            "scale": self.records["scale"].iloc[0],
            "seeds": sorted({seed for _, seed in self.runs}),
            "draws": {name: {"count": len(pairs), "sha256": draws_digest(pairs)} for name, pairs in self.draws.items()},
            "tests": {out.printed: {"key": out.key, "stand_in_for": out.stand_in_for, "data": out.fingerprint}
                      for out in self.out_sets},
            "in_dist_test": {"name": self.test.name, "examples": len(self.test), "sha256": self.test.fingerprint},
            "missing": self.missing,
            self.quality_name: self.quality.to_dict("records"),
            "runs": stamps,
        }  # fmt: skip

    def save(self, folder: Path) -> None:
        """Write records.csv, evidence.json and draws.json, the indices behind each number, into `folder`."""
        write_records(self.records, folder / "records.csv")
        (folder / "evidence.json").write_text(json.dumps(self.evidence(), indent=1), encoding="utf-8")
        whole = {
            name: {"sha256": draws_digest(pairs), "in": [i.tolist() for i, _ in pairs],
                   "out": [o.tolist() for _, o in pairs]}
            for name, pairs in self.draws.items()
        }  # fmt: skip
        (folder / "draws.json").write_text(json.dumps(whole, separators=(",", ":")), encoding="utf-8")


def substituted(experiment: Experiment) -> tuple[Experiment, dict[str, str]]:
    """The experiment with its outliers resolved to data at hand, and {stand-in: the printed name it replaces}.

    Raises MissingDataError when neither the outliers nor a stand-in for them are at hand: without them there is no
    experiment; the message says how to get them.
    """
    wanted, domain = experiment.exposed.outliers, DOMAINS[type(experiment.exposed)]
    present = domain.door.resolve(wanted, "train", without=(experiment.baseline.in_dist, *experiment.out_dists))
    if present == wanted:
        return experiment, {}
    between = {
        role: replace(recipe, outliers=present) if recipe.outliers == wanted else recipe
        for role, recipe in experiment.between.items()
    }
    changed = replace(experiment, between=between, exposed=replace(experiment.exposed, outliers=present))
    return changed, {present: domain.printed(wanted, experiment.exposed)}


def out_sets(experiment: Experiment, num_inliers: int, load=None) -> tuple[list[OutSet], dict[str, str]]:
    """The out-distributions at hand (or their stand-ins), and for each missing one the reason."""
    found, missing = [], {}
    recipe, domain = experiment.exposed, DOMAINS[type(experiment.exposed)]
    load = load or cache(domain.load)
    for key in experiment.out_dists:
        if key in ANOMALIES:
            found.append(_generated(key, num_inliers, recipe))
            continue
        if key in DERIVED:
            found.append(_derived(key, experiment, load))
            continue
        try:
            taken = [recipe.in_dist, recipe.outliers, *experiment.out_dists, *(out.key for out in found)]
            present = domain.door.resolve(key, "test", without=[name for name in taken if name != key])
        except MissingDataError as error:
            missing[domain.printed(key, recipe)] = str(error)
            continue
        examples = limited(load(present, "test", *recipe.other_reading), experiment.test_limit)
        replaced = domain.printed(key, recipe) if present != key else replaces(examples)
        inputs = partial(domain.inputs, examples, recipe, _training(experiment, load))
        found.append(OutSet(present, domain.printed(present, recipe), replaced, examples.fingerprint, inputs, examples))
    return found, missing


def _training(experiment: Experiment, load) -> Callable[[], Examples]:
    return partial(load, experiment.baseline.in_dist, "train", *experiment.baseline.reading)


def replaces(examples: Examples) -> str:
    """What the tables say a set stands in for: the paper's name, "own folder" for the paper's set read from there."""
    taken_place = examples.origin == "folder" and examples.name in CATALOG
    return examples.stand_in_for or (OWN_FOLDER if taken_place else "")


def limited(examples: Examples, limit: int | None) -> Examples:
    """The first `limit` examples of a seeded order; all of them where there are no more, or `limit` is None."""
    if limit is None or len(examples) <= limit:
        return examples
    return examples.take(torch.randperm(len(examples), generator=torch.Generator().manual_seed(0))[:limit])


def _generated(key: str, count: int, recipe: Recipe) -> OutSet:
    size, signed = recipe.size, recipe.signed
    fingerprint = f"{key} count={count} size={size} signed={signed} seed=0" + (" grey" if recipe.grey else "")
    draw = partial(anomalies, key, count, size, signed, 0, grey=recipe.grey)
    return OutSet(key, ANOMALY_NAMES[key], "", fingerprint, draw)


def _derived(key: str, experiment: Experiment, load) -> OutSet:
    recipe, domain = experiment.baseline, DOMAINS[type(experiment.baseline)]
    test = limited(load(recipe.in_dist, "test", *recipe.reading), experiment.test_limit)
    examples = DERIVED[key](test)
    printed = f"{key.capitalize()} {domain.printed(test.name, recipe)}"
    inputs = partial(domain.inputs, examples, recipe, _training(experiment, load))
    return OutSet(key, printed, "", examples.fingerprint, inputs, examples)


def evaluate(
    store: Store,
    experiment: Experiment,
    *,
    seeds: int | None = None,
    draws: int | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Evaluation:
    """Train (or find) the experiment's networks for every seed, score everything, measure every draw.

    Raises ValueError for seeds or draws below 1; MissingDataError when the in-distribution or the outliers are not at
    hand, or no out-distribution at all.
    """
    seeds, draws = experiment.seeds if seeds is None else seeds, experiment.draws if draws is None else draws
    for argument, value in (("seeds", seeds), ("draws", draws)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{argument}={value!r} must be a whole number of at least 1")
    experiment, replaced = substituted(experiment)
    baseline, exposed = experiment.baseline, experiment.exposed
    domain = DOMAINS[type(baseline)]
    load = cache(domain.load)
    test = limited(load(baseline.in_dist, "test", *baseline.reading), experiment.test_limit)
    outs, missing = out_sets(experiment, len(test), load)
    if not outs:
        raise MissingDataError(f"none of {list(experiment.out_dists)} is at hand: " + " ".join(missing.values()))
    in_dist, outliers = domain.printed(test.name, baseline), domain.printed(exposed.outliers, exposed)
    outlier_source = replaces(load(exposed.outliers, "train", *exposed.other_reading))
    in_place_of = experiment.in_place_of and domain.printed(experiment.in_place_of, baseline)
    names = {in_dist: in_place_of or replaces(test), outliers: replaced.get(exposed.outliers) or outlier_source}
    inputs = partial(domain.inputs, test, baseline, _training(experiment, load))
    result = Evaluation(pd.DataFrame(), pd.DataFrame(), {}, test, outs, inputs, missing)
    parts, qualities = [], []
    for seed in range(seeds):
        for network, recipe in experiment.networks.items():
            columns = [column for column in domain.columns if column.network == network]
            methods = [column.method for column in domain.main_columns if column.network == network]
            progress(f"{recipe.name}, seed {seed}: {', '.join(methods)}")
            run = store.run(recipe.with_seed(seed), load=load)
            result.runs |= {(method, seed): run for method in methods}
            in_logits = store.logits(run, baseline.in_dist, inputs, test.fingerprint)
            qualities.append(_quality(domain, run, in_dist, methods[0], seed, in_logits, test))
            for out in outs:
                out_logits = store.logits(run, out.key, out.inputs, out.fingerprint)
                pairs = result.draws.setdefault(out.printed, base_rate_draws(len(in_logits), len(out_logits), draws))
                common = dict(in_dist=in_dist, out_dist=out.printed, seed=seed, draws=pairs,
                              scale=experiment.scale, outliers=outliers if recipe.outliers else "",
                              tpr=domain.tpr, stand_in_for={**names, out.printed: out.stand_in_for})  # fmt: skip
                for column in columns:
                    scored = tuple(domain.scores[column.score](logits) for logits in (in_logits, out_logits))
                    parts.append(_measured(column, scored, common))
                    if seed == 0 and column in domain.main_columns:
                        result.scores.setdefault(out.printed, {})[column.method] = scored
    result.records = pd.concat(parts, ignore_index=True)
    result.quality = pd.DataFrame(qualities)
    return result


def _measured(column: Column, scored: tuple[np.ndarray, np.ndarray], common: dict) -> pd.DataFrame:
    in_scores, out_scores = scored
    return detection_records(
        table=column.table, method=column.method, in_scores=in_scores, out_scores=out_scores, **common
    )


def _quality(
    domain: Domain, run: Run, in_dist: str, method: str, seed: int, logits: np.ndarray, test: Examples
) -> dict:
    name, measure = domain.quality
    return {
        "in_dist": in_dist, "method": method, "seed": seed, name: measure(logits, test),
        "training_seconds": run.stamp.get("seconds", float("nan")), "run": run.folder.name,
    }  # fmt: skip
