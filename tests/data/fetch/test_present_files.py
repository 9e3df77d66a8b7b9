"""Files that are there, or that nobody can fetch: verified, remembered, and named with what to do."""

import hashlib
from dataclasses import replace

import pytest
from file_server import CONTENT, downloaded, fetch

from oe_core.atomic import DamagedFileError
from oe_core.data.catalog import DataFile, dataset
from oe_core.data.fetch import download
from oe_core.data.fetch.download import DownloadError, how_to_get


def test_offline_a_present_file_is_returned_and_a_missing_one_says_what_to_do(server, shelf, monkeypatch):
    path = shelf({"by_hand": "ask the owner"})
    monkeypatch.setenv("OE_OFFLINE", "1")
    with pytest.raises(DownloadError, match=r"OE_OFFLINE=1 forbids the network(.|\n)*By hand: ask the owner"):
        fetch("shapes", path.name)
    path.write_bytes(CONTENT)
    assert fetch("shapes", path.name) == path and server.asked == []


def test_nothing_is_fetched_that_no_hash_could_prove(server, shelf):
    with pytest.raises(DownloadError, match="no hash of it is published"):
        fetch("shapes", shelf(digest="").name)
    assert server.asked == []


def test_a_withdrawn_set_is_refused_with_its_stand_ins(shelf):
    shelf()
    with pytest.raises(DownloadError, match=r"was withdrawn(.|\n)*Stand-ins, .*: tiny-imagenet-32-no-cifar10"):
        fetch("tiny-images-80m", "tiny_images.bin")


def test_a_damaged_file_is_named_with_what_differs_and_fetching_replaces_it(server, shelf, capsys):
    path = shelf()
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:100])
    with pytest.raises(DamagedFileError, match=r"shapes\.bin has 100 bytes instead of 10,240; remove it"):
        downloaded("shapes")
    assert fetch("shapes", path.name).read_bytes() == CONTENT
    assert capsys.readouterr().out.count("It is fetched again.") == 1


def test_a_verified_file_is_hashed_again_only_when_it_changed(shelf, monkeypatch):
    path = fetch("shapes", shelf().name)
    hashed, real = [], hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *given: hashed.append(given) or real(*given))
    assert downloaded("shapes") and hashed == []
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(DamagedFileError, match="has the sha256"):
        downloaded("shapes")
    assert len(hashed) == 1


def test_a_damaged_memory_of_what_was_verified_is_none(shelf):
    path = fetch("shapes", shelf().name)
    path.with_name(f".{path.name}.verified").write_bytes(b"\xff")
    assert downloaded("shapes") == [path]


def test_a_folder_in_the_place_of_a_file_is_named_before_anything_is_fetched(shelf):
    path = fetch("shapes", shelf().name)
    path.unlink()
    path.mkdir()
    with pytest.raises(DownloadError, match=rf"{path.name} is a folder in the place of a file; move it"):
        fetch("shapes", path.name)


def test_a_file_verified_against_one_hash_is_not_trusted_for_another(shelf):
    fetch("shapes", shelf().name)
    shelf(digest="0" * 32)
    with pytest.raises(DamagedFileError, match="has the md5"):
        downloaded("shapes")


def test_in_a_read_only_folder_files_are_verified_without_being_remembered(shelf, monkeypatch):
    path = shelf()
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(download, "write_whole", refuse)
    assert downloaded("shapes") == [path]


def test_a_file_without_published_hash_is_the_readers_own_and_returned(shelf):
    path = shelf(digest="", bytes=None)
    assert downloaded("shapes") == []
    path.parent.mkdir(parents=True)
    path.write_bytes(b"my copy")
    assert downloaded("shapes") == [path]


def test_the_ways_to_a_text_set_name_the_file_of_the_readers_own(shelf, tmp_path):
    shelf({"kind": "text"})
    ways = how_to_get(dataset("shapes"))
    assert f"A file {tmp_path}/shapes/<split>.txt (or .tsv) with your own copy as text takes precedence." in ways


def test_what_is_not_asked_for_is_neither_read_nor_in_the_way(shelf):
    path = fetch("shapes", shelf().name)
    more = (DataFile("train.bin", bytes=5, digest="0" * 32), DataFile("absent.bin"))
    row = replace(dataset("shapes"), files=(*dataset("shapes").files, *more))
    path.with_name("train.bin").write_bytes(b"cut")
    assert download.downloaded(row, ["shapes.bin"]) == [path]
    assert download.downloaded(row, ["shapes.bin", "absent.bin"]) == []
    with pytest.raises(DamagedFileError, match=r"train\.bin has 3 bytes instead of 5"):
        download.downloaded(row, ["shapes.bin", "train.bin"])
