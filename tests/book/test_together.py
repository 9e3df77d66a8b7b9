"""Chapters side by side, and two builds of the same chapters at a time."""

import csv
import errno
import io
import os
import signal

import pytest
from build import main
from chapters import find_chapters, read_chapter, usual_seconds
from ending import handled
from progress import Progress
from schedule import Build, Request, groups, threads_each
from small_book import ROOT, WRITING, build, chapter, make_book, start, wait_until
from stamps import read_stamp, write_stamp
from workers import Workers

# Each chapter says that it is there and waits for the other: they end only side by side.
MEETING = """
import os, time
from pathlib import Path
Path(os.environ["PIDS"], "{name}").touch()
end = time.monotonic() + 60
while not Path(os.environ["PIDS"], "{other}").exists():
    assert time.monotonic() < end, "the other chapter does not run"
    time.sleep(0.05)
"""
LISTED = """
import os
with open(os.path.join(os.environ["PIDS"], "listed"), "a") as file:
    file.write("{name} " + os.environ["OMP_NUM_THREADS"] + "\\n")
"""
EDITING = """
from pathlib import Path
with open(next(Path.cwd().glob("01_*.py")), "a") as file:
    file.write("# more\\n")
"""
WITHOUT_THREADS = {"OMP_NUM_THREADS": ""}


def test_as_many_chapters_run_at_once_as_there_are_jobs(tmp_path):
    book = make_book(tmp_path, c00_one=chapter(MEETING.format(name="one", other="two")),
                     c01_two=chapter(MEETING.format(name="two", other="one")))  # fmt: skip
    code, out, err = build(book, "--jobs", "2")
    assert (code, err) == (0, ""), out


def test_one_job_builds_in_the_order_of_the_book_and_chapters_that_read_the_others_last(tmp_path):
    last = ("parameters", "after-the-others")
    book = make_book(tmp_path, c00_last=chapter(LISTED.format(name="last"), tags=last),
                     c01_short=chapter(LISTED.format(name="short")),
                     c02_long=chapter(LISTED.format(name="long")))  # fmt: skip
    code, out, err = build(book, "--jobs", "1", **WITHOUT_THREADS)
    assert (code, err) == (0, "")
    assert (tmp_path / "pids" / "listed").read_text() == "short 1\nlong 1\nlast 1\n"


@pytest.mark.parametrize(
    ("words", "environment", "threads"),
    [(["--threads", "3"], {"OMP_NUM_THREADS": "2"}, "3"), ([], {"OMP_NUM_THREADS": "2"}, "2")],
)
def test_a_kernel_has_the_threads_that_were_asked_for(tmp_path, words, environment, threads):
    book = make_book(tmp_path, c00_one=chapter(LISTED.format(name="one")))
    assert build(book, *words, **environment)[0] == 0
    assert (tmp_path / "pids" / "listed").read_text() == f"one {threads}\n"


@pytest.mark.parametrize(
    ("scale", "jobs", "threads"),
    [("smoke", 1, "1"), ("demo", 8, "1"), ("course", 1, "8"), ("course", 3, "2"), ("paper", 9, "1")],
)
def test_threads_follow_the_jobs_only_at_the_large_scales(monkeypatch, scale, jobs, threads):
    monkeypatch.setattr("schedule.usable_cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads_each(scale, jobs, None) == threads


def test_side_by_side_the_longest_chapters_start_first_by_the_last_build_or_else_by_what_is_usual(tmp_path):
    new = chapter("VALUE")
    book = make_book(tmp_path, c00_unknown=new, c01_quick=new, c02_slow=new, c03_usual=new)
    (book / "seconds.csv").write_text("chapter,seconds\n01_quick,99\n03_usual,10\n")
    wanted = {name: (read_chapter(path), {}) for name, path in find_chapters(book).items()}
    for name, seconds in (("01_quick", 3.0), ("02_slow", 30.0)):
        stamp = {"status": "done", "seconds": seconds, "outputs": {}, "pages": {}, "made_from": {}}
        write_stamp(tmp_path / "runs", name, stamp)
    request = Request(book, "smoke", tmp_path / "runs", book, "", wanted, jobs=2)
    assert groups(request) == [["00_unknown", "02_slow", "03_usual", "01_quick"], []]


def test_every_chapter_has_its_usual_seconds():
    first, again = usual_seconds(ROOT / "book"), usual_seconds(ROOT / "book", "again")
    assert list(first) == list(again) == list(find_chapters(ROOT / "book"))
    assert min(*first.values(), *again.values()) > 0


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "1.5"])
def test_wrong_jobs_are_refused(capsys, jobs):
    with pytest.raises(SystemExit, match="2"):
        main([f"--jobs={jobs}"])
    assert f"argument --jobs: '{jobs}' is not a whole number of 1 or more, nor auto" in capsys.readouterr().err


