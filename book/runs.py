"""Train every network that the chapters need, many at a time: what `make runs` calls.

The networks are those that the chapters' `checks` cells name as `trainings`. Afterwards `make book` only reads.
"""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("runs")


import argparse
import contextlib
import math
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from board import Board
from chapters import Chapter, read_chapter
from checks import checked
from commandline import add_wanted, count, make_folder, selected
from ending import Stopped, handled
from parameters import check_names, given_values

from oe_core.atomic import DamagedFileError
from oe_core.data.sources import MissingDataError
from oe_core.detectors.registry import KINDS, kind_of
from oe_core.evaluation.test_sets import prepared
from oe_core.experiments import Experiment
from oe_core.processors import usable_cores, users_threads
from oe_core.recipe import Recipe
from oe_core.runs.engine import DONE, Here, Job, Place, Processes, jobs, kept_loads, run
from oe_core.runs.store import Store
from oe_core.scales import check_scale, runs_root

SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP")  # the third as schedulers send it before they kill
UNFINISHED = 75  # exit status: the time was up, the same call goes on
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
THREADS_EACH = 2  # of a training on a CPU: a small network hardly uses more


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for.

    Returns 0 when every network is there, 1 when one failed, 2 when the request was wrong, UNFINISHED when the time was
    up or a signal came.
    """
    options = _parse(arguments)
    until = time.monotonic() + (options.budget or math.inf)
    try:
        check_scale(options.scale)
        root = runs_root() / options.scale
        if not options.status:
            make_folder(root)
        with _interrupted(options.budget):  # it may read and hash all data
            store = Store(root)
            wanted, not_run = wanted_jobs(store, options)
            _check_ranks(wanted, options.ranks)
            board = Board(wanted, store, options.ranks)
        place = None if options.status else _place(options, root)
    except (ValueError, OSError, DamagedFileError) as error:
        print(f"runs.py: {error}", file=sys.stderr)
        return 2
    except Stopped:
        print("0 trained; told to end while the trainings were listed (the same call goes on)")
        return UNFINISHED
    say_not_at_hand(not_run)
    if options.status:
        board.show()
        return 0
    with _told_to_end(until) as ends, board:
        outcome = run(wanted, place, ends=ends, tell=board.refresh)
    print(board.summary(outcome))
    return 1 if outcome.failed else UNFINISHED if outcome.left else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="runs.py", description=__doc__.splitlines()[0])
    add_wanted(parser)
    parser.add_argument("--workers", type=_workers, default="auto",
                        help="trainings at a time: 0 in this process, or a number of processes, or auto, the default: "
                        f"one a GPU (with --ranks one for so many), else one for {THREADS_EACH} cores")  # fmt: skip
    parser.add_argument("--ranks", type=count, default=1, help="processes that share each training, a GPU each "
                        "(default: %(default)s)")  # fmt: skip
    parser.add_argument("--cluster", default="", help="the address of a Dask scheduler, or its scheduler file")
    parser.add_argument("--needs", default="GPU=1", help="resources of a worker that a training takes on a cluster, "
                        "NAME=NUMBER; empty: none (default: %(default)s)")  # fmt: skip
    parser.add_argument("--budget", type=seconds, help="end after that time, all trainings saved: 90s, 25m, 8h")
    parser.add_argument("--status", action="store_true", help="say how things stand, train nothing")
    return parser.parse_args(arguments)


def _workers(text: str) -> int | str:
    if text != "auto" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, nor auto")
    return text if text == "auto" else int(text)


def seconds(text: str) -> float:
    """A time such as 90s, 25m or 8h, in seconds. Raises ArgumentTypeError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not found or float(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 90s, 25m, 8h or 2d")
    return float(found[1]) * UNITS[found[2]]


def wanted_jobs(store: Store, options: argparse.Namespace) -> tuple[list[Job], dict[str, str]]:
    """Every training of the chapters asked for, and why some of them lack data, with the first of those.

    options: as `add_wanted` has them. Raises ValueError for an unknown chapter or parameter, and as `trainings`.
    """
    chapters = {name: read_chapter(path) for name, path in selected(options.book, options.chapter).items()}
    check_names((chapter.parameters for chapter in chapters.values()), options.parameters)
    found, not_run = {}, {}
    for name, chapter in chapters.items():
        values = given_values(name, chapter.parameters, options.scale, options.parameters)
        listed, missing = trainings(chapter, values, options.book, store)
        found |= {identity: job for identity, job in listed.items() if identity not in found}
        not_run |= missing
    return list(found.values()), not_run


def say_not_at_hand(not_run: dict[str, str]) -> None:
    """Print which trainings lack data, as `wanted_jobs` found, and how to get it."""
    for why, name in not_run.items():
        print(f"not at hand, so not trained: {name}\n{why}\n")


def trainings(
    chapter: Chapter, values: dict[str, object], book: Path, store: Store
) -> tuple[dict[str, Job], dict[str, str]]:
    """What a chapter names as its `trainings`: experiments or recipes, each with its seeds.

    values: of its parameters. Returns the jobs by identity, and why some of them lack data, with the first of those.
    Raises ValueError when the chapter refuses the values.
    """
    found, not_run, loads = {}, {}, kept_loads()
    for several, seeds in checked(chapter, values, book).get("trainings", []):
        for wanted in several:
            chosen = wanted.seeds if seeds is None else seeds
            seeded = range(chosen) if isinstance(chosen, int) else chosen
            try:
                recipes = _recipes(wanted)
                listed = jobs(store, (recipe.with_seed(seed) for seed in seeded for recipe in recipes), loads)
            except MissingDataError as error:
                not_run.setdefault(str(error), f"{chapter.name}: {_in_dist(wanted)}")
                continue
            found |= {job.identity: job for job in listed if job.identity not in found}
    return found, not_run


def _check_ranks(wanted: list[Job], ranks: int) -> None:
    """Raise ValueError for trainings that several processes cannot share."""
    if ranks == 1:
        return
    missing = [kind_of(job.recipe) for job in wanted if job.state()[0] != DONE]
    whole = [kind.name for kind in missing if not kind.task.divides]
    if whole:
        shared = ", ".join(kind.name for kind in KINDS.values() if kind.task.divides)
        raise ValueError(f"--ranks {ranks} is for networks of the kinds {shared}; of {len(missing)} that are to be "
                         f"trained {len(whole)} are of the kinds {', '.join(sorted(set(whole)))}: train these first, "
                         "without it, or name other chapters")  # fmt: skip


def _recipes(wanted: Experiment | Recipe) -> list[Recipe]:
    """The networks of an experiment whose data are at hand, or the one network that is wanted."""
    return [wanted] if isinstance(wanted, Recipe) else list(prepared(wanted).experiment.networks.values())


def _in_dist(wanted: Experiment | Recipe) -> str:
    return wanted.in_dist if isinstance(wanted, Recipe) else wanted.baseline.in_dist


def _place(options: argparse.Namespace, root: Path) -> Place:
    """Where the trainings run."""
    if options.ranks > 1 and (options.cluster or options.workers == 0):
        given = f"--cluster {options.cluster}" if options.cluster else "--workers 0"
        raise ValueError(f"--ranks {options.ranks} starts processes on this machine, which {given} does not")
    if options.cluster:
        try:
            from oe_core.runs.cluster import Cluster
        except ImportError as error:
            raise ValueError(f"--cluster needs Dask ({error}): pip install -e '.[cluster]'") from error
        return Cluster(root, options.cluster, options.needs)
    if options.workers == 0:
        return Here(root)
    gpus, ranks = _gpus(), options.ranks
    if gpus and ranks > len(gpus):
        raise ValueError(f"--ranks {ranks} takes as many GPUs, and there are {len(gpus)}")
    several = [",".join(gpus[first : first + ranks]) for first in range(0, len(gpus) - ranks + 1, ranks)]
    cores = max(1, usable_cores() // (THREADS_EACH * ranks))
    count = options.workers if options.workers != "auto" else len(several) or cores
    threads = users_threads() or str(max(1, usable_cores() // (count * ranks)))
    own = ({"CUDA_VISIBLE_DEVICES": several[number % len(several)]} if gpus else {} for number in range(count))
    return Processes(root, [{"OMP_NUM_THREADS": threads, **gpus_of_one} for gpus_of_one in own], ranks)


def _gpus() -> list[str]:
    """The GPUs that this process may use, which a scheduler may have chosen, as CUDA_VISIBLE_DEVICES names them."""
    count = torch.cuda.device_count()
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return given.split(",")[:count] if given else [str(number) for number in range(count)]


@contextlib.contextmanager
def _interrupted(budget: float | None) -> Iterator[None]:
    """Raise Stopped at the end of the `budget` (seconds), or when one of SIGNALS comes."""

    def stop(signum, frame):
        raise Stopped(signum)

    with handled(stop, *SIGNALS, "SIGALRM"):
        if budget and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, budget)
        try:
            yield
        finally:
            if budget and hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)


@contextlib.contextmanager
def _told_to_end(until: float) -> Iterator[Callable[[], bool]]:
    """Whether it is later than `until`, by the monotonic clock, or one of SIGNALS has come."""
    told = []
    with handled(lambda signum, frame: told.append(signum), *SIGNALS):
        yield lambda: bool(told) or time.monotonic() > until

