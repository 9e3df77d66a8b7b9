import errno
import json
import os

import pytest
from store_process import damage

from oe_core.atomic import (
    DamagedFileError,
    exclusive,
    read_record,
    read_sealed,
    read_whole,
    set_aside,
    write_record,
    write_sealed,
    write_whole,
)

ABC_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, example B.1


def test_written_file_is_read_back_with_the_published_hash_of_its_content(tmp_path):
    assert write_whole(tmp_path / "new" / "abc", b"abc") == ABC_SHA256
    assert read_whole(tmp_path / "new" / "abc", ABC_SHA256) == b"abc"
    assert os.listdir(tmp_path / "new") == ["abc"]


def test_file_with_another_hash_names_itself(tmp_path):
    write_whole(tmp_path / "abc", b"abd")
    with pytest.raises(DamagedFileError, match=r"/abc is damaged: its sha256 is .*, it was written as ba7816bf8f01"):
        read_whole(tmp_path / "abc", ABC_SHA256)


def test_missing_file_names_itself(tmp_path):
    with pytest.raises(DamagedFileError, match="/abc is missing"):
        read_whole(tmp_path / "abc", ABC_SHA256)


def test_full_disk_names_the_file_and_keeps_its_old_content(tmp_path, monkeypatch):
    write_whole(tmp_path / "abc", b"abc")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        OSError, match=r"cannot write \(No space left on device\): make room .*OE_RUNS.*/abc'"
    ) as caught:
        write_whole(tmp_path / "abc", b"new")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / "abc"))
    assert os.listdir(tmp_path) == ["abc"]
    assert read_whole(tmp_path / "abc", ABC_SHA256) == b"abc"


def test_ctrl_c_while_writing_keeps_the_old_content(tmp_path, monkeypatch):
    write_whole(tmp_path / "abc", b"abc")

    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "abc", b"new")
    assert os.listdir(tmp_path) == ["abc"]
    assert read_whole(tmp_path / "abc", ABC_SHA256) == b"abc"


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot write .*file/abc"):
        write_whole(tmp_path / "file" / "abc", b"abc")
    with pytest.raises(OSError, match=r"cannot lock .*file/abc"):
        with exclusive(tmp_path / "file" / "abc", "testing"):
            pass


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_sealed_file_gives_its_payload(tmp_path, size):
    payload = bytes(range(256)) * 4
    write_sealed(tmp_path / "state", payload[:size])
    assert read_sealed(tmp_path / "state") == payload[:size]


def test_sealed_file_that_is_absent_is_none(tmp_path):
    assert read_sealed(tmp_path / "state") is None


@pytest.mark.parametrize("length", [0, 5, 71, 72, 73, 80])
def test_sealed_file_cut_at_any_length_is_damaged(tmp_path, length):
    write_sealed(tmp_path / "state", b"123456789")
    (tmp_path / "state").write_bytes((tmp_path / "state").read_bytes()[:length])
    with pytest.raises(DamagedFileError, match="/state is damaged"):
        read_sealed(tmp_path / "state")


def test_record_is_json_and_gives_its_values(tmp_path):
    values = {"b": [1, 0.1, None, "ü"], "a": {"z": 1, "y": True}}
    write_record(tmp_path / "run.json", values)
    assert json.loads((tmp_path / "run.json").read_text())["b"] == values["b"]
    assert read_record(tmp_path / "run.json") == values
    assert read_record(tmp_path / "other.json") is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"a": 1}', '{"a": 1, "record_sha256": 3}'])
def test_record_that_is_not_as_written_is_damaged(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(DamagedFileError, match=r"/run\.json is damaged"):
        read_record(tmp_path / "run.json")


def test_record_edited_by_hand_is_damaged(tmp_path):
    write_record(tmp_path / "run.json", {"seconds": 12.5})
    (tmp_path / "run.json").write_text((tmp_path / "run.json").read_text().replace("12.5", "11.5"))
    with pytest.raises(DamagedFileError, match="do not have the hash that was written with them"):
        read_record(tmp_path / "run.json")


def test_damaged_files_are_set_aside_under_the_next_free_number(tmp_path, caplog):
    for number in (1, 2):
        write_sealed(tmp_path / "state", b"123456789")
        damage(tmp_path / "state")
        with pytest.raises(DamagedFileError) as caught:
            read_sealed(tmp_path / "state")
        set_aside(caught.value)
        assert caplog.messages[-1].endswith(f"it is set aside as state.damaged-{number} and made again")
    assert sorted(os.listdir(tmp_path)) == ["state.damaged-1", "state.damaged-2"]


def test_lock_is_free_again_after_an_error(tmp_path, caplog):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            with exclusive(tmp_path / "one.lock", "testing"):
                raise ZeroDivisionError
    assert caplog.messages == []
