"""The protocol of Tables 12 and 13: temperatures from held-out examples, calibration on samples with anomalies.

Networks and sets are those that `evaluate` trains and scores. Each network then answers the held-out part of
its training set as well; a sample is a draw of inliers and anomalies, in which every answer to an anomaly is wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from oe_core.detectors.kind import Examples
from oe_core.detectors.registry import kind_of
from oe_core.evaluation import records as record_table
from oe_core.evaluation.asking import Asked
from oe_core.evaluation.calibration import BIN_SIZE, calibration_metrics, confidences, fit_temperature
from oe_core.evaluation.draws import base_rate_draws
from oe_core.evaluation.evaluate import Evaluation, evaluate
from oe_core.evaluation.holdout import PROTOCOLS, Protocol
from oe_core.evaluation.test_sets import Tests, TestSet
from oe_core.experiments import Experiment, check_choice
from oe_core.runs.store import Store

EXPOSED = "+OE"
# {table: {the paper's method word: (whether the network is the exposed one, whether its confidence is rescaled)}}
METHODS = {
    12: {"Temperature": (False, False), "+OE": (True, False)},
    13: {"Temperature": (False, False), "+Rescale": (False, True), "+OE": (True, True)},
}
Predictions = tuple[np.ndarray, np.ndarray]
"""(confidence float64 (n,), correct bool (n,))."""


@dataclass(frozen=True, eq=False)
class Answers:
    """The logits of one network: of the held-out part, of the test set, and of each out-distribution by its name."""

    held_out: np.ndarray
    held_out_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    outs: dict[str, np.ndarray]

    def inliers(self, temperature: float = 1.0, rescaled: bool = False) -> Predictions:
        """Confidence and correctness on the whole test set."""
        return confidences(self.test, temperature, rescaled), self.test.argmax(axis=1) == self.test_labels

    def anomalies(self, out_dist: str, temperature: float = 1.0, rescaled: bool = False) -> Predictions:
        """Confidence on a whole out-distribution, where no prediction is right."""
        logits = self.outs[out_dist]
        return confidences(logits, temperature, rescaled), np.zeros(len(logits), dtype=bool)


@dataclass
class Calibration(Evaluation):
    """What `calibrate` measured under one protocol: an Evaluation whose records are those of Tables 12 and 13.

    protocol: its name in PROTOCOLS. answers: {(method, seed): Answers}, methods as in `runs`. temperatures: one row a
    method and seed: temperature, and on the held-out part the accuracy and the mean confidence without and with it
    (percent). held_out: the part itself. draws: those of the samples.
    """

    protocol: str = "paper"
    answers: dict[tuple[str, int], Answers] = field(default_factory=dict)
    temperatures: pd.DataFrame = field(default_factory=pd.DataFrame)
    held_out: Examples | None = None

    def temperature(self, method: str, seed: int = 0) -> float:
        """The fitted temperature of one network."""
        return self.temperatures.set_index(["method", "seed"]).loc[(method, seed), "temperature"]

    def sample(
        self, method: str, out_dist: str, *, seed: int = 0, draw: int = 0, tuned: bool = True, rescaled: bool = False
    ) -> Predictions:
        """Confidence and correctness on one draw, inliers first; tuned: at the fitted temperature, else at T = 1."""
        answers, temperature = self.answers[method, seed], self.temperature(method, seed) if tuned else 1.0
        parts = answers.inliers(temperature, rescaled), answers.anomalies(out_dist, temperature, rescaled)
        return _joined(parts, self.draws[out_dist][draw])

    def evidence(self) -> dict:
        """As an Evaluation's, with the protocol, the temperatures and the held-out part."""
        how, held_out = PROTOCOLS[self.protocol], self.held_out
        return super().evidence() | {
            "reading": {"name": self.protocol, "inliers per anomaly": how.ratio, "last bin": how.last_bin,
                        "bin size": BIN_SIZE, "temperature bounds": how.bounds},
            "temperatures": self.temperatures.to_dict("records"),
            "held_out": {"name": held_out.name, "examples": len(held_out), "sha256": held_out.fingerprint},
        }  # fmt: skip


