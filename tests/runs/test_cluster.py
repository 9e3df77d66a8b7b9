"""Trainings on a real Dask cluster of this machine: lost workers and schedulers, two clients, an end in the middle."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from distributed import Client, config
from small_book import wait_until

from oe_core.detectors.registry import experiment
from oe_core.runs.cluster import Cluster
from oe_core.runs.engine import BEGUN, RUNNING, Processes, jobs, run
from oe_core.runs.store import Store

PLAN = experiment("digits", "smoke")
LONG = replace(PLAN.baseline, name="long", epochs=20)
SECONDS = 120


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A scheduler and two workers as processes of their own; gives the scheduler file and the processes."""
    # On a busy machine a scheduler takes longer to start than the half minute for which Dask looks for it.
    monkeypatch.setitem(config["distributed"]["comm"]["timeouts"], "connect", f"{SECONDS}s")
    file, started = tmp_path / "scheduler.json", []

    def start(what, *arguments):
        command = [sys.executable, "-m", "distributed.cli." + what, "--scheduler-file", str(file), *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with (tmp_path / f"{what}-{len(started)}.log").open("w") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True))
        return started[-1]

    def worker():
        return start("dask_worker", "--nthreads", "1", "--resources", "GPU=1", "--no-nanny", "--no-dashboard",
                     "--host", "127.0.0.1")  # fmt: skip

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    wait_until(file.exists, "the scheduler is there")
    workers = [worker(), worker()]
    with Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(2, timeout=SECONDS)
    yield {"file": str(file), "scheduler": scheduler, "workers": workers, "worker": worker, "start": start}
    for process in started:
        with_group(process, signal.SIGKILL)
        process.wait()


def with_group(process, number):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def running(job):
    """What a running training says of itself, once it does."""
    return wait_until(lambda: job.state()[1] if job.state()[0] == RUNNING else None, f"{job.name} runs")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Where one process trains: what one test has trained there the next one finds."""
    return tmp_path_factory.mktemp("alone")


def serially(root, recipes):
    run(jobs(Store(root), recipes), Processes(root, [{"OMP_NUM_THREADS": "1"}]))
    return [Store(root).run(recipe).weights_sha256 for recipe in recipes]


def in_the_background(root, recipes, cluster, **settings):
    """Start `run` on the cluster; returns its thread, and the list that its outcome will be in."""
    outcomes = []

    def work():
        outcomes.append(run(jobs(Store(root), recipes), Cluster(root, cluster["file"], "GPU=1"), every=0.2, **settings))

    thread = threading.Thread(target=work)
    thread.start()
    return thread, outcomes


def test_two_clients_and_a_worker_killed_in_the_middle_give_what_one_process_gives(cluster, tmp_path, alone):
    recipes = [LONG, *PLAN.networks.values()]
    first, outcomes = in_the_background(tmp_path / "many", recipes, cluster)
    (job, *_) = jobs(Store(tmp_path / "many"), [LONG])
    said = running(job)
    second, others = in_the_background(tmp_path / "many", recipes, cluster)
    worker = next(worker for worker in cluster["workers"] if worker.pid == parent_of(said["process"]))
    worker.send_signal(signal.SIGKILL)
    first.join(SECONDS)
    second.join(SECONDS)
    for outcome in (*outcomes, *others):
        assert (len(outcome.done), outcome.failed, outcome.left) == (3, {}, [])
    assert len(outcomes) == len(others) == 1
    assert Store(tmp_path / "many").run(LONG).stamp["resumptions"] == 1
    found = [Store(tmp_path / "many").run(recipe).weights_sha256 for recipe in recipes]
    assert found == serially(alone, recipes)


def parent_of(process):
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


@pytest.mark.faults
def test_a_budget_ends_only_its_own_call_all_is_saved_and_the_next_call_goes_on(cluster, tmp_path, alone):
    mine, others, (job,) = threading.Event(), threading.Event(), jobs(Store(tmp_path / "many"), [LONG])
    first, outcomes = in_the_background(tmp_path / "many", [LONG], cluster, ends=mine.is_set)
    running(job)
    second, found = in_the_background(tmp_path / "many", [LONG], cluster, ends=others.is_set)
    time.sleep(2)  # until it has asked, too
    others.set()
    second.join(SECONDS)
    assert found[0].left == [job.identity]
    running(job)  # again: both had asked for one training
    mine.set()
    first.join(SECONDS)
    assert outcomes[0].left == [job.identity]
    assert job.state()[0] == BEGUN
    thread, outcomes = in_the_background(tmp_path / "many", [LONG], cluster)
    thread.join(SECONDS)
    assert outcomes[0].done == [job.identity]
    assert Store(tmp_path / "many").run(LONG).weights_sha256 == serially(alone, [LONG])[0]


@pytest.mark.faults
def test_a_scheduler_started_again_costs_nothing_of_the_result(cluster, tmp_path, alone):
    recipes = [LONG, PLAN.baseline.with_seed(1)]
    thread, outcomes = in_the_background(tmp_path / "many", recipes, cluster)
    (job,) = jobs(Store(tmp_path / "many"), [LONG])
    running(job)
    with Client(scheduler_file=cluster["file"]) as client:
        port = client.scheduler.address.rpartition(":")[2]
    with_group(cluster["scheduler"], signal.SIGKILL)
    cluster["scheduler"].wait()
    cluster["start"]("dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
    time.sleep(1)
    cluster["worker"]()
    thread.join(2 * SECONDS)
    assert len(outcomes) == 1
    assert (len(outcomes[0].done), outcomes[0].failed) == (2, {})
    assert Store(tmp_path / "many").run(LONG).weights_sha256 == serially(alone, [LONG])[0]


def test_a_training_that_cannot_be_done_is_told_with_its_log_and_the_others_finish(cluster, tmp_path):
    wrong = replace(PLAN.baseline, name="diverges", learning_rate=1e30, epochs=3)
    thread, outcomes = in_the_background(tmp_path, [wrong, PLAN.baseline], cluster)
    thread.join(SECONDS)
    ((identity, reason),) = outcomes[0].failed.items()
    assert "NonFiniteLossError" in reason
    assert len(outcomes[0].done) == 1


@pytest.mark.parametrize("needs", ["GPU", "GPU=", "=x", "=1", "GPU=nan"])
def test_resources_that_are_none_are_refused(needs, tmp_path):
    with pytest.raises(ValueError, match="must be NAME=NUMBER"):
        Cluster(tmp_path, "tcp://127.0.0.1:1", needs)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nothing://here", "no-such-file.json"])
def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch, address):
    monkeypatch.setitem(config["distributed"]["comm"]["timeouts"], "connect", "1s")
    with pytest.raises(OSError, match=f"no Dask scheduler answers at {address} .*; start one, or name another"):
        Cluster(tmp_path, address)


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"address": 3}', b"\xff"])
def test_a_scheduler_file_that_is_none_is_named(tmp_path, content):
    (tmp_path / "scheduler.json").write_bytes(content)
    with pytest.raises(OSError, match=r"no Dask scheduler answers at .*scheduler\.json .*; start one, or name another"):
        Cluster(tmp_path, str(tmp_path / "scheduler.json"))
