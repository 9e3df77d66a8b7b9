import pytest
from genuine_files import shorten, write_tar, write_zip

from oe_core.data.readers.labelled import (
    NEWSGROUPS,
    TREC_CLASSES,
    read_bydate,
    read_imdb,
    read_no_short,
    read_sst,
    read_trec,
)
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


def label_file(tmp_path, *lines: bytes):
    path = tmp_path / "TREC_10.label"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def test_questions_keep_case_and_get_their_fine_label(tmp_path):
    path = label_file(tmp_path, b"NUM:dist How far is it from Denver to Aspen ?", b"ABBR:exp What does NASA mean ?")
    questions = read_trec(path)
    assert questions.texts == ("How far is it from Denver to Aspen ?", "What does NASA mean ?")
    assert [questions.classes[label] for label in questions.labels] == ["NUM:dist", "ABBR:exp"]
    assert (questions.name, questions.origin) == ("trec", "catalog")


def test_there_are_fifty_fine_classes_whichever_occur(tmp_path):
    questions = read_trec(label_file(tmp_path, b"LOC:city Where ?"))
    assert len(set(TREC_CLASSES)) == 50 and questions.classes == TREC_CLASSES
    assert list(TREC_CLASSES) == sorted(TREC_CLASSES)


def test_the_one_odd_byte_of_the_original_is_a_latin_1_letter(tmp_path):
    questions = read_trec(label_file(tmp_path, b"LOC:city What is the sister\xf0city ?"))
    assert questions.texts == ("What is the sister\u00f0city ?",)


@pytest.mark.parametrize("line", [b"NUM:age How old ?", b"NUM How old ?", b"NUM:date", b"NUM:date ", b"<html>"])
def test_an_unknown_label_or_a_missing_question_is_named_by_its_line(tmp_path, line):
    path = label_file(tmp_path, b"LOC:city Where ?", b"", line)
    with pytest.raises(FormatError, match=r"TREC_10\.label line 3 is '.*'; expected `COARSE:fine question` with"):
        read_trec(path)


def test_an_empty_file_of_questions_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"TREC_10\.label: holds no text; expected `COARSE:fine question`"):
        read_trec(label_file(tmp_path))


GOOD = "(3 (2 It) (4 (2 's) (4 lovely)))"
NEUTRAL = "(2 (2 A) (2 film))"
BAD = "(0 (2 -LRB-) (1 (1 Bad) (2 -RRB-)))"


def trees(tmp_path, *lines, split="dev"):
    content = "".join(f"{line}\n" for line in lines).encode()
    return write_zip(tmp_path / "trainDevTestTrees_PTB.zip", {"trees/": b"", f"trees/{split}.txt": content})


def test_roots_below_two_are_negative_above_two_positive_and_neutral_ones_left_out(tmp_path):
    path = trees(tmp_path, GOOD, NEUTRAL, BAD, "(1 (2 No))", "(4 (2 Yes))")
    dev = read_sst(path, "dev")
    assert dev.texts == ("It 's lovely", "( Bad )", "No", "Yes")
    assert dev.classes == ("negative", "positive") and dev.labels.tolist() == [1, 0, 0, 1]
    assert (dev.name, dev.origin) == ("sst", "catalog")


def test_slashes_are_unescaped_and_numbers_may_be_words(tmp_path):
    path = trees(tmp_path, r"(4 (2 8\/10) (4 (2 and\/or) (2 2)))")
    assert read_sst(path, "dev").texts == ("8/10 and/or 2",)


def test_a_no_break_space_is_part_of_its_word(tmp_path):
    assert read_sst(trees(tmp_path, "(1 (2 2\u00a01\\/2) (2 stars))"), "dev").texts == ("2\u00a01/2 stars",)


@pytest.mark.parametrize(
    "line, found",
    [
        ("(3 (2 It) (4 good)", "is not one whole tree"),
        ("(3 (2 It)) (4 good))", "is not one whole tree"),
        ("(5 (2 It))", "has '5' where a label must stand"),
        ("(It)", "has 'It' where a label must stand"),
        ("((2 It))", r"has '\(' where a label must stand"),
        ("It is good", "is not one whole tree"),
        ("(3)", "is not one whole tree"),
        (")", "is not one whole tree"),
    ],
)
def test_a_tree_that_is_not_whole_is_named_by_member_and_line(tmp_path, line, found):
    with pytest.raises(FormatError, match=rf"PTB\.zip: trees/dev\.txt line 2 ({found}).*expected"):
        read_sst(trees(tmp_path, GOOD, line), "dev")


def test_a_missing_or_empty_member_and_a_truncated_zip_are_named(tmp_path):
    with pytest.raises(FormatError, match=r"PTB\.zip: has no member trees/test\.txt"):
        read_sst(trees(tmp_path, GOOD), "test")
    for lines in ((), (NEUTRAL,)):
        with pytest.raises(FormatError, match=r"trees/dev\.txt: holds no text; expected one tree a line"):
            read_sst(trees(tmp_path, *lines), "dev")
    with pytest.raises(FormatError, match=r"PTB\.zip: truncated or damaged"):
        read_sst(shorten(trees(tmp_path, GOOD), 0.7), "dev")


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


def test_a_missing_folder_of_reviews_is_named(tmp_path):
    members = {name: content for name, content in REVIEWS.items() if "/pos/" not in name}
    with pytest.raises(FormatError, match=r"v1\.tar\.gz: holds no review under aclImdb/test/pos/"):
        read_imdb(archive(tmp_path, members))


@pytest.mark.parametrize("content, found", [(b" ", "is empty"), (b"caf\xe9", "line 1 holds the byte 0xE9")])
def test_a_damaged_review_is_named(tmp_path, content, found):
    members = REVIEWS | {"aclImdb/test/neg/1_1.txt": content}
    with pytest.raises(FormatError, match=rf"v1\.tar\.gz: aclImdb/test/neg/1_1\.txt {found}"):
        read_imdb(archive(tmp_path, members))


def test_a_truncated_archive_of_reviews_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"v1\.tar\.gz: truncated or damaged"):
        read_imdb(shorten(archive(tmp_path, REVIEWS), 0.5))
