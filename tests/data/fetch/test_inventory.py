import hashlib
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from zipfile import ZipFile

import pytest
from genuine_files import noise, picture

from oe_core.data.catalog import CATALOG, DataFile, DataSet
from oe_core.data.catalog.row import Source
from oe_core.data.fetch import inventory
from oe_core.data.fetch.inventory import fetch_all, main, needs


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("OE_OFFLINE", raising=False)
    return tmp_path / "data"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A row "shapes" whose shapes.zip lies on a local server; the scale course needs nothing else."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ZipFile(folder / "shapes.zip", "w") as archive:
        archive.writestr("shapes/circle.txt", "round")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        content = (folder / "shapes.zip").read_bytes()
        address = f"http://127.0.0.1:{server.server_port}/shapes.zip"
        sha256 = hashlib.sha256(content).hexdigest()
        files = (DataFile("shapes.zip", (address,), len(content), sha256), DataFile("notes.txt"))
        texts = {"printed_name": "Shapes", "title": "Shapes", "terms": "free", "by_hand": "ask", "citation": "none"}
        read = {"sources": {"test": Source(("shapes.zip",), None)}, "needs": {"course": ("test",)}, "kind": "images"}
        row = DataSet("shapes", access="open", splits={"test": 1}, files=files, **texts, **read)
        for key in [key for key, other in CATALOG.items() if other.needed("course") is not None]:
            monkeypatch.setitem(CATALOG, key, replace(CATALOG[key], needs={}))
        monkeypatch.setitem(CATALOG, "shapes", row)
        yield folder
        server.shutdown()
        thread.join()


def put_picture(folder):
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(picture(noise(4, 4, 3)))


def states(scale):
    return {need.row.key: need.state for need in needs(scale)}


@pytest.mark.parametrize("scale", ["smoke", "demo"])
def test_smoke_and_demo_need_nothing(scale, capsys):
    assert main(["--scale", scale, "--fetch"]) == 0
    assert "needs no files: its data come with the installed packages" in capsys.readouterr().out


def test_the_paper_needs_every_set_of_the_paper():
    assert set(states("paper")) == {key for key, row in CATALOG.items() if row.in_paper}


def test_without_any_data_each_set_is_in_the_state_that_its_row_implies():
    found = states("paper")
    assert found["cifar10"] == found["svhn"] == found["places365"] == "fetchable"
    assert found["lsun"] == found["icons"] == found["imagenet-1k"] == found["imagenet-800"] == "by hand"
    assert found["tiny-images-80m"] == "withdrawn" and "present" not in found.values()


def test_a_scale_needs_only_the_files_of_its_splits():
    missing = {need.row.key: [file.name for file in need.missing] for need in needs("course")}
    assert missing["svhn"] == ["test_32x32.mat"]
    assert missing["places365"] == ["val_256.tar", "filelist_places365-standard.tar"]


def test_the_readers_own_folder_takes_the_place_of_a_split(data):
    put_picture(data / "svhn" / "train")
    put_picture(data / "icons" / "test")
    found = {need.row.key: need for need in needs("paper")}
    assert [file.name for file in found["svhn"].missing] == ["test_32x32.mat"]
    assert (found["icons"].state, found["icons"].remark) == ("present", "your folder")
    put_picture(data / "svhn" / "test")
    assert states("paper")["svhn"] == "present"


def test_text_sets_stand_in_the_same_report_and_are_called_text(data, capsys):
    assert main(["--scale", "course"]) == 0
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("  trec              TREC question classification, 50 fine labels (text)")
    assert "train_5500.label, 335.9 kB" in lines[place + 2] and not any("penntrees" in line for line in lines)
    assert states("paper")["gutenberg"] == "by hand" and states("paper")["ewt-email"] == "fetchable"


def test_a_text_file_of_the_readers_own_takes_the_place_of_a_split(data):
    (data / "trec").mkdir(parents=True)
    (data / "trec" / "train.tsv").write_text("NUM:date\tWhen ?\n")
    trec = next(need for need in needs("course") if need.row.key == "trec")
    assert [file.name for file in trec.missing] == ["TREC_10.label"]
    (data / "trec" / "test.txt").write_text("When ?\n")
    trec = next(need for need in needs("course") if need.row.key == "trec")
    assert (trec.state, trec.remark) == ("present", "your folder")


def test_the_report_says_sizes_ways_by_hand_and_which_stand_ins_are_there(data, capsys):
    (data / "tiny-imagenet-32-no-cifar10" / "train" / "a class").mkdir(parents=True)
    assert main(["--scale", "paper"]) == 0
    text = capsys.readouterr().out
    assert "extra_32x32.mat, 1.3 GB" in text
    assert "test_lmdb.zip, size not published, not fetched: no hash is published" in text
    assert "by hand: with an account at https://image-net.org" in text
    withdrawn = text.partition("Withdrawn, never fetched")[2]
    assert "tiny-imagenet-32-no-cifar10 (present), tiny-imagenet, photo-china (embedded)" in withdrawn
    assert "tiny_images.bin" not in withdrawn


def test_a_damaged_file_is_reported_with_its_name(data):
    place = data / "downloads" / "cifar10"
    place.mkdir(parents=True)
    (place / "cifar-10-binary.tar.gz").write_bytes(b"<html>")
    damaged = next(need for need in needs("course") if need.row.key == "cifar10")
    assert damaged.state == "damaged"
    assert "cifar-10-binary.tar.gz has 6 bytes instead of 170,052,171 (it looks like a web page)" in damaged.remark


def test_fetch_gets_what_is_needed_and_then_says_present(shop, data, capsys):
    assert main(["--scale", "course", "--fetch"]) == 0
    assert (data / "downloads/shapes/shapes.zip").read_bytes() == (shop / "shapes.zip").read_bytes()
    before, after = capsys.readouterr().out.split("shapes: shapes.zip")
    assert "in 1 file. FETCH=1" in before and "Present\n  shapes" in after


def test_a_failed_fetch_makes_the_exit_status_1_and_names_the_file(shop, capsys):
    (shop / "shapes.zip").unlink()
    assert main(["--scale", "course", "--fetch"]) == 1
    text = capsys.readouterr().out
    assert "FAILED shapes: shapes.zip could not be fetched:" in text and "the server answers 404" in text


def test_a_failure_does_not_stop_the_other_fetches(shop, monkeypatch):
    asked = []

    def fetch(row, file):
        asked.append(file.name)
        raise inventory.DownloadError(file.name)

    monkeypatch.setattr(inventory, "fetch", fetch)
    assert fetch_all(needs("demo", "svhn")) == ["train_32x32.mat", "extra_32x32.mat", "test_32x32.mat"] == asked


def test_only_takes_one_set_whatever_the_scale(shop, capsys):
    assert main(["--only", "shapes", "--fetch"]) == 0
    assert "Present\n  shapes" in capsys.readouterr().out


def test_only_with_fetch_fails_for_a_set_that_comes_by_hand(capsys):
    assert main(["--only", "icons", "--fetch"]) == 1
    assert "FAILED icons cannot be fetched." in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--scale", "huge"], ["--only", "svnh"]])
def test_an_unknown_name_is_a_usage_error_that_lists_the_known_ones(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    message = capsys.readouterr().err
    assert "smoke, demo, course, paper" in message or "known are svhn, cifar10" in message
