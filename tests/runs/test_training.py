"""One training in a process of its own: it ends with the one who started it, saved, and goes on to the same weights."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pytest
from small_book import running as alive
from small_book import wait_until
from tqdm import tqdm

from oe_core.atomic import write_record
from oe_core.detectors.registry import experiment
from oe_core.runs import checkpoint
from oe_core.runs.engine import BEGUN, RUNNING, jobs
from oe_core.runs.store import CHECKPOINT, Store
from oe_core.runs.training import PROGRESS, SAVED, Order, Process, TrainingError, read_progress

SHORT = experiment("digits", "smoke").baseline
LONG = replace(SHORT, name="long", epochs=20)
SHARED = replace(SHORT, name="shared", model="fast-2", dropout=0.0, precision="float32", epochs=40)
SECONDS = 120


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def running(job):
    """What a running training says of itself, once it does."""
    return wait_until(lambda: job.state()[1] if job.state()[0] == RUNNING else None, f"{job.name} runs")


def losses(run):
    return [row["inlier_loss"] for row in run.log]


def test_an_order_is_one_line_and_comes_back(tmp_path):
    order = Order(tmp_path, experiment("digits", "smoke").exposed.with_seed(3), ranks=2)
    assert order.line().count("\n") == 1
    assert Order.read(order.line()) == order


def test_a_process_trains_what_this_one_would(tmp_path):
    assert Process(Order(tmp_path / "there", SHORT)).wait() is True
    (job,) = jobs(Store(tmp_path / "there"), [SHORT])
    assert job.state() == ("done", {})
    here = subprocess.run([sys.executable, "-c", f"""
from pathlib import Path
from oe_core.runs.store import Store
from oe_core.runs.training import Order
order = Order.read({Order(tmp_path / "here", SHORT).line()!r})
print(Store(order.root).run(order.recipe).weights_sha256)
"""], capture_output=True, text=True, check=True)  # fmt: skip
    assert Store(tmp_path / "there").run(SHORT).weights_sha256 == here.stdout.strip()


def test_told_to_end_it_saves_and_the_next_one_goes_on_to_the_same_weights(tmp_path):
    process, (job,) = Process(Order(tmp_path, LONG)), jobs(Store(tmp_path), [LONG])
    said = running(job)
    assert 0 < said["step"] < said["steps"] == 40
    assert said["seconds_left"] > 0
    process.end()
    assert process.wait() is False
    assert job.state() == (BEGUN, {})
    state = checkpoint.read(job.folder / CHECKPOINT)["state"]
    assert (state["epoch"], state["step"]) > (0, 0)
    assert Process(Order(tmp_path, LONG)).wait() is True
    resumed, whole = Store(tmp_path).run(LONG), tmp_path / "whole"
    assert resumed.stamp["resumptions"] == 1
    assert Process(Order(whole, LONG)).wait() is True
    assert Store(whole).run(LONG).weights_sha256 == resumed.weights_sha256


@pytest.mark.faults
def test_several_ranks_told_to_end_save_and_one_process_goes_on_to_the_same_losses(tmp_path):
    process, (job,) = Process(Order(tmp_path, SHARED, ranks=2)), jobs(Store(tmp_path), [SHARED])
    running(job)
    process.end()
    assert process.wait() is False
    assert job.state() == (BEGUN, {})
    quiet = partial(tqdm, disable=True)
    resumed = Store(tmp_path, progress=quiet).run(SHARED)
    assert resumed.stamp["resumptions"] == 1
    assert losses(resumed) == pytest.approx(losses(Store(tmp_path / "whole", progress=quiet).run(SHARED)), rel=1e-3)


def test_a_rank_that_is_killed_ends_the_others_and_is_told(tmp_path):
    process, (job,) = Process(Order(tmp_path, SHARED, ranks=2)), jobs(Store(tmp_path), [SHARED])
    first = running(job)["process"]
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    family = [int(child) for child, parent in map(str.split, listed.splitlines()) if int(parent) == process.process.pid]
    (second,) = set(family) - {first}
    os.kill(second, signal.SIGKILL)
    with pytest.raises(TrainingError, match=r"exit status by rank, of 2: .*1: -9"):
        process.wait()
    assert not alive(first)


def test_it_dies_with_the_one_who_started_it_and_is_saved(tmp_path):
    program = f"""
import time
from oe_core.runs.training import Order, Process
process = Process(Order.read({Order(tmp_path, LONG).line()!r}))
print(process.process.pid, flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    child, (job,) = int(parent.stdout.readline()), jobs(Store(tmp_path), [LONG])
    running(job)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    wait_until(lambda: not alive(child), "the training has ended")
    assert job.state() == (BEGUN, {})


def test_an_end_before_the_first_step_leaves_nothing_and_waits_for_nothing(tmp_path):
    process, began = Process(Order(tmp_path, LONG)), time.monotonic()
    process.end()
    assert process.wait() is False
    assert time.monotonic() - began < SECONDS
    (job,) = jobs(Store(tmp_path), [LONG])
    assert job.state()[0] in ("queued", BEGUN)


def test_a_failure_is_told_with_the_end_of_what_it_said(tmp_path):
    wrong = replace(SHORT, name="diverges", learning_rate=1e30, epochs=3)
    with pytest.raises(TrainingError, match=r"(?s)ended with status 1:.*NonFiniteLossError.*learning rate"):
        Process(Order(tmp_path, wrong)).wait()


def test_the_status_of_a_saved_training_is_one_that_schedulers_take_for_try_again():
    assert SAVED == os.EX_TEMPFAIL


def test_a_report_that_is_old_or_no_json_is_no_running_training(tmp_path):
    (job,) = jobs(Store(tmp_path), [SHORT])
    job.folder.mkdir(parents=True)
    (job.folder / "progress.json").write_text("{")
    assert job.state() == ("queued", {})
    (job.folder / "progress.json").write_text(json.dumps({"time": time.time() - 1000, "step": 1}))
    assert job.state()[0] == "queued"


@pytest.mark.parametrize("odd", [{"seconds_left": "long"}, {"step": None}, {"losses": {"a": "b"}}, {"losses": 3}])
def test_an_odd_report_under_a_right_seal_says_nothing(tmp_path, odd):
    said = {"time": 1.0, "step": 2, "steps": 3, "seconds_left": "12", "losses": {"a\x1b": 0.5}}
    write_record(tmp_path / PROGRESS, said)
    assert read_progress(tmp_path) == said | {"seconds_left": 12.0, "losses": {"a\\x1b": 0.5}}
    write_record(tmp_path / PROGRESS, said | odd)
    assert read_progress(tmp_path) == {}
