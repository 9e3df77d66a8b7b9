import lmdb
import pytest
from genuine_files import channels_first, noise, picture, shorten, write_zip

from oe_core.data.readers import pictures
from oe_core.data.readers.pictures import read_lsun
from oe_core.data.readers.pixels import FormatError

IMAGES = [noise(16, 16, 3, seed=seed) for seed in range(3)]


def database(folder, values=None):
    """An LMDB folder with one picture a key."""
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        for number, value in enumerate(values or [picture(image) for image in IMAGES]):
            transaction.put(f"{number:040x}".encode(), value)
    return folder


def packed(folder):
    members = {f"{folder.name}/{file.name}": file.read_bytes() for file in folder.iterdir()}
    return write_zip(folder.with_name(f"{folder.name}.zip"), members)


def test_a_database_in_its_zip_is_read_in_the_order_of_its_keys_and_nothing_is_left_beside_it(tmp_path):
    path = packed(database(tmp_path / "test_lmdb"))
    before = sorted(tmp_path.rglob("*"))
    test = read_lsun(path, size=16)
    assert test.images.tolist() == [channels_first(image) for image in IMAGES]
    assert test.classes == ("test",) and test.labels.tolist() == [0, 0, 0] and test.name == "lsun"
    assert sorted(tmp_path.rglob("*")) == before


def test_several_databases_are_joined_with_a_class_a_file(tmp_path):
    folders = [database(tmp_path / "tower_val_lmdb", [picture(IMAGES[0])]), database(tmp_path / "bridge_val_lmdb")]
    val = read_lsun(*map(packed, folders), size=16, name="lsun-val")
    assert val.classes == ("bridge_val", "tower_val") and val.labels.tolist() == [1, 0, 0, 0]


def test_a_zip_without_database_and_a_truncated_zip_are_named(tmp_path):
    path = write_zip(tmp_path / "test_lmdb.zip", {"test_lmdb/readme.txt": b"none"})
    with pytest.raises(FormatError, match=r"test_lmdb\.zip: holds 0 files data\.mdb; expected one"):
        read_lsun(path, size=16)
    with pytest.raises(FormatError, match=r"bedroom_val_lmdb\.zip: truncated or damaged"):
        read_lsun(shorten(packed(database(tmp_path / "bedroom_val_lmdb")), 0.9), size=16)


def test_a_database_for_which_there_is_no_room_is_refused_with_the_way_out(tmp_path, monkeypatch):
    path, free = packed(database(tmp_path / "test_lmdb")), pictures.shutil.disk_usage(tmp_path)._replace(free=9)
    monkeypatch.setattr(pictures.shutil, "disk_usage", lambda _: free)
    with pytest.raises(FormatError, match=r"test_lmdb\.zip: .* where 9 are free; make room, or set TMPDIR"):
        read_lsun(path, size=16)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_truncated_database_is_named_before_its_pages_are_touched(tmp_path, share):
    folder = database(tmp_path / "test_lmdb")
    # LMDB reserves whole pages beyond the last one used; cut within those used.
    with lmdb.open(str(folder), readonly=True, lock=False) as environment:
        used = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    path = folder / "data.mdb"
    path.write_bytes(path.read_bytes()[: int(used * share)])
    with pytest.raises(FormatError, match=r"test_lmdb\.zip: (its data\.mdb has \d+ bytes|truncated)"):
        read_lsun(packed(folder), size=16)


def test_a_foreign_file_and_a_value_that_is_no_picture_are_named(tmp_path):
    folder = database(tmp_path / "test_lmdb", [picture(IMAGES[0]), b"not a picture"])
    with pytest.raises(FormatError, match=r"test_lmdb\.zip: 0{39}1: not a whole picture"):
        read_lsun(packed(folder), size=16)
    (folder / "data.mdb").write_bytes(bytes(20000))
    with pytest.raises(FormatError, match=r"lmdb\.zip: truncated or damaged .*; expected an LMDB of pictures"):
        read_lsun(packed(folder), size=16)


def test_an_empty_database_is_named(tmp_path):
    folder = tmp_path / "test_lmdb"
    lmdb.open(str(folder), map_size=1 << 20).close()
    with pytest.raises(FormatError, match=r"test_lmdb\.zip: holds no picture under any key"):
        read_lsun(packed(folder), size=16)
