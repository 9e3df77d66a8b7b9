"""The search that chose the recipe of scale course: a script beside its evidence."""

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tqdm import tqdm

from oe_core.detectors.registry import experiment
from oe_core.evaluation.validation import validation_scores
from oe_core.recipe import fine_tuned
from oe_core.runs.store import Store

SCRIPT = Path(__file__).resolve().parents[1] / "runs" / "reference" / "cifar10-course" / "search.py"
SPEC = spec_from_file_location("search", SCRIPT)
script = module_from_spec(SPEC)
SPEC.loader.exec_module(script)

BASELINE = replace(experiment("digits", "smoke").baseline, holdout=100)
EXPOSED = fine_tuned(BASELINE, "photo-china", epochs=1, learning_rate=0.01, name="exposed")


def test_a_search_has_one_row_a_recipe_and_counts_the_parent_s_images(tmp_path):
    store = Store(tmp_path, progress=lambda **arguments: tqdm(disable=True, **arguments))
    found = script.search(store, [BASELINE, EXPOSED])
    assert found.index.tolist() == [BASELINE.name, "exposed"]
    assert found.loc[BASELINE.name, "images"] == pytest.approx(256e-6)
    # Two steps of 128 inliers and 256 outliers each, after the parent's.
    assert found.loc["exposed", "images"] == pytest.approx((256 + 256 + 2 * 256) * 1e-6)
    mean = validation_scores(store, EXPOSED)["AUROC"].mean()
    assert found.loc["exposed", "AUROC"] == pytest.approx(mean)


def test_the_candidates_are_those_of_the_record_and_one_of_them_is_the_course_s_recipe(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    for name in ("sights", "others"):
        (tmp_path / name / "train").mkdir(parents=True)
        np.savez(tmp_path / name / "train" / "images.npz",
                 images=np.zeros((4, 32, 32, 3), np.uint8), labels=np.arange(4) % 2)  # fmt: skip
    found, plan = script.candidates("sights", "others"), experiment("sights", "course", outliers="others")
    digests = [recipe.digest for recipe in found]
    assert len(set(digests)) == len(found) and {plan.baseline.digest, plan.exposed.digest} <= set(digests)
    assert all(recipe.holdout == 5000 for recipe in found)
    record = pd.read_csv(SCRIPT.with_name("search.csv"), index_col="recipe")
    assert [recipe.name for recipe in found] == record.index.tolist()


def test_the_search_leaves_a_table_among_the_records_of_the_course(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    monkeypatch.setattr(script, "candidates", lambda in_dist, outliers: [BASELINE])
    monkeypatch.setattr("sys.argv", ["search.py", "digits", "photo-china"])
    script.main()
    path = tmp_path / "course" / "records" / "search-digits.csv"
    assert pd.read_csv(path, index_col="recipe").index.tolist() == [BASELINE.name]
    assert str(path) in capsys.readouterr().out
