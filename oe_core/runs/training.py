"""One training in a process of its own: `python -m oe_core.runs.training`, and how it is started and ended.

The process reads one order, a line of JSON, from its standard input, and trains that recipe into a store. When its
input ends, because whoever started it wishes so or has died, it saves at the next step and ends itself. Where the
training stands is in `progress.json` of its run's folder. An order for several ranks makes the process a torchrun that
starts them; the first of them trains into the store, and the others along with it.
"""

import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import ClassVar

from tqdm import tqdm

from oe_core import ranks
from oe_core.atomic import DamagedFileError, discard, read_record, understood, write_record
from oe_core.detectors.registry import kind_of, recipe_from_json
from oe_core.errors import printable
from oe_core.recipe import Recipe
from oe_core.runs.store import Store, training_sets
from oe_core.train import Interruption

SAVED = 75  # exit status: ended early, and saved to go on from (EX_TEMPFAIL of sysexits.h)
SECONDS_BETWEEN_REPORTS = 2.0
SECONDS_TO_SAVE = 120.0  # after which a process that was told to end does so without saving
SECONDS_OF_ECHO = 5.0  # within which a rank's failure may be but that of the first one, which torchrun then sees first
MOST_SAID = 2_000  # characters of what a failed training said
PROGRESS = "progress.json"


class TrainingError(RuntimeError):
    """A training failed; the message holds the end of its log."""


@dataclass(frozen=True)
class Order:
    """What one process is to train: a recipe with its seed, into the store under `root`, on so many ranks."""

    root: Path
    recipe: Recipe
    ranks: int = 1

    def line(self) -> str:
        """As JSON in one line."""
        values = {"root": str(self.root), "recipe": self.recipe.to_json(), "ranks": self.ranks}
        return json.dumps(values) + "\n"

    @classmethod
    def read(cls, line: str) -> "Order":
        """The inverse of `line`."""
        values = json.loads(line)
        return cls(Path(values["root"]), recipe_from_json(values["recipe"]), values["ranks"])


class Process:
    """A training in a process below this one: it ends when it is done, when it is told to, or when this one dies.

    environment: variables that it gets beside this process's own, such as its GPU. Process.running: all that run.
    """

    running: ClassVar[set["Process"]] = set()

    def __init__(self, order: Order, environment: Mapping[str, str] | None = None):
        self.said = tempfile.TemporaryFile()
        # A session of its own: what a terminal or a scheduler sends to this process, it does not get.
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=self.said, stderr=self.said, text=True,
            env={**os.environ, **(environment or {})}, start_new_session=True,
        )  # fmt: skip
        Process.running.add(self)
        with suppress(BrokenPipeError):
            self.process.stdin.write(order.line())
            self.process.stdin.flush()

    def end(self) -> None:
        """Let it save and end; returns at once."""
        with suppress(OSError):
            self.process.stdin.close()

    def wait(self, seconds: float | None = None) -> bool | None:
        """Wait for its end: True where the network is trained, False where it is saved half-way, None after `seconds`.

        Raises TrainingError when it failed.
        """
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        Process.running.discard(self)
        self.end()
        with self.said:
            self.said.seek(0)
            said = self.said.read().decode(errors="replace").strip()
        if status not in (0, SAVED):
            raise TrainingError(f"its process ended with status {status}:\n{said[-MOST_SAID:]}")
        return status == 0


class Stop:
    """The wish that a training ends, and whether there is one that has to be saved first."""

    def __init__(self):
        self.wished, self.at_work = threading.Event(), threading.Event()


class Reported:
    """In the place of a progress bar: writes where the training stands, and ends it when that is wished."""

    def __init__(self, folder: Path, stop: Stop, *, total: int, initial: int = 0, desc: str = ""):
        self.folder, self.stop, self.name = folder, stop, desc
        self.total, self.first, self.step = total, initial, initial
        self.began, self.reported, self.losses = time.monotonic(), 0.0, {}

    def __enter__(self) -> "Reported":
        self.stop.at_work.set()
        return self

    def __exit__(self, *error) -> None:
        self.stop.at_work.clear()
        with suppress(OSError):
            discard(self.folder / PROGRESS)

    def set_postfix(self, **losses: str) -> None:
        """Take the losses of the last epoch."""
        self.losses = {name: float(value) for name, value in losses.items()}

    def update(self) -> None:
        """One step further. Raises Interruption when the process is to end."""
        self.step += 1
        if time.monotonic() - self.reported > SECONDS_BETWEEN_REPORTS:
            self._report()
        if self.stop.wished.is_set():
            raise Interruption(f"{self.name}: ended after step {self.step} of {self.total}")

    def _report(self) -> None:
        self.reported = time.monotonic()
        a_step = (self.reported - self.began) / (self.step - self.first)
        place = {"host": platform.node(), "process": os.getpid(), "time": time.time()}
        stands = {"step": self.step, "steps": self.total, "seconds_left": a_step * (self.total - self.step)}
        with suppress(OSError):  # a training does not fail for want of words; its checkpoint tells of a full disk
            write_record(self.folder / PROGRESS, {**place, **stands, "losses": self.losses})