def calibrate(
    store: Store,
    experiment: Experiment,
    *,
    protocols: Sequence[str] = ("paper",),
    seeds: int | None = None,
    draws: int | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Calibration]:
    """Train (or find) the networks of an experiment with a hold-out, and measure them under each of the `protocols`.

    Raises ValueError for an unknown protocol, for recipes that are no classifiers' or hold nothing (or not the same)
    out, and as `calibration.fit_temperature`; further errors as `evaluate`.
    """
    for protocol in protocols:
        check_choice("protocols", protocol, PROTOCOLS)
    if not kind_of(experiment.baseline).classifies:
        raise ValueError(f"recipe {experiment.baseline.name!r} is no classifier's, so that it has no calibration")
    holdouts = experiment.baseline.holdout, experiment.exposed.holdout
    if not holdouts[0] or holdouts[0] != holdouts[1]:
        raise ValueError(f"holdout={holdouts} of baseline and exposed network must be equal and above 0; "
                         "evaluation.holdout makes such experiments")  # fmt: skip
    found = evaluate(store, experiment, seeds=seeds, draws=draws, progress=progress)
    held_out = found.tests.held_out(found.tests.experiment.baseline)
    answers = {key: _answers(asked, found.tests, held_out) for key, asked in found.asked.items()}
    return {protocol: _measured(found, protocol, held_out.examples, answers) for protocol in protocols}


def _answers(asked: Asked, tests: Tests, held_out: TestSet) -> Answers:
    """What one network says of the held-out part and of the tests: the logits of its classes."""
    classes = len(held_out.examples.classes)

    def logits(of: TestSet) -> np.ndarray:
        return asked.outputs(of)[:, :classes]

    return Answers(
        logits(held_out), held_out.examples.labels.numpy(), logits(tests.inside), tests.inside.examples.labels.numpy(),
        {out.printed: logits(out) for out in tests.outs},
    )  # fmt: skip


def _measured(
    found: Evaluation, protocol: str, held_out: Examples, answers: dict[tuple[str, int], Answers]
) -> Calibration:
    how = PROTOCOLS[protocol]
    count = len(next(iter(found.draws.values())))
    draws = {out: base_rate_draws(len(found.tests.inside.examples), len(logits), count, how.ratio)
             for out, logits in next(iter(answers.values())).outs.items()}  # fmt: skip
    temperatures = pd.DataFrame([_temperature(*key, answered, how) for key, answered in answers.items()])
    common = {each.name: getattr(found, each.name) for each in fields(found)} | {"draws": draws}
    result = Calibration(**common, protocol=protocol, answers=answers, temperatures=temperatures, held_out=held_out)
    result.records = record_table.validate(pd.DataFrame(_rows(result, how)))
    return result


def _temperature(method: str, seed: int, answers: Answers, how: Protocol) -> dict:
    logits, labels = answers.held_out, answers.held_out_labels
    try:
        temperature = fit_temperature(logits, labels, how.bounds)
    except ValueError as error:
        raise ValueError(f"{method}, seed {seed}, on {len(labels)} held-out examples: {error}") from error
    return {
        "method": method, "seed": seed, "temperature": temperature,
        "held-out accuracy": 100 * float((logits.argmax(axis=1) == labels).mean()),
        "confidence": 100 * float(confidences(logits).mean()),
        "tuned confidence": 100 * float(confidences(logits, temperature).mean()),
    }  # fmt: skip


def _rows(result: Calibration, how: Protocol) -> Iterator[dict]:
    """One record a table, method, network, out-distribution, draw and metric."""
    context = _context(result.records)
    for table, methods in METHODS.items():
        for method, (exposed, rescaled) in methods.items():
            for (network, seed), answers in result.answers.items():
                if exposed != (network == EXPOSED):
                    continue
                temperature = result.temperature(network, seed)
                for out, pairs in result.draws.items():
                    parts = answers.inliers(temperature, rescaled), answers.anomalies(out, temperature, rescaled)
                    row = {"table": table, "out_dist": out, "method": method, "seed": seed, **context[out, exposed]}
                    for draw, pair in enumerate(pairs):
                        measured = calibration_metrics(*_joined(parts, pair), last_bin=how.last_bin)
                        for metric, value in measured.items():
                            yield row | {"draw": draw, "metric": metric, "value": 100 * value}


def _context(detection: pd.DataFrame) -> dict[tuple[str, bool], dict]:
    """What the detection records say of each (out-distribution, whether exposed): names, outliers, scale, stand-ins."""
    columns = ["in_dist", "outliers", "scale", "stand_in_for"]
    first = detection.groupby(["out_dist", detection["outliers"] != ""])[columns].first()
    return {key: row.to_dict() for key, row in first.iterrows()}


def _joined(parts: tuple[Predictions, Predictions], pair: tuple[np.ndarray, np.ndarray]) -> Predictions:
    """The predictions of a draw: the inliers that it takes, then the anomalies."""
    taken = [[values[indices] for values in part] for part, indices in zip(parts, pair, strict=True)]
    return tuple(np.concatenate(both) for both in zip(*taken, strict=True))
