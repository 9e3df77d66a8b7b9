import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tqdm import tqdm

from oe_core.data.sources import MissingDataError, load_images
from oe_core.detectors.registry import experiment
from oe_core.evaluation import records
from oe_core.evaluation.evaluate import evaluate
from oe_core.evaluation.metrics import detection_metrics
from oe_core.evaluation.test_sets import out_sets, prepared, replaces, substituted
from oe_core.runs.store import Store
from oe_core.scales import data_root
from oe_core.scores import msp

OUT_DISTS = ["gaussian", "font-letters", "lsun"]  # the last is not on this machine


def quiet(**arguments):
    return tqdm(disable=True, **arguments)


@pytest.fixture(scope="module")
def plan():
    return experiment("digits", "smoke", out_dists=OUT_DISTS)


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory):
    """No downloads and no folders: the embedded sets alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=quiet)


@pytest.fixture(scope="module")
def evaluation(plan, store, nowhere):
    return evaluate(store, plan, seeds=2, draws=2)


def test_every_network_is_measured_on_every_set_seed_and_draw(evaluation):
    counted = evaluation.records.groupby(["table", "method", "out_dist"]).size()
    sets = ["Gaussian", "font-letters"]
    expected = {(7, method, out): 2 * 2 * 3 for method in ("MSP", "+OE") for out in sets}
    expected |= {(10, method, out): 2 * 2 * 3 for method in ("MSP", "H(U;p)") for out in sets}
    assert counted.to_dict() == expected


def test_a_missing_set_is_reported_with_the_way_to_get_it(evaluation):
    assert list(evaluation.tests.missing) == ["LSUN"]
    assert "not on this machine" in evaluation.tests.missing["LSUN"]
    # What is kept names no folder of one machine.
    assert str(data_root()) in evaluation.tests.missing["LSUN"]
    assert str(data_root()) not in json.dumps(evaluation.evidence()["missing"])


def test_a_value_is_the_metric_of_the_stored_logits_at_the_stored_draw(evaluation, store):
    run = evaluation.runs["+OE", 1]
    test = load_images("digits", "test", 16)
    letters = load_images("font-letters", "test", 16)
    in_scores = msp(store.logits(run, "digits", lambda: test.images, test.fingerprint))
    out_scores = msp(store.logits(run, "font-letters", lambda: letters.images, letters.fingerprint))
    inside, outside = evaluation.draws["font-letters"][1]
    assert len(inside) == 5 * len(outside)
    expected = 100 * detection_metrics(in_scores[inside], out_scores[outside])["AUROC"]
    rows = evaluation.records.query("table == 7 and method == '+OE' and seed == 1 and draw == 1")
    found = rows[(rows["out_dist"] == "font-letters") & (rows["metric"] == "AUROC")]["value"]
    assert found.tolist() == [expected]


def test_accuracy_is_measured_for_every_network(evaluation):
    measured = evaluation.quality.set_index(["method", "seed"])["accuracy"]
    assert set(measured.index) == {(method, seed) for method in ("MSP", "+OE") for seed in (0, 1)}
    assert measured.between(0, 100).all()


def test_stand_ins_are_named_in_the_records(evaluation):
    rows = evaluation.records
    assert rows["outliers"].unique().tolist() == ["", "photo-china"]
    letters = rows[rows["out_dist"] == "font-letters"]["stand_in_for"].iloc[0]
    assert "digits=SVHN" in letters and "font-letters=Chars74K" in letters


def test_a_second_evaluation_trains_and_scores_nothing(plan, store, evaluation, monkeypatch):
    def fail(*arguments, **keywords):
        raise AssertionError("trained or scored again")

    monkeypatch.setattr(store, "progress", fail)
    monkeypatch.setattr("oe_core.runs.store.predict", fail)
    again = evaluate(store, plan, seeds=2, draws=2)
    pd.testing.assert_frame_equal(again.records, evaluation.records)


def test_save_writes_records_evidence_and_draws_from_which_the_numbers_follow(evaluation, tmp_path):
    evaluation.save(tmp_path / "vision")
    written = records.read(tmp_path / "vision" / "records.csv")
    pd.testing.assert_frame_equal(written, records.validate(evaluation.records))
    evidence = json.loads((tmp_path / "vision" / "evidence.json").read_text())
    draws = json.loads((tmp_path / "vision" / "draws.json").read_text())
    assert evidence["seeds"] == [0, 1] and evidence["scale"] == "smoke"
    assert evidence["draws"]["Gaussian"] == {"count": 2, "sha256": draws["Gaussian"]["sha256"]}
    assert np.array_equal(draws["Gaussian"]["out"][0], evaluation.draws["Gaussian"][0][1])
    stamp = evidence["runs"][0]
    assert {"recipe", "data", "device", "packages", "commit", "seconds"} <= stamp.keys()


@pytest.mark.parametrize("argument", ["seeds", "draws"])
def test_fewer_than_one_seed_or_draw_is_refused_before_any_training(plan, store, argument):
    with pytest.raises(ValueError, match=f"{argument}=0 must be a whole number of at least 1"):
        evaluate(store, plan, **{argument: 0})


def test_without_any_out_distribution_nothing_is_trained(plan, store, nowhere):
    with pytest.raises(MissingDataError, match=r"none of \['lsun'\] is at hand"):
        evaluate(store, replace(plan, out_dists=("lsun",)))


def test_outliers_that_are_not_at_hand_are_replaced_by_their_stand_in(nowhere):
    plan = experiment("digits", "smoke", outliers="tiny-images-80m")
    changed = substituted(plan)
    assert changed.exposed.outliers == "photo-china" and changed.baseline == plan.baseline
    assert prepared(plan).stand_ins["photo-china"] == "80 Million Tiny Images"


def test_a_stand_in_that_the_experiment_uses_already_does_not_stand_in(nowhere):
    plan = replace(experiment("digits", "smoke"), out_dists=("places365", "photo-flower"))
    found, missing = out_sets(plan, num_inliers=10)
    assert [out.printed for out in found] == ["photo-flower"]
    assert list(missing) == ["Places365"]


@pytest.fixture(scope="module")
def grey_plan():
    out_dists = ["bernoulli", "negative", "notmnist", "omniglot"]
    return experiment("digits", "smoke", in_place_of="mnist", out_dists=out_dists)


@pytest.fixture(scope="module")
def grey(grey_plan, store, nowhere):
    return evaluate(store, grey_plan, seeds=1, draws=2)


def test_digits_in_place_of_mnist_are_measured_with_its_three_networks(grey):
    counted = grey.records.query("table == 7").groupby(["method", "out_dist"]).size()
    sets = ["Bernoulli", "Negative digits", "font-letters"]
    assert counted.to_dict() == {(method, out): 2 * 3 for method in ("MSP", "+OE scratch", "+OE") for out in sets}
    assert list(grey.tests.missing) == ["Omniglot"]


def test_all_networks_with_outliers_get_the_same_stand_in_for_them(grey_plan, grey):
    changed = substituted(grey_plan)
    assert [recipe.outliers for recipe in changed.networks.values()] == [None, "photo-china", "photo-china"]
    exposed = grey.records[grey.records["method"].isin(["+OE", "+OE scratch"])]
    assert exposed["outliers"].unique().tolist() == ["photo-china"]


def test_records_say_what_the_digits_stand_in_for_here(grey):
    said = grey.records.query("out_dist == 'font-letters'")["stand_in_for"].iloc[0]
    assert "digits=MNIST" in said and "font-letters=notMNIST" in said


def test_the_negative_is_made_of_the_in_distribution_s_test_images_and_noise_is_grey(grey):
    noise, inverted, _ = grey.tests.outs
    assert (inverted.key, inverted.printed, inverted.stand_in_for) == ("negative", "Negative digits", "")
    test = load_images("digits", "test", 28)
    assert inverted.inputs().tolist() == (255 - test.images).tolist()
    assert inverted.fingerprint == inverted.examples.fingerprint != test.fingerprint
    assert noise.fingerprint == f"bernoulli count={len(test)} size=28 signed=False seed=0 grey"
    flips = noise.inputs()
    assert np.array_equal(flips[:, 0], flips[:, 2]) and np.array_equal(np.unique(flips), [0, 1])


def test_the_negative_of_a_part_of_the_test_set_is_of_that_part(grey_plan):
    found, _ = out_sets(replace(grey_plan, test_limit=7, out_dists=("negative",)), num_inliers=7)
    assert len(found[0].inputs()) == 7


def test_the_paper_s_set_from_the_reader_s_folder_is_marked(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    (tmp_path / "textures" / "test").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (10, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "textures" / "test" / "images.npz", images=pixels, labels=np.zeros(10, np.int64))
    found, _ = out_sets(experiment("digits", "smoke", out_dists=["textures"]), num_inliers=10)
    assert [(out.printed, out.stand_in_for) for out in found] == [("Textures", "own folder")]
    assert replaces(load_images("digits", "test", 16)) == "SVHN"
