"""A site that is built a second time, after more and fewer chapters were run."""

import shutil
from pathlib import Path

import pytest
import website
from built_site import BUILT

pytestmark = pytest.mark.skipif(not BUILT, reason="reads a built book: OE_TEST_BOOK=<its folder>")


def _run(out, name):
    """The notebook of a chapter that was run, and its stamp."""
    (out / "notebooks").mkdir(parents=True, exist_ok=True)
    for file in Path(BUILT, "notebooks").glob(f"{name}*.*"):
        shutil.copy(file, out / "notebooks")


def test_every_page_leads_to_the_chapters_that_are_there_and_only_to_those(tmp_path):
    _run(tmp_path, "00_start_here")
    website.build(tmp_path, "smoke")
    site = tmp_path / "site"
    assert (site / "00_start_here.html").is_file() and "01_metrics.html" not in (site / "notation.html").read_text()
    page = (site / "notation.html").read_text()
    (site / "notation.html").write_text(page[:3000])  # as a full disk leaves it
    (tmp_path / "notebooks" / "00_start_here.ipynb").unlink()
    _run(tmp_path, "01_metrics")
    website.build(tmp_path, "smoke")
    page = (site / "notation.html").read_text()
    assert page.rstrip().endswith("</html>") and "01_metrics.html" in page and "00_start_here.html" not in page
    assert not (site / "00_start_here.html").exists()
    assert (site / "search.html").is_file() and (site / "genindex.html").is_file()
