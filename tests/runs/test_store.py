import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from store_process import BASELINE, EXPOSED, damage, digits, other_digits, quiet_store, trainings, truncate
from tqdm import tqdm

from oe_core import train
from oe_core.atomic import read_record, write_record
from oe_core.detectors.registry import recipe_from_json

SHORT = replace(BASELINE, epochs=1)


@pytest.fixture
def trained(tmp_path):
    store = quiet_store(tmp_path)
    return store, store.run(SHORT, load=digits)


def test_finished_run_is_found_again_bit_for_bit_without_training(trained, tmp_path):
    store, run = trained
    again = quiet_store(tmp_path).run(SHORT, load=digits)
    assert trainings(tmp_path) == ["digits"]
    assert again.stamp == run.stamp and again.weights.keys() == run.weights.keys()
    assert all(torch.equal(again.weights[name], tensor) for name, tensor in run.weights.items())


def test_second_process_says_that_it_waits_and_then_takes_the_first_ones_run(tmp_path, caplog):
    training, released = threading.Event(), threading.Event()

    def slow_bar(**settings):
        training.set()
        assert released.wait(30)
        return tqdm(**settings)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(quiet_store(tmp_path, slow_bar).run, SHORT, load=digits)
        assert training.wait(30)
        second = pool.submit(quiet_store(tmp_path).run, SHORT, load=digits)
        while not caplog.messages and not second.done():
            time.sleep(0.005)
        released.set()
    assert caplog.messages[0].startswith(f"another process is training {first.result().folder.name}; waiting for it")
    assert second.result().stamp == first.result().stamp and trainings(tmp_path) == ["digits"]


def test_recipe_under_another_name_is_the_same_run(trained, tmp_path):
    store, run = trained
    assert store.run(replace(SHORT, name="handwriting"), load=digits).folder == run.folder
    assert trainings(tmp_path) == ["digits"]


def test_stamp_says_how_the_weights_were_made(trained):
    _, run = trained
    stamp, images = run.stamp, digits("digits", "train", 8)
    assert recipe_from_json(stamp["recipe"]) == SHORT
    assert (stamp["digest"], stamp["seed"], stamp["parent"]) == (SHORT.digest, 0, None)
    assert stamp["data"] == {
        "inliers": {
            "name": "digits", "origin": "embedded", "stand_in_for": "", "n": 64, "num_classes": 10,
            "fingerprint": images.fingerprint,
        },
        "outliers": None,
    }  # fmt: skip
    assert stamp["device"]["type"] == "cpu" and stamp["device"]["threads"] == torch.get_num_threads()
    assert stamp["packages"]["torch"] == torch.__version__.split("+")[0]
    assert {"commit", "dirty", "python", "seconds", "started", "finished"} <= stamp.keys()
    assert [row["epoch"] for row in stamp["log"]] == [1]


def test_fine_tuned_run_names_the_weights_of_its_parent(tmp_path):
    store = quiet_store(tmp_path)
    run = store.run(replace(EXPOSED, epochs=1), load=digits)
    parent = store.run(BASELINE, load=digits)
    assert run.stamp["parent"] == {"run": parent.folder.name, "weights_sha256": parent.weights_sha256}
    assert run.stamp["data"]["outliers"]["name"] == "negatives"
    assert trainings(tmp_path) == ["digits", "exposed"]


def test_a_name_longer_than_that_of_a_file_is_cut_short_beside_its_hash(tmp_path):
    name, store = "社内の検査ライン三号機" * 5, quiet_store(tmp_path)
    run = store.run(replace(SHORT, name=name), load=digits)
    assert store.run(run.recipe, load=digits).folder == run.folder and run.stamp["name"] == name
    kept = [store.kept(run, name, str(made), lambda made=made: np.full(2, made)) for made in (1, 2, 1)]
    assert [values.tolist() for values in kept] == [[1, 1], [2, 2], [1, 1]]


def test_run_made_with_other_data_under_the_same_name_is_not_reused(trained, tmp_path):
    store, run = trained
    other = store.run(SHORT, load=other_digits)
    assert other.folder != run.folder and trainings(tmp_path) == ["digits", "digits"]
    assert store.run(SHORT, load=digits).stamp == run.stamp  # the first is kept beside it
    assert trainings(tmp_path) == ["digits", "digits"]


