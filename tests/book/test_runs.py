"""`make runs`: what the chapters need is trained; the last line and the exit status say what is missing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from board import Board
from chapters import find_chapters, read_chapter
from checks import checked
from small_book import ROOT, SECONDS, chapter, make_book

import runs
from oe_core import Store
from oe_core.runs.engine import Outcome

PLANS = """
from oe_core import experiment
plan = experiment("digits", SCALE)
trainings = [([plan], SEEDS)]
"""
LONG = """
from dataclasses import replace
from oe_core import experiment
plan = experiment("digits", SCALE)
slow = replace(plan.baseline, name="slow", epochs=40)
trainings = [([replace(plan, baseline=slow, exposed=replace(plan.exposed, parent=slow))], None)]
"""
LACKING = """
from dataclasses import replace
from oe_core import experiment
plan = experiment("digits", SCALE)
lacking = [replace(plan.exposed, outliers=name) for name in ("cifar10~part=5", "cifar10~noise=0.2")]
trainings = [([plan.baseline, *lacking], 1)]
"""
READS = """
from oe_core import Store, evaluate, runs_root

def refuse(**bar):
    raise AssertionError("a network is trained that was there")

found = evaluate(Store(runs_root() / SCALE, progress=refuse), plan, seeds=SEEDS, draws=2)
"""


@pytest.fixture
def book(tmp_path):
    return make_book(tmp_path, c01_two=chapter(READS, checks=PLANS, parameters="SEEDS: int | None = 2"))


def start(book, *words):
    """Start `runs.py` on `book` at scale smoke."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OE_RUNS": str(book.parent / "runs"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "book" / "runs.py"), "--book", str(book), "--scale", "smoke", *words]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def done(monkeypatch, capsys):
    """Call `runs.py` in this process: (book, words) -> exit status, output, errors."""

    def call(book, *words):
        monkeypatch.setenv("OE_RUNS", str(book.parent / "runs"))
        try:
            status = runs.main(["--book", str(book), "--scale", "smoke", *words])
        except SystemExit as refused:
            status = refused.code
        return status, *capsys.readouterr()

    return call


def stamps(book):
    return sorted(path.parent.name.rpartition("-")[0] for path in (book.parent / "runs").glob("*/trained/*/run.json"))


def test_every_network_is_trained_once_and_then_the_book_only_reads(book, done):
    status, out, err = done(book, "--workers", "2")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "4 of 4 trained; nothing is missing"
    assert stamps(book) == ["digits", "digits", "digits-oe", "digits-oe"]
    read = [sys.executable, str(ROOT / "book" / "build.py"), "--book", str(book), "--scale", "smoke"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OE_RUNS": str(book.parent / "runs")}
    assert subprocess.run(read, env=environment, capture_output=True, timeout=SECONDS).returncode == 0
    status, out, _ = done(book)
    assert (status, out.splitlines()[-1]) == (0, "4 of 4 trained; nothing is missing")


def test_the_list_says_what_each_will_take_and_trains_nothing(book, done):
    status, out, err = done(book, "--status")
    assert (status, err) == (0, "")
    rows = [line for line in out.splitlines() if line.startswith("digits")]
    assert len(rows) == 4
    assert all("queued" in row and "~" in row and "MB" in row for row in rows)
    assert "4 queued" in out
    assert stamps(book) == []
    done(book, "--workers", "0", "-p", "SEEDS", "1")
    status, out, _ = done(book, "--status")
    assert "2 done, 2 queued" in out
    took = [json.loads(path.read_text())["seconds"] for path in (book.parent / "runs").glob("*/trained/*/run.json")]
    said = [row.split("done")[1].split("MB")[0].split() for row in out.splitlines() if " done " in row]
    assert sorted(row[0] for row in said) == sorted(f"{seconds:.0f}" for seconds in took)
    assert "2 estimated from finished ones" in " ".join(out.split())  # the other seed's take as long
    next((book.parent / "runs").glob("*/trained/digits-oe-*/weights.safetensors")).write_bytes(b"")
    _, out, _ = done(book, "--status")
    assert "1 done, 1 damaged, 2 queued" in out


def test_a_place_that_was_lost_is_said_above_the_last_line(tmp_path):
    outcome = Outcome(lost="OSError: no answer\x1b")
    said = Board([], Store(tmp_path)).summary(outcome)
    assert said.splitlines()[0] == r"the place of the trainings was lost: OSError: no answer\x1b"


def test_when_the_time_is_up_all_is_saved_and_the_same_call_goes_on(tmp_path, done):
    book = make_book(tmp_path, c01_long=chapter(checks=LONG))
    status, out, err = done(book, "--workers", "0", "--budget", "0.1s")
    assert (status, err) == (75, "")
    # So little is over while data are read.
    assert out.splitlines()[-1] == "0 trained; told to end while the trainings were listed (the same call goes on)"
    status, out, err = done(book, "--workers", "0")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "2 of 2 trained; nothing is missing"


def test_a_signal_of_a_scheduler_saves_and_ends(tmp_path):
    book = make_book(tmp_path, c01_long=chapter(checks=LONG))
    process, folder = start(book, "--workers", "1"), book.parent / "runs" / "smoke" / "trained"
    end = time.monotonic() + SECONDS
    while not list(folder.glob("slow-*/progress.json")):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGUSR1)
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (75, "")
    assert "0 of 2 trained; missing: slow, seed 0; digits-oe, seed 0 (the same call goes on)" in out
    assert list(folder.glob("slow-*/checkpoint.pt"))
    assert not list(folder.glob("slow-*/progress.json"))


