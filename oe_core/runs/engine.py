"""Many trainings: what is wanted, parents first and nothing twice, each in a process of its own.

Where they run is a `Place`: processes of this machine here, the workers of a cluster in `cluster.py`. What is known of
a training while it runs stands in its run's folder, so that any process that sees the folder can say it.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from oe_core.atomic import DamagedFileError
from oe_core.detectors.registry import KINDS
from oe_core.errors import printable
from oe_core.recipe import Recipe
from oe_core.runs.store import CHECKPOINT, STAMP, Load, Store, finished
from oe_core.runs.training import Order, Process, Stop, TrainingError, read_progress, reason, train
from oe_core.train import Interruption

ATTEMPTS = 3
SECONDS_UNTIL_LOST = 120.0  # without a word from a training
SETS_KEPT = 4  # in memory: what is learned, its outliers, and what others have in their place
DONE, RUNNING, BEGUN, QUEUED = "done", "running", "begun", "queued"


@dataclass(frozen=True, eq=False)
class Job:
    """One network that is wanted: recipe with its seed, identity and folder of the run, and the parent's identity."""

    recipe: Recipe
    identity: str
    folder: Path
    parent: str | None

    @property
    def name(self) -> str:
        """Its recipe's name and its seed, as a terminal may show them."""
        return printable(f"{self.recipe.name}, seed {self.recipe.seed}")

    def sound(self) -> bool:
        """Whether it is done and whole; its training sets aside what is damaged."""
        try:
            return finished(self.folder, self.recipe, self.identity) is not None
        except DamagedFileError:
            return False

    def state(self) -> tuple[str, dict]:
        """DONE, RUNNING, BEGUN (a checkpoint waits) or QUEUED, and what a running training last said of itself."""
        if (self.folder / STAMP).is_file():
            return DONE, {}
        said = read_progress(self.folder)
        # A clock that was set back makes a report of the future: nothing is known by it.
        if abs(time.time() - said.get("time", -math.inf)) < SECONDS_UNTIL_LOST:
            return RUNNING, said
        return (BEGUN if (self.folder / CHECKPOINT).exists() else QUEUED), said


def kept_loads() -> dict[str, Load]:
    """How each kind loads its data, by its name; the sets asked for last stay in memory."""
    kept = {load: lru_cache(SETS_KEPT)(load) for load in {kind.load for kind in KINDS.values()}}
    return {name: kept[kind.load] for name, kind in KINDS.items()}


def jobs(store: Store, recipes: Iterable[Recipe], loads: Mapping[str, Load] | None = None) -> list[Job]:
    """What has to be trained for `recipes`, which have their seeds: parents first, each identity once, done ones too.

    loads: as `kept_loads`, which several calls may share.
    """
    found: dict[str, Job] = {}
    loads = loads or kept_loads()

    def add(recipe: Recipe) -> str:
        parent = add(recipe.parent) if recipe.parent else None
        identity, folder = store.place(recipe, load=loads[recipe.KIND])
        found.setdefault(identity, Job(recipe, identity, folder, parent))
        return identity

    for recipe in recipes:
        add(recipe)
    return list(found.values())


class Place(Protocol):
    """Where trainings run. attempts: how often the engine lets one fail."""

    attempts: int

    def submit(self, job: Job) -> "Future[bool]":
        """Train it; the future says whether it is done (True) or saved half-way, or raises TrainingError.

        Raises OSError where the place takes no more work.
        """

    def end(self) -> None:
        """Let all that run save and end; asked again until they have."""

    def close(self) -> None:
        """Give back what it holds; nothing runs any more."""