SAID = {"time": float, "step": int, "steps": int, "seconds_left": float}


def read_progress(folder: Path) -> dict:
    """What the training in `folder` last said of itself: time, step, steps, seconds_left, losses; {} for nothing."""
    path = folder / PROGRESS
    try:
        said = read_record(path) or {}
        with understood(path):
            numbers = {name: kind(said[name]) for name, kind in SAID.items()} if said else {}
            losses = {printable(name): float(value) for name, value in said.get("losses", {}).items()}
        return {**said, **numbers, "losses": losses} if said else {}
    except (DamagedFileError, OSError):  # it is replaced every other second, and removed in the end
        return {}


def reason(error: Exception) -> str:
    """Why a training failed: a sentence where a file is to blame, else the traceback."""
    if isinstance(error, (OSError, DamagedFileError)):
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception(error))


def train(order: Order, stop: Stop) -> None:
    """Train what is ordered, in this process. Raises Interruption when it is to stop before it is done."""
    recipe, load = order.recipe, cache(kind_of(order.recipe).load)
    _, folder = Store(order.root).place(recipe, load=load)
    Store(order.root, progress=partial(Reported, folder, stop)).run(recipe, load=load)


def follow() -> None:
    """As a rank beside the first: train along whatever that one trains, until it has no more."""
    while (told := ranks.shared(None)) is not None:
        recipe, initial = told
        kind = kind_of(recipe)
        inliers, outliers = training_sets(recipe, cache(kind.load))
        kind.fit(recipe, inliers, outliers, initial=initial, progress=partial(tqdm, disable=True))


def _watch(stop: Stop) -> None:
    """Wait for the end of the input; then end: at once where there is nothing to save, and soon in any case."""
    sys.stdin.read()
    stop.wished.set()
    if stop.at_work.is_set():
        time.sleep(SECONDS_TO_SAVE)
    os._exit(SAVED)


def _launch(order: Order) -> int:
    """Start the ranks, as torchrun does, and wait for them: when one ends before it is done, the others are ended."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)  # what failed, the ranks say themselves
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=order.ranks, run_id=uuid.uuid4().hex, max_restarts=0,
        rdzv_backend="c10d", rdzv_endpoint="localhost:0", local_addr="localhost",
        logs_specs=DefaultLogsSpecs(log_dir=os.devnull),
    )  # fmt: skip
    try:
        # They inherit the standard input, and so learn from its end themselves that they are to end.
        elastic_launch(config, sys.executable)("-m", "oe_core.runs.training", order.line())
    except ChildFailedError as error:
        statuses = {rank: failure.exitcode for rank, failure in error.failures.items()}
        if SAVED in statuses.values():  # that of the first rank, but for an end before they have met
            return SAVED
        print(f"exit status by rank, of {order.ranks}: {statuses}", file=sys.stderr)
        return 1
    return 0


def _train_as_rank(order: Order, stop: Stop) -> None:
    """Take one's place among the ranks; only the first looks for an end that is wished, and saves."""
    try:
        with ranks.joined():
            if ranks.rank() > 0:
                stop.at_work.set()
                follow()
            else:
                train(order, stop)
                ranks.shared(None)
    except Exception as error:
        # At once: the end of a group may wait for the others, which torchrun ends when it sees that this one has.
        if ranks.rank() > 0:
            time.sleep(SECONDS_OF_ECHO)
        saved = isinstance(error, Interruption)
        if not saved:
            traceback.print_exc()
        os._exit(SAVED if saved else 1)


def main() -> int:
    """Do one order; returns 0 or SAVED."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    is_rank = len(sys.argv) > 1
    order, stop = Order.read(sys.argv[1] if is_rank else sys.stdin.readline()), Stop()
    if order.ranks > 1 and not is_rank:
        return _launch(order)
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()
    try:
        _train_as_rank(order, stop) if is_rank else train(order, stop)
    except Interruption:
        return SAVED
    except Exception as error:
        print(reason(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
