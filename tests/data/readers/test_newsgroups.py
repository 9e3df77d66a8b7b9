import pytest
from genuine_files import shorten, write_tar

from oe_core.data.readers.newsgroups import NEWSGROUPS, read_bydate, read_no_short
from oe_core.data.readers.pixels import FormatError

POST = b"From: a@b.edu\nSubject: Re: Mac IIci 50MHz?\nLines: 2\n\nIt's a\tGOOD one, caf\xe9!\n\n-- \nJo\n"


def no_short(tmp_path, content):
    path = tmp_path / "20ng-train-no-short.txt"
    path.write_text(content)
    return path


def bydate(tmp_path, members):
    return write_tar(tmp_path / "20news-bydate.tar.gz", members)


def test_the_file_without_short_words_is_a_post_a_line(tmp_path):
    path = no_short(tmp_path, "sci.space\tthe moon \nalt.atheism\talt atheism faq\nsci.med\t\n")
    posts = read_no_short(path)
    assert posts.texts == ("the moon", "alt atheism faq") and posts.classes == NEWSGROUPS
    assert [posts.classes[label] for label in posts.labels] == ["sci.space", "alt.atheism"]
    assert len(set(NEWSGROUPS)) == 20 and posts.name == "20newsgroups"


def test_a_line_without_tab_or_of_another_group_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"no-short\.txt line 2 is 'sci\.space the moon'; expected label<TAB>text"):
        read_no_short(no_short(tmp_path, "sci.med\tdoctor\nsci.space the moon\n"))
    with pytest.raises(FormatError, match=r"no-short\.txt line 3 is of the group 'sci\.bio'; expected one of alt\.ath"):
        read_no_short(no_short(tmp_path, "sci.med\tdoctor\n\nsci.bio\tcells\n"))


def test_posts_by_date_keep_subject_and_body_as_long_lower_case_words(tmp_path):
    members = {
        "20news-bydate-test/sci.med/1": b"Subject: another split\n\nwords\n",
        "20news-bydate-train/comp.sys.mac.hardware/2": POST,
        "20news-bydate-train/sci.med/3": b"From: nobody\n\nNo.\n",
    }
    posts = read_bydate(bydate(tmp_path, members), "train")
    assert posts.texts == ("mac iici mhz good one caf",)
    assert [posts.classes[label] for label in posts.labels] == ["comp.sys.mac.hardware"]
    assert posts.name == "20news-bydate"


def test_an_unknown_group_a_missing_split_and_a_truncated_archive_are_named(tmp_path):
    path = bydate(tmp_path, {"20news-bydate-train/sci.bio/1": POST})
    with pytest.raises(FormatError, match=r"tar\.gz: 20news-bydate-train/sci\.bio/1 is of no group of the twenty"):
        read_bydate(path, "train")
    with pytest.raises(FormatError, match=r"tar\.gz: holds no text; expected posts in 20news-bydate-test/<group>/"):
        read_bydate(path, "test")
    with pytest.raises(FormatError, match=r"tar\.gz: truncated or damaged"):
        read_bydate(shorten(path, 0.5), "train")
