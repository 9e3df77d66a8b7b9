"""What the chapters of a built book trained is what they name as their `trainings`, which `make runs` trains.

Reads a book that is there: after `make book`, into a folder without runs of other versions, `.ci/run` calls `make test`
with this file and OE_TEST_BOOK, the folder of the scale.
"""

import json
import os
from pathlib import Path

import pytest
from chapters import find_chapters, read_chapter
from small_book import ROOT
from stamps import read_stamp

import runs
from oe_core.evaluation.choices import LATER
from oe_core.runs.store import STAMP, Store

BUILT = os.environ.get("OE_TEST_BOOK", "")
# Networks that no chapter names, by the ends of their names, and why.
UNNAMED = LATER | {
    "-direct-oe": "exercise 4 of chapter 5 asks the reader for it",
    "-few-outliers": "exercise 5 of chapter 2 asks the reader for it",
}
BOOK = ROOT / "book"
CHAPTERS = find_chapters(BOOK)


@pytest.fixture(scope="module")
def out():
    """The folder of the built scale."""
    if not BUILT:
        pytest.skip("reads a built book: OE_TEST_BOOK=<its folder>")
    return Path(BUILT).resolve()


@pytest.fixture(scope="module")
def named(out):
    """The networks that each chapter names with the parameters with which it was built, {chapter: {identity: job}}."""
    found, store = {}, Store(out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_RUNS", str(out.parent))  # with the texts that are kept there
        for name, path in CHAPTERS.items():
            stamp = read_stamp(out, name)
            assert stamp.get("status") == "done", f"{name} was not built: {stamp or 'no stamp'}"
            made_from = stamp["made_from"]
            patch.setenv("OE_DATA", made_from["data location"])
            found[name], _ = runs.trainings(read_chapter(path), made_from["parameters"], BOOK, store)
    return found


@pytest.fixture(scope="module")
def trained(out):
    """The stamps of all networks, by the names of their folders."""
    return {path.parent.name: json.loads(path.read_text("utf-8")) for path in (out / "trained").glob(f"*/{STAMP}")}


def _has_to_be_named(stamp):
    return not stamp["name"].endswith(tuple(UNNAMED))


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_trains_no_network_that_it_does_not_name(name, named, trained, out):
    stamps = [trained[folder] for folder in read_stamp(out, name)["trained"]]
    strange = [stamp["name"] for stamp in stamps if stamp["identity"] not in named[name] and _has_to_be_named(stamp)]
    assert strange == []


def test_the_book_trains_every_network_that_a_chapter_names_and_no_other(named, trained):
    found = {stamp["identity"]: stamp["name"] for stamp in trained.values() if _has_to_be_named(stamp)}
    assert found.keys() == {identity for jobs in named.values() for identity in jobs}, found
    others = [stamp["name"] for stamp in trained.values() if not _has_to_be_named(stamp)]
    assert all(any(name.endswith(end) for name in others) for end in UNNAMED), others