@pytest.mark.parametrize(
    ("given", "count", "expected"),
    [("", 2, ["0", "1"]), ("5,7", 2, ["5", "7"]), ("GPU-1a,GPU-2b", 1, ["GPU-1a"]), ("", 0, [])],
)
def test_each_process_gets_one_of_the_gpus_that_a_scheduler_gave(monkeypatch, given, count, expected):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
    assert runs._gpus() == expected


def test_each_process_that_shares_a_training_gets_a_gpu_and_a_share_of_the_cores(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,3,4,6,7")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 5)
    monkeypatch.setattr(runs, "users_threads", lambda: "")
    monkeypatch.setattr(runs, "usable_cores", lambda: 16)
    place = runs._place(runs._parse(["--ranks", "2"]), tmp_path)
    assert place.ranks == 2
    assert [place.slots.get() for _ in range(2)] == [
        {"OMP_NUM_THREADS": "4", "CUDA_VISIBLE_DEVICES": "1,3"}, {"OMP_NUM_THREADS": "4", "CUDA_VISIBLE_DEVICES": "4,6"}
    ]  # fmt: skip
    assert place.slots.empty()
    with pytest.raises(ValueError, match="--ranks 6 takes as many GPUs, and there are 5"):
        runs._place(runs._parse(["--ranks", "6"]), tmp_path)


def test_networks_that_processes_cannot_share_are_refused_before_anything_is_trained(tmp_path, done):
    checks = PLANS.replace("SCALE)", 'SCALE, "gan")')
    book = make_book(tmp_path, c01_gan=chapter(checks=checks, parameters="SEEDS: int | None = 1"))
    status, _, err = done(book, "--ranks", "2")
    assert status == 2
    assert "--ranks 2 is for networks of the kinds images, objectives, branch, density; of 3 that are to be" in err
    assert "trained 3 are of the kinds gan: train these first, without it, or name other chapters" in err


def test_what_fails_is_told_with_its_log_and_the_others_are_trained(tmp_path, done):
    checks = LONG.replace("epochs=40", "learning_rate=1e30") + "trainings += [([plan], 1)]\n"
    book = make_book(tmp_path, c01_wrong=chapter(checks=checks))
    status, out, _ = done(book, "--workers", "0")
    assert status == 1
    assert "failed: slow, seed 0: Traceback" in out
    assert "NonFiniteLossError" in out
    assert "failed: digits-oe, seed 0: the network that it starts from failed" in out
    assert out.splitlines()[-1] == "2 of 4 trained; missing: slow, seed 0; digits-oe, seed 0"


def test_data_that_are_not_at_hand_are_said_and_the_rest_is_trained(tmp_path, done):
    checks = PLANS.replace("[([plan], SEEDS)]", '[([plan, experiment("cifar10", SCALE)], 1)]')
    book = make_book(tmp_path, c01_two=chapter(checks=checks))
    status, out, err = done(book, "--workers", "0")
    assert (status, err) == (0, "")
    assert "not at hand, so not trained: 01_two: cifar10" in out
    assert out.splitlines()[-1] == "2 of 2 trained; nothing is missing"


def test_a_chapter_may_name_recipes_and_a_set_that_several_lack_is_said_once(tmp_path, done):
    book = make_book(tmp_path, c01_two=chapter(checks=LACKING))
    status, out, _ = done(book, "--status")
    assert (status, out.count("not at hand, so not trained: 01_two: digits")) == (0, 1)
    assert "cifar10: its train images are not on this machine" in out
    assert "1 queued" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--budget", "soon"], "'soon' is no time; write 90s, 25m, 8h or 2d"),
        (["--ranks", "0"], "'0' is not a whole number of 1 or more"),
        (["--ranks", "2", "--workers", "0"], "--ranks 2 starts processes on this machine, which --workers 0 does not"),
        (["--workers", "many"], "'many' is not a whole number, nor auto"),
        (["-p", "SEEDZ", "3"], "no chapter asked for has a parameter 'SEEDZ'; their parameters: SEEDS"),
        (["--cluster", "tcp://127.0.0.1:1", "--needs", "GPU"], "needs='GPU' must be NAME=NUMBER"),
        (["--chapter", "99_none"], "chapter 99_none is unknown; known: 01_two"),
        (["-p", "SEEDS", "two", "--chapter", "01_two"], "SEEDS='two' for chapter 01_two is not of type int | None"),
    ],
)
def test_wrong_requests_are_refused_in_a_sentence(book, done, words, said):
    status, _, err = done(book, *words)
    assert status == 2
    assert said in err
    assert "Traceback" not in err


def test_every_chapter_with_a_store_of_its_scale_names_its_trainings():
    for path in sorted(Path(ROOT, "book").glob("[0-9][0-9]_*.py")):
        text = path.read_text(encoding="utf-8")
        assert ("Store(ROOM)" in text) == ("\ntrainings = " in text), path.name


SHORTENABLE = [name for name, path in find_chapters(ROOT / "book").items() if "\nSHARE = " in path.read_text("utf-8")]


@pytest.mark.parametrize("name", SHORTENABLE)
def test_every_training_of_a_chapter_with_tables_is_shortened_by_its_share(name):
    chapter = read_chapter(ROOT / "book" / f"{name}.py")
    names = checked(chapter, {"SCALE": "demo", "SHARE": 0.5}, ROOT / "book")
    wanted = [one for experiments, _ in names["trainings"] for one in experiments]
    recipes = [recipe for one in wanted for recipe in getattr(one, "networks", {"": one}).values()]
    assert recipes and all(recipe.shortening for recipe in recipes)
