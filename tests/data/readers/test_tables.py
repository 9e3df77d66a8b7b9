import pytest
from genuine_files import shorten, write_tar, write_zip

from oe_core.data.readers.pixels import FormatError
from oe_core.data.readers.tables import read_multi30k, read_snli, read_yelp

HEADER = "gold_label\tsentence1_parse\tsentence1\tsentence2\tpairID"


def snli(tmp_path, *rows, header=HEADER):
    content = "".join(f"{row}\n" for row in (header, *rows)).encode()
    # As its owner publishes it, with the hidden files of a Mac.
    members = {"__MACOSX/snli_1.0/._snli_1.0_test.txt": b"\0\5", "snli_1.0/snli_1.0_test.txt": content}
    return write_zip(tmp_path / "snli_1.0.zip", members)


def yelp(tmp_path, content, member="yelp_review_full_csv/test.csv"):
    members = {"yelp_review_full_csv/readme.txt": b"Yelp", member: content.encode()}
    return write_tar(tmp_path / "yelp_review_full_csv.tgz", members)


def multi30k(tmp_path, content):
    path = tmp_path / "train.txt"
    path.write_bytes(content)
    return path


def test_snli_gives_hypotheses_of_pairs_with_a_gold_label(tmp_path):
    path = snli(
        tmp_path,
        'neutral\t(ROOT)\tTwo dogs run.\tThe dogs are "racing".\tx1',
        "-\t(ROOT)\tTwo dogs run.\tNobody knows.\tx2",
        "contradiction\t(ROOT)\tTwo dogs run.\tThe dogs sleep.\tx3",
    )
    test = read_snli(path)
    assert test.texts == ('The dogs are "racing".', "The dogs sleep.") and test.classes == ("unlabelled",)


@pytest.mark.parametrize(
    "row", ["neutral\t(ROOT)\tcut off", "maybe\t(ROOT)\ta\tb\tx", "neutral\t(ROOT)\ta\t \tx", "<html>"]
)
def test_a_damaged_row_of_snli_is_named_by_member_and_line(tmp_path, row):
    path = snli(tmp_path, "neutral\t(ROOT)\ta\tb\tx1", row)
    with pytest.raises(FormatError, match=r"snli_1\.0\.zip: snli_1\.0_test\.txt line 3 is .*; expected a gold label"):
        read_snli(path)


def test_a_missing_column_member_or_pair_of_snli_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"snli_1\.0_test\.txt line 1 has no column sentence2; expected gold_label"):
        read_snli(snli(tmp_path, header="gold_label\tsentence1"))
    with pytest.raises(FormatError, match=r"snli_1\.0\.zip: has no member snli_1\.0_test\.txt"):
        read_snli(write_zip(tmp_path / "snli_1.0.zip", {"snli_1.0/snli_1.0_dev.txt": b""}))
    with pytest.raises(FormatError, match=r"snli_1\.0_test\.txt: holds no text; expected pairs with a gold label"):
        read_snli(snli(tmp_path))
    with pytest.raises(FormatError, match=r"snli_1\.0\.zip: truncated or damaged"):
        read_snli(shorten(snli(tmp_path), 0.8))


def test_yelp_undoes_doubled_quotes_and_written_line_breaks(tmp_path):
    path = yelp(tmp_path, '"5","So ""fresh"",\\n\\nand near."\n"1","No."\n"2"," \\n"\n')
    test = read_yelp(path)
    assert test.texts == ('So "fresh", and near.', "No.")
    assert test.classes == ("1", "2", "3", "4", "5") and test.labels.tolist() == [4, 0]


@pytest.mark.parametrize("row", ['"6","Too good."', '"1"', '"1","two","three"', '"1","left open'])
def test_a_damaged_row_of_yelp_is_named_by_member_and_line(tmp_path, row):
    with pytest.raises(FormatError, match=r"csv\.tgz: test\.csv line \d is .*; expected"):
        read_yelp(yelp(tmp_path, f'"1","No."\n{row}\n'))


def test_a_missing_or_empty_member_and_a_truncated_archive_of_yelp_are_named(tmp_path):
    with pytest.raises(FormatError, match=r"csv\.tgz: has no member test\.csv"):
        read_yelp(yelp(tmp_path, '"1","No."\n', member="yelp_review_full_csv/train.csv"))
    with pytest.raises(FormatError, match=r"csv\.tgz: test\.csv: holds no text"):
        read_yelp(yelp(tmp_path, ""))
    with pytest.raises(FormatError, match=r"csv\.tgz: truncated or damaged"):
        read_yelp(shorten(yelp(tmp_path, '"1","No."\n'), 0.5))


def test_captions_lose_the_quotation_marks_of_their_table_only(tmp_path):
    path = multi30k(tmp_path, b'"two young , white males ."\r\na girl .\r\n"a sign says "" go "" ."\r\n')
    assert read_multi30k(path).texts == ("two young , white males .", "a girl .", 'a sign says " go " .')


@pytest.mark.parametrize(
    "row, found",
    [
        (b"a man , a dog", r"line 2 has 2 fields, 'a man , a dog'; expected one caption"),
        (b'"left open', "line 2 is no row of comma-separated values .*; expected fields in quotation marks"),
        (b"\xff", "line 2 holds the byte 0xFF"),
    ],
)
def test_a_damaged_caption_is_named_by_its_line(tmp_path, row, found):
    with pytest.raises(FormatError, match=rf"train\.txt {found}"):
        read_multi30k(multi30k(tmp_path, b"a girl .\n" + row + b"\n"))


def test_a_file_without_captions_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"train\.txt: holds no text; expected one caption a line"):
        read_multi30k(multi30k(tmp_path, b"\r\n"))
