"""Later detectors on the paper's protocol: the same networks, test sets and draws, other scores. Beyond the paper.

Which of them still matter once Outlier Exposure is used? Each network of an experiment is asked for every score; no
detector is fitted to, or tuned on, an out-distribution of the test or the outliers of training.

`python -m oe_core.detectors IN_DIST` compares them on one in-distribution.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor, nn

from oe_core import image_classifier
from oe_core.domains import DOMAINS
from oe_core.experiments import Experiment, experiment
from oe_core.feature_scores import Mahalanobis, NearestNeighbours, ViM
from oe_core.odin import TEMPERATURE, best_epsilon, odin, perturbed_logits, validated_epsilons
from oe_core.protocol import Evaluation, evaluate
from oe_core.recipes import ImageRecipe
from oe_core.records import on_draws
from oe_core.runs import Run, Store
from oe_core.scales import SCALES, runs_root
from oe_core.scores import energy, max_logit, msp
from oe_core.stamp import environment
from oe_core.tables import cells
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
        folder.mkdir(parents=True, exist_ok=True)
        self.records.to_csv(folder / "detectors.csv", index=False)
        (folder / "evidence.json").write_text(json.dumps(self.evidence(), indent=1), encoding="utf-8")
        (folder / "detectors.md").write_text(rendered(summary(self.records)), encoding="utf-8")


def compare_detectors(
    store: Store,
    plan: Experiment,
    *,
    seeds: int | None = None,
    draws: int | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Every detector on every network, seed, out-distribution and draw of `protocol.evaluate`, which it starts from.

    seeds, draws: None takes the experiment's. progress: is told what is done next. Networks, logits and ODIN's logits
    are kept in `store`; features are computed anew. Errors as `evaluate`; raises ValueError for other than images.
    """
    if not isinstance(plan.baseline, ImageRecipe):
        kind = type(plan.baseline).__name__
        raise ValueError(f"plan trains with {kind}; the detectors take one with ImageRecipe")
    evaluation = evaluate(store, plan, seeds=seeds, draws=draws, progress=progress)
    domain, start = DOMAINS[ImageRecipe], time.monotonic()
    networks = {column.method: column.network for column in domain.main_columns}
    records, epsilons = [], []
    for (method, seed), run in evaluation.runs.items():
        progress(f"{run.recipe.name}, seed {seed}: detectors")
        common = {"network": networks[method], "seed": seed}
        asked = _Asked(store, run)
        epsilons.append(asked.validated.assign(**common, chosen=asked.validated["epsilon"] == asked.epsilon))
        records += (common | row for row in _measured(asked, evaluation, domain.tpr))
    frame = pd.DataFrame(records).assign(in_dist=domain.printed(evaluation.test.name, plan.baseline))
    columns = ["in_dist", "out_dist", "network", "detector", "metric", "seed", "draw", "value"]
    measured = {**environment(store.device), "seconds": time.monotonic() - start}
    return Comparison(frame[columns], pd.concat(epsilons, ignore_index=True), evaluation, measured)


class _Asked:
    """One run's network, its detectors, and the step that ODIN's validation chose for it."""

    def __init__(self, store: Store, run: Run):
        self.store, self.run, self.recipe = store, run, run.recipe
        num_classes = run.stamp["data"]["inliers"]["num_classes"]
        self.model: nn.Module = image_classifier.load_model(self.recipe, run.weights, num_classes, store.device)
        inliers = image_classifier.load(self.recipe.in_dist, "train", *self.recipe.reading)
        self.validated = validated_epsilons(store, run, self.model, inliers)
        self.epsilon = best_epsilon(self.validated)
        part = training_part(inliers, self.recipe)
        features = self._features(part.images)
        weight, bias = (tensor.numpy() for tensor in image_classifier.head(self.model, features.shape[1]))
        self.detectors = fitted(features, features @ weight.T + bias, part.labels.numpy(), (weight, bias))

    def _features(self, inputs: Tensor) -> np.ndarray:
        return image_classifier.features(self.model, inputs, self.recipe).numpy()

    def scores(self, key: str, inputs: Callable[[], Tensor], fingerprint: str) -> dict[str, np.ndarray]:
        """Every detector's scores of one data set; arguments as `Store.logits`."""
        logits = self.store.logits(self.run, key, inputs, fingerprint)
        how = f"odin {self.epsilon} T={TEMPERATURE} {fingerprint}"
        perturbed = self.store.kept(self.run, f"{key} odin", how, lambda: self._perturbed(inputs()))
        answers = Answers(logits, self._features(inputs()), perturbed)
        return {name: detector(answers) for name, detector in self.detectors.items()}

    def _perturbed(self, inputs: Tensor) -> np.ndarray:
        return perturbed_logits(self.model, inputs, self.recipe, (self.epsilon,))[0].numpy()


def _measured(asked: _Asked, evaluation: Evaluation, tpr: float) -> Iterator[dict]:
    in_scores = asked.scores(asked.recipe.in_dist, evaluation.inputs, evaluation.test.fingerprint)
    for out in evaluation.out_sets:
        out_scores = asked.scores(out.key, out.inputs, out.fingerprint)
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
    parser = argparse.ArgumentParser(prog="python -m oe_core.detectors", description=__doc__.splitlines()[0])
    parser.add_argument("in_dist", help="the data set to learn")
    parser.add_argument("--scale", default="demo", choices=SCALES)
    parser.add_argument("--outliers", default="", help="of Outlier Exposure; default: the paper's, or their stand-in")
    parser.add_argument("--out-dists", default="", help="anomalies of the test, joined by commas; default: the paper's")
    parser.add_argument("--seeds", type=int, help="trainings of each network; default: as many as the scale has")
    parser.add_argument("--test-limit", type=int, help="test on that many images of every set; default: on all")
    options = parser.parse_args(arguments)
    out_dists = tuple(filter(None, options.out_dists.split(",")))
    plan = experiment(options.in_dist, options.scale, outliers=options.outliers, out_dists=out_dists)
    plan = replace(plan, test_limit=options.test_limit)
    room = runs_root() / options.scale
    compared = compare_detectors(Store(room), plan, seeds=options.seeds, progress=print)
    folder = room / "records" / f"detectors-{options.in_dist}"
    compared.save(folder)
    print(rendered(summary(compared.records)), folder, sep="\n")


if __name__ == "__main__":
    main()
