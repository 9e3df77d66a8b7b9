"""Damaged, missing and foreign files: each is named, set aside and made again, and ends no other chapter's build."""

import errno
import os

import build
import pytest
import schedule
from small_book import WRITING, chapter, make_book
from stamps import Verdict, judge, made_files, read_stamp, sha256_of, trained, write_stamp
from store_process import damage, truncate

from oe_core.atomic import JOURNAL, DamagedFileError, write_text


def _main(book, monkeypatch, *words):
    monkeypatch.setenv("OE_RUNS", str(book.parent / "runs"))
    return build.main(["--book", str(book), "--scale", "smoke", *words])


def _reason(out):
    return judge(out, "00_one", {"library": "a"}).reason


@pytest.fixture
def made(tmp_path):
    """A chapter's files and its stamp, as a build leaves them."""
    files = ("notebooks/00_one.ipynb", "tables/t.csv", "figures/f.png", "records/r/records.csv")
    hashes = {file: write_text(tmp_path / file, f"content of {file}") for file in files}
    split = {"pages": {name: hashes.pop(name) for name in files[:1]}, "outputs": hashes}
    write_stamp(tmp_path, "00_one", {"status": "done", "made_from": {"library": "a"}, **split})
    return tmp_path


def test_a_journal_tells_the_networks_that_were_trained_and_stayed(tmp_path, monkeypatch):
    monkeypatch.setenv(JOURNAL, str(tmp_path / "journal"))
    for file in ("a-1/run.json", "a-1/scores/digits-2.json", "b-3/checkpoint.pt", "c-4/run.json"):
        write_text(tmp_path / "trained" / file, "{}")
    write_text(tmp_path / "tables" / "run.json", "{}")
    (tmp_path / "trained" / "c-4" / "run.json").unlink()
    assert trained(tmp_path / "journal", tmp_path) == ["a-1"]


def test_a_chapter_that_is_all_there_and_made_from_the_same_is_up_to_date(made):
    assert judge(made, "00_one", {"library": "a"}) == Verdict(None, [])
    assert judge(made, "00_one", {"library": "b"}).reason == "changed: library"
    assert judge(made, "01_two", {"library": "a"}).reason == "no finished build found"


@pytest.mark.parametrize(
    "file",
    ["notebooks/00_one.ipynb", "tables/t.csv", "figures/f.png", "records/r/records.csv"],
)
def test_every_file_of_a_chapter_is_verified(made, file):
    path = made / file
    content = path.read_bytes()
    path.unlink()
    assert _reason(made) == f"gone: {path.name}"
    for other in (b"", content[:-1], b"another chapter's"):
        path.write_bytes(other)
        assert _reason(made) == f"damaged: {path.name}"
    path.write_bytes(content)
    damage(path)
    (made / "tables" / "t.csv").unlink(missing_ok=True)
    named = "gone: t.csv; damaged: " + path.name if file != "tables/t.csv" else "gone: t.csv"
    assert _reason(made) == named


@pytest.mark.parametrize("content", [b"", b'{"status": "do', b'{"status": "done"}', b"\xff\xfe"])
def test_a_damaged_stamp_is_named(made, content):
    (made / "notebooks" / "00_one.json").write_bytes(content)
    (damaged,) = judge(made, "00_one", {}).damages
    assert isinstance(damaged, DamagedFileError) and _reason(made) == "damaged: 00_one.json"
    stamp = read_stamp(made, "00_one")
    assert stamp["status"] == "damaged" and "00_one.json is damaged" in stamp["error"]


def test_leftovers_of_writes_and_damaged_files_are_no_results(made):
    for name in (".t.csv.0123abcd-1-0123abcd.part", "t.csv.part", "t.csv.damaged-1", ".hidden/u.csv"):
        write_text(made / "tables" / name, "")
    assert made_files(made) == ["tables/t.csv", "figures/f.png", "records/r/records.csv"]


def test_one_damaged_file_a_chapter_is_set_aside_and_made_again_and_all_chapters_are_built(
    tmp_path, monkeypatch, capsys
):
    names = ("00_table", "01_stamp", "02_notebook", "03_sound")
    book = make_book(tmp_path, **{f"c{name}": chapter(WRITING.format(name=name)) for name in names})
    assert _main(book, monkeypatch) == 0
    out = tmp_path / "runs" / "smoke"
    files = ("tables/00_table.csv", "notebooks/01_stamp.json", "notebooks/02_notebook.ipynb")
    table = (out / files[0]).read_bytes()
    (out / files[0]).write_bytes(table.replace(b"d", b"\xff", 1))
    truncate(out / files[1])
    damage(out / files[2])
    capsys.readouterr()
    assert _main(book, monkeypatch) == 0
    said = capsys.readouterr().out
    for name, file in zip(names, files, strict=False):
        assert f"{name}: building, damaged: {file.rpartition('/')[2]}\n" in said
        assert f"it is set aside as {file.rpartition('/')[2]}.damaged-1 and made again" in said
        assert (out / f"{file}.damaged-1").exists() and read_stamp(out, name)["status"] == "done"
    assert "03_sound: up to date" in said
    assert (out / files[0]).read_bytes() == table
    assert _main(book, monkeypatch) == 0 and "building" not in capsys.readouterr().out


