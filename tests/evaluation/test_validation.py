from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tqdm import tqdm

from oe_core.data.anomalies import JIGSAWS, VALIDATION, validation_anomalies
from oe_core.data.batches import network_inputs
from oe_core.data.sources import load_images
from oe_core.detectors.registry import experiment
from oe_core.evaluation.validation import course_candidates, main, mean_metrics, search, validation_scores
from oe_core.recipe import fine_tuned
from oe_core.runs.store import Store, predict
from oe_core.scores import msp
from oe_core.train import held_out_part

PLAN = experiment("digits", "smoke")
BASELINE = replace(PLAN.baseline, holdout=100)
EXPOSED = fine_tuned(BASELINE, "photo-china", epochs=1, learning_rate=0.01, name="exposed")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=lambda **arguments: tqdm(disable=True, **arguments))


def test_every_validation_distribution_of_appendix_a_is_measured(store):
    measured = validation_scores(store, BASELINE)
    assert measured["out_dist"].tolist() == list(VALIDATION.values())
    assert measured[["FPR95", "AUROC", "AUPR", "accuracy"]].apply(lambda column: column.between(0, 100).all()).all()


def test_the_codes_jigsaw_changes_that_distribution_alone(store):
    text, code = (validation_scores(store, BASELINE, jigsaw=jigsaw).set_index("out_dist") for jigsaw in JIGSAWS)
    changed = text.index[(text != code).any(axis=1)]
    assert list(changed) == ["Jigsaw"]


def test_corrupted_copies_of_another_set_leave_noise_and_accuracy_as_they_were(store):
    letters = load_images("font-letters", "test", 16)
    own, others = (validation_scores(store, BASELINE, corrupted=source) for source in (None, letters))
    assert own.loc[0].equals(others.loc[0]) and own.loc[0, "out_dist"] == "Uniform Noise"
    assert own["accuracy"].equals(others["accuracy"])
    assert (own["AUROC"] != others["AUROC"])[1:].all()
    run = store.run(BASELINE)
    inputs = network_inputs(validation_anomalies("inversion", letters.images, 0), "unit")
    logits = predict(run, inputs, store.device).numpy()
    held_out = held_out_part(load_images("digits", "train", 16), BASELINE)
    in_logits = predict(run, held_out.images, store.device).numpy()
    assert others.iloc[-1]["AUROC"] == pytest.approx(mean_metrics(msp(in_logits), msp(logits))["AUROC"])
    with pytest.raises(ValueError, match="corrupted: font-letters is 32 px, recipe 'digits' 16 px"):
        validation_scores(store, BASELINE, corrupted=load_images("font-letters", "test", 32))


def test_a_search_has_one_row_a_recipe_and_counts_the_parent_s_images(store):
    found = search(store, [BASELINE, EXPOSED])
    assert found.index.tolist() == [BASELINE.name, "exposed"]
    assert found.loc[BASELINE.name, "images"] == pytest.approx(256e-6)
    # Two steps of 128 inliers and 256 outliers each, after the parent's.
    assert found.loc["exposed", "images"] == pytest.approx((256 + 256 + 2 * 256) * 1e-6)
    mean = validation_scores(store, EXPOSED)["AUROC"].mean()
    assert found.loc["exposed", "AUROC"] == pytest.approx(mean)


def test_a_recipe_without_held_out_images_is_refused(store):
    with pytest.raises(ValueError, match="recipe 'digits' has holdout=0"):
        validation_scores(store, PLAN.baseline)


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    for name in ("sights", "others"):
        (tmp_path / name / "train").mkdir(parents=True)
        np.savez(tmp_path / name / "train" / "images.npz",
                 images=np.zeros((4, 32, 32, 3), np.uint8), labels=np.arange(4) % 2)  # fmt: skip


def test_the_candidates_of_the_course_differ_and_one_of_them_is_its_recipe(photographs):
    candidates, plan = course_candidates("sights", "others"), experiment("sights", "course", outliers="others")
    digests = [recipe.digest for recipe in candidates]
    assert len(set(digests)) == len({recipe.name for recipe in candidates}) == len(candidates)
    assert {plan.baseline.digest, plan.exposed.digest} <= set(digests)
    assert all(recipe.holdout == 5000 for recipe in candidates)
    rates = {recipe.learning_rate for recipe in candidates if recipe.parent}
    assert 0.001 in rates and len(rates) > 2


def test_the_search_leaves_a_table_among_the_records_of_the_course(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    monkeypatch.setattr("oe_core.evaluation.validation.course_candidates", lambda in_dist, outliers: [BASELINE])
    main(["digits", "photo-china"])
    path = tmp_path / "course" / "records" / "search-digits.csv"
    assert pd.read_csv(path, index_col="recipe").index.tolist() == [BASELINE.name]
    assert str(path) in capsys.readouterr().out
