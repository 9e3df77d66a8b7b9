import io
import tarfile

import pytest
from genuine_files import write_tar, write_zip

from oe_core.data.readers.archives import opened_zip, tar_member, tar_members, zip_member
from oe_core.data.readers.pixels import FormatError


def test_tar_members_are_the_wanted_plain_files_and_links_are_passed_over(tmp_path):
    path = write_tar(tmp_path / "a.tar", {"x/one.bin": b"1", "x/two.txt": b"2"})
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("x/link.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("x/empty.bin"), io.BytesIO())
    members = list(tar_members(path, lambda name: name.endswith(".bin")))
    assert members == [("x/one.bin", b"1"), ("x/empty.bin", b"")]


def test_a_web_page_saved_as_an_archive_is_named(tmp_path):
    page = tmp_path / "dtd.tar.gz"
    page.write_bytes(b"<html>moved</html>" * 100)
    with pytest.raises(FormatError, match=r"dtd\.tar\.gz: truncated or damaged .*; expected a whole tar archive"):
        list(tar_members(page, lambda name: True))
    with pytest.raises(FormatError, match=r"dtd\.tar\.gz: truncated or damaged .*; expected a whole zip archive"):
        with opened_zip(page):
            pass


def test_a_tar_with_a_lone_block_of_zeros_at_its_end_is_whole(tmp_path):
    path = write_tar(tmp_path / "a.tar", {"one.txt": b"1", "two.txt": b"2"})
    path.write_bytes(path.read_bytes()[: 2 * 1024 + 512])
    assert list(tar_members(path, lambda name: True)) == [("one.txt", b"1"), ("two.txt", b"2")]


def test_an_absent_archive_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(tar_members(tmp_path / "absent.tar", lambda name: True))


@pytest.mark.parametrize("write, member", [(write_zip, zip_member), (write_tar, tar_member)])
def test_a_member_is_found_at_any_depth_by_whole_parts_of_its_path(tmp_path, write, member):
    path = write(tmp_path / "a", {"root/not_wnids.txt": b"wrong", "root/wnids.txt": b"right"})
    assert (member(path, "wnids.txt"), member(path, "not_wnids.txt")) == (b"right", b"wrong")


@pytest.mark.parametrize("write, member", [(write_zip, zip_member), (write_tar, tar_member)])
def test_a_member_that_an_archive_lacks_is_named(tmp_path, write, member):
    path = write(tmp_path / "a", {"root/not_wnids.txt": b"wrong"})
    with pytest.raises(FormatError, match=r"a: has no member wnids\.txt; expected"):
        member(path, "wnids.txt")