@pytest.mark.parametrize("attempt", [0, pytest.param(1, marks=pytest.mark.faults)])
def test_of_two_builds_of_one_chapter_the_stamp_and_the_table_are_of_the_same_one(tmp_path, attempt):
    slow = "import time\ntime.sleep(0.5)"
    book = make_book(tmp_path, c00_one=chapter(WRITING.format(name="one"), slow, WRITING.format(name="again")))
    builds = [start(book, "-p", "VALUE", value) for value in ("1", "2")]
    ends = [process.communicate(timeout=90) for process in builds]
    assert [(process.returncode, err) for process, (_, err) in zip(builds, ends, strict=True)] == [(0, "")] * 2
    stamp = read_stamp(tmp_path / "runs" / "smoke", "00_one")
    assert set(stamp["outputs"]) == {"tables/one.csv", "tables/again.csv"}
    for table in stamp["outputs"]:
        (row,) = csv.DictReader((tmp_path / "runs" / "smoke" / table).read_text().splitlines())
        assert int(row["value"]) == stamp["made_from"]["parameters"]["VALUE"]
    code, out, _ = build(book, "-p", "VALUE", row["value"])
    assert code == 0 and "00_one: up to date" in out


def test_a_build_waits_for_another_one_of_the_same_chapter_and_then_finds_it_up_to_date(tmp_path):
    book = make_book(tmp_path, c00_one=chapter(MEETING.format(name="here", other="go"), WRITING.format(name="one")))
    first = start(book)
    wait_until((tmp_path / "pids" / "here").exists, "the first build runs the chapter")
    second = start(book)
    lines = iter(second.stdout.readline, "")
    assert any("00_one: another process is building 00_one; waiting for it (lock" in line for line in lines)
    (tmp_path / "pids" / "go").touch()
    assert first.communicate(timeout=90)[1] == ""
    out, err = second.communicate(timeout=90)
    assert (first.returncode, second.returncode, err) == (0, 0, "")
    assert "00_one: up to date" in out and "00_one: building" not in out


def test_files_that_another_process_writes_while_a_chapter_runs_are_not_its_own(tmp_path):
    other = """
import os, subprocess, sys
from oe_core.scales import runs_root
code = "from oe_core.atomic import write_text; from pathlib import Path; import sys; write_text(Path(sys.argv[1]), '')"
apart = {name: value for name, value in os.environ.items() if name != "OE_JOURNAL"}
for name, environment in (("others", apart), ("mine", None)):
    path = runs_root() / SCALE / "records" / "deep" / f"{name}.csv"
    subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=True)
(runs_root() / SCALE / "tables").mkdir()
(runs_root() / SCALE / "tables" / ".hidden.csv.part").touch()
"""
    book = make_book(tmp_path, c00_one=chapter(other))
    assert build(book)[0] == 0
    out = tmp_path / "runs" / "smoke"
    assert sorted(os.listdir(out / "records" / "deep")) == ["mine.csv", "others.csv"]
    assert list(read_stamp(out, "00_one")["outputs"]) == ["records/deep/mine.csv"]


def test_a_chapter_that_changed_after_the_build_began_is_stamped_as_it_was_run(tmp_path):
    book = make_book(tmp_path, c00_editor=chapter(EDITING), c01_edited=chapter("VALUE"))
    before = (book / "01_edited.py").read_text()
    assert build(book, "--jobs", "1")[0] == 0
    (book / "01_edited.py").write_text(before)
    code, out, _ = build(book, "--jobs", "1", "--chapter", "01_edited")
    assert code == 0 and "01_edited: building, changed: chapter" in out


def test_one_chapter_that_the_system_refuses_fails_alone(tmp_path, monkeypatch):
    book = make_book(tmp_path, c00_one=chapter("VALUE"), c01_two=chapter("VALUE"))
    wanted = {name: (read_chapter(path), {}) for name, path in find_chapters(book).items()}
    request = Request(book, "smoke", tmp_path / "runs", book, "", wanted)

    def refused(workers, order):
        if order["name"] == "00_one":
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        yield {"event": "end", "status": "done", "seconds": 1.0}

    monkeypatch.setattr(Workers, "run", refused)
    assert Build(request, Progress(2, io.StringIO())).run() == ["00_one"]
    assert "Cannot allocate memory" in read_stamp(tmp_path / "runs", "00_one")["error"]


def test_below_a_linked_folder_of_runs_a_stamp_names_what_was_made(tmp_path):
    (tmp_path / "large disk").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "large disk")
    book = make_book(tmp_path, c00_one=chapter(WRITING.format(name="one")))
    assert build(book, OE_RUNS=str(tmp_path / "linked"))[0] == 0
    assert set(read_stamp(tmp_path / "large disk" / "smoke", "00_one")["outputs"]) == {"tables/one.csv"}


def test_a_kernel_runs_nothing_of_the_readers_own_before_the_chapter(tmp_path):
    (tmp_path / "startup.py").write_text("mine = 1")
    book = make_book(tmp_path, c00_one=chapter("assert 'mine' not in globals()"))
    assert build(book, PYTHONSTARTUP=str(tmp_path / "startup.py"))[0] == 0


def test_signals_that_the_parent_process_ignores_stay_ignored():
    before, told = signal.signal(signal.SIGHUP, signal.SIG_IGN), []
    try:
        with handled(lambda number, frame: told.append(number), "SIGHUP", "SIGUSR1"):
            for number in (signal.SIGHUP, signal.SIGUSR1):
                os.kill(os.getpid(), number)
        assert told == [signal.SIGUSR1] and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