def test_parent_trained_on_other_data_makes_another_run(tmp_path):
    def other_outliers(key, split, size):
        return other_digits(key, split, size) if key == "negatives" else digits(key, split, size)

    store = quiet_store(tmp_path)
    exposed_twice = replace(SHORT, parent=replace(SHORT, name="first", outliers="negatives"))
    folders = [store.run(exposed_twice, load=load).folder for load in (digits, other_outliers)]
    assert folders[0] != folders[1]


@pytest.mark.parametrize("spoil", [damage, truncate, Path.unlink])
@pytest.mark.parametrize("name", ["weights.safetensors", "run.json"])
def test_damaged_run_is_named_set_aside_and_made_again(trained, tmp_path, caplog, name, spoil):
    store, run = trained
    spoil(run.folder / name)
    again = store.run(SHORT, load=digits)
    assert again.weights_sha256 == run.weights_sha256
    assert trainings(tmp_path) == ["digits", "digits"]
    lost = spoil is Path.unlink
    assert (run.folder / f"{name}.damaged-1").exists() != lost
    if not (lost and name == "run.json"):  # without a stamp the run just is not finished
        assert str(run.folder / name) in caplog.text and ("is missing" if lost else "is damaged") in caplog.text


def test_second_damage_does_not_overwrite_the_first_that_was_set_aside(trained):
    store, run = trained
    for _ in range(2):
        damage(run.folder / "weights.safetensors")
        store.run(SHORT, load=digits)
    kept = sorted(path.name for path in run.folder.glob("*.damaged-*"))
    assert kept == ["weights.safetensors.damaged-1", "weights.safetensors.damaged-2"]


class StoppedError(Exception):
    pass


def stop_after(steps: int, error: type[BaseException] = StoppedError):
    """A bar that stops its training with an error at step number `steps` (from 1), as Ctrl-C does."""

    class Bar(tqdm):
        def update(self, n=1):
            self.steps = getattr(self, "steps", 0) + n
            if self.steps == steps:
                raise error

    return Bar


@pytest.mark.parametrize("spoil", [damage, truncate, lambda path: path.write_bytes(b"")])
def test_damaged_checkpoint_is_named_set_aside_and_training_starts_again(tmp_path, caplog, spoil):
    with pytest.raises(StoppedError):
        quiet_store(tmp_path / "a", stop_after(6)).run(BASELINE, load=digits)
    (checkpoint,) = (tmp_path / "a").glob("trained/*/checkpoint.pt")
    spoil(checkpoint)
    run = quiet_store(tmp_path / "a").run(BASELINE, load=digits)
    assert f"{checkpoint} is damaged" in caplog.text and checkpoint.with_name("checkpoint.pt.damaged-1").exists()
    assert run.stamp["resumptions"] == 0
    assert run.weights_sha256 == quiet_store(tmp_path / "b").run(BASELINE, load=digits).weights_sha256


@pytest.mark.parametrize("error", [KeyboardInterrupt, train.NonFiniteLossError])
def test_interrupted_training_goes_on_from_its_checkpoint(tmp_path, caplog, error):
    caplog.set_level(logging.INFO, "oe_core")
    with pytest.raises(error):
        quiet_store(tmp_path / "a", stop_after(6, error)).run(BASELINE, load=digits)
    run = quiet_store(tmp_path / "a").run(BASELINE, load=digits)
    assert "training goes on from" in caplog.text and run.stamp["resumptions"] == 1
    assert run.weights_sha256 == quiet_store(tmp_path / "b").run(BASELINE, load=digits).weights_sha256


def test_run_without_its_stamp_is_not_finished(trained, tmp_path):
    store, run = trained
    (run.folder / "run.json").unlink()
    store.run(SHORT, load=digits)
    assert trainings(tmp_path) == ["digits", "digits"]


@pytest.mark.parametrize("odd", [{"seconds": "abc"}, {"seconds": None}, {"log": 3}])
def test_an_odd_stamp_under_a_right_seal_is_set_aside_and_the_run_made_again(trained, odd):
    store, run = trained
    write_record(run.folder / "run.json", read_record(run.folder / "run.json") | odd)
    again = store.run(SHORT, load=digits)
    assert isinstance(again.stamp["seconds"], float) and again.log and (run.folder / "run.json.damaged-1").exists()
