from dataclasses import replace

import numpy as np
import pytest
import torch
from tqdm import tqdm

from oe_core.data.anomalies import anomalies
from oe_core.data.examples import ImageSet
from oe_core.data.sources import load_images
from oe_core.detectors.registry import experiment
from oe_core.evaluation.draws import base_rate_draws
from oe_core.evaluation.evaluate import evaluate
from oe_core.evaluation.holdout import calibration_experiment
from oe_core.evaluation.metrics import auroc
from oe_core.evaluation.readings import COLUMNS, METRICS, readings
from oe_core.evaluation.validation import validation_scores
from oe_core.recipe import fine_tuned
from oe_core.runs.store import Store, predict
from oe_core.scores import msp

PLAN = calibration_experiment("digits", "smoke", out_dists=["gaussian", "blobs"])
PLAN = replace(PLAN, baseline=replace(PLAN.baseline, epochs=1))
PLAN = replace(PLAN, exposed=fine_tuned(PLAN.baseline, "photo-china", epochs=1, learning_rate=0.01))
# The same digits for a network with standardised inputs, and for one that sees luminance alone.
BASELINE = replace(PLAN.baseline, scaling="cifar", limit=64)
SIGNED = replace(PLAN, baseline=BASELINE, exposed=fine_tuned(BASELINE, "photo-china", epochs=1))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=lambda **bar: tqdm(disable=True, **bar))


@pytest.fixture(scope="module")
def letters():
    return load_images("font-letters", "test", 16)


@pytest.fixture(scope="module")
def frame(store, letters):
    return readings(store, PLAN, letters, seeds=1)


def value(frame, measure, way):
    return frame.set_index("measure").loc[measure, way]


def test_every_disagreement_has_its_rows_for_both_networks_and_metrics(frame):
    assert list(frame.columns) == list(COLUMNS) and set(frame["data"]) == {"digits, smoke"}
    assert frame["number"].tolist() == [16] * 8 + [18] * 4  # digits lie in [0, 1], where 17 is no question
    parts = frame["measure"].str.rsplit(", ", n=2, expand=True)
    assert parts[1].value_counts().to_dict() == {"baseline": 6, "exposed": 6}
    assert parts[2].value_counts().to_dict() == dict.fromkeys(METRICS, 6)
    assert frame[["text", "code"]].stack().between(0, 100).all()


def test_the_codes_blobs_are_those_of_the_tables_and_the_texts_are_blurred_within_channels(frame, store):
    records = evaluate(store, PLAN, seeds=1, draws=2).records.query("table == 7 and out_dist == 'Blobs'")
    means = records.groupby(["method", "metric"])["value"].mean()
    for method, network in (("MSP", "baseline"), ("+OE", "exposed")):
        for metric in METRICS:
            assert value(frame, f"Blobs, {network}, {metric}", "code") == pytest.approx(means[method, metric])
    test, run = load_images("digits", "test", 16), store.run(PLAN.exposed)
    blobs = anomalies("blobs", len(test), 16, False, 0, across_channels=False)
    inside, outside = (msp(predict(run, inputs, store.device).numpy()) for inputs in (test.images, blobs))
    pairs = base_rate_draws(len(test), len(test), 2)
    by_hand = 100 * np.mean([auroc(inside[i], outside[o]) for i, o in pairs])
    assert value(frame, "Blobs, exposed, AUROC", "text") == pytest.approx(by_hand)


def test_validation_distributions_are_those_of_inliers_and_of_the_other_set(frame, store, letters):
    own, code = (validation_scores(store, PLAN.baseline, jigsaw=jigsaw) for jigsaw in ("text", "code"))
    assert value(frame, "Jigsaw, baseline, AUROC", "code") == code.set_index("out_dist").loc["Jigsaw", "AUROC"]
    what = "Validation distributions (code: of font-letters), baseline, FPR95"
    assert value(frame, what, "text") == pytest.approx(own["FPR95"].mean())
    assert value(frame, what, "code") != value(frame, what, "text")


def test_standardised_noise_is_a_picture_and_the_codes_is_not(store, letters):
    frame = readings(store, SIGNED, letters, seeds=1)
    test, run = load_images("digits", "test", 16), store.run(SIGNED.baseline)
    picture = anomalies("gaussian", len(test), 16, False, 0)
    mean, std = (torch.tensor(v).view(3, 1, 1) / 255 for v in ((125.3, 123.0, 113.9), (63.0, 62.1, 66.7)))
    pairs, means = base_rate_draws(len(test), len(test), 2), {}
    inside = msp(predict(run, test.images, store.device).numpy())
    for way, noise in (("text", (picture - mean) / std), ("code", anomalies("gaussian", len(test), 16, True, 0))):
        outside = msp(predict(run, noise, store.device).numpy())
        means[way] = 100 * np.mean([auroc(inside[i], outside[o]) for i, o in pairs])
    for way, by_hand in means.items():
        assert value(frame, "Gaussian, baseline, AUROC", way) == pytest.approx(by_hand, abs=0.01)
    assert means["text"] != means["code"]


def test_grey_networks_have_one_channel_and_no_question_of_18(store):
    small = experiment("digits", "smoke", in_place_of="mnist", outliers="photo-china", out_dists=["gaussian"])
    baseline = replace(small.baseline, holdout=50)
    plan = replace(small, baseline=baseline, exposed=replace(small.exposed, holdout=50, parent=baseline), between={})
    frame = readings(store, plan, load_images("font-letters", "test", 28), seeds=1)
    assert set(frame["number"]) == {16}


def test_networks_without_held_out_images_are_refused(store):
    other = ImageSet("flat", torch.zeros(2, 3, 16, 16, dtype=torch.uint8), torch.zeros(2).long(), ("a",), "folder")
    with pytest.raises(ValueError, match="has holdout=0"):
        readings(store, experiment("digits", "smoke"), other, seeds=1)
