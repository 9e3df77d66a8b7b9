"""The copies that JupyterLab opens: they follow their chapters until their readers change them."""

import nbformat
import pytest
from copies import main, refresh


def _chapter(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "lab" / "01_metrics.ipynb"
    assert refresh(path, _chapter("SEEDS = 1", "SEEDS + 1")) is None
    return path


def _saved(copy, change):
    """What JupyterLab leaves after `change` was made to a copy, and it was run."""
    notebook = nbformat.read(copy, as_version=4)
    change(notebook.cells)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="2")]
    nbformat.write(notebook, copy)
    return copy.read_bytes()


def _sources(copy):
    return [cell.source for cell in nbformat.read(copy, as_version=4).cells]


def test_a_copy_opens_without_asking_for_a_kernel(copy):
    assert nbformat.read(copy, as_version=4).metadata.kernelspec.name == "python3"


def test_what_an_unchanged_copy_has_computed_stays_while_the_chapter_does(copy):
    saved = _saved(copy, lambda cells: None)
    assert refresh(copy, _chapter("SEEDS = 1", "SEEDS + 1")) is None and copy.read_bytes() == saved


def test_an_unchanged_copy_follows_its_chapter_and_says_so(copy):
    _saved(copy, lambda cells: None)
    assert "follows its chapter" in refresh(copy, _chapter("SEEDS = 3"))
    assert _sources(copy) == ["SEEDS = 3"]


def test_a_changed_copy_stays_and_is_named_once_there_is_a_newer_chapter(copy):
    saved = _saved(copy, lambda cells: cells[0].update(source="SEEDS = 2"))
    assert refresh(copy, _chapter("SEEDS = 1", "SEEDS + 1")) is None
    said = refresh(copy, _chapter("SEEDS = 3"))
    assert str(copy) in said and "changes of yours" in said and copy.read_bytes() == saved
    # A copy that has become what the chapter now says is no longer anybody's own.
    assert refresh(copy, _chapter("SEEDS = 2", "SEEDS + 1")) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"nbformat": 4, "cells": 3}'])
def test_what_is_no_notebook_stays_and_is_named(copy, content):
    copy.write_bytes(content)
    said = refresh(copy, _chapter("SEEDS = 1"))
    assert str(copy) in said and "stays" in said and copy.read_bytes() == content


def test_every_chapter_lies_there_with_and_without_its_solutions(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    book = tmp_path / "book"
    book.mkdir()
    (book / "01_one.py").write_text(
        "# %% [markdown]\n# # One\n\n# %% tags=[\"parameters\"]\nSCALE = \"demo\"\n\n# %% [markdown]\n"
        "# **1. Two.** *Easy, 1 minutes.* Say `a`.\n\n# %% tags=[\"solution\"]\na = 2\n"
    )  # fmt: skip
    before = (book / "01_one.py").read_bytes()
    assert main(book) == 0
    folder = tmp_path / "lab"
    assert "a = 2" in _sources(folder / "01_one.ipynb")
    assert "a = 2" not in _sources(folder / "students" / "01_one.ipynb")
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert written == ["01_one.ipynb", "students/01_one.ipynb"]
    assert (book / "01_one.py").read_bytes() == before and str(folder) in capsys.readouterr().out
