"""Books of a few small chapters, built by real processes that tests start, stop and kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from oe_core.processors import OURS

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 90
# What a chapter runs that says that it is there, with a process of its own, and then stays for long.
SLEEPING = """
import os, subprocess, time
from pathlib import Path

from oe_core.processors import OURS
child = subprocess.Popen(["sleep", "600"])
Path(os.environ["PIDS"], "{name}").write_text(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""
WRITING = """
from oe_core.atomic import write_text
from oe_core.scales import runs_root
write_text(runs_root() / SCALE / "tables" / "{name}.csv", f"in_dist,value\\ndigits,{{VALUE}}\\n")
"""


def chapter(*cells: str, parameters: str = "VALUE = 1", tags: tuple = ("parameters",), checks: str = "") -> str:
    """The text of a chapter with these code cells; one cell's `{name}` is for `make_book` to fill in."""
    quoted = ", ".join(f'"{tag}"' for tag in tags)
    parts = [f'# %% tags=[{quoted}]\nSCALE = "demo"\n{parameters}\n']
    parts += [f'# %% tags=["checks"]\n{checks.strip()}\n'] if checks else []
    return "\n".join([*parts, *(f"# %%\n{cell.strip()}\n" for cell in cells)])


def make_book(folder: Path, **chapters: str) -> Path:
    """Write `NN_name=text` chapters, names with a leading `c`, into `folder/book`; `folder/runs` is for the results."""
    book = folder / "book"
    book.mkdir(exist_ok=True)
    for name, text in chapters.items():
        (book / f"{name[1:]}.py").write_text(text, encoding="utf-8")
    for place in ("tmp", "pids"):
        (folder / place).mkdir(exist_ok=True)
    return book


def start(book: Path, *words: str, script: str = "build.py", **environment: str) -> subprocess.Popen:
    """Start `build.py` on `book` at scale smoke, its results and temporary files beside the book; or `runs.py`."""
    command = [sys.executable, str(ROOT / "book" / script), "--book", str(book), "--scale", "smoke", *words]
    places = {"OE_RUNS": "runs", "OE_DATA": "data", "TMPDIR": "tmp", "PIDS": "pids"}
    known = {name: str(book.parent / place) for name, place in places.items()}
    # As from a shell in which nobody has chosen threads: the tests' own process has settled them for its children.
    inherited = {name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", OURS)}
    environment = {**inherited, "PYTHONPATH": str(ROOT), **known, **environment}
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        preexec_fn=_heeding_interrupts,
    )


def _heeding_interrupts() -> None:
    """As a process of the foreground: a shell's job in the background, such as these tests may be, ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def build(book: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    """Run `build.py` to its end; returns its exit status, standard output and standard error."""
    process = start(book, *words, **environment)
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err


def wait_until(condition, what: str, seconds: float = SECONDS):
    """Return what `condition()` gives once that is true; fail after a long while."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {seconds} s until {what}"
        time.sleep(0.05)
    return found


def running(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
