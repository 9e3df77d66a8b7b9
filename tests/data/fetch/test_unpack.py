import gzip
import io
import os
import random
import stat
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from oe_core.data.fetch import unpack as unpack_module
from oe_core.data.fetch.unpack import UnpackError, unpack, unpacked_folder

NOISE = random.Random(0).randbytes(20000)  # does not compress


def tar_of(path, *members):
    """A tar of (name, content) files and ready TarInfo members."""
    mode = {"gz": "w:gz", "tgz": "w:gz", "xz": "w:xz"}.get(path.name.rpartition(".")[2], "w")
    with tarfile.open(path, mode) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def zip_of(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def tar_member(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def entries(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".tar.xz", ".zip"])
def test_members_land_in_a_folder_beside_the_archive(tmp_path, suffix):
    build = zip_of if suffix == ".zip" else tar_of
    archive = build(tmp_path / f"set{suffix}", ("set/a.txt", b"alpha"), ("set/deep/b.bin", bytes(5000)))
    assert unpack(archive) == tmp_path / "set"
    assert (tmp_path / "set/set/a.txt").read_bytes() == b"alpha"
    assert (tmp_path / "set/set/deep/b.bin").read_bytes() == bytes(5000)
    assert entries(tmp_path) == ["set", f"set{suffix}"]


def test_folders_given_as_members_are_made(tmp_path):
    archive = tar_of(tmp_path / "set.tar", tar_member("empty", tarfile.DIRTYPE), ("full/a", b"a"))
    assert sorted(path.name for path in unpack(archive).iterdir()) == ["empty", "full"]
    archive = zip_of(tmp_path / "other.zip", ("empty/", b""), ("full/a", b"a"))
    assert sorted(path.name for path in unpack(archive).iterdir()) == ["empty", "full"]


def test_an_unpacked_archive_is_not_unpacked_again(tmp_path):
    archive = zip_of(tmp_path / "set.zip", ("a.txt", b"alpha"))
    (unpack(archive) / "a.txt").write_text("changed")
    archive.unlink()
    assert (unpack(archive) / "a.txt").read_text() == "changed"


def test_two_callers_unpack_once_and_both_get_the_folder(tmp_path):
    archive = zip_of(tmp_path / "set.zip", *((f"{i}.txt", b"x") for i in range(50)))
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(unpack, [archive, archive])) == [tmp_path / "set"] * 2
    assert entries(tmp_path) == ["set", "set.zip"] and len(list((tmp_path / "set").iterdir())) == 50


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "C:\\evil", "c:/evil", "a\\..\\b"]
)
@pytest.mark.parametrize("build, suffix", [(tar_of, ".tar.gz"), (zip_of, ".zip")], ids=["tar", "zip"])
def test_a_member_that_leads_out_is_refused_by_name_before_anything_is_written(tmp_path, build, suffix, name):
    archive = build(tmp_path / f"set{suffix}", ("good.txt", b"good"), (name, b"evil"))
    with pytest.raises(UnpackError) as caught:
        unpack(archive)
    assert repr(name) in str(caught.value) and "nothing was unpacked" in str(caught.value)
    assert entries(tmp_path) == [f"set{suffix}"] and not (tmp_path.parent / "evil.txt").exists()


@pytest.mark.parametrize(
    "kind, word",
    [
        (tarfile.SYMTYPE, "link"),
        (tarfile.LNKTYPE, "link"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "device"),
        (tarfile.FIFOTYPE, "device"),
    ],
)
def test_links_and_devices_in_a_tar_are_refused_by_name(tmp_path, kind, word):
    archive = tar_of(tmp_path / "set.tar", ("good.txt", b"good"), tar_member("odd", kind, "/etc/passwd"))
    with pytest.raises(UnpackError, match=f"holds the {word} 'odd'; only files and folders are unpacked"):
        unpack(archive)
    assert entries(tmp_path) == ["set.tar"]


def test_a_link_in_a_zip_is_refused_by_name(tmp_path):
    archive = zip_of(tmp_path / "set.zip", ("good.txt", b"good"), (zip_link("odd"), "/etc/passwd"))
    with pytest.raises(UnpackError, match="holds the link 'odd'"):
        unpack(archive)
    assert entries(tmp_path) == ["set.zip"]


def test_a_name_given_twice_is_refused(tmp_path):
    archive = tar_of(tmp_path / "set.tar", ("a.txt", b"first"), ("./a.txt", b"second"))
    with pytest.raises(UnpackError, match=r"holds './a.txt' twice"):
        unpack(archive)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.xz", ".zip"])