def test_a_chapter_that_is_no_text_is_named_and_the_others_are_built(tmp_path, monkeypatch, capsys):
    book = make_book(tmp_path, c00_bytes=chapter("VALUE"), c01_sound=chapter("VALUE"))
    (book / "00_bytes.py").write_bytes(b"# %%\n\xff\n")
    assert _main(book, monkeypatch) == 1
    shown = capsys.readouterr()
    assert f"00_bytes: FAILED: chapter 00_bytes: {book / '00_bytes.py'} cannot be read: " in shown.out
    assert "01_sound: done in" in shown.out and shown.err.startswith("failed: 00_bytes (")


FULL = """
import errno, os
def full(descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
os.fsync = full
"""


def test_a_full_disk_is_one_sentence_with_the_file_and_the_way_out_and_others_are_tried(tmp_path, monkeypatch, capsys):
    raw = f"raise OSError({errno.ENOSPC}, {os.strerror(errno.ENOSPC)!r})"
    book = make_book(tmp_path, c00_full=chapter(FULL, WRITING.format(name="full")), c01_raw=chapter(raw),
                     c02_sound=chapter(WRITING.format(name="sound")))  # fmt: skip
    assert _main(book, monkeypatch, "--jobs", "1") == 1
    shown = capsys.readouterr()
    out = tmp_path / "runs" / "smoke"
    sentence = (
        "OSError: [Errno 28] cannot write (No space left on device): make room or give access there, or choose another "
        f"place (of runs: OE_RUNS); what was finished before is kept: '{out / 'tables' / 'full.csv'}'"
    )
    lines = shown.out.splitlines()
    assert lines[1].startswith("00_full: building") and lines[2] == f"00_full: {sentence}"
    assert lines[3].startswith("[1/3] 00_full: FAILED after")
    way_out = f"make room in {out}, or choose another place with OE_RUNS"
    assert lines[5] == f"01_raw: OSError: [Errno 28] No space left on device: {way_out}"
    assert "02_sound: done in" in shown.out and read_stamp(out, "00_full")["error"] == sentence


def test_an_index_that_cannot_be_written_is_named_and_all_chapters_are_built(tmp_path, monkeypatch, capsys):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "cannot write (No space left on device): make room", "index.html")

    book = make_book(tmp_path, c00_one=chapter("VALUE"), c01_two=chapter("VALUE"))
    monkeypatch.setattr(schedule, "write_index", full)
    assert _main(book, monkeypatch) == 1
    shown = capsys.readouterr()
    assert shown.out.count("index.html: [Errno 28] cannot write (No space left on device): make room") == 1
    assert "Traceback" not in shown.out + shown.err and shown.err.startswith("failed: index.html")
    assert [read_stamp(tmp_path / "runs/smoke", name)["status"] for name in ("00_one", "01_two")] == ["done", "done"]


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_for_results_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch, capsys, place):
    (tmp_path / "file").touch()
    book = make_book(tmp_path, c00_one=chapter("VALUE"))
    monkeypatch.setenv("OE_RUNS", str(tmp_path / place))
    assert build.main(["--book", str(book), "--scale", "smoke"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert shown.err.startswith(f"build.py: the folder {tmp_path / place / 'smoke'} cannot be made (")
    assert shown.err.endswith("choose another place with OE_RUNS\n")


def test_the_stamp_holds_the_hashes_of_the_notebook_and_every_output(tmp_path, monkeypatch):
    book = make_book(tmp_path, c00_one=chapter(WRITING.format(name="one")))
    assert _main(book, monkeypatch) == 0
    out = tmp_path / "runs" / "smoke"
    stamp = read_stamp(out, "00_one")
    assert set(stamp["outputs"]) == {"tables/one.csv"}
    assert set(stamp["pages"]) == {"notebooks/00_one.ipynb"}
    for file, sha256 in {**stamp["outputs"], **stamp["pages"]}.items():
        assert sha256_of(out / file) == sha256
