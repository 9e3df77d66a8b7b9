"""The machine that builds the book, on a book of a few small chapters."""

import json
import shutil
from pathlib import Path

import build
import nbformat
import pytest
from chapters import ChapterError, read_chapter, tree_sha256
from stamps import read_stamp

from oe_core.wording import size_text

GOOD = """# %% [markdown]
# # A first chapter
# Some words. Does a table *come
# out*? It does, with $\\lambda = 0.5$ and `"$HOME"` for $5.

# %% tags=["parameters"]
SCALE = "demo"
SEEDS = [0, 1]
RATE = 0.5

# %%
from oe_core.scales import runs_root
from oe_core.atomic import write_text
write_text(runs_root() / SCALE / "tables" / "table_1.csv", "in_dist,value\\nDigits <8x8>,12.5\\n")
SEEDS, RATE
"""
FAILING = """# %% tags=["parameters"]
SCALE = "demo"

# %%
before = "shown"
before

# %%
raise ValueError("depth=3 is unknown; choose 1 or 2")

# %%
after = "never"
"""
DYING = """# %% tags=["parameters"]
SCALE = "demo"

# %%
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
DRAWING = """# %% tags=["parameters"]
SCALE = "demo"

# %%
import sys
from oe_core.figures import roc_pr
for step in range(50):
    print(f"\\r{step}", end="", file=sys.stderr, flush=True)

# %%
first = roc_pr({"MSP": ([0.1, 0.2], [0.3, 0.4])})

# %%
second = roc_pr({"MSP": ([0.1, 0.2], [0.3, 0.4])})
"""

LARGE = """# %% tags=["parameters"]
SCALE = "demo"

# %%
held = b"1" * 700_000_000

# %%
del held
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A built book: its folder holds the chapters, `runs` beside it what was made, `exit_code` how the build ended."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "library").mkdir()
    (folder / "library" / "scores.py").write_text("A = 1\n")
    chapters = {"00_good": GOOD, "01_failing": FAILING, "02_dying": DYING, "03_good_too": GOOD, "04_drawing": DRAWING,
                "05_large": LARGE}  # fmt: skip
    for name, text in chapters.items():
        (folder / f"{name}.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_RUNS", str(folder / "runs"))
        patch.setattr(build, "LIBRARY", folder / "library")
        (folder / "exit_code").write_text(str(build.main(["--book", str(folder), "--scale", "smoke"])))
        yield folder


def _built(book, name):
    return nbformat.read(book / "runs" / "smoke" / "notebooks" / f"{name}.ipynb", as_version=4)


def _value(notebook, cell):
    return notebook.cells[cell].outputs[-1]["data"]["text/plain"]


def test_a_failing_chapter_fails_the_build_and_the_others_are_still_built(book):
    assert (book / "exit_code").read_text() == "1"
    chapters = ("00_good", "01_failing", "02_dying", "03_good_too", "04_drawing")
    states = [read_stamp(book / "runs" / "smoke", name)["status"] for name in chapters]
    assert states == ["done", "failed", "failed", "done", "done"]


def test_a_failing_chapter_leaves_its_notebook_with_the_failing_cell_marked(book):
    cells = _built(book, "01_failing").cells
    (marked,) = [cell for cell in cells if cell.metadata.get("papermill", {}).get("exception")]
    assert marked.source.startswith("raise ValueError")
    assert marked.outputs[0].evalue == "depth=3 is unknown; choose 1 or 2"
    assert "An Exception was encountered" in cells[0].source
    assert [cell.outputs for cell in cells if cell.source.startswith("after")] == [[]]


def test_a_kernel_that_is_killed_is_marked_at_the_cell_that_it_was_in(book):
    (marked,) = [cell for cell in _built(book, "02_dying").cells if cell.metadata.get("papermill", {}).get("exception")]
    assert marked.source.startswith("import os, signal")
    assert marked.outputs[0].ename == "DeadKernelError"


def test_every_figure_stands_below_the_cell_that_drew_it(book):
    shown = {
        cell.source.split(" ")[0]: [output.data["image/png"] for output in cell.outputs if "data" in output]
        for cell in _built(book, "04_drawing").cells
        if "roc_pr(" in cell.source
    }
    assert {name: len(pictures) for name, pictures in shown.items()} == {"first": 1, "second": 1}


