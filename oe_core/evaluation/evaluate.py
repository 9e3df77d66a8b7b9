"""The paper's test protocol: one experiment in, records out.

Every network scores its in-distribution's test set and every out-distribution once; each draw then compares subsets
at one anomaly to five inliers (section 4.1). The indices of every draw are stored beside the records.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from oe_core.atomic import write_text
from oe_core.data.sources import MissingDataError
from oe_core.detectors.kind import Examples
from oe_core.detectors.registry import kind_of
from oe_core.evaluation.asking import Asked, networks
from oe_core.evaluation.draws import Draw, base_rate_draws, draws_digest
from oe_core.evaluation.records import detection_records
from oe_core.evaluation.records import write as write_records
from oe_core.evaluation.test_sets import Tests, TestSet, prepared
from oe_core.experiments import Experiment, check_counts
from oe_core.runs.store import Run, Store


@dataclass
class Evaluation:
    """What `evaluate` measured.

    records: rows of the paper's tables of this kind (7 and 10 for image classifiers, 8 for texts, 11 for language
    models, 5 for density estimators, 4 for classifiers beside a GAN).
    quality: one row per seed and method, how well the network does its own task, in the column that the kind names:
    "accuracy" (percent), "perplexity" (per token) or "bits per dimension", all on the test set.
    scores: {out_dist: {method: (in_scores, out_scores)}} of the first seed, whole sets, for the figures.
    tests: what was scored. draws: {out_dist: the index pairs}. asked: {(method, seed): the network}.
    """

    records: pd.DataFrame
    quality: pd.DataFrame
    scores: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]
    tests: Tests
    asked: dict[tuple[str, int], Asked] = field(default_factory=dict)
    draws: dict[str, list[Draw]] = field(default_factory=dict)

    @property
    def test(self) -> Examples:
        """The in-distribution's test set."""
        return self.tests.inside.examples

    @property
    def inputs(self) -> Callable[[], Tensor]:
        """What a network takes of `test`."""
        return self.tests.inside.inputs

    @property
    def out_sets(self) -> list[TestSet]:
        """The out-distributions that were scored."""
        return self.tests.outs

    @property
    def missing(self) -> dict[str, str]:
        """{out_dist: why it was not run}."""
        return self.tests.missing

    @property
    def runs(self) -> dict[tuple[str, int], Run]:
        """{(method, seed): the finished training}."""
        return {key: asked.run for key, asked in self.asked.items()}

    @property
    def quality_name(self) -> str:
        """The column of `quality` that holds its values."""
        return kind_of(self.tests.experiment.baseline).quality[0]

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
            "shared_examples": self.tests.overlaps,
            self.quality_name: self.quality.to_dict("records"),
            "runs": stamps,
        }  # fmt: skip

    def save(self, folder: Path) -> None:
        """Write records.csv, evidence.json and draws.json, the indices behind each number, into `folder`."""
        sha256 = write_records(self.records, folder / "records.csv")
        write_text(folder / "evidence.json", json.dumps({"records_sha256": sha256, **self.evidence()}, indent=1))
        whole = {
            name: {"sha256": draws_digest(pairs), "in": [i.tolist() for i, _ in pairs],
                   "out": [o.tolist() for _, o in pairs]}
            for name, pairs in self.draws.items()
        }  # fmt: skip
        write_text(folder / "draws.json", json.dumps(whole, separators=(",", ":")))


def evaluate(
    store: Store,
    experiment: Experiment,
    *,
    seeds: int | None = None,
    draws: int | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Evaluation:
    """Train (or find) the experiment's networks for every seed, score everything, measure every draw.

    Raises ValueError for seeds or draws below 1, and as `test_sets.prepared`.
    """
    seeds, draws = experiment.seeds if seeds is None else seeds, experiment.draws if draws is None else draws
    check_counts(seeds=seeds, draws=draws)
    tests = prepared(experiment)
    result, parts, qualities = Evaluation(pd.DataFrame(), pd.DataFrame(), {}, tests), [], []
    for asked in networks(store, tests.experiment.networks, seeds, load=tests.load, progress=progress):
        kind = kind_of(asked.recipe)
        columns, scores = (
            [column for column in kind.columns if column.network == asked.label],
            kind.scores(asked.recipe),
        )
        methods = [column.method for column in columns if column in kind.main_columns]
        result.asked |= {(method, asked.seed): asked for method in methods}
        inside = asked.outputs(tests.inside)
        qualities.append({
            "in_dist": tests.inside.printed, "method": methods[0], "seed": asked.seed,
            kind.quality[0]: kind.quality[1](inside, tests.inside.examples),
            "training_seconds": asked.run.stamp.get("seconds", float("nan")), "run": asked.run.folder.name,
        })  # fmt: skip
        outliers = kind.printed(asked.recipe.outliers, asked.recipe) if asked.recipe.outliers else ""
        for out in tests.outs:
            outside = asked.outputs(out)
            for column in columns:
                in_scores, out_scores = (scores[column.score](outputs) for outputs in (inside, outside))
                pairs = result.draws.setdefault(out.printed, base_rate_draws(len(in_scores), len(out_scores), draws))
                parts.append(detection_records(
                    table=column.table, in_dist=tests.inside.printed, out_dist=out.printed, method=column.method,
                    in_scores=in_scores, out_scores=out_scores, seed=asked.seed, draws=pairs, tpr=kind.tpr,
                    outliers=outliers, scale=experiment.scale,
                    stand_in_for={**tests.stand_ins, out.printed: out.stand_in_for},
                ))  # fmt: skip
                if asked.seed == 0 and column in kind.main_columns:
                    result.scores.setdefault(out.printed, {})[column.method] = (in_scores, out_scores)
    result.records, result.quality = pd.concat(parts, ignore_index=True), pd.DataFrame(qualities)
    return result


def evaluate_each(
    store: Store, plans: Mapping[str, Experiment], folder: Path, **settings
) -> tuple[dict[str, Evaluation], dict[str, str]]:
    """`evaluate` each plan whose data are at hand, and save it below `folder` under its name.

    settings: seeds, draws and progress of `evaluate`. Returns {name: Evaluation} and {name: why it was not run}. Raises
    MissingDataError when nothing was run, and otherwise as `evaluate`.
    """
    found, not_run = {}, {}
    for name, plan in plans.items():
        try:
            found[name] = evaluate(store, plan, **settings)
        except MissingDataError as error:
            not_run[name] = str(error)
        else:
            found[name].save(folder / name)
    if not found:
        raise MissingDataError("\n\n".join(not_run.values()))
    return found, not_run
