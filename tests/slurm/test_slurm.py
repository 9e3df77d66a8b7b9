"""Workers as jobs of a real Slurm cluster: `make slurm-test` where `sbatch` and shared folders are.

Jobs ask for one core each, so that a single node of two cores does. It takes some ten minutes: Slurm's shortest time
limits are of minutes, and a job that is put back waits for two.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_book import ROOT, chapter, make_book, running, wait_until

from oe_core.detectors.registry import experiment
from oe_core.runs.engine import RUNNING, Processes, jobs, run
from oe_core.runs.store import Store

pytestmark = pytest.mark.skipif(
    not os.environ.get("OE_TEST_SLURM"), reason="submits jobs to a Slurm cluster: make slurm-test"
)

PLANS = """
from dataclasses import replace
from oe_core import experiment
plan = experiment("digits", SCALE)
long = replace(plan.baseline, name="long", epochs=EPOCHS)
trainings = [([replace(plan, baseline=long, exposed=replace(plan.exposed, parent=long))], None)]
"""
EPOCHS = 300  # about a minute and a half on a core
SECONDS = 600
ENDED = ("COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL")


def told(*command):
    """What a command prints; its error output, where it fails, is that of the test."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def recipes(epochs):
    """The two networks of the chapter."""
    plan = experiment("digits", "smoke")
    long = replace(plan.baseline, name="long", epochs=epochs)
    return [long, replace(plan.exposed, parent=long)]


class Desk:
    """A book of one chapter, its runs, a Dask scheduler, and the jobs and clients that a test starts."""

    def __init__(self, folder, epochs):
        self.book = make_book(folder, c01_long=chapter("", checks=PLANS, parameters=f"EPOCHS = {epochs}"))
        self.root, self.recipes = folder / "runs" / "smoke", recipes(epochs)
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "OE_RUNS": str(folder / "runs"),
                            "OE_DATA": str(folder / "data"), "OMP_NUM_THREADS": "1"}  # fmt: skip
        self.file, self.processes, self.submitted = self.root / "scheduler.json", [], []
        self.root.mkdir(parents=True)

    def start(self, *command):
        with (self.root / f"process-{len(self.processes)}.log").open("w") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT, text=True)
        self.processes.append(process)
        return process, Path(log.name)

    def schedule(self):
        """Start the scheduler, at an address that other nodes reach."""
        self.start(sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(self.file),
                   "--port", "0", "--no-dashboard")  # fmt: skip
        wait_until(self.file.exists, "the scheduler is there")

    def submit(self, *, workers=1, limit="01:00:00"):
        """Write the job script and submit it; the number of the array."""
        write = [sys.executable, str(ROOT / "book" / "slurm.py"), "--scale", "smoke", "--workers", str(workers),
                 "--cores", "1", "--time", limit, "--needs", "CPU=1", "--more=--nice=0"]  # fmt: skip
        subprocess.run(write, env=self.environment, check=True)
        number = re.search(r"\d+", told("sbatch", str(self.root / "slurm.sh")))[0]
        self.submitted.append(number)
        return number

    def client(self):
        """`make runs`, which has listed what it wants and waits for the cluster's workers: its process and its log."""
        words = ["--book", str(self.book), "--scale", "smoke", "--cluster", str(self.file), "--needs", "CPU=1"]
        process, log = self.start(sys.executable, str(ROOT / "book" / "runs.py"), *words)
        wait_until(lambda: "2 queued" in log.read_text() or "begun" in log.read_text(), "the client has listed")
        return process, log

    def running(self):
        """What the long training says of itself, once it is some steps into it."""
        (job, *_) = jobs(Store(self.root), self.recipes)

        def said():
            state, words = job.state()
            return words if state == RUNNING and words.get("step", 0) > 20 else None

        return wait_until(said, f"{job.name} runs", seconds=SECONDS)

    def weights(self):
        """Hashes of the trained weights; every network must be there."""
        store = Store(self.root)
        return [store.run(recipe).weights_sha256 for recipe in self.recipes]

    def close(self):
        for number in self.submitted:
            subprocess.run(["scancel", number], check=False)
        for process in self.processes:
            process.kill()
            process.wait()


def state(number):
    """A job's state and how often it was started again, as Slurm says."""
    said = told("scontrol", "show", "job", f"{number}_1")
    return re.search(r"JobState=(\w+)", said)[1], int(re.search(r"Restarts=(\d+)", said)[1])


def ended(number):
    return wait_until(lambda: (now := state(number)[0]) in ENDED and now, f"job {number} ends", seconds=SECONDS)


@pytest.fixture
def desk():
    """In a folder that the jobs see as well, which OE_TEST_SLURM names."""
    folder = Path(os.environ["OE_TEST_SLURM"], f"desk-{os.getpid()}")
    folder.mkdir(parents=True)
    opened = Desk(folder, EPOCHS)
    opened.schedule()
    yield opened
    opened.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """Hashes of the weights that come of trainings one after the other, without a cluster."""
    root = tmp_path_factory.mktemp("serial")
    run(jobs(Store(root), recipes(EPOCHS)), Processes(root, [{"OMP_NUM_THREADS": "1"}]))
    return [Store(root).run(recipe).weights_sha256 for recipe in recipes(EPOCHS)]


def finished(process, log):
    process.wait(SECONDS)
    assert process.returncode == 0, log.read_text()
    assert log.read_text().splitlines()[-1] == "2 of 2 trained; nothing is missing"


def test_an_array_of_workers_trains_and_ends_when_it_is_cancelled(desk, serial):
    process, log = desk.client()
    number = desk.submit(workers=2)
    finished(process, log)
    assert desk.weights() == serial
    told("scancel", number)
    assert ended(number) == "CANCELLED"


def test_before_its_time_is_up_a_job_saves_its_training_and_ends_by_itself(desk, serial):
    process, log = desk.client()
    number = desk.submit(limit="00:03:00")  # the signal comes two minutes before, that is after less than one
    training = desk.running()["process"]
    assert ended(number) == "COMPLETED"
    assert not running(training)
    checkpoints = list(desk.root.glob("trained/*/checkpoint.pt"))
    assert [path.parent.name.startswith("long-") for path in checkpoints] == [True]
    assert process.poll() is None, log.read_text()
    desk.submit()
    finished(process, log)
    assert desk.weights() == serial


def test_a_job_that_is_put_back_goes_on_where_it_was(desk, serial):
    process, log = desk.client()
    number = desk.submit()
    desk.running()
    told("scontrol", "requeue", f"{number}_1")
    wait_until(lambda: state(number) == ("RUNNING", 1), "the job runs again", seconds=SECONDS)
    finished(process, log)
    assert desk.weights() == serial


def test_a_job_that_is_killed_leaves_no_training_behind_and_the_next_one_goes_on(desk, serial):
    process, log = desk.client()
    number = desk.submit()
    training = desk.running()["process"]
    told("scancel", "--full", "--signal=KILL", number)
    ended(number)
    wait_until(lambda: not running(training), "the training has ended")
    desk.submit()
    finished(process, log)
    assert desk.weights() == serial
