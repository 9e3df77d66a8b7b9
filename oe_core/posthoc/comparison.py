"""Later detectors on the paper's protocol: the same networks, test sets and draws, other scores. Beyond the paper.

Which still matter once Outlier Exposure is used? None is fitted to, or tuned on, test anomalies or training's outliers.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from oe_core.atomic import write_text
from oe_core.detectors.images.training import head
from oe_core.detectors.registry import KINDS, kind_of
from oe_core.evaluation.asking import Asked
from oe_core.evaluation.evaluate import Evaluation, evaluate
from oe_core.evaluation.records import on_draws
from oe_core.evaluation.test_sets import Tests, TestSet
from oe_core.experiments import Experiment
from oe_core.paper.comparison import cells
from oe_core.paper.render import groups_of, rows_of, spread_of
from oe_core.parts import training_part
from oe_core.posthoc.features import Mahalanobis, NearestNeighbours, ViM
from oe_core.posthoc.odin import TEMPERATURE, odin, perturbed_logits, validated_epsilons
from oe_core.runs.provenance import environment
from oe_core.runs.store import Store, network
from oe_core.scores import energy, max_logit, msp

NEIGHBOURS = 50


@dataclass
class Comparison:
    """What `compare_detectors` measured.

    records: in_dist, out_dist, network (a key of `Experiment.networks`), detector, metric, seed, draw, value (percent).
    epsilons: ODIN's validation, a row per network, seed and step: FPR95, AUROC, AUPR (percent), whether it was chosen.
    evaluation: the paper's protocol on the same networks and draws. measured: where, and in how many seconds (without
    training; less where the store held ODIN's logits).
    """

    records: pd.DataFrame
    epsilons: pd.DataFrame
    evaluation: Evaluation
    measured: dict

    def save(self, folder: Path) -> None:
        """Write detectors.csv (every value), evidence.json and detectors.md (means over the sets) into `folder`."""
        settings = {"k-NN": {"k": NEIGHBOURS}, "ODIN": {"temperature": TEMPERATURE}}
        chosen = {"detectors": settings, "epsilons": self.epsilons.to_dict("records"), "measured": self.measured}
        write_text(folder / "detectors.csv", self.records.to_csv(index=False))
        write_text(folder / "evidence.json", json.dumps(self.evaluation.evidence() | chosen, indent=1))
        write_text(folder / "detectors.md", rendered(summary(self.records)))


def compare_detectors(
    store: Store, plan: Experiment, *, seeds: int | None = None, draws: int | None = None
) -> Comparison:
    """Every detector on every network, seed, out-distribution and draw of `evaluate`, which it starts from.

    seeds, draws: None takes the experiment's. Networks, logits and ODIN's logits are kept in `store`; features are
    computed anew. Errors as `evaluate`; raises ValueError for networks without features, and as the detectors do.
    """
    kind = kind_of(plan.baseline)
    if kind.features is None:
        known = ", ".join(one.name for one in KINDS.values() if one.features)
        why = f"whose features no detector here reads; those of {known} are compared"
        raise ValueError(f"plan: its networks are of {kind.name!r}, {why}")
    evaluation = evaluate(store, plan, seeds=seeds, draws=draws)
    start = time.monotonic()
    roles = {column.method: column.network for column in kind.main_columns}
    records, epsilons = [], []
    for (method, seed), asked in evaluation.asked.items():
        detectors, common = _Detectors(asked, evaluation.tests), {"network": roles[method], "seed": seed}
        chosen = detectors.validated["epsilon"] == detectors.epsilon
        epsilons.append(detectors.validated.assign(**common, chosen=chosen))
        records += (common | row for row in _measured(detectors, evaluation, kind.tpr))
    frame = pd.DataFrame(records).assign(in_dist=evaluation.tests.inside.printed)
    columns = ["in_dist", "out_dist", "network", "detector", "metric", "seed", "draw", "value"]
    measured = {**environment(store.device), "seconds": time.monotonic() - start}
    return Comparison(frame[columns], pd.concat(epsilons, ignore_index=True), evaluation, measured)


class _Detectors:
    """One network's detectors, fitted to its training features, and the step that ODIN's validation chose for it."""

    def __init__(self, asked: Asked, tests: Tests):
        self.asked, self.recipe, self.model = asked, asked.recipe, network(asked.run, asked.store.device)
        inliers = tests.load(self.recipe.in_dist, "train", *self.recipe.load_options)
        self.validated = validated_epsilons(asked.store, asked.run, self.model, inliers)
        best = self.validated["FPR95"].idxmin()  # the shortest of equal ones
        self.epsilon = float(self.validated.loc[best, "epsilon"])
        part = training_part(inliers, self.recipe)
        features = self._features(part.images)
        weight, bias = (tensor.numpy() for tensor in head(self.model, features.shape[1]))
        self.mahalanobis = Mahalanobis.fit(features, part.labels.numpy())
        self.neighbours = NearestNeighbours.fit(features, NEIGHBOURS)
        self.vim = ViM.fit(features, features @ weight.T + bias, weight, bias)

    def _features(self, inputs: Tensor) -> np.ndarray:
        return kind_of(self.recipe).features(self.model, inputs, self.recipe).numpy()

    def scores(self, of: TestSet) -> dict[str, np.ndarray]:
        """Every detector's scores of one set, float64 (n,), higher = more anomalous."""
        logits, features = self.asked.outputs(of), self._features(of.inputs())
        how = f"odin {self.epsilon} T={TEMPERATURE} {of.fingerprint}"
        perturbed = self.asked.store.kept(
            self.asked.run, f"{of.key} odin", how,
            lambda: perturbed_logits(self.model, of.inputs(), self.recipe, (self.epsilon,))[0].numpy(),
        )  # fmt: skip
        return {
            "MSP": msp(logits),
            "Max logit": max_logit(logits),
            "Energy": energy(logits),
            "ODIN": odin(perturbed),
            "Mahalanobis": self.mahalanobis.score(features),
            "k-NN": self.neighbours.score(features),
            "ViM": self.vim.score(features, logits),
        }


