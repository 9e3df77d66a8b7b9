"""What a build shows: bars on a terminal, lines elsewhere, and "?" for signs that the terminal lacks."""

import io
import os
import pty
import subprocess
import sys
import termios

import pytest
from progress import Progress
from small_book import ROOT, build, chapter, make_book

# Signs that no small encoding has: in a progress bar, in a traceback and in the name of a table.
SIGNS = """
import sys
for step in range(3):
    print(f"\\r{step} of 3 \\N{FULL BLOCK}\\N{LEFT HALF BLOCK}", end="", file=sys.stderr, flush=True)
"""
FAILING = 'raise ValueError("\\N{GREEK SMALL LETTER LAMDA} = 3 is unknown")'


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "utf-8"])
def test_signs_that_cannot_be_shown_are_replaced_and_the_build_goes_on(tmp_path, encoding):
    book = make_book(tmp_path, c00_one=chapter(SIGNS, FAILING))
    code, out, err = build(book, PYTHONIOENCODING=encoding)
    assert (code, err.startswith("failed: 00_one")) == (1, True)
    assert f"ValueError: {'λ' if encoding == 'utf-8' else '?'} = 3 is unknown" in out


@pytest.mark.parametrize(("encoding", "block"), [("ascii", None), ("utf-8", "█")])
def test_on_a_terminal_each_chapter_has_a_bar_in_signs_that_it_can_show(tmp_path, encoding, block):
    book = make_book(tmp_path, c00_one=chapter(SIGNS, "import time\ntime.sleep(1)"), c01_two=chapter(SIGNS, SIGNS))
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (30, 100))
    environment = {**os.environ, "OE_RUNS": str(tmp_path / "runs"), "PYTHONPATH": str(ROOT), "TERM": "xterm",
                   "PYTHONIOENCODING": encoding}  # fmt: skip
    command = [sys.executable, str(ROOT / "book" / "build.py"), "--book", str(book), "--scale", "smoke", "--jobs", "2"]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while piece := _read(ours):
            shown += piece
    os.close(ours)
    text = shown.decode("utf-8")
    assert process.returncode == 0 and "Traceback" not in text
    assert all(f"{name}: done in" in text for name in ("00_one", "01_two"))
    assert "00_one 3/4 |" in text or "00_one 2/3 |" in text
    assert ("█" in text) == (block is not None)


def _read(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other end is closed
        return b""


def test_elsewhere_each_chapter_says_its_cell_and_last_line_now_and_then(monkeypatch):
    stream, clock = io.StringIO(), [0.0]
    monkeypatch.setattr("progress.time.monotonic", lambda: clock[0])
    progress = Progress(2, stream)
    for name in ("00_one", "01_two"):
        progress.start(name, "as asked")
    for clock[0], number in ((1.0, 1), (6.0, 2), (7.0, 3)):
        progress.cell("00_one", number, 3)
    clock[0] = 12.0
    progress.line("01_two", "not yet in a cell")
    progress.cell("01_two", 1, 9)
    progress.line("00_one", "epoch 2")
    progress.finish("01_two", "done in 12 s")
    assert stream.getvalue().splitlines() == [
        "00_one: building, as asked",
        "01_two: building, as asked",
        "      00_one cell 2 of 3, 6 s",
        "      01_two cell 0 of 0, 12 s: not yet in a cell",
        "      00_one cell 3 of 3, 12 s: epoch 2",
        "[1/2] 01_two: done in 12 s",
    ]
