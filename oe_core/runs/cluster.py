"""Trainings on the workers of a Dask cluster; `pip install -e '.[cluster]'` brings Dask.

Scheduler, workers and this process share the folder of the runs, the data and the checkout. Each training is a process
below its worker: when the worker is lost it saves and ends, and Dask gives it to another one, where it goes on. What
several clients ask for runs once, since its key is the identity of its run.
"""

from concurrent.futures import CancelledError, Future
from pathlib import Path
from uuid import uuid4

from distributed import Client, Event, KilledWorker
from distributed import Future as Remote

from oe_core.runs.engine import ATTEMPTS, Job
from oe_core.runs.training import Order, Process, TrainingError

SECONDS_BETWEEN_LOOKS = 1.0


def train_on_worker(line: str, parent: bool | None, ending: str) -> bool:
    """Train what the order `line` says; ends early, saved, when somebody sets the event `ending`.

    parent: what became of the network that it starts from. Returns and raises as `Process.wait`.
    """
    process, wish = Process(Order.read(line)), Event(ending)
    try:
        while (done := process.wait(SECONDS_BETWEEN_LOOKS)) is None:
            if wish.is_set():
                process.end()
    finally:
        process.end()
    return done


def dask_teardown(worker) -> None:
    """Called by a worker that ends (`dask worker --preload`): its trainings save and end before it does."""
    for process in list(Process.running):
        process.end()
    for process in list(Process.running):
        process.process.wait()


class Cluster:
    """A `Place` (`oe_core.runs.engine`): every worker that has the resources that a training needs.

    address: of the scheduler, or the path of its scheduler file. needs: "NAME=NUMBER", as `dask worker --resources`
    has it, or "" where any worker will do. Raises OSError naming a scheduler that does not answer.
    """

    attempts = 1  # Dask repeats by itself

    def __init__(self, root: Path, address: str, needs: str = ""):
        self.root, self.needs = root, _resources(needs)
        where = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
        self.client = Client(**where)
        self.ending, self.remote = f"end-{uuid4().hex}", {}

    def submit(self, job: Job) -> "Future[bool]":
        """As `Place.submit`."""
        remote = self.client.submit(
            train_on_worker, Order(self.root, job.recipe).line(), self.remote.get(job.parent), self.ending,
            key=job.identity, resources=self.needs, retries=ATTEMPTS - 1, pure=False,
        )  # fmt: skip
        self.remote[job.identity], here = remote, Future()
        remote.add_done_callback(lambda remote: _hand_on(remote, here))
        return here

    def end(self) -> None:
        """As `Place.end`."""
        Event(self.ending, client=self.client).set()

    def close(self) -> None:
        """As `Place.close`."""
        self.client.close()


def _resources(needs: str) -> dict[str, float] | None:
    """ "GPU=1" as {"GPU": 1.0}. Raises ValueError for another form."""
    if not needs:
        return None
    name, _, number = needs.partition("=")
    try:
        return {name: float(number)}
    except ValueError:
        raise ValueError(f"needs={needs!r} must be NAME=NUMBER, such as GPU=1, or empty") from None


def _hand_on(remote: Remote, here: "Future[bool]") -> None:
    """Give the result of a training on the cluster to the one who waits here."""
    try:
        here.set_result(remote.result())
    except (TrainingError, KilledWorker) as error:
        here.set_exception(TrainingError(str(error)))
    except CancelledError:  # the scheduler was lost, and with it what it knew: ask again
        here.set_result(False)
