"""No room, no access, no descriptors, a clock that was set back: a sentence and a way out, and then all goes on."""

import os
import re
import resource
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from fault_book import PLANS, below, built, ended, fault_book, results
from small_book import ROOT, start
from store_process import BASELINE, digits, quiet_store

from oe_core.atomic import write_record
from oe_core.runs.engine import Job
from oe_core.runs.training import PROGRESS

PROGRAM = """
import sys
from pathlib import Path
from fault_book import train_and_score
from oe_core.runs.training import reason
try:
    train_and_score(Path(sys.argv[1]))
except Exception as error:
    sys.exit(reason(error))
"""


def _mounted(options, place):
    place.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(place, options):
    """A file system of its own at `place`, as small as `options` says."""
    _mounted(options, place)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _asked_for(root, **settings):
    """Ask for a run and its scores in a process of its own: its status, and what it said."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(root)], capture_output=True, text=True, env=environment,
                          timeout=300, **settings)  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.strip()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a training and its scores are when nothing happens."""
    root = tmp_path_factory.mktemp("whole")
    assert _asked_for(root) == (0, "")
    return below(root)


def _fill(place, leave):
    """Fill a file system until `leave` bytes are free."""
    free = shutil.disk_usage(place).free
    (place / "ballast").write_bytes(b"\0" * max(0, free - leave))


@pytest.mark.parametrize("leave", [0])
def test_on_a_full_disk_a_training_says_which_file_and_goes_on_when_there_is_room(tmp_path, whole, leave):
    with small_disk(tmp_path / "disk", "size=4m") as root:
        _fill(root, leave)
        status, said = _asked_for(root)
        assert status == 1
        assert re.fullmatch(r"OSError: .*cannot (write|lock) \(No space left on device\): make room .*OE_RUNS.*", said)
        (root / "ballast").unlink()
        assert _asked_for(root) == (0, "")
        assert below(root) == whole


@pytest.mark.faults
@pytest.mark.parametrize("leave", range(50_000, 1_000_000, 100_000))
def test_wherever_the_disk_is_full_it_is_one_sentence_and_the_next_call_gives_the_same(tmp_path, whole, leave):
    with small_disk(tmp_path / "disk", "size=4m") as root:
        _fill(root, leave)
        status, said = _asked_for(root)
        assert status == 0 or "No space left on device): make room" in said
        (root / "ballast").unlink()
        assert _asked_for(root)[0] == 0
        assert below(root) == whole


@pytest.mark.faults
@pytest.mark.parametrize("leave", [0, 100_000, 400_000, 700_000, 850_000])
def test_on_a_full_disk_a_build_says_which_file_and_the_next_one_gives_the_same(tmp_path, leave):
    other = tmp_path / "other"
    other.mkdir()
    fault_book(other)
    built(other)
    fault_book(tmp_path)
    with small_disk(tmp_path / "runs", "size=8m") as disk:
        _fill(disk, leave)
        code, said = ended(start(tmp_path / "book"), tmp_path)
        assert "Traceback" not in said and (code == 0 or "No space left on device" in said)
        (disk / "ballast").unlink()
        built(tmp_path)
        assert results(tmp_path) == results(other)


@pytest.mark.faults
def test_a_runs_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    with small_disk(tmp_path / "runs", "size=8m") as disk:
        book = fault_book(tmp_path, PLANS)
        (disk / "smoke").mkdir()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for script, words in (("build.py", ()), ("runs.py", ("--workers", "1"))):
            code, said = ended(start(book, *words, script=script), tmp_path)
            assert code in (1, 2) and "Traceback" not in said
            assert "Read-only file system" in said or "no permission to write there" in said
        assert _asked_for(disk / "smoke")[0] == 1
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        built(tmp_path)


@pytest.mark.faults
def test_a_runs_folder_that_vanishes_while_a_chapter_is_built_costs_only_its_content(tmp_path):
    book = fault_book(tmp_path)
    process = start(book)
    while process.poll() is None and not list(tmp_path.glob("runs/smoke/trained/*/checkpoint.pt")):
        time.sleep(0.01)
    (tmp_path / "runs").rename(tmp_path / "gone")
    code, said = ended(process, tmp_path)
    assert code in (0, 1) and "Traceback" not in said
    built(tmp_path)
    assert len(results(tmp_path)) == 5


def test_for_want_of_file_descriptors_nothing_is_taken_for_damaged(tmp_path):
    store, images = quiet_store(tmp_path), digits("digits", "train", 8)
    run = store.run(BASELINE, load=lambda *what: images)
    before, files = resource.getrlimit(resource.RLIMIT_NOFILE), sorted(tmp_path.rglob("*"))
    held = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")), before[1]))
        with pytest.raises(OSError, match=r"Too many open files"):
            while True:
                held.append(os.dup(0))
        with pytest.raises(OSError, match="Too many open files"):
            store.run(BASELINE, load=lambda *what: images)
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert store.run(BASELINE, load=digits).weights_sha256 == run.weights_sha256
    assert sorted(tmp_path.rglob("*")) == files


def test_when_the_clock_was_set_back_what_is_there_is_used_and_a_report_of_the_future_is_none(tmp_path):
    run = quiet_store(tmp_path).run(BASELINE, load=digits)
    tomorrow = time.time() + 86_400
    for path in tmp_path.rglob("*"):
        os.utime(path, (tomorrow, tomorrow))
    assert quiet_store(tmp_path).run(BASELINE, load=digits).weights_sha256 == run.weights_sha256
    job = Job(BASELINE, "", tmp_path / "other", None)
    write_record(job.folder / PROGRESS, {"time": tomorrow, "step": 1, "steps": 2, "seconds_left": 3.0, "losses": {}})
    assert job.state()[0] == "queued"


@pytest.mark.faults
def test_two_builds_at_once_give_what_one_gives(tmp_path):
    one = tmp_path / "one"
    one.mkdir()
    fault_book(one)
    built(one)
    both = [start(fault_book(tmp_path)) for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=180)
        assert (process.returncode, err) == (0, ""), out
    assert results(tmp_path) == results(one)