def test_a_progress_bar_leaves_the_last_of_its_states(book):
    (cell,) = [cell for cell in _built(book, "04_drawing").cells if "range(50)" in cell.source]
    assert [output.text for output in cell.outputs] == ["49"]


def test_the_index_links_each_chapter_with_its_question_and_its_state(book):
    page = (book / "runs" / "smoke" / "index.html").read_text()
    for expected in (
        "A first chapter",
        "Does a table come out?",
        'href="notebooks/00_good.ipynb"',
        'href="notebooks/01_failing.ipynb"',
        "</b> failed, ",
        "ValueError: depth=3 is unknown; choose 1 or 2",
    ):
        assert expected in page


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell a process's peak memory")
def test_a_chapter_says_how_much_memory_it_took_at_most(book):
    peaks = {name: read_stamp(book / "runs" / "smoke", name)["peak_memory"] for name in ("00_good", "05_large")}
    assert peaks["00_good"] < 700e6 < peaks["05_large"] < 1.5e9
    assert f", {size_text(peaks['05_large'])}" in (book / "runs" / "smoke" / "index.html").read_text()


def test_a_second_build_builds_nothing_until_a_parameter_changes(book, capsys):
    request = ["--book", str(book), "--scale", "smoke", "--chapter", "03_good_too"]
    assert build.main(request) == 0
    assert "03_good_too: up to date" in capsys.readouterr().out
    assert build.main([*request, "-p", "SEEDS", "7,8", "-p", "RATE", "2"]) == 0
    assert "03_good_too: building, changed: parameters" in capsys.readouterr().out
    # The cells: the text, the parameters, those injected, and the one that shows them.
    assert _value(_built(book, "03_good_too"), 3) == "([7, 8], 2.0)"


def test_a_failed_chapter_is_tried_again_and_named_with_its_traceback(book, capsys):
    assert build.main(["--book", str(book), "--scale", "smoke", "--chapter", "01_failing"]) == 1
    shown = capsys.readouterr()
    assert "01_failing: building, it failed the last time" in shown.out
    assert '----> 1 raise ValueError("depth=3 is unknown; choose 1 or 2")' in shown.out
    assert "failed: 01_failing" in shown.err


@pytest.mark.parametrize(
    ("request_words", "message"),
    [
        (["--scale", "huge"], "scale='huge' is unknown; choose one of smoke, demo, course, paper"),
        (["--chapter", "09_none"], "chapter 09_none is unknown; known: 00_good, 01_failing, 02_dying, 03_good_too"),
        (
            ["--chapter", "00_good", "-p", "SEED", "1"],
            "no chapter asked for has a parameter 'SEED'; their parameters: RATE, SEEDS",
        ),
        (["--chapter", "01_failing", "-p", "SEED", "1"], "has a parameter 'SEED'; their parameters: SCALE only"),
        (["--chapter", "00_good", "-p", "RATE", "fast"], "RATE='fast' for chapter 00_good is not of type float"),
        (["--chapter", "00_good", "-p", "SCALE", "demo"], "the scale is chosen with --scale (make: SCALE=demo)"),
    ],
)
def test_a_wrong_request_builds_nothing_and_says_what_is_known(book, capsys, request_words, message):
    assert build.main(["--book", str(book), *request_words]) == 2
    assert message in capsys.readouterr().err


def test_the_list_shows_each_chapter_and_the_state_of_its_last_build(book, capsys):
    assert build.main(["--book", str(book), "--scale", "smoke", "--list"]) == 0
    lines = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines())
    expected = {"00_good": "done", "01_failing": "failed", "02_dying": "failed", "03_good_too": "done"}
    assert lines == {**expected, "04_drawing": "done", "05_large": "done"}