def test_a_truncated_archive_is_named_and_leaves_nothing(tmp_path, suffix):
    archive = (zip_of if suffix == ".zip" else tar_of)(tmp_path / f"set{suffix}", ("a.bin", NOISE))
    archive.write_bytes(archive.read_bytes()[: len(NOISE) // 2])
    with pytest.raises(UnpackError, match=rf"set{suffix} is damaged"):
        unpack(archive)
    assert entries(tmp_path) == [f"set{suffix}"]


@pytest.mark.parametrize("suffix", [".tar.xz", ".zip"])
def test_an_archive_with_a_flipped_byte_is_named_and_leaves_nothing(tmp_path, suffix):
    archive = (zip_of if suffix == ".zip" else tar_of)(tmp_path / f"set{suffix}", ("a.bin", NOISE))
    raw = bytearray(archive.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    archive.write_bytes(raw)
    with pytest.raises(UnpackError, match=rf"set{suffix} is damaged"):
        unpack(archive)
    assert entries(tmp_path) == [f"set{suffix}"]


def test_an_archive_larger_than_the_disk_is_refused(tmp_path, monkeypatch):
    archive = zip_of(tmp_path / "set.zip", ("a.bin", bytes(10**6)))
    monkeypatch.setattr(unpack_module.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(UnpackError, match="unpacks to 1,000,000 bytes, 1,000 are free"):
        unpack(archive)


def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack_module, "FLOOR", 5000)
    for build, suffix in ((tar_of, ".tar.gz"), (tar_of, ".tar.xz"), (zip_of, ".zip")):
        archive = build(tmp_path / f"set{suffix}", ("a.bin", bytes(10**6)))
        with pytest.raises(
            UnpackError, match=r"unpacks to 1,0\d\d,\d+ bytes or more; expected at most [\d,]+, as it has"
        ):
            unpack(archive)
        assert entries(tmp_path) == [f"set{suffix}"]
        archive.unlink()


def test_an_archive_of_very_many_members_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack_module, "MOST_UNPACKED", 9)
    for build, suffix in ((tar_of, ".tar"), (zip_of, ".zip")):
        archive = build(tmp_path / f"set{suffix}", *((str(number), b"") for number in range(10)))
        with pytest.raises(UnpackError, match="holds more than 9 members; nothing was unpacked"):
            unpack(archive)


def test_an_extended_header_that_claims_gigabytes_is_refused_before_it_is_read(tmp_path):
    huge = tar_member("x", tarfile.XHDTYPE)
    huge.size = 3 * 10**9
    archive = tmp_path / "set.tar.gz"
    archive.write_bytes(gzip.compress(huge.tobuf() + bytes(2048)))
    with pytest.raises(UnpackError, match="a header claims 3,000,000,000 bytes, allowed are 0 to 65,536"):
        unpack(archive)


def test_a_member_of_negative_length_is_refused(tmp_path):
    archive = tar_of(tmp_path / "set.tar", ("a.txt", b"alpha"))
    raw = bytearray(archive.read_bytes())
    raw[124:136] = b"\xff" * 11 + b"\x00"  # minus 256, in base 256
    raw[148:156] = b" " * 8
    raw[148:155] = b"%06o\0" % sum(raw[:512])
    archive.write_bytes(raw)
    with pytest.raises(UnpackError, match="a header claims -256 bytes"):
        unpack(archive)


@pytest.mark.parametrize("build, suffix", [(tar_of, ".tar"), (zip_of, ".zip")], ids=["tar", "zip"])
@pytest.mark.parametrize(
    "members, found",
    [
        ([("a", b"x"), ("a/b", b"y")], r"cannot be unpacked \((NotADirectory|FileExists)Error"),
        ([("a/b", b"y"), ("a", b"x")], r"cannot be unpacked \(FileExistsError"),
        ([(".", b"x")], r"holds '.' as a file, which is no name"),
        ([("n" * 300, b"x")], r"cannot be unpacked \(OSError: .*File name too long"),
    ],
)
def test_names_that_cannot_be_files_are_refused_in_its_own_error(tmp_path, build, suffix, members, found):
    archive = build(tmp_path / f"set{suffix}", *members)
    with pytest.raises(UnpackError, match=rf"set{suffix} .*{found}"):
        unpack(archive)
    assert entries(tmp_path) == [f"set{suffix}"]


@pytest.mark.parametrize(
    "place, value, found",
    [(6, 1, "RuntimeError: .*encrypted"), (8, 97, "NotImplementedError: .*compression method")],
)
def test_an_encrypted_member_and_an_unknown_compression_are_refused(tmp_path, place, value, found):
    archive = zip_of(tmp_path / "set.zip", ("a.bin", NOISE))
    raw = bytearray(archive.read_bytes())
    raw[place] = raw[raw.index(b"PK\1\2") + place + 2] = value  # once before the member, once in the list of members
    archive.write_bytes(raw)
    with pytest.raises(UnpackError, match=rf"set\.zip .*cannot be unpacked \({found}"):
        unpack(archive)
    assert entries(tmp_path) == ["set.zip"]


def test_a_tar_cut_off_between_two_members_is_damaged(tmp_path):
    archive = tar_of(tmp_path / "set.tar", ("a.txt", b"alpha"), ("b.txt", b"beta"))
    archive.write_bytes(archive.read_bytes()[:1024])
    with pytest.raises(UnpackError, match=r"set\.tar is damaged .*no end mark after its last member"):
        unpack(archive)


def test_what_is_no_regular_file_is_refused_and_odd_characters_are_shown(tmp_path):
    os.mkfifo(tmp_path / "pipe\x1b[2J.tar")
    for name in ("pipe\x1b[2J.tar", "absent\x1b[2J.zip"):
        with pytest.raises(UnpackError, match=r"\\x1b\[2J\.(tar|zip) is no regular file; put the archive there"):
            unpack(tmp_path / name)


def test_an_unknown_kind_of_archive_lists_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match=r"set\.rar' is no archive that the book unpacks; allowed are \.tar\.gz, "):
        unpacked_folder(tmp_path / "set.rar")
