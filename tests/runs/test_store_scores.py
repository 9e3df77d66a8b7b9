from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from store_process import BASELINE, damage, digits, other_digits, quiet_store, truncate

from oe_core.data.batches import network_inputs
from oe_core.detectors.images.network import build
from oe_core.runs.store import Store

SHORT = replace(BASELINE, epochs=1)


@pytest.fixture
def trained(tmp_path):
    store = quiet_store(tmp_path)
    return store, store.run(SHORT, load=digits)


def score_twice(store: Store, run, images, **changes) -> tuple[np.ndarray, int]:
    """Logits asked for, and how often their inputs had to be made."""
    made = []
    values = {"key": "digits", "fingerprint": images.fingerprint, **changes}
    logits = store.logits(run, values["key"], lambda: made.append(1) or images.images, values["fingerprint"])
    return logits, len(made)


def test_logits_are_computed_once_and_are_those_of_the_network(trained):
    store, run = trained
    images = digits("negatives", "test", 8)
    first, made = score_twice(store, run, images)
    again, made_again = score_twice(store, run, images)
    assert (made, made_again) == (1, 0)
    model = build(SHORT.model, 10, 0.0).eval()
    model.load_state_dict(run.weights)
    expected = model(network_inputs(images.images, "unit")).detach().numpy()
    assert first.dtype == np.float32 and first.shape == (64, 10)
    np.testing.assert_allclose(first, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(again, first)


def test_whatever_is_computed_of_a_run_is_kept_beside_its_logits_once_per_fingerprint(trained):
    store, run = trained
    made = []

    def kept(fingerprint):
        return store.kept(run, "digits odin", fingerprint, lambda: made.append(fingerprint) or np.eye(len(made)))

    first, other, again = kept("step 0.001"), kept("step 0.002"), kept("step 0.001")
    assert made == ["step 0.001", "step 0.002"]
    assert first.shape == (1, 1) and other.shape == (2, 2)
    np.testing.assert_array_equal(again, first)


def test_logits_of_other_data_under_the_same_key_are_stored_beside(trained):
    store, run = trained
    images, others = digits("digits", "test", 8), other_digits("digits", "test", 8)
    first, _ = score_twice(store, run, images)
    other, made = score_twice(store, run, others)
    assert made == 1 and not np.array_equal(first, other)
    assert score_twice(store, run, images)[1] == 0


@pytest.mark.parametrize("spoil", [damage, truncate, Path.unlink])
@pytest.mark.parametrize("ending", [".safetensors", ".json"])
def test_damaged_score_file_is_named_set_aside_and_made_again(trained, caplog, ending, spoil):
    store, run = trained
    images = digits("digits", "test", 8)
    first, _ = score_twice(store, run, images)
    (path,) = (run.folder / "scores").glob(f"*{ending}")
    spoil(path)
    again, made = score_twice(store, run, images)
    assert made == 1
    np.testing.assert_array_equal(again, first)
    lost = spoil is Path.unlink
    assert path.with_name(f"{path.name}.damaged-1").exists() != lost
    if not (lost and ending == ".json"):
        assert str(path) in caplog.text
    assert score_twice(store, run, images)[1] == 0


def test_logits_of_other_weights_are_not_reused(trained):
    store, run = trained
    images = digits("digits", "test", 8)
    first, _ = score_twice(store, run, images)
    stamp = {**run.stamp, "files": {"weights.safetensors": {"sha256": "0" * 64}}}
    weights = {**run.weights, "head.bias": run.weights["head.bias"] + 1}
    other, made = score_twice(store, replace(run, stamp=stamp, weights=weights), images)
    assert made == 1
    np.testing.assert_allclose(other, first + 1, rtol=1e-5, atol=1e-5)


def test_data_set_and_recipe_names_cannot_leave_their_folder(trained):
    store, run = trained
    score_twice(store, run, digits("digits", "test", 8), key="../../over there")
    (path,) = (run.folder / "scores").glob("*.safetensors")
    assert path.name.startswith("..%2F..%2Fover there-")
