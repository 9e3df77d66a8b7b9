"""Files come whole over a network that breaks off, lies and refuses, or not at all."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from file_server import CONTENT, asked_ranges, downloaded, fetch

from oe_core.data.fetch import http
from oe_core.data.fetch.download import DownloadError

ERROR_PAGE = b"<!DOCTYPE html><title>quota exceeded</title>"


def test_a_fetched_file_lies_whole_under_its_name_and_is_not_fetched_twice(server, shelf):
    path = shelf()
    assert fetch("shapes", "shapes.bin") == path
    assert path.read_bytes() == CONTENT and not path.with_name("shapes.bin.part").exists()
    assert fetch("shapes", "shapes.bin") == path and len(server.asked) == 1
    assert downloaded("shapes") == [path]


def test_a_transfer_cut_off_twice_is_taken_up_where_it_broke(server, shelf):
    server.cuts = [1000, 2000]
    assert fetch("shapes", shelf().name).read_bytes() == CONTENT
    assert asked_ranges(server) == [None, "bytes=1000-", "bytes=3000-"]


def test_the_next_call_goes_on_where_a_failed_one_stopped(server, shelf, monkeypatch):
    path = shelf()
    monkeypatch.setattr(http, "TRIES", 1)
    server.cuts = [1000]
    with pytest.raises(DownloadError, match=r"connection closed after 1,000 of 10,240 bytes; what has arrived is kept"):
        fetch("shapes", path.name)
    assert not path.exists()
    assert fetch("shapes", path.name).read_bytes() == CONTENT
    assert asked_ranges(server) == [None, "bytes=1000-"]


def test_a_server_without_ranges_sends_the_whole_file_again(server, shelf):
    server.ranges, server.cuts = False, [1000]
    assert fetch("shapes", shelf().name).read_bytes() == CONTENT
    assert asked_ranges(server) == [None, "bytes=1000-"]


def test_a_part_that_was_complete_is_not_asked_for_again(server, shelf):
    path = shelf()
    path.parent.mkdir(parents=True)
    path.with_name("shapes.bin.part").write_bytes(CONTENT)
    assert fetch("shapes", path.name) == path and server.asked == []


def test_a_complete_part_of_unpublished_size_is_recognised_by_the_servers_answer(server, shelf):
    path = shelf(bytes=None)
    path.parent.mkdir(parents=True)
    path.with_name("shapes.bin.part").write_bytes(CONTENT)
    assert fetch("shapes", path.name) == path and asked_ranges(server) == ["bytes=10240-"]


@pytest.mark.parametrize("held", [b"other bytes", b"x" * 20000], ids=["shorter", "longer than the file"])
@pytest.mark.parametrize("size", [len(CONTENT), None], ids=["size published", "size unknown"])
def test_a_part_of_another_file_is_thrown_away_and_the_file_fetched_anew(server, shelf, held, size):
    path = shelf(bytes=size)
    path.parent.mkdir(parents=True)
    path.with_name("shapes.bin.part").write_bytes(held)
    assert fetch("shapes", path.name).read_bytes() == CONTENT
    assert asked_ranges(server)[-1] is None


def test_an_error_page_is_refused_by_its_length_before_it_is_stored(server, shelf):
    path, server.content = shelf(), ERROR_PAGE
    with pytest.raises(DownloadError, match=r"the server offers 44 bytes instead of 10,240, probably an error page"):
        fetch("shapes", path.name)
    assert not path.exists() and not path.with_name("shapes.bin.part").exists()


def test_an_error_page_of_unpublished_size_is_recognised_after_its_hash_failed(server, shelf):
    path, server.content = shelf(bytes=None), ERROR_PAGE
    with pytest.raises(DownloadError, match=r"it looks like a web page"):
        fetch("shapes", path.name)
    assert not path.exists() and not path.with_name("shapes.bin.part").exists()


def test_a_body_longer_than_published_is_stopped(server, shelf):
    server.content, server.says_length = CONTENT + b"more", False
    with pytest.raises(DownloadError, match="sends more than 10,240 bytes"):
        fetch("shapes", shelf().name)


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_wrong_hash_of_the_right_length_leaves_nothing(server, shelf, algorithm):
    published = hashlib.new(algorithm, b"another file").hexdigest()
    path = shelf(digest=published)
    found = hashlib.new(algorithm, CONTENT).hexdigest()
    with pytest.raises(DownloadError, match=f"has the {algorithm} {found} instead of {published}"):
        fetch("shapes", path.name)
    assert not path.exists() and not path.with_name("shapes.bin.part").exists()


def test_a_server_that_answers_another_range_is_refused(server, shelf, monkeypatch):
    server.cuts, server.shift = [1000], 5
    with pytest.raises(DownloadError, match=r"from 1,000 on, the server sends 'bytes 1005-10239/10240'"):
        fetch("shapes", shelf().name)


def test_the_second_address_is_used_when_the_first_fails(server, shelf):
    base = f"http://127.0.0.1:{server.server_port}"
    server.missing = ("/old/shapes.bin",)
    path = shelf(addresses=(f"{base}/old/shapes.bin", f"{base}/new/shapes.bin"))
    assert fetch("shapes", path.name).read_bytes() == CONTENT
    assert [asked for asked, _, _ in server.asked] == ["/old/shapes.bin", "/new/shapes.bin"]


def test_when_all_addresses_fail_the_error_lists_each_with_its_reason_and_the_place_by_hand(server, shelf):
    base = f"http://127.0.0.1:{server.server_port}"
    server.missing = ("/old/shapes.bin",)
    path = shelf({"by_hand": "ask the owner"}, addresses=(f"{base}/old/shapes.bin", "http://127.0.0.1:1/shapes.bin"))
    with pytest.raises(DownloadError) as caught:
        fetch("shapes", path.name)
    message = str(caught.value)
    assert f"{base}/old/shapes.bin: the server answers 404 gone" in message
    assert "http://127.0.0.1:1/shapes.bin: no connection:" in message
    assert message.endswith(f"By hand: ask the owner. Its place is {path}.")


def test_two_callers_fetch_a_file_once(server, shelf):
    path, pool = shelf(), ThreadPoolExecutor(2)
    with pool:
        assert list(pool.map(lambda _: fetch("shapes", path.name), range(2))) == [path, path]
    assert len(server.asked) == 1


@pytest.mark.parametrize("needs_browser, agent", [(True, "Mozilla/5.0"), (False, "outlier-exposure-book")])
def test_the_row_says_whether_to_name_a_browser(server, shelf, needs_browser, agent):
    fetch("shapes", shelf({"browser_agent": needs_browser}).name)
    assert server.asked[0][2].startswith(agent)


def test_without_a_terminal_progress_is_readable_lines(server, shelf, monkeypatch, capsys):
    for setting, value in {"SECONDS_BETWEEN_LINES": 0, "CHUNK": 4096}.items():
        monkeypatch.setattr(http, setting, value)
    fetch("shapes", shelf().name)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "shapes.bin: 10,240 of 10,240 bytes" and not any("\r" in line for line in lines)


def test_a_full_disk_is_told_before_the_transfer(server, shelf, monkeypatch):
    monkeypatch.setattr(http.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100}))
    with pytest.raises(DownloadError, match="has 100 bytes free, 10,240 are needed"):
        fetch("shapes", shelf().name)


@pytest.mark.parametrize("length", ["abc", "-1", "1e9", "9" * 5000, "\xb2"])
def test_a_length_that_is_no_number_is_refused(server, shelf, length):
    server.length = length
    with pytest.raises(DownloadError, match=r"the server gives '.{1,60}' as the length; expected a number of bytes"):
        fetch("shapes", shelf().name)


@pytest.mark.parametrize("says_length, found", [(True, "offers 10,240 bytes; without"), (False, "sends more than 5,0")])
def test_a_file_of_unpublished_size_does_not_grow_without_end(server, shelf, monkeypatch, says_length, found):
    monkeypatch.setattr(http, "MOST", 5000)
    monkeypatch.setattr(http, "CHUNK", 1000)
    server.says_length, path = says_length, shelf(bytes=None)
    with pytest.raises(DownloadError, match=found):
        fetch("shapes", path.name)
    part = path.with_name("shapes.bin.part")
    assert not path.exists() and (not part.exists() or part.stat().st_size <= 6000)


def test_a_servers_reason_is_shown_and_not_obeyed(server, shelf):
    path, server.missing = shelf(), ("/shapes.bin",)
    server.reason = "\x1b]0;owned\x07" + "go away " * 100
    with pytest.raises(DownloadError, match=r"the server answers 404 \\x1b\]0;owned\\x07go away") as caught:
        fetch("shapes", path.name)
    assert len(str(caught.value)) < 600


def test_a_server_that_sends_on_to_what_is_no_address_is_a_failure_of_its_own(shelf, monkeypatch):
    def sent_on(*_, **__):
        raise ValueError("Invalid IPv6 URL")

    monkeypatch.setattr(http.urllib.request, "urlopen", sent_on)
    with pytest.raises(DownloadError, match="broke off 5 times, last: Invalid IPv6 URL"):
        fetch("shapes", shelf().name)


def test_a_pipe_in_the_place_of_a_part_is_not_waited_for(server, shelf):
    path = shelf()
    path.parent.mkdir(parents=True)
    os.mkfifo(path.with_name("shapes.bin.part"))
    with pytest.raises(DownloadError, match=r"shapes\.bin\.part is no regular file; remove it"):
        fetch("shapes", path.name)
