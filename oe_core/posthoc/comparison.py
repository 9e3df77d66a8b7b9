"""Later detectors on the paper's protocol: the same networks, test sets and draws, other scores. Beyond the paper.

Which of them still matter once Outlier Exposure is used? Each network of an experiment is asked for every score; no
detector is fitted to, or tuned on, an out-distribution of the test or the outliers of training.

`python -m oe_core.posthoc.comparison IN_DIST` compares them on one in-distribution.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from oe_core.atomic import write_text
from oe_core.detectors.images.settings import SETTINGS
from oe_core.detectors.images.training import head
from oe_core.detectors.registry import KINDS, kind_of
from oe_core.evaluation.asking import Asked
from oe_core.evaluation.evaluate import Evaluation, evaluate
from oe_core.evaluation.records import on_draws
from oe_core.evaluation.test_sets import Tests, TestSet
from oe_core.experiments import Experiment
from oe_core.paper.comparison import cells
from oe_core.posthoc.features import Mahalanobis, NearestNeighbours, ViM
from oe_core.posthoc.odin import TEMPERATURE, best_epsilon, odin, perturbed_logits, validated_epsilons
from oe_core.runs.provenance import environment
from oe_core.runs.store import Store, network
from oe_core.scales import SCALES, runs_root
from oe_core.scores import energy, max_logit, msp
from oe_core.train import training_part

NEIGHBOURS = 50


@dataclass(frozen=True, eq=False)
class Answers:
    """What one network says of one data set: logits (n, classes), features (n, features), both float32.

    perturbed: its logits (n, classes) after ODIN's step of the input.
    """

    logits: np.ndarray
    features: np.ndarray
    perturbed: np.ndarray


Detector = Callable[[Answers], np.ndarray]


def fitted(
    features: np.ndarray, logits: np.ndarray, labels: np.ndarray, head: tuple[np.ndarray, np.ndarray]
) -> dict[str, Detector]:
    """Every detector by name, those on features fitted to a network's training features (n, features), labels (n,).

    logits: (n, classes) of the training examples; head: weight and bias. A detector gives float64 (n,), higher = more
    anomalous. Raises ValueError as the detectors do.
    """
    gaussians = Mahalanobis.fit(features, labels)
    neighbours = NearestNeighbours.fit(features, NEIGHBOURS)
    vim = ViM.fit(features, logits, *head)
    return {
        "MSP": lambda answers: msp(answers.logits),
        "Max logit": lambda answers: max_logit(answers.logits),
        "Energy": lambda answers: energy(answers.logits),
        "ODIN": lambda answers: odin(answers.perturbed),
        "Mahalanobis": lambda answers: gaussians.score(answers.features),
        "k-NN": lambda answers: neighbours.score(answers.features),
        "ViM": lambda answers: vim.score(answers.features, answers.logits),
    }


@dataclass
class Comparison:
    """What `compare_detectors` measured.

    records: in_dist, out_dist, network (a key of `Experiment.networks`), detector, metric, seed, draw, value (percent).
    epsilons: ODIN's validation, one row per network, seed and step: FPR95, AUROC, AUPR (percent), and whether it was
    chosen. evaluation: the paper's protocol on the same networks and draws. measured: where, and in how many seconds
    (without training; less where the store held ODIN's logits).
    """

    records: pd.DataFrame
    epsilons: pd.DataFrame
    evaluation: Evaluation
    measured: dict

    def evidence(self) -> dict:
        """What each number rests on: `Evaluation.evidence`, the settings, ODIN's validation, where and how long."""
        settings = {"k-NN": {"k": NEIGHBOURS}, "ODIN": {"temperature": TEMPERATURE}}
        return self.evaluation.evidence() | {
            "detectors": settings, "epsilons": self.epsilons.to_dict("records"), "measured": self.measured,
        }  # fmt: skip

    def save(self, folder: Path) -> None:
        """Write detectors.csv (every value), evidence.json and detectors.md (means over the sets) into `folder`."""
        write_text(folder / "detectors.csv", self.records.to_csv(index=False))
        write_text(folder / "evidence.json", json.dumps(self.evidence(), indent=1))
        write_text(folder / "detectors.md", rendered(summary(self.records)))


def compare_detectors(
    store: Store,
    plan: Experiment,
    *,
    seeds: int | None = None,
    draws: int | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Every detector on every network, seed, out-distribution and draw of `evaluate`, which it starts from.

    seeds, draws: None takes the experiment's. progress: is told what is done next. Networks, logits and ODIN's logits
    are kept in `store`; features are computed anew. Errors as `evaluate`; raises ValueError for other than images.
    """
    kind = kind_of(plan.baseline)
    if kind.features is None:
        known = ", ".join(one.name for one in KINDS.values() if one.features)
        raise ValueError(f"plan: its networks are of {kind.name!r}, whose features no detector here reads; those of "
                         f"{known} are compared")  # fmt: skip
    evaluation = evaluate(store, plan, seeds=seeds, draws=draws, progress=progress)
    start = time.monotonic()
    roles = {column.method: column.network for column in kind.main_columns}
    records, epsilons = [], []
    for (method, seed), asked in evaluation.asked.items():
        progress(f"{asked.recipe.name}, seed {seed}: detectors")
        common = {"network": roles[method], "seed": seed}
        detectors = _Detectors(asked, evaluation.tests)
        validated = detectors.validated
        epsilons.append(validated.assign(**common, chosen=validated["epsilon"] == detectors.epsilon))
        records += (common | row for row in _measured(detectors, evaluation, kind.tpr))
    frame = pd.DataFrame(records).assign(in_dist=evaluation.tests.inside.printed)
    columns = ["in_dist", "out_dist", "network", "detector", "metric", "seed", "draw", "value"]
    measured = {**environment(store.device), "seconds": time.monotonic() - start}
    return Comparison(frame[columns], pd.concat(epsilons, ignore_index=True), evaluation, measured)


class _Detectors:
    """One network's detectors, and the step that ODIN's validation chose for it."""

    def __init__(self, asked: Asked, tests: Tests):
        self.asked, self.recipe, self.model = asked, asked.recipe, network(asked.run, asked.store.device)
        inliers = tests.load(self.recipe.in_dist, "train", *self.recipe.load_options)
        self.validated = validated_epsilons(asked.store, asked.run, self.model, inliers)
        self.epsilon = best_epsilon(self.validated)
        part = training_part(inliers, self.recipe)
        features = self._features(part.images)
        weight, bias = (tensor.numpy() for tensor in head(self.model, features.shape[1]))
        self.detectors = fitted(features, features @ weight.T + bias, part.labels.numpy(), (weight, bias))

    def _features(self, inputs: Tensor) -> np.ndarray:
        return kind_of(self.recipe).features(self.model, inputs, self.recipe).numpy()

    def scores(self, of: TestSet) -> dict[str, np.ndarray]:
        """Every detector's scores of one set."""
        how = f"odin {self.epsilon} T={TEMPERATURE} {of.fingerprint}"
        store, run = self.asked.store, self.asked.run
        perturbed = store.kept(run, f"{of.key} odin", how, lambda: self._perturbed(of.inputs()))
        answers = Answers(self.asked.outputs(of), self._features(of.inputs()), perturbed)
        return {name: detector(answers) for name, detector in self.detectors.items()}

    def _perturbed(self, inputs: Tensor) -> np.ndarray:
        return perturbed_logits(self.model, inputs, self.recipe, (self.epsilon,))[0].numpy()


def _measured(detectors: _Detectors, evaluation: Evaluation, tpr: float) -> Iterator[dict]:
    in_scores = detectors.scores(evaluation.tests.inside)
    for out in evaluation.tests.outs:
        out_scores = detectors.scores(out)
        for name in in_scores:
            for row in on_draws(in_scores[name], out_scores[name], evaluation.draws[out.printed], tpr):
                yield {"out_dist": out.printed, "detector": name, **row}


def summary(records: pd.DataFrame) -> pd.DataFrame:
    """Means over the out-distributions: one row a detector, columns (metric, network, field), fields of `tables.cells`.

    records: of one in-distribution, as `Comparison.records`. `figures.before_after` draws it.
    """
    cell = ["detector", "metric", "network"]
    means = records.groupby([*cell, "seed", "draw"], sort=False, as_index=False)["value"].mean()
    frame = cells(means, cell).unstack(["metric", "network"]).reorder_levels([1, 2, 0], axis=1)
    order = {column: list(dict.fromkeys(records[column])) for column in cell}
    columns = [
        (metric, network, field)
        for metric in order["metric"]
        for network in order["network"]
        for field in ("mean", "std_seeds", "std_draws", "seeds", "draws")
    ]
    return frame.loc[order["detector"], columns]


def rendered(frame: pd.DataFrame) -> str:
    """A frame of `summary` as a Markdown table, mean ± standard deviation over seeds (over draws, where one is)."""
    groups = list(dict.fromkeys((metric, network) for metric, network, _ in frame.columns))
    spread = "std_seeds" if frame.xs("seeds", axis=1, level=2).min(axis=None) > 1 else "std_draws"
    lines = [["Detector", *(f"{metric} {network}" for metric, network in groups)], ["---", *["---:"] * len(groups)]]
    for name, row in frame.iterrows():
        lines.append([name, *(f"{row[*group, 'mean']:.1f} ±{row[*group, spread]:.1f}" for group in groups)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Compare the detectors and save them as records/detectors-IN_DIST of the scale's runs."""
    parser = argparse.ArgumentParser(prog="python -m oe_core.posthoc.comparison", description=__doc__.splitlines()[0])
    parser.add_argument("in_dist", help="the data set to learn")
    parser.add_argument("--scale", default="demo", choices=SCALES)
    parser.add_argument("--outliers", default="", help="of Outlier Exposure; default: the paper's, or their stand-in")
    parser.add_argument("--out-dists", default="", help="anomalies of the test, joined by commas; default: the paper's")
    parser.add_argument("--seeds", type=int, help="trainings of each network; default: as many as the scale has")
    parser.add_argument("--test-limit", type=int, help="test on that many images of every set; default: on all")
    options = parser.parse_args(arguments)
    out_dists = tuple(filter(None, options.out_dists.split(",")))
    plan = SETTINGS.experiment(options.in_dist, options.scale, outliers=options.outliers, out_dists=out_dists)
    plan = replace(plan, test_limit=options.test_limit)
    room = runs_root() / options.scale
    compared = compare_detectors(Store(room), plan, seeds=options.seeds, progress=print)
    folder = room / "records" / f"detectors-{options.in_dist}"
    compared.save(folder)
    print(rendered(summary(compared.records)), folder, sep="\n")


if __name__ == "__main__":
    main()
