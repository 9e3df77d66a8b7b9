"""`make pretrained` and PRETRAINED=1: networks are made of a store's runs, and taken into one before a build."""

import numpy as np
import pretrained
import pytest
import torch
from small_book import ROOT, chapter, make_book

from oe_core import Detector, Store, experiment, load_images
from oe_core.detector import pretrained as package
from oe_core.runs import store as store_module
from oe_core.runs.store import WEIGHTS

PLANS = """
from oe_core import experiment
trainings = [([experiment("digits", SCALE)], 1)]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder in place of the package's."""
    for module in (pretrained, package):
        monkeypatch.setattr(module, "PRETRAINED", tmp_path / "package")
    monkeypatch.setattr(pretrained, "ROWS", (pretrained.Row("digits", "images", "smoke"),))
    return tmp_path / "package"


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Train digits at scale smoke: (whether the code is no commit's) -> nothing."""
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "runs"))

    def train(dirty):
        monkeypatch.setattr(store_module, "environment", lambda device: {"commit": "0" * 40, "dirty": dirty})
        Store(tmp_path / "runs" / "smoke").run(experiment("digits", "smoke").exposed)

    return train


def test_networks_are_made_of_runs_with_what_they_measure(place, trained, capsys):
    trained(dirty=False)
    assert pretrained.main(["make"]) == 0
    out = capsys.readouterr().out
    detector = Detector.from_pretrained("digits-oe")
    measured = detector.card["evaluation"]
    assert [row["out_dist"] for row in measured["out_dists"]][:2] == ["Gaussian", "Bernoulli"]
    assert detector.card["terms"] and len(detector.held_out_scores) == measured["examples"] == 397
    mean = sum(row["AUROC"] for row in measured["out_dists"]) / len(measured["out_dists"])
    row = next(line for line in out.splitlines() if line.startswith("| `digits-oe` |"))
    assert f"| {measured['accuracy']:.1f} ({measured['guessing']:.1f}) |" in row and f"| {mean:.1f} |" in row


def test_weights_take_half_the_bytes_and_say_nearly_the_same(place, trained, tmp_path):
    trained(dirty=False)
    assert pretrained.main(["make"]) == 0
    made = Detector.from_pretrained("digits-oe")
    run = Store(tmp_path / "runs/smoke").run(experiment("digits", "smoke").exposed)
    assert made.card["run"]["rounded"] == "float16" and "rounded" not in run.stamp
    assert {tensor.dtype for tensor in made.weights.values()} == {torch.float16, torch.int64}
    test = load_images("digits", "test", 16)
    np.testing.assert_allclose(made.score(test), Detector.of_run(run, test, test).held_out_scores, atol=0.005)
    half, whole = made.card["run"]["files"][WEIGHTS]["bytes"], run.stamp["files"][WEIGHTS]["bytes"]
    assert 0.4 * whole < half < 0.6 * whole


def test_what_is_not_trained_or_of_no_commit_is_left_as_it_is(place, trained, capsys):
    assert pretrained.main(["make"]) == 1
    assert "digits: left as it is: digits, seed 0, is not trained in" in capsys.readouterr().out
    trained(dirty=True)
    assert pretrained.main(["make"]) == 1
    assert "was trained by code that is no commit's" in capsys.readouterr().out
    assert not place.exists()


def test_before_a_book_is_built_each_network_is_said_to_be_taken_or_not(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "runs"))
    book = make_book(tmp_path, c01_two=chapter(checks=PLANS))
    words = ["seed", "--book", str(book), "--scale"]
    assert pretrained.main([*words, "demo"]) == 0
    said = dict(line.removeprefix("pretrained ").split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert list(said) == package.names()
    assert {name for name, became in said.items() if became == "taken in"} == {"digits", "digits-oe"}
    assert all(became.startswith("left out: recipe: ") for became in said.values() if became != "taken in")
    assert pretrained.main([*words, "large"]) == 2
    assert "scale='large' is unknown" in capsys.readouterr().err


def test_the_page_of_own_data_quotes_the_cards():
    assert pretrained.table() in (ROOT / "book" / "site" / "own_data.md").read_text(encoding="utf-8")
