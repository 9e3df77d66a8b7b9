"""Recipes that start from a file of weights: the Places365 classifier."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tqdm import tqdm

from oe_core.data.catalog import dataset
from oe_core.data.fetch.download import download_folder
from oe_core.data.sources import MissingDataError
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.resnet18 import ResNet18
from oe_core.detectors.images.training import weights_path
from oe_core.recipe import fine_tuned
from oe_core.runs.store import Store

PLACES = ImageRecipe(
    "places365", "places365", model="resnet18", size=32, scaling="imagenet", epochs=0, dropout=0,
    weights_file="resnet18_places365.pth.tar",
)  # fmt: skip


@pytest.fixture
def places(tmp_path, monkeypatch):
    """OE_DATA with one image for each of 365 classes; returns a function that puts a file of weights in place."""
    monkeypatch.setenv("OE_DATA", str(tmp_path / "data"))
    folder = tmp_path / "data" / "places365" / "train"
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (365, 32, 32, 3), dtype=np.uint8)
    np.savez(folder / "images.npz", images=pixels, labels=np.arange(365))

    def put(seed):
        torch.manual_seed(seed)
        state = ResNet18(365).state_dict()
        path = download_folder(dataset("places365")) / PLACES.weights_file
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}, path)
        return state

    return put


def _store(tmp_path):
    return Store(tmp_path / "runs", progress=lambda **arguments: tqdm(disable=True, **arguments))


def test_zero_epochs_use_the_file_as_it_is_and_fine_tuning_starts_from_it(places, tmp_path):
    state, store = places(seed=0), _store(tmp_path)
    run = store.run(PLACES)
    assert run.weights.keys() == state.keys()
    assert all(torch.equal(run.weights[name], tensor) for name, tensor in state.items())
    tuned = store.run(fine_tuned(replace(PLACES, limit=8), "photo-china", epochs=1, batch_size=8, outlier_batch_size=8))
    assert len(tuned.log) == 1 and not torch.equal(tuned.weights["conv1.weight"], state["conv1.weight"])


def test_another_file_of_weights_is_another_run(places, tmp_path):
    store = _store(tmp_path)
    places(seed=0)
    first = store.run(PLACES)
    places(seed=1)
    assert store.run(PLACES).identity != first.identity


def test_a_missing_file_of_weights_says_where_it_goes(places, tmp_path):
    with pytest.raises(MissingDataError, match=r"resnet18_places365\.pth\.tar is missing, the weights that recipe"):
        weights_path(PLACES)
    with pytest.raises(MissingDataError, match="places2.csail.mit.edu"):
        _store(tmp_path).run(PLACES)
