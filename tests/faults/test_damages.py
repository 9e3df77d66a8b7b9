"""Every kind of file, damaged in every way: it is named and made again, or refused; and never used in silence."""

import io
import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from spoiled import DAMAGES, DEEP, emptied, link_to_itself, link_to_nothing
from store_process import BASELINE, EXPOSED, digits, other_digits, quiet_store, trainings

from oe_core.atomic import read_record, read_sealed, write_record, write_sealed, write_whole
from oe_core.runs.engine import Job
from oe_core.runs.training import PROGRESS, read_progress
from oe_core.train import Interruption

TENSORS = safetensors.numpy.save({"strange": np.zeros(1, np.float32)})


def resealed(content: bytes, path: Path) -> None:
    """A right seal, or a right hash in the record that vouches for it, around what is of no use."""
    if path.name == "checkpoint.pt":
        write_sealed(path, content)
    elif path.suffix == ".safetensors":
        record = path.parent / "run.json" if path.name == "weights.safetensors" else path.with_suffix(".json")
        values, sha256 = read_record(record), write_whole(path, content)
        if "files" in values:
            values["files"][path.name]["sha256"] = sha256
        write_record(record, values | {"sha256": sha256})
    else:
        write_record(path, json.loads(content))


RESEALED = {
    "run.json": [b"{}", b'{"identity": [], "files": {"weights.safetensors": 3}}'],
    "weights.safetensors": [b"", DEEP, TENSORS],
    ".safetensors": [b"", DEEP, TENSORS],
    ".json": [b"{}", b'{"key": "digits"}'],
    "checkpoint.pt": [b"", DEEP, b"\x80\x02}."],
}
CASES = [
    pytest.param(name, spoil, id=f"{name} {getattr(spoil, '__name__', 'resealed')} {number}")
    for name, contents in RESEALED.items()
    for number, spoil in enumerate([*DAMAGES, *(partial(resealed, content) for content in contents)])
]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A finished run with scores; the run of other data, which is not finished, and its checkpoint; what it gives."""
    root = tmp_path_factory.mktemp("original")
    kept(root)
    stop_half_way(root)
    return root


def kept(root):
    """Weights and scores of the run of `BASELINE`, asked for anew."""
    store, images = quiet_store(root), digits("digits", "test", 8)
    run = store.run(BASELINE, load=digits)
    return run.weights_sha256, store.logits(run, "digits", lambda: images.images, images.fingerprint).tobytes(), run


def stop_half_way(root, load=other_digits):
    """Begin a training, and leave a checkpoint of it."""

    class Stopping:
        def __init__(self, **settings):
            self.steps = 0

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def set_postfix(self, **losses):
            pass

        def update(self):
            self.steps += 1
            if self.steps == 5:
                raise Interruption("enough")

    store = quiet_store(root)
    store.progress = Stopping
    with pytest.raises(Interruption):
        store.run(BASELINE, load=load)
    return store.place(BASELINE, load=load)[1] / "checkpoint.pt"


def _one(root, name):
    (path,) = root.glob(f"trained/*/scores/*{name}" if name.startswith(".") else f"trained/*/{name}")
    return path


@pytest.fixture
def copied(original, tmp_path):
    shutil.copytree(original, tmp_path / "runs", symlinks=True)
    return tmp_path / "runs"


@pytest.mark.parametrize(("name", "spoil"), CASES[3::7])
def test_a_damaged_file_of_a_run_is_named_and_made_again(original, copied, caplog, name, spoil):
    _see_that_it_is_made_again(original, copied, caplog, name, spoil)


@pytest.mark.faults
@pytest.mark.parametrize(("name", "spoil"), CASES)
def test_every_file_of_a_run_is_named_and_made_again_whatever_befell_it(original, copied, caplog, name, spoil):
    _see_that_it_is_made_again(original, copied, caplog, name, spoil)


def _see_that_it_is_made_again(original, copied, caplog, name, spoil):
    before = kept(original)[:2]
    path = _one(copied, name)
    spoil(path)
    load = other_digits if name == "checkpoint.pt" else digits
    run = quiet_store(copied).run(BASELINE, load=load)
    assert kept(copied)[:2] == before
    assert str(path) in caplog.text and "made again" in caplog.text
    assert run.stamp["resumptions"] == 0
    assert path.with_name(f"{path.name}.damaged-1").is_symlink() == (spoil in (link_to_nothing, link_to_itself))
    caplog.clear()
    assert kept(copied)[:2] == before and caplog.text == ""


@pytest.mark.parametrize("what", ["run", "scores"])
@pytest.mark.parametrize("spoil", [emptied, link_to_nothing])
def test_what_stands_in_the_place_of_a_folder_is_set_aside(original, copied, caplog, what, spoil):
    folder = _one(copied, "run.json").parent
    folder = folder if what == "run" else folder / "scores"
    shutil.rmtree(folder)
    folder.touch()
    spoil(folder)
    assert kept(copied)[:2] == kept(original)[:2]
    assert str(folder) in caplog.text and "made again" in caplog.text


def test_files_of_another_run_are_never_used(original, copied, caplog):
    before, (_, _, run) = kept(original)[:2], kept(copied)
    other = quiet_store(copied).run(EXPOSED, load=digits)
    images = digits("negatives", "test", 8)
    quiet_store(copied).logits(run, "negatives", lambda: images.images, images.fingerprint)
    one, two = sorted((run.folder / "scores").glob("*.safetensors"))
    files = [(one, two), (one.with_suffix(".json"), two.with_suffix(".json")),
             *((run.folder / name, other.folder / name) for name in ("weights.safetensors", "run.json"))]  # fmt: skip
    for exchanged in (*([pair] for pair in files), files[:2], files[2:]):  # each alone, and with what vouches for it
        caplog.clear()
        for victim, foreign in exchanged:
            shutil.copy(foreign, victim)
        assert kept(copied)[:2] == before
        assert str(exchanged[-1][0]) in caplog.text and "made again" in caplog.text


def test_a_checkpoint_whose_state_cannot_be_taken_up_is_set_aside(tmp_path, caplog):
    path = stop_half_way(tmp_path, digits)
    found = torch.load(io.BytesIO(read_sealed(path)), weights_only=True)
    for spoil in (lambda state: state.pop("epoch"), lambda state: state["model"].popitem()):
        state = found["state"] | {"model": dict(found["state"]["model"])}
        spoil(state)
        buffer = io.BytesIO()
        torch.save(found | {"state": state}, buffer)
        write_sealed(path, buffer.getvalue())
        run = quiet_store(tmp_path).run(BASELINE, load=digits)
        assert "checkpoint.pt cannot be taken up (" in caplog.text and run.stamp["resumptions"] == 0
        (run.folder / "run.json").unlink()
    assert sorted(path.name for path in run.folder.glob("*.damaged-*")) == [
        "checkpoint.pt.damaged-1", "checkpoint.pt.damaged-2"
    ]  # fmt: skip
    assert trainings(tmp_path).count("digits") == 2


@pytest.mark.parametrize("spoil", [*DAMAGES, *(
    partial(resealed, content) for content in (b"{}", b'{"time": []}', b'{"time": 1e99, "step": 1}')
)])  # fmt: skip
def test_a_damaged_report_of_a_training_is_none(tmp_path, spoil):
    write_record(tmp_path / PROGRESS, {"time": 1.0, "step": 1, "steps": 2, "seconds_left": 3.0, "losses": {}})
    assert read_progress(tmp_path)["step"] == 1
    spoil(tmp_path / PROGRESS)
    assert read_progress(tmp_path) == {}
    assert Job(BASELINE, "", tmp_path, None).state() == ("queued", {})
