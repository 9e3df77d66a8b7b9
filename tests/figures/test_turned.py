"""What the figures with knobs say is what the metrics give."""

import json
import re

import numpy as np
import pytest

from oe_core import figures
from oe_core.evaluation import calibration

RNG = np.random.default_rng(0)
INSIDE, OUTSIDE = RNG.normal(0, 1, 400), RNG.normal(2, 1, 80)


def _told(turned):
    return [words for _, words in json.loads(re.search(r'json">(.*)</script>', turned.html).group(1))]


def _percent(words, what):
    return float(re.search(rf"([\d.]+) % of the {what}", words).group(1))


def test_a_higher_threshold_rings_less_and_rarer_anomalies_make_alarms_worth_less():
    told = _told(figures.alarms(INSIDE, OUTSIDE, ratios=(1, 100), thresholds=3))
    assert len(told) == 6
    for one, other in zip(told[:-2], told[2:], strict=True):
        assert _percent(one, "inliers ring") > _percent(other, "inliers ring")
    assert _percent(told[2], "alarms") > _percent(told[3], "alarms")
    assert _percent(told[2], "inliers ring") == _percent(told[3], "inliers ring")


def test_hits_and_precision_are_the_metrics_own_at_the_base_rate_of_the_sample():
    words = _told(figures.alarms(INSIDE, OUTSIDE, ratios=(4, 5), thresholds=2))[1]
    at = float(words.split()[1].strip(","))
    hits, false_alarms = (OUTSIDE >= at).sum(), (INSIDE >= at).sum()
    assert _percent(words, "alarms") == round(100 * hits / (hits + false_alarms))
    numbers = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) (?:are|miss|false|pass)", words)]
    assert sum(numbers) == pytest.approx(10_000, abs=3)


def test_scores_that_pile_up_have_fewer_thresholds_and_those_that_are_all_the_same_none():
    piled = np.concatenate((np.zeros(90), np.ones(10)))
    assert len(_told(figures.alarms(piled, piled, ratios=(1, 5)))) == 4
    with pytest.raises(ValueError, match="threshold.*two values"):
        figures.alarms(np.zeros(9), np.zeros(3))


def test_a_mixture_says_what_each_network_believes():
    answers = {"baseline": np.array([[0.9, 0.1], [0.6, 0.4]]), "exposed": np.array([[0.8, 0.2], [0.3, 0.7]])}
    told = _told(figures.posteriors(np.zeros((2, 4, 4, 3)), answers, ["cat", "dog"], ["0 %", "50 %"]))
    assert told[0] == "0 %. The likeliest class: baseline, cat (90 %); exposed, cat (80 %)."
    assert told[1] == "50 %. The likeliest class: baseline, cat (60 %); exposed, dog (70 %)."
    with pytest.raises(ValueError, match="answers"):
        figures.posteriors(np.zeros((2, 4, 4, 3)), {}, ["cat"], ["0 %", "50 %"])


def test_a_temperature_cools_confidence_and_leaves_accuracy():
    logits = RNG.normal(0, 4, (300, 5))
    correct = RNG.random(300) < 0.5
    told = _told(figures.tempered(logits, correct, temperatures=(1.0, 4.0), sizes=(50, 100)))
    means = [float(re.search(r"confidence ([\d.]+)", words).group(1)) for words in told]
    assert means[0] == means[1] > means[2] == means[3]
    error = calibration.calibration_metrics(calibration.confidences(logits, 4.0), correct, 50)["RMS"]
    assert f"RMS error {100 * error:.1f} % over 6 bins" in told[2]
    assert all(f"accuracy {100 * correct.mean():.1f} %" in words for words in told)
