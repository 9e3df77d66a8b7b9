"""Later detectors on the paper's protocol: the same networks, test sets and draws, other scores. Beyond the paper.

Which still matter once Outlier Exposure is used? None is fitted to, or tuned on, test anomalies or training's outliers.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from oe_core.atomic import write_record, write_text
from oe_core.data.anomalies import distance
from oe_core.detectors.images.training import head
from oe_core.detectors.registry import KINDS, kind_of
from oe_core.evaluation.asking import Asked
from oe_core.evaluation.bootstrap import resampled_metrics, resamples
from oe_core.evaluation.evaluate import Evaluation, evaluate
from oe_core.evaluation.records import on_draws
from oe_core.evaluation.test_sets import Tests, TestSet
from oe_core.experiments import Experiment
from oe_core.parts import training_part
from oe_core.posthoc.answers import Answers, TrainingFeatures
from oe_core.posthoc.odin import TEMPERATURE, perturbed_logits, validated_epsilons
from oe_core.posthoc.registry import DETECTORS
from oe_core.posthoc.summary import intervals, rendered, summary
from oe_core.runs.provenance import environment
from oe_core.runs.store import Store, network

RESAMPLES = 300


@dataclass
class Comparison:
    """What `compare_detectors` measured.

    records: in_dist, out_dist, distance (as `data.anomalies.distance`), network (a key of `Experiment.networks`),
    detector, metric, seed, draw, value (percent). intervals: of the bootstrap over examples, as `summary.intervals`.
    epsilons: ODIN's validation, a row per network, seed and step: FPR95, AUROC, AUPR (percent), whether it was chosen.
    evaluation: the paper's protocol on the same networks and draws. measured: where, and in how many seconds (without
    training; less where the store held features and ODIN's logits).
    """

    records: pd.DataFrame
    intervals: pd.DataFrame
    epsilons: pd.DataFrame
    evaluation: Evaluation
    measured: dict

    def save(self, folder: Path) -> None:
        """Write detectors.csv (every value), intervals.csv, evidence.json and detectors.md (means) into `folder`."""
        rows = [{name: value for name, value in asdict(row).items() if name != "fit"} for row in DETECTORS]
        chosen = {"detectors": rows, "epsilons": self.epsilons.to_dict("records"), "measured": self.measured}
        write_text(folder / "detectors.csv", self.records.to_csv(index=False))
        write_text(folder / "intervals.csv", self.intervals.to_csv(index=False))
        write_record(folder / "evidence.json", self.evaluation.evidence() | chosen)
        write_text(folder / "detectors.md", rendered(summary(self.records, self.intervals)))


def compare_detectors(
    store: Store, plan: Experiment, *, seeds: int | None = None, draws: int | None = None
) -> Comparison:
    """Every detector on every network, seed, out-distribution and draw of `evaluate`, which it starts from.

    seeds, draws: None takes the experiment's. Networks, logits, features and ODIN's logits are kept in `store`, so that
    nothing is asked twice. Errors as `evaluate`; raises ValueError for networks without features, and as the detectors
    do.
    """
    kind = kind_of(plan.baseline)
    if kind.features is None:
        known = ", ".join(one.name for one in KINDS.values() if one.features)
        why = f"whose features no detector here reads; those of {known} are compared"
        raise ValueError(f"plan: its networks are of {kind.name!r}, {why}")
    evaluation = evaluate(store, plan, seeds=seeds, draws=draws)
    start, roles = time.monotonic(), {column.method: column.network for column in kind.main_columns}
    records, resampled, epsilons = [], [], []
    for (method, seed), asked in evaluation.asked.items():
        fitted, common = _Fitted(asked, evaluation.tests), {"network": roles[method], "seed": seed}
        chosen = fitted.validated["epsilon"] == fitted.epsilon
        epsilons.append(fitted.validated.assign(**common, chosen=chosen))
        for cell, measured, again in _measured(fitted, evaluation, kind.tpr):
            cell |= common
            records += (cell | row for row in measured)
            resampled += (cell | {"metric": metric, "values": 100 * values} for metric, values in again.items())
    frame = pd.DataFrame(records).assign(in_dist=evaluation.tests.inside.printed)
    columns = ["in_dist", "out_dist", "distance", "network", "detector", "metric", "seed", "draw", "value"]
    limits, where = intervals(pd.DataFrame(resampled)), environment(store.device)
    measured = {**where, "seconds": time.monotonic() - start, "resamples": RESAMPLES}
    return Comparison(frame[columns], limits, pd.concat(epsilons, ignore_index=True), evaluation, measured)


class _Fitted:
    """One network's detectors, fitted to its training features, and the step that ODIN's validation chose for it."""

    def __init__(self, asked: Asked, tests: Tests):
        self.asked, self.recipe, self.model = asked, asked.recipe, network(asked.run, asked.store.device)
        inliers = tests.load(self.recipe.in_dist, "train", *self.recipe.load_options)
        self.validated = validated_epsilons(asked.store, asked.run, self.model, inliers)
        best = self.validated["FPR95"].idxmin()  # the shortest of equal ones
        self.epsilon = float(self.validated.loc[best, "epsilon"])
        part = training_part(inliers, self.recipe)
        features = self._features("training", part.fingerprint, lambda: part.images)
        weight, bias = (tensor.numpy() for tensor in head(self.model, features.shape[1]))
        training = TrainingFeatures(features, part.labels.numpy(), weight, bias)
        self.detectors = {detector.name: detector.fitted(training) for detector in DETECTORS}

    def _features(self, key: str, fingerprint: str, inputs: Callable[[], Tensor]) -> np.ndarray:
        """Features float32 (n, features): 35 MB of 45,000 training images at 192.

        In float16 they would take half of it, and move an AUROC by up to 0.3 points, where activations are shaped.
        """
        ask = kind_of(self.recipe).features
        return self.asked.store.kept(
            self.asked.run, f"{key} features", f"features {fingerprint}",
            lambda: ask(self.model, inputs(), self.recipe).numpy(),
        )  # fmt: skip

    def scores(self, of: TestSet) -> dict[str, np.ndarray]:
        """Every detector's scores of one set, float64 (n,), higher = more anomalous."""
        how = f"odin {self.epsilon} T={TEMPERATURE} {of.fingerprint}"
        perturbed = self.asked.store.kept(
            self.asked.run, f"{of.key} odin", how,
            lambda: perturbed_logits(self.model, of.inputs(), self.recipe, (self.epsilon,))[0].numpy(),
        )  # fmt: skip
        answers = Answers(self._features(of.key, of.fingerprint, of.inputs), self.asked.outputs(of), perturbed)
        return {name: score(answers) for name, score in self.detectors.items()}


def _measured(fitted: _Fitted, evaluation: Evaluation, tpr: float) -> Iterator[tuple[dict, Iterator[dict], dict]]:
    """(cell, rows of every draw, metrics of every resample) of each out-distribution and detector.

    A resample has as many inliers and anomalies as a draw, and is the same for every network and detector.
    """
    tests, in_scores = evaluation.tests, fitted.scores(evaluation.tests.inside)
    for out in tests.outs:
        drawn, out_scores = evaluation.draws[out.printed], fitted.scores(out)
        sizes = len(in_scores["MSP"]), len(out_scores["MSP"])
        again = list(resamples(*sizes, RESAMPLES, tuple(map(len, drawn[0]))))
        far = distance(out.key, tests.experiment.baseline.in_dist)
        for name, scores in in_scores.items():
            pair = scores, out_scores[name]
            cell = {"out_dist": out.printed, "distance": far, "detector": name}
            yield cell, on_draws(*pair, drawn, tpr), resampled_metrics(*pair, again, tpr)
