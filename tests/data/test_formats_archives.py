import io
import tarfile

import pytest
from genuine_files import write_tar, write_zip

from oe_core.data.formats_archives import opened_zip, tar_members, zip_text
from oe_core.data.formats_pixels import FormatError


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


def test_an_absent_archive_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(tar_members(tmp_path / "absent.tar", lambda name: True))


def test_zip_text_finds_the_member_at_any_depth_by_whole_parts_of_its_path(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"root/not_wnids.txt": b"wrong", "root/wnids.txt": b"right"})
    with opened_zip(path) as archive:
        assert zip_text(path, archive, "wnids.txt") == "right"