def test_the_hash_of_a_tree_follows_names_and_contents_but_not_compiled_and_hidden_files(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.py").write_text("x = 1\n")
    first = tree_sha256(tmp_path / "one")
    (tmp_path / "one" / "__pycache__").mkdir()
    (tmp_path / "one" / "__pycache__" / "a.pyc").write_text("compiled")
    (tmp_path / "one" / ".a.py.swp").write_text("an editor has it open")
    assert tree_sha256(tmp_path / "one") == first
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert tree_sha256(tmp_path / "two") == first
    (tmp_path / "two" / "a.py").rename(tmp_path / "two" / "b.py")
    assert tree_sha256(tmp_path / "two") != first
    (tmp_path / "one" / "a.py").write_text("x = 2\n")
    assert tree_sha256(tmp_path / "one") != first


@pytest.mark.parametrize(
    ("text", "title", "question"),
    [
        ("# # 1. Scores\n#\n# Two are given. Is one *better*?", "1. Scores", "Is one better?"),
        (
            "# # 1. Scores\n# Ready?\n#\n# > Two are given. Is\n# > one better?\n#\n# So.",
            "1. Scores",
            "Two are given. Is one better?",
        ),
        ("# No heading, no question.", "00_a", ""),
    ],
)
def test_a_chapter_is_listed_by_its_heading_and_the_question_that_it_quotes_or_asks(tmp_path, text, title, question):
    (tmp_path / "00_a.py").write_text(f'# %% [markdown]\n{text}\n\n# %% tags=["parameters"]\nSCALE = "demo"\n')
    chapter = read_chapter(tmp_path / "00_a.py")
    assert (chapter.title, chapter.question) == (title, question)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# %%\nSCALE = 1\n", "has 0 cells tagged 'parameters'"),
        ('# %% tags=["parameters"]\nSCALE = 1\nN = len("ab")\n', "must be literals"),
        ('# %% tags=["parameters"]\nimport os\n', "line 1: 'import os'"),
        ('# %% tags=["parameters"]\nSEED = 1\n', "has no parameter SCALE; its parameters: SEED"),
    ],
)
def test_a_chapter_whose_parameters_are_not_literals_in_one_cell_is_refused(tmp_path, text, message):
    (tmp_path / "00_a.py").write_text(text)
    with pytest.raises(ChapterError, match="chapter 00_a") as caught:
        read_chapter(tmp_path / "00_a.py")
    assert message in str(caught.value)


def test_a_refused_chapter_fails_the_build_and_is_named_in_the_index(tmp_path, monkeypatch, capsys):
    (tmp_path / "00_a.py").write_text("# %%\nSCALE = 1\n")
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "runs"))
    assert build.main(["--book", str(tmp_path)]) == 1
    assert "00_a: FAILED: chapter 00_a has 0 cells tagged 'parameters'" in capsys.readouterr().out
    assert json.loads((tmp_path / "runs/demo/notebooks/00_a.json").read_text())["status"] == "failed"
    assert "00_a has 0 cells" in (tmp_path / "runs/demo/index.html").read_text()


def test_a_chapter_that_reads_the_others_is_built_again_when_what_they_made_changed(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "runs"))
    (tmp_path / "library").mkdir()
    monkeypatch.setattr(build, "LIBRARY", tmp_path / "library")
    book = tmp_path / "here" / "book"
    book.mkdir(parents=True)
    (book / "00_good.py").write_text(GOOD)
    (book / "10_last.py").write_text(GOOD.replace('["parameters"]', '["parameters", "after-the-others"]')
                                     .replace("table_1", "table_2"))  # fmt: skip

    def again():
        assert build.main(["--book", str(book), "--scale", "smoke"]) == 0
        return [line for line in capsys.readouterr().out.splitlines() if "10_last" in line and "cell" not in line]

    assert "building" in again()[0]
    assert "up to date" in again()[0]
    (tmp_path / "runs" / "smoke" / "tables" / "table_1.csv").write_text("in_dist,value\n")
    assert "up to date" in again()[0]  # the first chapter makes again what it made before
    (book / "00_good.py").write_text(GOOD.replace("12.5", "12.6"))
    assert "changed: records" in again()[0]
    reference = tmp_path / "here" / "runs" / "reference"
    reference.mkdir(parents=True)
    (reference / "records.csv").write_text("")
    assert "changed: records" in again()[0]
    assert "up to date" in again()[0]