class Processes:
    """Processes of this machine, as many at a time as there are `environments`, one each: its threads, its GPU.

    ranks: how many processes share a training, each with a GPU of the environment's.
    """

    attempts = ATTEMPTS

    def __init__(self, root: Path, environments: Sequence[dict[str, str]], ranks: int = 1):
        self.root, self.ranks, self.ending, self.running = root, ranks, threading.Event(), set()
        self.pool, self.slots = ThreadPoolExecutor(len(environments)), SimpleQueue()
        for environment in environments:
            self.slots.put(environment)

    def submit(self, job: Job) -> "Future[bool]":
        """As `Place.submit`."""
        return self.pool.submit(self._train, job)

    def _train(self, job: Job) -> bool:
        slot = self.slots.get()
        try:
            if self.ending.is_set():
                return False
            try:
                process = Process(Order(self.root, job.recipe, self.ranks), slot)
            except OSError as error:  # no more processes, files or memory
                raise TrainingError(f"its process could not be started: {error}") from error
            self.running.add(process)
            if self.ending.is_set():
                process.end()
            try:
                return process.wait()
            finally:
                self.running.discard(process)
        finally:
            self.slots.put(slot)

    def end(self) -> None:
        """As `Place.end`."""
        self.ending.set()
        for process in list(self.running):
            process.end()

    def close(self) -> None:
        """As `Place.close`."""
        self.pool.shutdown()


class Here(Processes):
    """This process, one training after the other."""

    def __init__(self, root: Path):
        super().__init__(root, [{}])
        self.stop = Stop()

    def _train(self, job: Job) -> bool:
        try:
            train(Order(self.root, job.recipe), self.stop)
        except Interruption:
            return False
        except Exception as error:
            raise TrainingError(reason(error)) from error
        return True

    def end(self) -> None:
        """As `Place.end`."""
        self.stop.wished.set()


@dataclass
class Outcome:
    """What became of the jobs, by identity: done; failed, with the reason; left for another call.

    lost: why the place takes no more work, "" where it does.
    """

    lost: str = ""
    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def run(
    wanted: Sequence[Job],
    place: Place,
    *,
    ends: Callable[[], bool] = lambda: False,
    tell: Callable[[Outcome], None] = lambda outcome: None,
    every: float = 1.0,
) -> Outcome:
    """Train every job at `place`, a child after its parent; a job that fails again and again does not keep the others.

    ends: whether to end now, asked `every` so many seconds: then all that run are saved, and the rest is left. tell: is
    told as often how things stand.
    """
    outcome, attempts, running = Outcome(), dict.fromkeys((job.identity for job in wanted), 0), {}
    waiting = {job.identity: job for job in wanted}
    for job in wanted:
        if job.sound():
            outcome.done.append(waiting.pop(job.identity).identity)
    ending = False
    try:
        while running or (waiting and not ending):
            if not ending:
                for job in _ready(waiting, outcome):
                    try:
                        running[place.submit(job)] = job
                    except OSError as error:  # such as a scheduler that does not answer any more
                        outcome.lost = f"{type(error).__name__}: {error}"
                        break
                    attempts[job.identity] += 1
                    del waiting[job.identity]
            finished, _ = wait(running, timeout=every, return_when=FIRST_COMPLETED)
            for future in finished:
                job = running.pop(future)
                _take(future, job, attempts[job.identity] < place.attempts and not ending, waiting, outcome)
            tell(outcome)
            ending = ending or bool(outcome.lost) or ends()
            if ending:
                place.end()
    except BaseException:
        place.end()  # nothing is left running
        raise
    finally:
        place.close()
    outcome.left = [job.identity for job in wanted if job.identity in waiting]
    return outcome


def _ready(waiting: dict[str, Job], outcome: Outcome) -> list[Job]:
    """The jobs whose parent is done; those whose parent failed fail with it."""
    for job in list(waiting.values()):
        if job.parent in outcome.failed:
            outcome.failed[job.identity] = "the network that it starts from failed"
            del waiting[job.identity]
    return [job for job in waiting.values() if job.parent is None or job.parent in outcome.done]


def _take(future: "Future[bool]", job: Job, again: bool, waiting: dict[str, Job], outcome: Outcome) -> None:
    try:
        if future.result():
            outcome.done.append(job.identity)
        else:
            waiting[job.identity] = job
    except TrainingError as error:
        if again:
            waiting[job.identity] = job
        else:
            outcome.failed[job.identity] = str(error)
