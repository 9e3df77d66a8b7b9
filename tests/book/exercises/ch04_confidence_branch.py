"""Answers to chapter 4's exercises: a right one each, and typical wrong ones with words that tell where they err."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch

from oe_core.detectors.branch.scores import BRANCH_SCORES
from oe_core.evaluation import metrics

generator = np.random.default_rng(0)
OUTPUTS = {("Branch", 0): generator.normal(size=(80, 5)), ("+OE", 0): generator.normal(size=(80, 5))}
LABELS = generator.integers(0, 4, 80)
INSIDE = SimpleNamespace(name="inliers")
FIRST = SimpleNamespace(
    asked={key: SimpleNamespace(outputs=lambda part, found=found: found) for key, found in OUTPUTS.items()},
    tests=SimpleNamespace(inside=INSIDE), test=SimpleNamespace(labels=torch.from_numpy(LABELS)),
)  # fmt: skip


def _errors(positive=np.not_equal, unit=100, classes=slice(None, -1)):
    columns = {}
    for label, method in {"baseline": "Branch", "exposed": "+OE"}.items():
        outputs = OUTPUTS[method, 0]
        chosen = positive(outputs[:, classes].argmax(axis=1), LABELS)
        columns[label] = {name: unit * metrics.auroc(score(outputs)[~chosen], score(outputs)[chosen])
                          for name, score in BRANCH_SCORES.items()}  # fmt: skip
    return pd.DataFrame(columns)


def _cheapest(p_y, price):
    return min(1.0, 2 * price / ((1 + 2 * price) * (1 - p_y)))


def _one_minus(b):
    return 1 - b


def _itself(b):
    return b


RIGHT = {
    "cheapest_confidence": (_cheapest,),
    "its_errors": (_errors(), FIRST),
    "slopes": (_one_minus, _itself),
}
WRONG = {
    "cheapest_confidence": [
        ((lambda p_y, price: 2 * price / ((1 + 2 * price) * (1 - p_y)),), "a confidence lies between 0 and 1"),
        ((lambda p_y, price: min(1.0, price / ((1 + price) * (1 - p_y))),), "the hint is given half of the time"),
        ((lambda p_y, price: 1.0,), "another confidence costs less"),
    ],
    "its_errors": [
        ((_errors(np.equal), FIRST), "what is wrong takes the part of the anomalies"),
        ((_errors(unit=1), FIRST), "give percent"),
        ((_errors(classes=slice(None)), FIRST), "which columns of the outputs are classes"),
        ((_errors()[["baseline"]], FIRST), "no column ['exposed']"),
    ],
    "slopes": [
        ((lambda b: 1 / b, lambda b: 1 / (1 - b)), "slope_paper is the slope in b"),
        ((lambda b: b - 1, _itself), "slope_paper has the wrong sign"),
        ((_one_minus, _one_minus), "slope_logistic is not what a small step in z changes"),
    ],
}
