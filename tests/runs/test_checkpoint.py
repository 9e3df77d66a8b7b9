import io
import os
import pickle

import pytest
import torch

from oe_core.atomic import write_sealed
from oe_core.runs.checkpoint import FileCheckpoint

STATE = {"model": {"weight": torch.tensor([[1.5, -2.0]])}, "log": [{"epoch": 1, "loss": 0.25}], "cuda_rng": None}


def saved(values):
    """What `torch.save` writes of `values`."""
    buffer = io.BytesIO()
    torch.save(values, buffer)
    return buffer.getvalue()


def of_run(folder, initial=None, identity="1" * 64):
    """The checkpoint of one run in `folder`."""
    return FileCheckpoint(folder / "checkpoint.pt", identity, initial)


def test_state_is_given_back_as_it_was_saved(tmp_path):
    of_run(tmp_path).save(STATE)
    found = of_run(tmp_path).load()
    assert torch.equal(found["model"].pop("weight"), STATE["model"]["weight"])
    assert found == {"model": {}, "log": STATE["log"], "cuda_rng": None}


def test_without_a_file_there_is_no_state(tmp_path):
    assert of_run(tmp_path).load() is None


def test_resumptions_are_counted_and_the_first_start_is_kept(tmp_path):
    first = of_run(tmp_path)
    first.started = "2019-05-06T07:08:09+00:00"
    first.save(STATE)
    for resumptions in (1, 2, 3):
        again = of_run(tmp_path)
        again.save(again.load())
        assert (again.resumptions, again.started) == (resumptions, first.started)


@pytest.mark.parametrize("initial", [None, "b" * 64])
def test_state_that_began_from_other_parent_weights_is_not_used(tmp_path, caplog, initial):
    of_run(tmp_path, "a" * 64).save(STATE)
    assert of_run(tmp_path, initial).load() is None
    assert "started from other weights of its parent; training starts again" in caplog.text


def test_state_with_code_in_it_is_set_aside_and_nothing_of_it_is_run(tmp_path, caplog):
    of_run(tmp_path).save({"model": Bomb(tmp_path / "ran")})
    assert of_run(tmp_path).load() is None
    assert "is no checkpoint of this version" in caplog.text
    assert "set aside as checkpoint.pt.damaged-1" in caplog.text
    assert not (tmp_path / "ran").exists()


class Bomb:
    """Makes a file when it is unpickled as pickles usually are."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_the_checkpoint_of_another_run_is_set_aside_and_not_trained_on(tmp_path, caplog):
    of_run(tmp_path, identity="2" * 64).save(STATE)
    assert of_run(tmp_path).load() is None
    assert (
        "belongs to another run, of identity 222222222222...; it is set aside as checkpoint.pt.damaged-1" in caplog.text
    )


NONE = [b"", b"no checkpoint", pickle.dumps({}, protocol=2), saved([1, 2]), saved({"state": {}})]


@pytest.mark.parametrize("payload", NONE)
def test_a_right_seal_around_what_is_no_checkpoint_is_set_aside(tmp_path, caplog, payload):
    write_sealed(tmp_path / "checkpoint.pt", payload)
    assert of_run(tmp_path).load() is None
    assert "is no checkpoint of this version" in caplog.text
    assert (tmp_path / "checkpoint.pt.damaged-1").exists()


@pytest.mark.parametrize(
    "fact", [{"identity": 3}, {"resumptions": "x"}, {"resumptions": torch.ones(2)}, {"resumptions": -1},
             {"resumptions": True}, {"started": None}, {"state": torch.ones(3)}, {"initial_sha256": 7}]
)  # fmt: skip
def test_odd_facts_under_a_right_seal_are_set_aside(tmp_path, caplog, fact):
    facts = {"identity": "1" * 64, "initial_sha256": None, "resumptions": 0, "started": "2019", "state": STATE}
    write_sealed(tmp_path / "checkpoint.pt", saved(facts | fact))
    assert of_run(tmp_path).load() is None
    assert "is no checkpoint of this version" in caplog.text and "set aside as checkpoint.pt.damaged-1" in caplog.text