def _measured(detectors: _Detectors, evaluation: Evaluation, tpr: float) -> Iterator[dict]:
    in_scores = detectors.scores(evaluation.tests.inside)
    for out in evaluation.tests.outs:
        for name, out_scores in detectors.scores(out).items():
            for row in on_draws(in_scores[name], out_scores, evaluation.draws[out.printed], tpr):
                yield {"out_dist": out.printed, "detector": name, **row}


def summary(records: pd.DataFrame) -> pd.DataFrame:
    """Means over the out-distributions: one row a detector, columns (metric, network, field), as `comparison.cells`.

    records: of one in-distribution, as `Comparison.records`. `figures.before_after` draws it.
    """
    cell = ["detector", "metric", "network"]
    means = records.groupby([*cell, "seed", "draw"], sort=False, as_index=False)["value"].mean()
    frame = cells(means, cell).unstack(["metric", "network"]).reorder_levels([1, 2, 0], axis=1)
    detectors, *groups = (records[column].unique() for column in cell)
    return frame.loc[detectors, list(product(*groups, ("mean", "std_seeds", "std_draws", "seeds", "draws")))]


def rendered(frame: pd.DataFrame) -> str:
    """A frame of `summary` as a Markdown table, mean ± standard deviation over seeds (over draws, where one is)."""
    groups, spread = groups_of(frame), spread_of(frame) or "std_draws"
    body = (
        [name, *(f"{row[*group, 'mean']:.1f} ±{row[*group, spread]:.1f}" for group in groups)]
        for name, row in frame.iterrows()
    )
    return rows_of([" ".join(group) for group in groups], body, ["Detector"]) + "\n"
