import numpy as np
import pytest
import torch
from tqdm import tqdm

from oe_core import Store, evaluate, experiment
from oe_core.data.examples import ImageSet, TextSet
from oe_core.evaluation.roles import TEST, TRAIN, overlaps

GENERATOR = np.random.default_rng(0)
PIXELS = GENERATOR.integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)


def images(name, *numbers):
    chosen = torch.from_numpy(PIXELS[list(numbers)]).permute(0, 3, 1, 2).contiguous()
    return ImageSet(name, chosen, torch.zeros(len(numbers), dtype=torch.int64), ("a",), "folder")


def test_sets_without_a_common_example_share_nothing():
    texts = TextSet("words", ("one", "two"), torch.zeros(2, dtype=torch.int64), ("a",), "folder")
    assert overlaps({"the outliers": images("x", 0, 1), "the out-distribution y": images("y", 2), "z": texts}) == []


def test_a_part_that_two_sets_share_is_counted_and_said(caplog):
    found = overlaps({"the outliers": images("x", 0, 1, 2), "the out-distribution y": images("y", 2, 3, 4, 0)})
    expected = {"roles": ["the outliers", "the out-distribution y"], "sets": ["x", "y"], "shared": 2, "of": 4}
    assert found == [expected]
    assert "the out-distribution y (y) and the outliers (x) share examples: 2 of the former's 4" in caplog.text


def test_the_same_examples_in_two_roles_are_refused_whatever_their_names_and_order():
    roles = {"the outliers": images("shells", 0, 1, 2), "the out-distribution snails": images("snails", 2, 0)}
    with pytest.raises(
        ValueError, match=r"the out-distribution snails \(snails\) and the outliers \(shells\) hold the same"
    ):
        overlaps(roles)


def test_training_examples_in_the_test_set_are_said_and_not_refused(caplog):
    found = overlaps({TRAIN: images("x", 0, 1, 2), TEST: images("x", 1, 2)})
    assert found[0]["shared"] == 2 and "2 of the former's 2" in caplog.text


def test_a_copied_folder_is_refused_before_any_training(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    for name, split in (("shells", "train"), ("snails", "test")):
        (tmp_path / name / split).mkdir(parents=True)
        np.savez(tmp_path / name / split / "images.npz", images=PIXELS, labels=np.zeros(40, int))
    plan = experiment("digits", "smoke", outliers="shells", out_dists=["gaussian", "snails"])
    store = Store(tmp_path / "runs", progress=lambda **bar: tqdm(disable=True, **bar))
    with pytest.raises(ValueError, match=r"\(snails\) and the outliers \(shells\) hold the same examples: all 40"):
        evaluate(store, plan)
    assert not list((tmp_path / "runs").rglob("checkpoint.pt"))
