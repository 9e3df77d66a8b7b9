"""The protocol of Tables 12 and 13: temperatures from held-out examples, calibration on samples with anomalies.

A sample is a draw of inliers and anomalies, in which every answer to an anomaly is wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from oe_core.arguments import ArgumentError, check_choice
from oe_core.data.streams import AnyExamples
from oe_core.detectors.registry import kind_of
from oe_core.evaluation.asking import Asked
from oe_core.evaluation.calibration import BIN_SIZE, calibration_metrics, confidences, fit_temperature
from oe_core.evaluation.draws import Draw, base_rate_draws
from oe_core.evaluation.evaluate import Evaluation, evaluate
from oe_core.evaluation.holdout import PROTOCOLS
from oe_core.evaluation.records import validate
from oe_core.evaluation.test_sets import Tests, TestSet, held_out
from oe_core.experiments import Experiment
from oe_core.runs.store import Store

# {table: {the paper's method word: (which network of the experiment, whether its confidence is rescaled)}}
METHODS = {
    12: {"Temperature": ("baseline", False), "+OE": ("exposed", False)},
    13: {"Temperature": ("baseline", False), "+Rescale": ("baseline", True), "+OE": ("exposed", True)},
}
Predictions = tuple[np.ndarray, np.ndarray]
"""(confidence float64 (n,), correct bool (n,))."""


@dataclass(frozen=True, eq=False)
class Logits:
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

    protocol: its name in PROTOCOLS. draws: the samples'. answers: by (method, seed). temperatures: one row each, the
    temperature and, on the part `held_out`, accuracy and mean confidence without and with it (percent).
    """

    protocol: str
    answers: dict[tuple[str, int], Logits]
    temperatures: pd.DataFrame
    held_out: AnyExamples

    def temperature(self, method: str, seed: int = 0) -> float:
        """The fitted temperature of one network."""
        return self.temperatures.set_index(["method", "seed"]).loc[(method, seed), "temperature"]

    def sample(
        self, method: str, out_dist: str, *, seed: int = 0, draw: int = 0, tuned: bool = True, rescaled: bool = False
    ) -> Predictions:
        """Confidence and correctness on one draw, inliers first; tuned: at the fitted temperature, else at T = 1."""
        answers, temperature = self.answers[method, seed], self.temperature(method, seed) if tuned else 1.0
        inliers, anomalies = answers.inliers(temperature, rescaled), answers.anomalies(out_dist, temperature, rescaled)
        return _joined(inliers, anomalies, self.draws[out_dist][draw])

    def evidence(self) -> dict:
        """As an Evaluation's, with the protocol, the temperatures and the held-out part."""
        how, part = PROTOCOLS[self.protocol], self.held_out
        return super().evidence() | {
            "reading": {"name": self.protocol, "inliers per anomaly": how.ratio, "last bin": how.last_bin,
                        "bin size": BIN_SIZE, "temperature bounds": how.bounds},
            "temperatures": self.temperatures.to_dict("records"),
            "held_out": {"name": part.name, "examples": len(part), "sha256": part.fingerprint},
        }  # fmt: skip


def calibrate(
    store: Store, experiment: Experiment, *, protocols: Sequence[str] = ("paper",), **settings
) -> dict[str, Calibration]:
    """Train (or find) the networks of an experiment with a hold-out, and measure them under each of the `protocols`.

    settings: seeds, draws, progress of `evaluate`. Raises ValueError for an unknown protocol, for recipes that are no
    classifiers' or hold nothing (or not the same) out, and as `fit_temperature`; further errors as `evaluate`.
    """
    for protocol in protocols:
        check_choice("protocols", protocol, PROTOCOLS)
    if not kind_of(experiment.baseline).classifies:
        raise ArgumentError(f"recipe {experiment.baseline.name!r} is no classifier's, so that it has no calibration")
    holdouts = experiment.baseline.holdout, experiment.exposed.holdout
    if not holdouts[0] or holdouts[0] != holdouts[1]:
        raise ArgumentError(f"holdout={holdouts} of baseline and exposed network must be equal and above 0; "
                            "evaluation.holdout makes such experiments")  # fmt: skip
    found = evaluate(store, experiment, **settings)
    part = held_out(experiment.baseline, found.tests.load)
    answers = {key: _answers(asked, found.tests, part) for key, asked in found.asked.items()}
    return {protocol: _measured(found, protocol, part.examples, answers) for protocol in protocols}


