"""The networks that come with the package: whole, small, of use as they are, and taken in by a store."""

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_sample_image
from store_process import truncate

from oe_core import Detector, Store, evaluate, experiment, load_images
from oe_core.atomic import DamagedFileError, read_record
from oe_core.detector import pretrained, saved
from oe_core.detector.pretrained import PRETRAINED, names, seed
from oe_core.runs.engine import jobs
from oe_core.runs.store import STAMP, WEIGHTS

ROOT = Path(__file__).resolve().parents[2]
MOST = 20e6  # bytes of all together
PLAN = experiment("digits", "demo")


def refuse(**bar):
    raise AssertionError("a network is trained that was there")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs", progress=refuse)


def became(store, *recipes):
    return dict(seed(jobs(store, recipes), store.trained))


@pytest.mark.parametrize("name", names())
def test_each_is_loaded_and_says_where_it_is_from(name):
    detector = Detector.from_pretrained(name)
    run, data = detector.card["run"], detector.card["run"]["data"]
    assert len(detector.classes) == data["inliers"]["num_classes"]
    assert run["dirty"] is False and run["files"][WEIGHTS]["sha256"] == detector.card["files"][WEIGHTS]
    assert len(detector.card["terms"]) == sum(one is not None for one in data.values())
    measured = detector.card["evaluation"]
    assert measured["accuracy"] > measured["guessing"] + 20 and len(measured["out_dists"]) >= 4
    assert detector.threshold.false_alarm_rate == 0.05 and all(finding.holds for finding in detector.findings)


def test_all_of_them_are_small_and_installed_with_the_package():
    found = {path for path in PRETRAINED.rglob("*") if path.is_file()}
    assert found and sum(path.stat().st_size for path in found) < MOST
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["oe_core"]
    assert found <= {path for pattern in shipped for path in (ROOT / "oe_core").glob(pattern)}


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=f"name='number' is unknown; choose one of {', '.join(names())}"):
        Detector.from_pretrained("number")


def test_the_digits_network_repeats_its_scores_and_takes_a_photograph_for_an_anomaly():
    detector = Detector.from_pretrained("digits-oe")
    test = load_images("digits", "test", 16)
    assert detector.card["held_out"]["fingerprint"] == test.fingerprint
    # Another CPU rounds otherwise.
    np.testing.assert_allclose(detector.score(test), detector.held_out_scores, atol=1e-4)
    assert np.mean([one.verdict == "inlier" for one in detector.predict(test)]) > 0.9
    (photograph,) = detector.predict(load_sample_image("flower.jpg"))
    assert photograph.verdict == "anomaly"


def test_a_store_takes_those_that_are_asked_for_and_nothing_is_trained(store):
    found = became(store, PLAN.exposed)
    assert {name for name, words in found.items() if words == "taken in"} == {"digits", "digits-oe"}
    assert found["digits-seed1"] == "left out: recipe: digits is asked for with seed=0"
    for recipe, name in ((PLAN.baseline, "digits"), (PLAN.exposed, "digits-oe")):
        run, card = store.run(recipe), read_record(PRETRAINED / name / saved.CARD)
        assert run.stamp == card["run"] | {"pretrained": name}
        assert (run.folder / WEIGHTS).read_bytes() == (PRETRAINED / name / saved.WEIGHTS).read_bytes()
    records = evaluate(store, replace(PLAN, test_limit=100), seeds=1, draws=1).records
    assert set(records["method"]) == {"MSP", "+OE", "H(U;p)"}


def test_what_is_in_the_store_stays(store):
    became(store, PLAN.baseline)
    (folder,) = store.trained.glob("digits-*")
    (folder / "scores").mkdir()
    before = (folder / STAMP).read_bytes()
    assert became(store, PLAN.baseline)["digits"] == "already here"
    assert (folder / STAMP).read_bytes() == before and (folder / "scores").is_dir()
    truncate(folder / WEIGHTS)
    assert became(store, PLAN.baseline)["digits"].endswith("ask for this run to mend what is here")


def test_another_recipe_and_other_data_are_named_and_not_taken(store, tmp_path, monkeypatch):
    small = experiment("digits", "smoke")
    assert became(store, small.baseline)["digits"] == "left out: recipe: digits is asked for with epochs=1, limit=256"
    nothing = "recipe: nothing that is asked for learns digits with the detector images"
    assert became(store)["digits"] == f"left out: {nothing}"

    test = load_images("digits", "test", 16)
    for split in ("train", "test"):
        (tmp_path / "data/digits" / split).mkdir(parents=True)
        arrays = {"images": test.images.permute(0, 2, 3, 1).numpy(), "labels": test.labels.numpy()}
        np.savez(tmp_path / "data/digits" / split / "images.npz", **arrays)
    monkeypatch.setenv("OE_DATA", str(tmp_path / "data"))
    found = became(store, PLAN.exposed)
    assert found["digits"].startswith(f"left out: data: digits has 397 examples ({test.fingerprint[:12]}), it learned ")
    assert "from 1400" in found["digits-oe"]
    assert not store.trained.exists() or not list(store.trained.glob("digits*"))


def test_a_damaged_file_is_refused_by_its_name(store, tmp_path, monkeypatch):
    shutil.copytree(PRETRAINED / "digits", tmp_path / "digits")
    monkeypatch.setattr(pretrained, "PRETRAINED", tmp_path)
    truncate(tmp_path / "digits" / saved.WEIGHTS)
    with pytest.raises(DamagedFileError, match=saved.WEIGHTS):
        Detector.from_pretrained("digits")
    with pytest.raises(DamagedFileError, match=saved.WEIGHTS):
        became(store, PLAN.baseline)


def test_no_class_is_left_out_of_a_network_that_was_fine_tuned():
    detector = Detector.from_pretrained("digits-oe")
    detector.recipe = replace(detector.recipe, holdout=100)
    with pytest.raises(ValueError, match="left_out=3: only for a detector that learned outliers from its first step"):
        detector.evaluate(in_dist="digits")
