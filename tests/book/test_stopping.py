"""A build that is stopped or killed: it says so in one sentence, and nothing of it goes on running."""

import os
import signal
from pathlib import Path

import pytest
from small_book import SLEEPING, WRITING, build, chapter, make_book, running, start, wait_until
from stamps import read_stamp

KEPT = "what was finished before is kept, the same command goes on"


def _sleeping_book(folder):
    """Three chapters, of which the first one starts first also side by side."""
    texts = {f"c{name}": chapter(SLEEPING.format(name=name)) for name in ("01_long", "02_long")}
    short = chapter(WRITING.format(name="short"))
    return make_book(folder, c00_short=short, **texts)


def _pids(folder, *names):
    """The kernels of the sleeping chapters and the processes that they started, once all are there."""
    files = [folder / "pids" / name for name in names]
    wait_until(lambda: all(file.exists() and " " in file.read_text() for file in files), f"{names} run")
    return [int(pid) for file in files for pid in file.read_text().split()]


@pytest.mark.parametrize(
    ("number", "jobs", "said"),
    [
        (signal.SIGINT, "1", f"stopped: 01_long was running; {KEPT}\n"),
        (signal.SIGTERM, "2", f"stopped: 01_long, 02_long were running; {KEPT}\n"),
    ],
)
def test_a_stopped_build_says_what_ran_in_one_sentence_and_leaves_nothing(tmp_path, number, jobs, said):
    process = start(_sleeping_book(tmp_path), "--jobs", jobs)
    pids = _pids(tmp_path, *(["01_long", "02_long"] if jobs == "2" else ["01_long"]))
    assert all(map(running, pids))
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + number, said)
    wait_until(lambda: not any(map(running, pids)), "the kernels have ended")
    assert os.listdir(tmp_path / "tmp") == []
    assert "FAILED" not in out
    states = {name: read_stamp(tmp_path / "runs" / "smoke", name) for name in ("00_short", "01_long")}
    assert (states["00_short"]["status"], states["01_long"]) == ("done", {})


def test_the_kernels_of_a_killed_build_end_and_the_next_build_removes_what_it_left(tmp_path):
    book = _sleeping_book(tmp_path)
    process = start(book, "--jobs", "2")
    pids = _pids(tmp_path, "01_long", "02_long")
    process.kill()
    process.communicate(timeout=60)
    wait_until(lambda: not any(map(running, pids)), "the kernels have ended")
    (left,) = os.listdir(tmp_path / "tmp")
    assert left.startswith("book-kernel-") and f"-{process.pid}-" in left
    code, out, err = build(book, "--chapter", "00_short")
    assert (code, err) == (0, "") and "00_short: up to date" in out
    assert os.listdir(tmp_path / "tmp") == []


def test_the_kernel_of_a_killed_worker_ends_and_its_chapter_alone_fails(tmp_path):
    book = make_book(tmp_path, c01_long=chapter(SLEEPING.format(name="01_long")),
                     c02_short=chapter(WRITING.format(name="short")))  # fmt: skip
    process = start(book, "--jobs", "1")
    kernel, child = _pids(tmp_path, "01_long")
    worker = int(Path(f"/proc/{kernel}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1 and err.startswith("failed: 01_long (")
    assert "01_long: FAILED: the process that ran it ended (-9)" in out and "02_short: done in" in out
    wait_until(lambda: not running(kernel), "the kernel has ended")
    os.kill(child, signal.SIGKILL)


def test_a_build_that_is_stopped_before_a_chapter_runs_says_so(tmp_path):
    waiting = "import os, time\nopen(os.path.join(os.environ['PIDS'], 'checks'), 'w').close()\ntime.sleep(600)"
    process = start(make_book(tmp_path, c00_slow=chapter("VALUE", checks=waiting)))
    wait_until((tmp_path / "pids" / "checks").exists, "the checks run")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, f"stopped: no chapter was running; {KEPT}\n")
