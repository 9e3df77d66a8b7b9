"""Answers to chapter 8's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import numpy as np

from oe_core import base_rate_draws
from oe_core.evaluation import calibration

generator = np.random.default_rng(0)
LOGITS = 4 * generator.normal(size=(600, 10))
TRUE = np.arange(600) < 300  # the first half are inliers, all answered rightly; the others are anomalies
CLAIMED, ANOMALIES = calibration.confidences(LOGITS[:300]), calibration.confidences(LOGITS[300:])
HITS = generator.random(300) < 0.9


def _rms(temperature):
    return 100 * calibration.calibration_metrics(calibration.confidences(LOGITS, temperature), TRUE)["RMS"]


BEST = min(np.geomspace(0.25, 20, 60), key=_rms)


def ece(claimed, hits, bins=15, distance=abs, equal_weights=False):
    which = np.minimum((bins * claimed).astype(int), bins - 1)
    found = [which == b for b in np.unique(which)]
    weights = [1 / len(found) if equal_weights else of.mean() for of in found]
    return 100 * sum(distance(hits[of].mean() - claimed[of].mean()) * weight for of, weight in zip(found, weights, strict=True))


def _without_ones(claimed, hits, bins=15):
    return ece(claimed[claimed < 1], hits[claimed < 1], bins)


def _by_ratio(wrong=False, unit=100, swapped=False):
    rows = {}
    for ratio in (1, 2, 5, 10, 50):
        if swapped:
            outs, ins = base_rate_draws(len(ANOMALIES), len(CLAIMED), 1, ratio)[0]
        else:
            ins, outs = base_rate_draws(len(CLAIMED), len(ANOMALIES), 1, ratio)[0]
        hits = np.append(HITS[ins], np.full(len(outs), wrong))
        values = calibration.calibration_metrics(np.append(CLAIMED[ins], ANOMALIES[outs]), hits)
        rows[ratio] = {metric: unit * value for metric, value in values.items()}
    return {metric: {ratio: row[metric] for ratio, row in rows.items()} for metric in ("RMS", "MAD", "SoftF1")}


DATA = (CLAIMED, HITS, ANOMALIES)
RIGHT = {
    "best_for_the_mixture": (BEST, _rms(BEST), LOGITS, TRUE),
    "equal_widths": (ece,),
    "coin": ({"RMS": 0.0, "MAD": 0.0, "SoftF1": 50.0},),
    "more_of_one_kind": (_by_ratio(), *DATA),
}
WRONG = {
    "best_for_the_mixture": [
        ((1.0, _rms(1.0), LOGITS, TRUE), "some hotter ones do better"),
        ((100.0, _rms(100.0), LOGITS, TRUE), "some colder ones do better"),
        ((BEST, _rms(BEST) / 100, LOGITS, TRUE), "give percent"),
        ((1 / BEST, _rms(BEST), LOGITS, TRUE), "a temperature divides the logits"),
    ],
    "equal_widths": [
        ((lambda claimed, hits, bins: ece(claimed, hits, bins) / 100,), "give percent"),
        ((lambda claimed, hits, bins: ece(claimed, hits, bins, equal_weights=True),), "weigh each by its share"),
        ((lambda claimed, hits, bins: ece(claimed, hits, bins, distance=float),), "without its sign"),
        ((_without_ones,), "claims of exactly 1"),
        ((lambda claimed, hits, bins: 100 * abs(hits.mean() - claimed.mean()),), "without its sign"),
    ],
    "coin": [
        (({"RMS": 50, "MAD": 50, "SoftF1": 50},), "what are these two here"),
        (({"RMS": 0, "MAD": 0, "SoftF1": 0.5},), "give percent"),
        (({"RMS": 0, "MAD": 0, "SoftF1": 0},), "SoftF1 is no error"),
        (({"RMS": 0, "MAD": 0, "SoftF1": 25},), "all the doubt, and all mistakes"),
    ],
    "more_of_one_kind": [
        ((_by_ratio(wrong=True), *DATA), "no answer to an anomaly is"),
        ((_by_ratio(unit=1), *DATA), "give percent"),
        ((_by_ratio(swapped=True), *DATA), "anomalies to one inlier"),
    ],
}
