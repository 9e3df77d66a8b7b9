"""What a chapter leaves, damaged in every way: the next build names it and makes it again, or refuses in a sentence."""

import shutil

import pytest
from small_book import WRITING, build, chapter, make_book
from spoiled import DAMAGES, emptied, folder_instead, link_to_nothing
from stamps import read_stamp

from oe_core.atomic import read_record, write_record

READING = """
from oe_core.scales import runs_root
print((runs_root() / SCALE / "tables" / "c0.csv").read_text())
"""
FILES = ("tables/c{0}.csv", "notebooks/0{0}_c.json", "notebooks/0{0}_c.ipynb")


def without_status(path):
    """A right hash around half a stamp."""
    values = read_record(path)
    del values["status"]
    write_record(path, values)


def of_another_chapter(path):
    """The stamp of the chapter before or after, which is whole."""
    shutil.copy(path.with_name({"00_c.json": "01_c.json"}.get(path.name, "00_c.json")), path)


def _book(folder, chapters):
    names = [f"c0{number}_c" for number in range(chapters)]
    return make_book(folder, **{name: chapter(WRITING.format(name=f"c{name[2]}")) for name in names})


def _see_that_it_is_made_again(folder, spoiled):
    """Damage a file of each chapter, {number: (file, how)}, build, and build once more."""
    book, out = _book(folder, len(spoiled)), folder / "runs" / "smoke"
    assert build(book)[0] == 0
    tables = {path.name: path.read_bytes() for path in (out / "tables").iterdir()}
    for number, (file, spoil) in spoiled.items():
        spoil(out / file.format(number))
    code, said, err = build(book)
    assert (code, err) == (0, ""), said
    assert "Traceback" not in said
    for number, (file, _) in spoiled.items():
        name = file.format(number).rpartition("/")[2]
        assert f"0{number}_c: building, damaged: {name}\n" in said
        assert f"it is set aside as {name}.damaged-1 and made again" in said
        assert read_stamp(out, f"0{number}_c")["status"] == "done"
    assert {name: (out / "tables" / name).read_bytes() for name in tables} == tables
    code, said, _ = build(book)
    assert code == 0 and "building" not in said


@pytest.mark.faults
def test_damaged_files_of_chapters_are_named_and_made_again(tmp_path):
    spoils = (folder_instead, without_status, link_to_nothing, emptied)
    _see_that_it_is_made_again(tmp_path, dict(enumerate(zip(FILES, spoils, strict=True))))


@pytest.mark.faults
@pytest.mark.parametrize("spoil", [*DAMAGES, of_another_chapter])
def test_every_file_of_a_chapter_is_named_and_made_again_whatever_befell_it(tmp_path, spoil):
    files = [file for file in FILES if spoil is not of_another_chapter or file.endswith(".json")] * 2
    _see_that_it_is_made_again(tmp_path, dict(enumerate((file, spoil) for file in files)))


@pytest.mark.faults
@pytest.mark.parametrize("spoil", DAMAGES)
def test_a_notebook_that_no_stamp_vouches_for_and_the_index_are_replaced(tmp_path, spoil):
    book, out = _book(tmp_path, 1), tmp_path / "runs" / "smoke"
    assert build(book)[0] == 0
    (out / "notebooks" / "00_c.json").unlink()
    spoil(out / "notebooks" / "00_c.ipynb")
    spoil(out / "index.html")
    code, said, err = build(book)
    assert (code, err) == (0, "") and "00_c: done in" in said
    assert (out / "notebooks" / "00_c.ipynb").is_file() and (out / "index.html").read_text().startswith("<!doctype")


@pytest.mark.faults
@pytest.mark.parametrize("spoil", DAMAGES)
def test_a_chapter_that_reads_the_others_alone_refuses_their_damaged_tables(tmp_path, spoil):
    book = _book(tmp_path, 1)
    reading = chapter(READING, tags=("parameters", "after-the-others"))
    make_book(tmp_path, c01_reads=reading)
    assert build(book)[0] == 0
    spoil(tmp_path / "runs" / "smoke" / "tables" / "c0.csv")
    code, said, err = build(book, "--chapter", "01_reads")
    assert (code, "Traceback" in said + err) == (1, False)
    assert "tables/c0.csv is " in said and "; build the chapter that made it, or the whole book" in said
    code, said, err = build(book)
    assert (code, err) == (0, "") and "00_c: building, damaged: c0.csv" in said