def _answers(asked: Asked, tests: Tests, part: TestSet) -> Logits:
    """What one network says of the held-out part and of the tests: the logits of its classes."""
    classes = len(part.examples.classes)
    held, test, *outs = (asked.outputs(of)[:, :classes] for of in (part, tests.inside, *tests.outs))
    held_labels, test_labels = part.examples.labels.numpy(), tests.inside.examples.labels.numpy()
    names = [out.printed for out in tests.outs]
    return Logits(held, held_labels, test, test_labels, dict(zip(names, outs, strict=True)))


def _measured(
    found: Evaluation, protocol: str, held_out: AnyExamples, answers: dict[tuple[str, int], Logits]
) -> Calibration:
    how, some = PROTOCOLS[protocol], next(iter(answers.values()))
    draws = {out: base_rate_draws(len(some.test), len(logits), found.tests.experiment.draws, how.ratio)
             for out, logits in some.outs.items()}  # fmt: skip
    temperatures = pd.DataFrame([_temperature(*key, answered, how.bounds) for key, answered in answers.items()])
    settings = {"protocol": protocol, "answers": answers, "temperatures": temperatures, "held_out": held_out}
    result = Calibration(**vars(found) | {"draws": draws} | settings)
    result.records = validate(pd.DataFrame(_rows(result)))
    return result


def _temperature(method: str, seed: int, answers: Logits, bounds: tuple[float, float] | None) -> dict:
    logits, labels = answers.held_out, answers.held_out_labels
    try:
        temperature = fit_temperature(logits, labels, bounds)
    except ValueError as error:
        raise ValueError(f"{method}, seed {seed}, on {len(labels)} held-out examples: {error}") from error
    return {
        "method": method, "seed": seed, "temperature": temperature,
        "held-out accuracy": 100 * float((logits.argmax(axis=1) == labels).mean()),
        "confidence": 100 * float(confidences(logits).mean()),
        "tuned confidence": 100 * float(confidences(logits, temperature).mean()),
    }  # fmt: skip


def _rows(result: Calibration) -> Iterator[dict]:
    experiment = result.tests.experiment
    words = {column.network: column.method for column in kind_of(experiment.baseline).main_columns}
    for table, methods in METHODS.items():
        for method, (role, rescaled) in methods.items():
            for seed in range(experiment.seeds):
                for row in _of_network(result, (words[role], seed), rescaled):
                    yield {"table": table, "method": method, "seed": seed, **row}


def _of_network(result: Calibration, network: tuple[str, int], rescaled: bool) -> Iterator[dict]:
    answers, temperature = result.answers[network], result.temperature(*network)
    last_bin = PROTOCOLS[result.protocol].last_bin
    inliers = answers.inliers(temperature, rescaled)
    for out in result.tests.outs:
        named = result.tests.named(out, result.asked[network].recipe)
        anomalies = answers.anomalies(out.printed, temperature, rescaled)
        for draw, pair in enumerate(result.draws[out.printed]):
            measured = calibration_metrics(*_joined(inliers, anomalies, pair), last_bin=last_bin)
            for metric, value in measured.items():
                yield named | {"draw": draw, "metric": metric, "value": 100 * value}


def _joined(inliers: Predictions, anomalies: Predictions, pair: Draw) -> Predictions:
    inside, outside = pair
    return tuple(np.concatenate([ins[inside], outs[outside]]) for ins, outs in zip(inliers, anomalies, strict=True))
