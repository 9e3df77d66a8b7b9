"""The protocol of Tables 12 and 13 on the embedded digits: one training, every reading."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from tqdm import tqdm

from oe_core.data.sources import load_images
from oe_core.detectors.registry import experiment
from oe_core.evaluation import records
from oe_core.evaluation.calibrate import METHODS, calibrate
from oe_core.evaluation.calibration import adaptive_bins, calibration_metrics, confidences, fit_temperature
from oe_core.evaluation.holdout import PROTOCOLS, calibration_experiment
from oe_core.paper import comparison
from oe_core.parts import held_out_part, training_part
from oe_core.runs.store import Store

density_experiment = partial(experiment, detector="density")

OUT_DISTS = ["gaussian", "font-letters", "lsun"]  # the last is not on this machine


@pytest.fixture(scope="module")
def plan():
    return calibration_experiment("digits", "smoke", out_dists=OUT_DISTS)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=lambda **bar: tqdm(disable=True, **bar))


@pytest.fixture(scope="module")
def measured(plan, store):
    return calibrate(store, plan, protocols=tuple(PROTOCOLS), seeds=2, draws=2)


def value(frame, **chosen):
    for column, wanted in chosen.items():
        frame = frame[frame[column] == wanted]
    return frame["value"].item()


@pytest.mark.parametrize("reading", PROTOCOLS)
def test_both_tables_have_every_method_network_set_and_draw(measured, reading):
    counted = measured[reading].records.groupby(["table", "method", "out_dist"]).size()
    assert counted.to_dict() == {
        (table, method, out): 3 * 2 * 2
        for table in (12, 13) for method in METHODS[table] for out in ("Gaussian", "font-letters")
    }  # fmt: skip
    assert list(measured[reading].tests.missing) == ["LSUN"]


@pytest.mark.parametrize("table", [12, 13])
def test_methods_and_metrics_are_the_papers_words(measured, table):
    ours, paper = measured["paper"].records.query("table == @table"), comparison.paper_table(table)
    assert list(ours["method"].unique()) == list(paper["method"].unique())
    assert set(ours["metric"]) == set(paper["metric"])
    assert comparison.compare(ours, table).attrs["table"] == table


def test_a_value_follows_from_the_logits_of_the_held_out_part_and_of_the_draw(measured, plan, store):
    found = measured["paper"]
    run, digits = found.runs["+OE", 1], load_images("digits", "train", 16)
    part = held_out_part(digits, plan.exposed)
    held_out = store.logits(run, "held-out", lambda: part.images, part.fingerprint)
    temperature = fit_temperature(held_out, part.labels.numpy())
    assert found.temperature("+OE", 1) == temperature != found.temperature("MSP", 1)
    inside, outside = found.draws["font-letters"][1]
    answers = found.answers["+OE", 1]
    test = load_images("digits", "test", 16)
    taken = np.concatenate([answers.test[inside], answers.outs["font-letters"][outside]])
    hits = answers.test.argmax(axis=1) == test.labels.numpy()
    right = np.concatenate([hits[inside], np.zeros(len(outside), bool)])
    for table, rescaled in ((12, False), (13, True)):
        confidence = confidences(taken, temperature, rescaled)
        cell = dict(table=table, method="+OE", out_dist="font-letters", seed=1, draw=1)
        for metric, share in calibration_metrics(confidence, right).items():
            assert value(found.records, metric=metric, **cell) == pytest.approx(100 * share)
    sample = found.sample("+OE", "font-letters", seed=1, draw=1, rescaled=True)
    assert np.array_equal(sample[0], confidence) and np.array_equal(sample[1], right)
    untuned, _ = found.sample("+OE", "font-letters", seed=1, draw=1, tuned=False)
    assert np.array_equal(untuned, confidences(taken))


def test_what_is_held_out_is_never_trained_on(measured, plan):
    digits = load_images("digits", "train", 16)
    held_out, trained = held_out_part(digits, plan.baseline), training_part(digits, plan.exposed)
    assert measured["paper"].held_out.fingerprint == held_out.fingerprint
    assert len(held_out) + len(trained) == len(digits) and len(held_out) == 400
    rows = {image.numpy().tobytes() for image in trained.images}
    assert sum(image.numpy().tobytes() in rows for image in held_out.images) == 0


def test_the_paper_takes_as_many_anomalies_as_inliers_and_the_code_a_fifth(measured):
    sizes = {name: [tuple(map(len, pair)) for pair in found.draws["font-letters"]] for name, found in measured.items()}
    assert sizes["paper"] == sizes["code-bins"] == [(397, 397)] * 2
    assert sizes["code"] == sizes["code-ratio"] == [(395, 79)] * 2


def test_without_the_last_bin_errors_fall_by_its_gap_and_soft_f1_stays(measured):
    cell = dict(table=12, method="Temperature", out_dist="Gaussian", seed=0, draw=0)
    whole, less = (measured[name].records for name in ("paper", "code-bins"))
    bins = adaptive_bins(*measured["paper"].sample("MSP", "Gaussian"))
    gap = 100 * abs(bins.accuracy - bins.confidence)[-1] * bins.count[-1] / bins.count.sum()
    assert value(whole, metric="MAD", **cell) - value(less, metric="MAD", **cell) == pytest.approx(gap)
    assert value(whole, metric="SoftF1", **cell) == value(less, metric="SoftF1", **cell)


def test_tuning_brings_the_confidence_on_held_out_digits_to_their_accuracy(measured):
    rows = measured["paper"].temperatures
    apart = (rows["held-out accuracy"] - rows["confidence"]).abs()
    tuned = (rows["held-out accuracy"] - rows["tuned confidence"]).abs()
    assert (tuned < apart).all()


def test_save_writes_evidence_with_reading_temperatures_and_held_out_part(measured, tmp_path):
    found = measured["code"]
    found.save(tmp_path)
    evidence = json.loads((tmp_path / "evidence.json").read_text())
    assert evidence["reading"] == {
        "name": "code", "inliers per anomaly": 5, "last bin": False, "bin size": 100, "temperature bounds": [0.2, 5.0],
    }  # fmt: skip
    assert [row["temperature"] for row in evidence["temperatures"]] == found.temperatures["temperature"].tolist()
    assert evidence["held_out"]["examples"] == 400 and evidence["seeds"] == [0, 1]
    assert len(records.read(tmp_path / "records.csv")) == len(found.records)
    assert len(json.loads((tmp_path / "draws.json").read_text())["Gaussian"]["in"][0]) == 395


def test_stand_ins_and_outliers_are_named(measured):
    rows = measured["paper"].records
    assert rows.groupby(["table", "method"])["outliers"].unique().map(list).to_dict() == {
        (12, "Temperature"): [""], (12, "+OE"): ["photo-china"],
        (13, "Temperature"): [""], (13, "+Rescale"): [""], (13, "+OE"): ["photo-china"],
    }  # fmt: skip
    assert "font-letters=Chars74K" in rows.query("out_dist == 'font-letters'")["stand_in_for"].iloc[0]


def test_an_untrained_network_has_no_temperature_and_the_message_names_it(plan, store):
    barely = replace(plan.baseline, epochs=1, limit=128)
    short = replace(plan, baseline=barely, exposed=replace(plan.exposed, parent=barely), out_dists=("gaussian",))
    with pytest.raises(ValueError, match="MSP, seed 0, on 400 held-out examples: the logits are no better than guess"):
        calibrate(store, short)
    assert calibrate(store, short, protocols=["code"])["code"].temperature("MSP") == 5.0


def test_experiments_that_cannot_be_calibrated_are_refused_before_any_training(plan, store):
    with pytest.raises(ValueError, match=r"holdout=\(0, 0\) of baseline and exposed network must be equal and above 0"):
        calibrate(store, experiment("digits", "smoke"))
    with pytest.raises(ValueError, match=r"holdout=\(400, 100\) of baseline and exposed"):
        calibrate(store, replace(plan, exposed=replace(plan.exposed, holdout=100)))
    with pytest.raises(ValueError, match="is no classifier's, so that it has no calibration"):
        calibrate(store, density_experiment("photo-china", "smoke"))
    with pytest.raises(ValueError, match="protocols='text' is unknown; choose one of paper, code-ratio"):
        calibrate(store, plan, protocols=["paper", "text"])
