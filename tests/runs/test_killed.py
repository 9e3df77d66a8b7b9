import json
import multiprocessing
import runpy
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from store_process import trainings

SCRIPT = str(Path(__file__).parents[1] / "store_process.py")


@pytest.fixture(scope="module")
def processes():
    """Starts processes that have the packages loaded already, so that a start costs milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["sklearn.datasets", "oe_core.runs.store"])

    def start(root: Path, kill=None, checkpoint_seconds=60.0, pause=0.0):
        values = {"ARGUMENTS": (root, kill, checkpoint_seconds, pause)}
        process = context.Process(target=runpy.run_path, args=(SCRIPT, values, "__main__"))
        process.start()
        return process

    return start


def exit_code(process) -> int:
    process.join(60)
    return process.exitcode


def stamp_of(root: Path, name: str) -> dict:
    (path,) = root.glob(f"trained/{name}-*/run.json")
    return json.loads(path.read_text())


def weights_sha256(root: Path, name: str) -> str:
    return stamp_of(root, name)["files"]["weights.safetensors"]["sha256"]


@pytest.fixture(scope="module")
def undisturbed(processes, tmp_path_factory):
    """The hash of the weights of a training that nothing interrupts."""
    root = tmp_path_factory.mktemp("undisturbed")
    assert exit_code(processes(root)) == 0
    assert stamp_of(root, "exposed")["resumptions"] == 0
    return weights_sha256(root, "exposed")


@pytest.mark.parametrize(
    ("moment", "folder", "file", "count", "checkpoint_seconds", "resumptions"),
    [
        ("before", "digits", "checkpoint.pt", 1, 60, 0),
        ("after", "exposed", "checkpoint.pt", 1, 60, 1),
        ("before", "exposed", "checkpoint.pt", 2, 60, 1),
        ("after", "exposed", "checkpoint.pt", 2, 0, 1),  # in the middle of an epoch: a checkpoint every step
        ("after", "exposed", "checkpoint.pt", 7, 0, 1),
        ("before", "exposed", "weights.safetensors", 1, 60, 1),
        ("after", "exposed", "weights.safetensors", 1, 60, 1),
        ("before", "exposed", "run.json", 1, 60, 1),
    ],
)
def test_training_killed_and_started_again_ends_with_the_weights_of_one_never_killed(
    processes, undisturbed, tmp_path, moment, folder, file, count, checkpoint_seconds, resumptions
):
    killed = processes(tmp_path, (moment, folder, file, count), checkpoint_seconds)
    assert exit_code(killed) == -signal.SIGKILL
    assert not list(tmp_path.glob("trained/exposed-*/run.json"))
    assert exit_code(processes(tmp_path)) == 0
    assert weights_sha256(tmp_path, "exposed") == undisturbed
    assert stamp_of(tmp_path, "exposed")["resumptions"] == resumptions
    assert not list(tmp_path.glob("trained/*/*.part")) and not list(tmp_path.glob("trained/*/checkpoint.pt"))


def checkpoints(root: Path) -> set[tuple]:
    """What changes whenever a checkpoint is written."""
    found = set()
    for path in root.glob("trained/*/checkpoint.pt"):
        with suppress(FileNotFoundError):  # the training may just have ended
            found.add((path, path.stat().st_mtime_ns))
    return found


@pytest.mark.faults
def test_training_killed_again_and_again_from_outside_ends_with_the_same_weights(processes, undisturbed, tmp_path):
    for milliseconds in (0, 10, 25, 45, 70):
        before = checkpoints(tmp_path)
        process = processes(tmp_path, checkpoint_seconds=0, pause=0.02)
        while process.is_alive() and not checkpoints(tmp_path) - before:
            time.sleep(0.001)
        time.sleep(milliseconds / 1000)
        process.kill()
        exit_code(process)
    assert exit_code(processes(tmp_path)) == 0
    assert weights_sha256(tmp_path, "exposed") == undisturbed
    assert sum(stamp_of(tmp_path, name)["resumptions"] for name in ("digits", "exposed")) >= 1


def test_run_killed_right_after_its_stamp_is_finished(processes, undisturbed, tmp_path):
    assert exit_code(processes(tmp_path, ("after", "exposed", "run.json", 1))) == -signal.SIGKILL
    assert exit_code(processes(tmp_path)) == 0
    assert weights_sha256(tmp_path, "exposed") == undisturbed
    assert trainings(tmp_path) == ["digits", "exposed"]


def test_two_processes_asking_for_one_run_train_it_once(processes, undisturbed, tmp_path):
    both = [processes(tmp_path) for _ in range(2)]
    assert [exit_code(process) for process in both] == [0, 0]
    assert trainings(tmp_path) == ["digits", "exposed"]
    assert weights_sha256(tmp_path, "exposed") == undisturbed
