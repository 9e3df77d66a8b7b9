"""The paper's test protocol (section 4.1): every network scores every set once, draws of the scores become records."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from oe_core.atomic import write_record, write_text
from oe_core.data.sources import MissingDataError
from oe_core.data.streams import AnyExamples
from oe_core.detectors.registry import kind_of
from oe_core.evaluation.asking import Asked, networks
from oe_core.evaluation.draws import Draw, base_rate_draws, draws_digest
from oe_core.evaluation.records import on_draws, validate
from oe_core.evaluation.records import write as write_records
from oe_core.evaluation.test_sets import Tests, prepared
from oe_core.experiments import Experiment
from oe_core.runs.store import Run, Store
from oe_core.scales import data_root


@dataclass
class Evaluation:
    """What `evaluate` measured.

    records: rows of the tables that the kind's columns name. quality: one row per seed and method, how well the network
    does its own task on the test set, in the column that the kind names: "accuracy" (percent), "perplexity" (per token)
    or "bits per dimension". scores: {out_dist: {method: (in_scores, out_scores)}} of the first seed, whole sets, for
    the figures. draws: {out_dist: the index pairs}. asked: {(method, seed): the network}. tests: what was scored.
    """

    records: pd.DataFrame
    quality: pd.DataFrame
    scores: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]
    draws: dict[str, list[Draw]]
    asked: dict[tuple[str, int], Asked]
    tests: Tests

    @property
    def test(self) -> AnyExamples:
        return self.tests.inside.examples

    @property
    def runs(self) -> dict[tuple[str, int], Run]:
        """{(method, seed): the finished training}."""
        return {key: asked.run for key, asked in self.asked.items()}

    def evidence(self) -> dict:
        """What each number rests on: the stamp of every run (data hashes, hardware, packages, commit, seconds)."""
        tests, stamps = self.tests, {}
        for (method, _), run in self.runs.items():
            stamps.setdefault(run.identity, {"method": method, **run.stamp})
        return {
            "scale": tests.experiment.scale,
            "seeds": list(range(tests.experiment.seeds)),
            "draws": {name: {"count": len(pairs), "sha256": draws_digest(pairs)} for name, pairs in self.draws.items()},
            "tests": {out.printed: {"key": out.key, "stand_in_for": out.stand_in_for, "data": out.fingerprint}
                      for out in tests.outs},
            "in_dist_test": {"name": self.test.name, "examples": len(self.test), "sha256": self.test.fingerprint},
            "missing": {name: why.replace(str(data_root()), "OE_DATA") for name, why in tests.missing.items()},
            "shared_examples": tests.overlaps,
            kind_of(tests.experiment.baseline).quality[0]: self.quality.to_dict("records"),
            "runs": list(stamps.values()),
        }  # fmt: skip

    def save(self, folder: Path) -> None:
        """Write records.csv, evidence.json and draws.json, the indices behind each number, into `folder`."""
        sha256 = write_records(self.records, folder / "records.csv")
        write_record(folder / "evidence.json", {"records_sha256": sha256, **self.evidence()})
        whole = {
            name: {"sha256": draws_digest(pairs), "in": [i.tolist() for i, _ in pairs],
                   "out": [o.tolist() for _, o in pairs]}
            for name, pairs in self.draws.items()
        }  # fmt: skip
        write_text(folder / "draws.json", json.dumps(whole, separators=(",", ":")))


def evaluate(
    store: Store, experiment: Experiment, *, seeds: int | None = None, draws: int | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Evaluation:  # fmt: skip
    """Train (or find) the experiment's networks for every seed, score everything, measure every draw.

    progress: is told of each network whether it was trained or found. Errors as `test_sets.prepared`.
    """
    tests = prepared(experiment, seeds=seeds, draws=draws)
    rows, qualities, scores, pairs, by_method = [], [], {}, {}, {}
    for role, seed, asked in networks(store, tests, tests.experiment.networks, progress):
        kind, score = kind_of(asked.recipe), kind_of(asked.recipe).scores(asked.recipe)
        columns = [column for column in kind.columns if column.network == role]
        methods = [column.method for column in columns if column in kind.main_columns]
        by_method |= {(method, seed): asked for method in methods}
        inside = asked.outputs(tests.inside)
        qualities.append({
            "in_dist": tests.inside.printed, "method": methods[0], "seed": seed,
            kind.quality[0]: kind.quality[1](inside, tests.inside.examples),
            "training_seconds": asked.run.stamp.get("seconds", float("nan")), "run": asked.run.folder.name,
        })  # fmt: skip
        for out in tests.outs:
            outside, cell = asked.outputs(out), tests.named(out, asked.recipe) | {"seed": seed}
            for column in columns:
                both = score[column.score](inside), score[column.score](outside)
                drawn = pairs.setdefault(out.printed, base_rate_draws(*map(len, both), tests.experiment.draws))
                measured = cell | {"table": column.table, "method": column.method}
                rows += [measured | row for row in on_draws(*both, drawn, kind.tpr)]
                if seed == 0 and column in kind.main_columns:
                    scores.setdefault(out.printed, {})[column.method] = both
    return Evaluation(validate(pd.DataFrame(rows)), pd.DataFrame(qualities), scores, pairs, by_method, tests)


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
            found[name].save(folder / name)
        except MissingDataError as error:
            not_run[name] = str(error)
    if not found:
        raise MissingDataError("\n\n".join(not_run.values()))
    return found, not_run
