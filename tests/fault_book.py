"""A book of one chapter that trains two networks, scores with them and writes a table: what the tests of faults break.

Every step is saved and every renaming takes its time, so that a kill at any moment meets something half-done.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import torch
from small_book import SECONDS, build, chapter, make_book, running, wait_until
from store_process import EXPOSED, digits, slow_down
from tqdm import tqdm

from oe_core import train
from oe_core.runs.store import Store

QUIET = partial(tqdm, disable=True)
TESTS = Path(__file__).parent
PREPARING = f"""
import sys
import torch
sys.path.insert(0, {str(TESTS)!r})
from store_process import EXPOSED, digits, slow_down
from oe_core import train
from oe_core.atomic import write_text
from oe_core.runs.store import Store
from oe_core.scales import runs_root
torch.set_num_threads(1)
train.CHECKPOINT_SECONDS = 0
slow_down(VALUE / 100)
store = Store(runs_root() / SCALE, device=torch.device("cpu"))
"""
TRAINING = "run = store.run(EXPOSED, load=digits)"
SCORING = """
images = digits("digits", "test", 8)
logits = store.logits(run, "digits", lambda: images.images, images.fingerprint)
"""
TABLE = """
from fault_book import table_of
for name in ("scores", "again"):
    write_text(runs_root() / SCALE / "tables" / f"{name}.csv", table_of(logits))
"""
PLANS = """
from oe_core import experiment
trainings = [([experiment("digits", SCALE)], 1)]
"""
# What appears one after the other while the chapter is built, or the networks of `make runs` are trained.
MOMENTS = (
    "tmp/book-kernel-*/worker-*.log", "runs/smoke/notebooks/.locks/*", "runs/smoke/trained/digits-*",
    "runs/smoke/trained/digits-*/checkpoint.pt", "runs/smoke/trained/digits-*/run.json",
    "runs/smoke/trained/*-oe-*/checkpoint.pt", "runs/smoke/trained/exposed-*/checkpoint.pt",
    "runs/smoke/trained/exposed-*/weights.safetensors", "runs/smoke/trained/exposed-*/run.json",
    "runs/smoke/trained/exposed-*/scores/*", "runs/smoke/tables/scores.csv", "runs/smoke/tables/again.csv",
    "runs/smoke/notebooks/*.json",
)  # fmt: skip


def fault_book(folder: Path, checks: str = "") -> Path:
    """The book, in a folder of its own; checks: PLANS for `make runs`."""
    return make_book(folder, c01_train=chapter(PREPARING, TRAINING, SCORING, TABLE, checks=checks))


def table_of(logits: np.ndarray) -> str:
    """The scores as the chapter writes them."""
    return "".join(",".join(map(repr, row)) + "\n" for row in logits.tolist())


def train_and_score(root: Path) -> None:
    """What the chapter does, for a process without a kernel."""
    torch.set_num_threads(1)
    train.CHECKPOINT_SECONDS = 0
    slow_down(0.01)
    store, images = Store(root, device=torch.device("cpu"), progress=QUIET), digits("digits", "test", 8)
    run = store.run(EXPOSED, load=digits)
    store.logits(run, "digits", lambda: images.images, images.fingerprint)


def results(folder: Path) -> dict[str, bytes]:
    """Everything that has to be the same, bit for bit, however often it was interrupted."""
    return below(folder / "runs" / "smoke")


def below(out: Path) -> dict[str, bytes]:
    """`results` of one scale."""
    kept = ("trained/*/weights.safetensors", "trained/*/scores/*.safetensors", "tables/*.csv")
    return {path.relative_to(out).as_posix(): path.read_bytes() for pattern in kept for path in out.glob(pattern)}


def processes(folder: Path) -> Iterator[tuple[int, str]]:
    """Every process whose results go below `folder`, with its command."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"OE_RUNS={folder}/".encode() in (place / "environ").read_bytes() and running(int(place.name)):
                yield int(place.name), (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()


def kill_one(process: subprocess.Popen, folder: Path, target: str, chance: random.Random) -> str:
    """SIGKILL the process of this start whose command names `target`, at a moment by chance; returns the moment."""
    moment = chance.choice(MOMENTS)
    while process.poll() is None and not list(folder.glob(moment)):
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.3))
    killed = []
    while process.poll() is None and not killed:  # it may not have begun yet
        killed = [pid for pid, command in processes(folder) if target in command]
    for pid in killed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return moment if killed else f"too late ({moment})"


def ended(process: subprocess.Popen, folder: Path) -> tuple[int, str]:
    """Wait for a start and for all that it started; its exit status and what it said."""
    out, err = process.communicate(timeout=2 * SECONDS)
    wait_until(lambda: not list(processes(folder)), "nothing that it started runs any more")
    return process.returncode, out + err


def built(folder: Path, **environment: str) -> str:
    """Build the book to its end, and see that nothing half-done is left; what the build said."""
    code, out, err = build(folder / "book", **environment)
    assert (code, err) == (0, ""), out
    assert not [path for path in (folder / "runs").rglob("*") if path.name.endswith((".part", "checkpoint.pt"))]
    return out
