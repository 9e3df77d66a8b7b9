import pytest
from genuine_files import shorten, write_tar

from oe_core.data.readers.imdb import read_imdb
from oe_core.data.readers.pixels import FormatError

REVIEWS = {
    "aclImdb/README": b"about",
    "aclImdb/test/neg/0_2.txt": b"Once again<br /><br />Mr. Costner. ",
    "aclImdb/test/pos/0_10.txt": "Très bon<br>film".encode(),
    "aclImdb/train/pos/0_9.txt": b"another split",
    "aclImdb/test/urls_pos.txt": b"http://www.imdb.com",
}


def archive(tmp_path, members):
    return write_tar(tmp_path / "aclImdb_v1.tar.gz", members)


def test_the_reviews_of_the_split_are_labelled_by_their_folder_with_breaks_as_spaces(tmp_path):
    test = read_imdb(archive(tmp_path, REVIEWS))
    assert test.texts == ("Once again Mr. Costner.", "Très bon film")
    assert test.classes == ("neg", "pos") and test.labels.tolist() == [0, 1] and test.name == "imdb"


def test_a_missing_folder_is_named(tmp_path):
    members = {name: content for name, content in REVIEWS.items() if "/pos/" not in name}
    with pytest.raises(FormatError, match=r"v1\.tar\.gz: holds no review under aclImdb/test/pos/"):
        read_imdb(archive(tmp_path, members))


@pytest.mark.parametrize("content, found", [(b" ", "is empty"), (b"caf\xe9", "line 1 holds the byte 0xE9")])
def test_a_damaged_review_is_named(tmp_path, content, found):
    members = REVIEWS | {"aclImdb/test/neg/1_1.txt": content}
    with pytest.raises(FormatError, match=rf"v1\.tar\.gz: aclImdb/test/neg/1_1\.txt {found}"):
        read_imdb(archive(tmp_path, members))


def test_a_truncated_archive_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"v1\.tar\.gz: truncated or damaged"):
        read_imdb(shorten(archive(tmp_path, REVIEWS), 0.5))
