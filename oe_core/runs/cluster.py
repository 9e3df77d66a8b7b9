"""Trainings on the workers of a Dask cluster; `pip install -e '.[cluster]'` brings Dask.

Scheduler, workers and this process share the folder of the runs, the data and the checkout. Each training is a process
below its worker: when the worker is lost it saves and ends, and Dask gives it to another one, where it goes on. What
several clients ask for runs once, since its key is the identity of its run.
"""

import json
import logging
import re
from collections import Counter
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path

from distributed import Client, Event
from distributed import Future as Remote

from oe_core.runs.engine import ATTEMPTS, Job
from oe_core.runs.training import Order, Process, TrainingError

SECONDS_BETWEEN_LOOKS = 1.0
logger = logging.getLogger(__name__)


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
        try:
            self.client = Client(_address_in(Path(address)) if Path(address).is_file() else address)
        except (OSError, ValueError) as error:
            raise OSError(f"no Dask scheduler answers at {address} ({error}); start one, or name another") from error
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        if not any(self._can_train(worker["resources"]) for worker in workers):
            said = "no worker yet" + (f" with {needs}, of {len(workers)}" if needs else "")
            logger.warning("the cluster at %s has %s; trainings wait for one", address, said)
        self.remote: dict[str, Remote] = {}
        self.calls = Counter()

    def _can_train(self, resources: dict[str, float]) -> bool:
        return all(resources.get(name, 0) >= number for name, number in (self.needs or {}).items())

    def submit(self, job: Job) -> "Future[bool]":
        """As `Place.submit`."""
        # What ended half-way because another client wished it is asked for anew: its key has its answer already.
        again, here = self.calls[job.identity], Future()
        key = f"{job.identity}-{again}" if again else job.identity
        self.calls[job.identity] += 1
        Event(_ending(key), client=self.client).clear()
        remote = self.remote[job.identity] = self.client.submit(
            train_on_worker, Order(self.root, job.recipe).line(), self.remote.get(job.parent), _ending(key),
            key=key, resources=self.needs, retries=ATTEMPTS - 1, pure=False,
        )  # fmt: skip
        remote.add_done_callback(lambda remote: _hand_on(remote, here))
        return here

    def end(self) -> None:
        """As `Place.end`."""
        with suppress(OSError):  # the scheduler is lost: its workers end by themselves
            for remote in self.remote.values():
                if not remote.done():
                    Event(_ending(remote.key), client=self.client).set()

    def close(self) -> None:
        """As `Place.close`."""
        self.client.close()


def _address_in(scheduler_file: Path) -> str:
    """The address that a scheduler file holds. Raises ValueError for one that holds none."""
    held = json.loads(scheduler_file.read_bytes())
    if not isinstance(held, dict) or not isinstance(held.get("address"), str):
        raise ValueError("it holds no address of a scheduler")
    return held["address"]


def _ending(key: str) -> str:
    """The event by which the training of a key is told to save and end."""
    return f"end-{key}"


def _resources(needs: str) -> dict[str, float] | None:
    """The resource GPU=1 as {"GPU": 1.0}. Raises ValueError for another form."""
    if not needs:
        return None
    found = re.fullmatch(r"(\w+)=(\d+(?:\.\d+)?)", needs)
    if not found:
        raise ValueError(f"needs={needs!r} must be NAME=NUMBER, such as GPU=1, or empty")
    return {found[1]: float(found[2])}


def _hand_on(remote: Remote, here: "Future[bool]") -> None:
    """Give the result of a training on the cluster to the one who waits here."""
    try:
        here.set_result(remote.result())
    except CancelledError:  # the scheduler was lost, and with it what it knew: ask again
        here.set_result(False)
    except Exception as error:  # of the training, of its worker, of the way there: here somebody waits for an answer
        here.set_exception(TrainingError(str(error) or repr(error)))
