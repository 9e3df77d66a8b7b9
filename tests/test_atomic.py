import errno
import json
import os
import subprocess
import sys
import time

import pytest
from store_process import damage

from oe_core.atomic import (
    DamagedFileError,
    exclusive,
    is_stale,
    owned_name,
    read_journal,
    read_record,
    read_sealed,
    read_whole,
    set_aside,
    write_record,
    write_sealed,
    write_text,
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


COUNTER = """
import errno, fcntl, sys, time
from pathlib import Path

def fails(*arguments):
    raise OSError(errno.{number}, "no locks here")

fcntl.flock = fails
from oe_core.atomic import exclusive

path = Path(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with exclusive(path / "count.lock", "counting"):
        count = int((path / "count").read_text())
        print(count, flush=True)
        time.sleep(float(sys.argv[3]))
        (path / "count").write_text(str(count + 1))
"""


@pytest.mark.parametrize("number", ["ENOSYS", "ENOLCK", "EOPNOTSUPP"])
def test_where_files_cannot_be_locked_processes_still_take_turns(tmp_path, number):
    (tmp_path / "count").write_text("0")
    command = [sys.executable, "-c", COUNTER.format(number=number), str(tmp_path), "5", "0.02"]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "15"
    assert sorted(os.listdir(tmp_path)) == ["count"]


def test_where_files_cannot_be_locked_the_turn_of_a_killed_process_is_taken(tmp_path):
    (tmp_path / "count").write_text("0")
    program = COUNTER.format(number="ENOLCK")
    holder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path), "1", "600"], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"0\n"
    holder.kill()
    holder.communicate()
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), "1", "0"], check=True, timeout=60, capture_output=True
    )
    assert (tmp_path / "count").read_text() == "1"


def test_leases_can_be_asked_for_where_locks_do_not_reach_other_machines(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_LOCKS", "lease")
    with exclusive(tmp_path / "one.lock", "testing"):
        assert os.listdir(tmp_path) == ["one.lock.lease"]
    assert os.listdir(tmp_path) == []


WRITER = """
import os, sys
from pathlib import Path
from oe_core.atomic import write_whole
for number in range(200):
    write_whole(Path(sys.argv[1]), f"{sys.argv[2]} {number} ".encode() * 500)
"""


def test_writers_of_one_path_at_a_time_all_succeed_and_leave_one_whole_content(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "table.csv")]
    writers = [subprocess.Popen([*command, name], stderr=subprocess.PIPE, text=True) for name in ("a", "b", "c")]
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0)] * 3
    assert (tmp_path / "table.csv").read_text() in {f"{name} 199 " * 500 for name in "abc"}
    assert os.listdir(tmp_path) == ["table.csv"]


KILLED = """
import os, signal, sys
from pathlib import Path
from oe_core.atomic import write_whole
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
write_whole(Path(sys.argv[1]), b"new")
"""


def test_the_part_of_a_killed_writer_is_hidden_and_removed_by_the_next_write(tmp_path):
    write_whole(tmp_path / "abc", b"abc")
    write_whole(tmp_path / "abc.d", b"")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "abc")])
    assert killed.returncode == -9
    (left,) = set(os.listdir(tmp_path)) - {"abc", "abc.d"}
    assert left.startswith(".abc.") and left.endswith(".part")
    assert read_whole(tmp_path / "abc", ABC_SHA256) == b"abc"
    write_whole(tmp_path / "abc.d", b"")
    assert left in os.listdir(tmp_path)
    write_whole(tmp_path / "abc", b"abc")
    assert sorted(os.listdir(tmp_path)) == ["abc", "abc.d"]


def test_the_part_of_a_living_writer_stays_and_that_of_another_machine_for_a_day(tmp_path):
    living = tmp_path / f".abc.{owned_name()}.part"
    other = tmp_path / ".abc.00000000-1-0123abcd.part"
    for part in (living, other):
        part.write_bytes(b"")
    write_whole(tmp_path / "abc", b"abc")
    assert sorted(os.listdir(tmp_path)) == sorted(["abc", living.name, other.name])
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(living, (two_days_ago, two_days_ago))
    os.utime(other, (two_days_ago, two_days_ago))
    write_whole(tmp_path / "abc", b"abc")
    assert sorted(os.listdir(tmp_path)) == sorted(["abc", living.name])


def test_a_name_that_no_process_owns_is_never_stale(tmp_path):
    assert not is_stale(tmp_path / "table_1.csv")


def test_the_journal_holds_the_last_hash_of_every_file_written_and_nothing_without_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = tmp_path / "journal"
    assert read_journal(journal) == {}
    monkeypatch.setenv("OE_JOURNAL", str(journal))
    write_text(tmp_path / "Größe.csv", "old")
    write_text(tmp_path / "Größe.csv", "abc")
    write_record((tmp_path / "run.json").relative_to(tmp_path), {"a": 1})
    write_sealed(tmp_path / "state", b"")
    monkeypatch.delenv("OE_JOURNAL")
    write_text(tmp_path / "other", "abc")
    noted = read_journal(journal)
    assert set(noted) == {str(tmp_path / name) for name in ("Größe.csv", "run.json", "state")}
    assert noted[str(tmp_path / "Größe.csv")] == ABC_SHA256
    for path, sha256 in noted.items():
        assert read_whole(tmp_path / path, sha256)


def test_text_is_written_in_utf_8_with_its_line_ends_as_they_are(tmp_path):
    write_text(tmp_path / "text", "ü\r\n\n")
    assert (tmp_path / "text").read_bytes() == b"\xc3\xbc\r\n\n"


def test_a_journal_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_JOURNAL", str(tmp_path / "none" / "journal"))
    with pytest.raises(OSError, match=r"cannot note what was written .*none/journal"):
        write_text(tmp_path / "abc", "abc")
