"""Answers to chapter 2's exercises: a right one each, and typical wrong ones with words that tell where they err."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch

from oe_core.evaluation import metrics
from oe_core.scores import SCORES, msp

generator = np.random.default_rng(0)


class Network:
    """A network whose logits of the n-th set of the test are made up; 0 are the inliers."""

    def __init__(self, *sharpness):
        self.logits = {part: generator.normal(size=(60, 4)) * size for part, size in enumerate(sharpness)}

    def outputs(self, part):
        return self.logits[part.number]


INSIDE, *OUTS = (SimpleNamespace(number=number, printed=name) for number, name in enumerate(("in", "a", "b")))
NETWORKS = {("MSP", 0): Network(4, 3, 2), ("+OE", 0): Network(4, 1, 0.5)}
FIRST = SimpleNamespace(asked=NETWORKS, tests=SimpleNamespace(inside=INSIDE, outs=OUTS))
SCORED = {out.printed: {method: (msp(network.outputs(INSIDE)), msp(network.outputs(out)))
                        for (method, _), network in NETWORKS.items()} for out in OUTS}  # fmt: skip


def _both(sets=OUTS, unit=100):
    columns = {}
    for name, method in {"baseline": "MSP", "exposed": "+OE"}.items():
        asked = NETWORKS[method, 0]
        columns[name] = {key: unit * np.mean([metrics.auroc(score(asked.outputs(INSIDE)), score(asked.outputs(out)))
                                              for out in sets]) for key, score in SCORES.items()}  # fmt: skip
    return pd.DataFrame(columns)


def _at(of_inliers, of_anomalies):
    inside, *outs = (NETWORKS["MSP", 0].outputs(part) for part in (INSIDE, *OUTS))
    return {t: 100 * np.mean([metrics.fpr_at_tpr(msp(of_inliers(inside, t)), msp(of_anomalies(out, t))) for out in outs])
            for t in (1, 2, 10, 100)}  # fmt: skip


def _divided(logits, t):
    return logits / t


def _as_they_are(logits, t):
    return logits


def _ask(sharpness):
    """The brighter the left half of an image, the surer of the first class."""
    return lambda images: np.pad(sharpness * images[..., :4].float().mean(dim=(1, 2, 3)).numpy()[:, None] / 255, ((0, 0), (0, 3)))


ASKED = {"baseline": _ask(9.0), "exposed": _ask(3.0)}
IMAGES, ANOMALIES = (torch.randint(low, high, (250, 3, 8, 8), generator=torch.Generator().manual_seed(low)).to(torch.uint8)
                     for low, high in ((120, 250), (0, 90)))  # fmt: skip


def _along(count=200, mixes=lambda share, inside, outside: share * outside + (1 - share) * inside):
    inside, outside = (images[:count].float() for images in (IMAGES, ANOMALIES))
    shares = np.linspace(0, 1, 11).round(1)
    return pd.DataFrame({name: [msp(ask(mixes(share, inside, outside).round().to(torch.uint8))).mean() for share in shares]
                         for name, ask in ASKED.items()}, index=shares)  # fmt: skip


ALONG = _along()
TAUGHT = {name: SimpleNamespace(digest=name) for name in ("flowers", "letters")}
BASELINE = SimpleNamespace(digest="baseline")
GAINED = {"flowers": 1.5, "letters": 2.5}


def _points(recipes):
    return pd.Series({name: 80.0 + GAINED.get(recipe.digest, 0) for name, recipe in recipes.items()})


RIGHT = {
    "averaged_together": (lambda num_in, num_out, weight: weight * num_out / num_in,),
    "both_scores": (_both(), FIRST),
    "temperature": (_at(_divided, _divided), FIRST),
    "mixtures": (ALONG, ASKED, IMAGES, ANOMALIES),
    "other_outliers": (GAINED, TAUGHT, BASELINE, _points),
}
WRONG = {
    "averaged_together": [
        ((lambda num_in, num_out, weight: weight,), "a batch without outliers"),
        ((lambda num_in, num_out, weight: weight * num_in / num_out,), "ZeroDivisionError"),
        ((lambda num_in, num_out, weight: weight * num_out / (num_in + num_out),), "with as many outliers as inliers"),
        ((lambda num_in, num_out, weight: weight * (num_out / num_in) ** 2,), "twice the say"),
    ],
    "both_scores": [
        ((_both(OUTS[:1]), FIRST), "every set once"),
        ((_both(unit=1), FIRST), "give percent"),
        ((_both().T, FIRST), "no row"),
        ((_both()[["exposed", "baseline"]].set_axis(["baseline", "exposed"], axis=1), FIRST), "is it this network"),
    ],
    "temperature": [
        ((_at(lambda logits, t: logits * t, _divided), FIRST), "both divided, before the softmax"),
        ((_at(_as_they_are, _divided), FIRST), "are the logits of inliers and of anomalies both divided"),
        ((_at(_divided, _divided) | {1: 0.5}, FIRST), "T = 1 leaves the network as it is"),
        (({1: 50.0}, FIRST), "is to have T = 1, 2, 10 and 100"),
    ],
    "mixtures": [
        ((ALONG[::-1].set_axis(ALONG.index), ASKED, IMAGES, ANOMALIES), "which share belongs to which image"),
        ((-ALONG, ASKED, IMAGES, ANOMALIES), "scores of MSP are negative"),
        ((pd.concat([ALONG.iloc[:3], 0 * ALONG.iloc[3:4] - 0.7, ALONG.iloc[4:]]), ASKED, IMAGES, ANOMALIES), "at alpha = 0.3"),
        ((ALONG.iloc[[0, 5, -1]], ASKED, IMAGES, ANOMALIES), "eleven steps"),
        ((pd.concat([ALONG.iloc[:1], 0 * ALONG.iloc[1:-1] - 0.01, ALONG.iloc[-1:]]), ASKED, IMAGES, ANOMALIES), "at alpha = 0.1"),
    ],
    "other_outliers": [
        (({"flowers": 1.0}, TAUGHT, BASELINE, _points), "nothing to be compared with"),
        (({"flowers": 1.0, "letters": 2.5}, TAUGHT, BASELINE, _points), "gained says 1.00 of flowers"),
        (({name: gain + 80 for name, gain in GAINED.items()}, TAUGHT, BASELINE, _points), "with that of the baseline taken off?"),
        ((GAINED, {"flowers": TAUGHT["flowers"]}, BASELINE, _points), "give both for each"),
        ((GAINED, dict.fromkeys(GAINED, TAUGHT["flowers"]), BASELINE, _points), "two of the recipes are one"),
    ],
}
