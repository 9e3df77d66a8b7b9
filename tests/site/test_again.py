"""A site that is built a second time, after more and fewer chapters were run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from built_site import BUILT
from small_book import ROOT
from stamps import MADE_FOLDERS

pytestmark = pytest.mark.skipif(not BUILT, reason="reads a built book: OE_TEST_BOOK=<its folder>")


def _run(out, name):
    """The notebook of a chapter that was run, and its stamp."""
    (out / "notebooks").mkdir(parents=True, exist_ok=True)
    for file in Path(BUILT, "notebooks").glob(f"{name}*.*"):
        shutil.copy(file, out / "notebooks")


def _build(runs):
    command = [sys.executable, str(ROOT / "book" / "website.py"), "--scale", "smoke"]
    subprocess.run(command, env={**os.environ, "OE_RUNS": str(runs)}, check=True, capture_output=True)


def test_every_page_leads_to_the_chapters_that_are_there_and_only_to_those(tmp_path):
    out, site = tmp_path / "smoke", tmp_path / "smoke" / "site"
    for made in MADE_FOLDERS:
        shutil.copytree(Path(BUILT, made), out / made)
    _run(out, "00_start_here")
    _build(tmp_path)
    assert (site / "00_start_here.html").is_file() and "01_metrics.html" not in (site / "notation.html").read_text()
    page = (site / "notation.html").read_text()
    (site / "notation.html").write_text(page[:3000])  # as a full disk leaves it
    (out / "notebooks" / "00_start_here.ipynb").unlink()
    _run(out, "01_metrics")
    _build(tmp_path)
    page = (site / "notation.html").read_text()
    assert page.rstrip().endswith("</html>") and "01_metrics.html" in page and "00_start_here.html" not in page
    assert not (site / "00_start_here.html").exists()
    assert (site / "search.html").is_file()
