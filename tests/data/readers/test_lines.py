import gzip

import pytest
from genuine_files import shorten

from oe_core.data.readers.lines import decoded, file_bytes, labelled_lines, one_line, read_lines, split_lines
from oe_core.data.readers.pixels import FormatError


def test_lines_are_kept_as_they_are_and_blank_ones_dropped(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text(" = Title = \n \n\nA line , with Case .\n", newline="")
    texts = read_lines(path, "mine")
    assert texts.texts == (" = Title = ", "A line , with Case .")
    assert (texts.classes, texts.labels.tolist(), texts.origin) == (("unlabelled",), [0, 0], "catalog")


def test_line_ends_of_windows_and_a_byte_order_mark_are_no_part_of_a_text(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    assert read_lines(path, "mine", origin="folder").texts == ("one", "two")


def test_only_newlines_part_lines():
    assert split_lines("a\u2028b\x85c\x0bd\n\ne".encode(), "here") == ["a\u2028b\x85c\x0bd", "", "e"]
    assert split_lines(b"", "here") == []


def test_a_gzipped_file_is_read_and_a_truncated_one_named(tmp_path):
    path = tmp_path / "texts.txt.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n" * 100))
    assert len(read_lines(path, "mine")) == 200
    with pytest.raises(FormatError, match=r"texts\.txt\.gz: truncated or damaged .*; expected a whole gzip file"):
        file_bytes(shorten(path, 0.5))
    path.write_bytes(b"one\ntwo\n")
    with pytest.raises(FormatError, match=r"texts\.txt\.gz: truncated or damaged .*; expected a whole gzip file"):
        file_bytes(path)


def test_an_absent_file_is_not_called_damaged(tmp_path):
    for name in ("absent.txt", "absent.txt.gz"):
        with pytest.raises(FileNotFoundError):
            file_bytes(tmp_path / name)


def test_another_encoding_is_named_with_line_and_byte(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_bytes("fine\ncafé\n".encode("latin-1"))
    with pytest.raises(FormatError, match=r"texts\.txt line 2 holds the byte 0xE9, which is no UTF-8; expected text"):
        read_lines(path, "mine")
    assert decoded(b"caf\xe9", "here", "latin-1") == "café"


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_named(tmp_path, content):
    (tmp_path / "texts.txt").write_bytes(content)
    with pytest.raises(FormatError, match=r"texts\.txt: holds no text; expected one example a line"):
        read_lines(tmp_path / "texts.txt", "mine")


def test_labelled_lines_part_at_the_first_tab_and_keep_the_number_of_the_line(tmp_path):
    path = tmp_path / "texts.tsv"
    path.write_text("a\tone\ttwo\n\n b \t\n")
    assert labelled_lines(path) == [(1, "a", "one\ttwo"), (3, "b", "")]


@pytest.mark.parametrize("line", ["no tab", "\tno label"])
def test_a_line_without_tab_or_label_is_named(tmp_path, line):
    path = tmp_path / "texts.tsv"
    path.write_text(f"a\tone\n{line}\n")
    with pytest.raises(FormatError, match=r"texts\.tsv line 2 is '.*'; expected label<TAB>text"):
        labelled_lines(path)


def test_a_long_line_is_cut_in_messages_and_a_text_made_one_line(tmp_path):
    path = tmp_path / "texts.tsv"
    path.write_text("x" * 1000)
    with pytest.raises(FormatError) as error:
        labelled_lines(path)
    assert len(str(error.value)) < len(str(path)) + 150
    assert one_line(" two\n\n  lines ") == "two lines"
