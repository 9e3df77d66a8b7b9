"""OE_DATA and OE_RUNS, relative or with ~, mean the same folder in every target of the Makefile."""

import os
import shutil
import subprocess
import sys

import pytest
from small_book import ROOT

# Stands for the Python of the environment: says what it was started with, and answers where things lie.
PYTHON = """#!/bin/sh
case "$1" in -c) exec "{python}" "$@";; esac
echo "$@"
"{python}" -c 'import os; print(os.environ.get("OE_DATA"), os.environ.get("OE_RUNS"), sep="\\n")'
"""


@pytest.fixture
def checkout(tmp_path):
    """A checkout of the Makefile and what it asks, with an environment that is said to be installed."""
    folder = tmp_path / "checkout"
    (folder / "oe_core").mkdir(parents=True)
    for file in ("Makefile", "pyproject.toml", "constraints.txt", "oe_core/__init__.py", "oe_core/scales.py"):
        shutil.copy(ROOT / file, folder / file)
    for part in ("book", "tests"):
        (folder / part).mkdir()
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    (folder / ".venv" / "installed.stamp").touch()
    return folder


def _make(checkout, *words, **environment):
    home = checkout.parent / "home"
    # Not what `make test` itself was called with.
    given = ("OE_DATA", "OE_RUNS", "MAKEFLAGS", "JOBS", "SCALE", "ARGS", "PARAMS", "SEEDS", "SHARE", "THREADS", "FORCE")
    known = {name: value for name, value in os.environ.items() if name not in given}
    done = subprocess.run(["make", "-s", f"PYTHON={sys.executable}", *words], cwd=checkout, capture_output=True,
                          text=True, env={**known, "HOME": str(home), **environment})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


PLACES = [("given", "checkout/given"), ("~/given", "home/given"), ("", "checkout/{name}"), ("/{top}/x", "x")]


@pytest.mark.parametrize(("given", "meant"), PLACES)
def test_the_lab_gets_absolute_places(checkout, given, meant):
    top = checkout.parent
    given = given.replace("/{top}", str(top))
    places = {"OE_DATA": given, "OE_RUNS": given} if given else {}
    copies, _, _, words, data, runs = _make(checkout, "lab", **places)
    assert copies.startswith("book/copies.py")
    assert [data, runs] == [str(top / meant.format(name=name)) for name in ("data", "runs")]
    assert words.startswith(f"-m jupyterlab --ServerApp.root_dir={runs}/lab")


def test_the_lab_opens_another_folder_and_then_makes_no_copies(checkout):
    words, *_ = _make(checkout, "lab", f"OPEN={checkout / 'handout'}")
    assert words.startswith(f"-m jupyterlab --ServerApp.root_dir={checkout / 'handout'}")


@pytest.mark.parametrize(("given", "meant"), PLACES)
@pytest.mark.parametrize("on_the_command_line", [True, False])
def test_clean_removes_the_scale_from_the_place_that_is_meant(checkout, given, meant, on_the_command_line):
    top = checkout.parent
    given = given.replace("/{top}", str(top))
    room = top / meant.format(name="runs")
    for scale in ("smoke", "demo"):
        (room / scale / "tables").mkdir(parents=True)
    if on_the_command_line:
        _make(checkout, "clean", "SCALE=smoke", *([f"OE_RUNS={given}"] if given else []))
    else:
        _make(checkout, "clean", "SCALE=smoke", **({"OE_RUNS": given} if given else {}))
    assert [path.name for path in room.iterdir()] == ["demo"]


def test_clean_says_what_it_frees_and_how_many_networks_are_lost(checkout):
    room = checkout / "runs"
    for run in ("a", "b"):
        (room / "smoke" / "trained" / run).mkdir(parents=True)
        (room / "smoke" / "trained" / run / "run.json").write_bytes(b"0" * 100_000)
    (room / ".texts").mkdir()
    first, *lines = _make(checkout, "clean", "SCALE=smoke")
    assert first == ("removing what was made at scale smoke (trained networks: 2), the caches, and folders "
                     "__pycache__; it frees, in KiB:")  # fmt: skip
    sizes = {name: int(size) for size, name in (line.split("\t") for line in lines)}
    assert list(sizes) == [str(room / "smoke"), str(room / ".texts"), "total"]
    assert 195 < sizes[str(room / "smoke")] <= sizes["total"] < 1000
    assert not list(room.iterdir())
    assert _make(checkout, "clean", "SCALE=smoke")[1:] == ["0\ttotal"]


def test_clean_without_a_python_removes_nothing(checkout):
    (checkout / "runs" / "smoke").mkdir(parents=True)
    done = subprocess.run(["make", "clean", "SCALE=smoke", "PYTHON=no-such-python"], cwd=checkout, capture_output=True)
    assert done.returncode == 2 and (checkout / "runs" / "smoke").exists()


def test_book_passes_on_the_chapters_the_jobs_and_the_threads(checkout):
    (words, *_) = _make(checkout, "book", "SCALE=smoke", "CHAPTER=a b", "JOBS=2", "THREADS=1", "FORCE=1")
    assert words == "book/build.py --scale smoke --jobs 2 --threads 1 --chapter a --chapter b --force"
    (words, *_) = _make(checkout, "book")
    assert words == "book/build.py --scale demo --jobs auto"


@pytest.mark.parametrize(("target", "script"), [("book", "book/build.py"), ("runs", "book/runs.py")])
def test_trainings_and_their_share_of_the_epochs_are_parameters_before_all_others(checkout, target, script):
    (words, *_) = _make(checkout, target, "SEEDS=2", "SHARE=0.3", "PARAMS=-p DRAWS 5")
    assert words.split()[0] == script and words.endswith("-p SEEDS 2 -p SHARE 0.3 -p DRAWS 5")


def test_the_help_names_jobs_and_threads(checkout):
    text = "\n".join(_make(checkout, "help"))
    assert "[JOBS=auto]" in text and "JOBS is how many chapters run at a time" in text and "THREADS how many" in text


@pytest.mark.parametrize(("status", "site"), [(0, True), (1, True), (2, False), (130, False)])
def test_one_failed_chapter_does_not_cost_the_site_and_a_refused_request_does(checkout, status, site):
    python = checkout / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\necho "$1"\ncase "$1" in *build.py) exit {status};; esac\n')
    command = ["make", "-s", f"PYTHON={sys.executable}", "book"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert done.stdout.split() == ["book/build.py", *["book/website.py"][:site]]
    assert (done.returncode == 0) == (status == 0)
    shown = subprocess.run([*command, "-n"], cwd=checkout, capture_output=True, text=True).stdout
    assert "status=$?" in shown and "\nbook/build.py\n" not in f"\n{shown}"  # said, and not done
