import pytest
import torch

from oe_core.runs.checkpoint import FileCheckpoint

STATE = {"model": {"weight": torch.tensor([[1.5, -2.0]])}, "log": [{"epoch": 1, "loss": 0.25}], "cuda_rng": None}


def test_state_is_given_back_as_it_was_saved(tmp_path):
    FileCheckpoint(tmp_path / "checkpoint.pt", None).save(STATE)
    found = FileCheckpoint(tmp_path / "checkpoint.pt", None).load()
    assert torch.equal(found["model"].pop("weight"), STATE["model"]["weight"])
    assert found == {"model": {}, "log": STATE["log"], "cuda_rng": None}


def test_without_a_file_there_is_no_state(tmp_path):
    assert FileCheckpoint(tmp_path / "checkpoint.pt", None).load() is None


def test_resumptions_are_counted_and_the_first_start_is_kept(tmp_path):
    first = FileCheckpoint(tmp_path / "checkpoint.pt", None)
    first.started = "2019-05-06T07:08:09+00:00"
    first.save(STATE)
    for resumptions in (1, 2, 3):
        again = FileCheckpoint(tmp_path / "checkpoint.pt", None)
        again.save(again.load())
        assert (again.resumptions, again.started) == (resumptions, first.started)


@pytest.mark.parametrize("initial", [None, "b" * 64])
def test_state_that_began_from_other_parent_weights_is_not_used(tmp_path, caplog, initial):
    FileCheckpoint(tmp_path / "checkpoint.pt", "a" * 64).save(STATE)
    assert FileCheckpoint(tmp_path / "checkpoint.pt", initial).load() is None
    assert "started from other weights of its parent; training starts again" in caplog.text


def test_state_with_code_in_it_is_refused(tmp_path):
    FileCheckpoint(tmp_path / "checkpoint.pt", None).save({"model": print})
    with pytest.raises(Exception, match="print"):
        FileCheckpoint(tmp_path / "checkpoint.pt", None).load()
