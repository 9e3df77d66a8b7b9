import pytest
from genuine_files import shorten, write_zip

from oe_core.data.readers.corpora import characters, read_ptb, read_wikitext
from oe_core.data.readers.pixels import FormatError

PAGE = b" \n = Homarus gammarus = \n \n The <unk> lobster is state @-@ owned . \n"


def wikitext(tmp_path, content=PAGE, split="valid"):
    return write_zip(tmp_path / "wikitext-2-v1.zip", {f"wikitext-2/wiki.{split}.tokens": content})


def test_paragraphs_and_headings_keep_their_spaces_and_blank_lines_are_dropped(tmp_path):
    valid = read_wikitext(wikitext(tmp_path), "valid")
    assert valid.texts == (" = Homarus gammarus = ", " The <unk> lobster is state @-@ owned . ")
    assert (valid.name, valid.classes, valid.origin) == ("wikitext-2", ("unlabelled",), "catalog")


def test_a_missing_split_an_empty_one_and_a_truncated_zip_are_named(tmp_path):
    with pytest.raises(FormatError, match=r"wikitext-2-v1\.zip: has no member wiki\.test\.tokens"):
        read_wikitext(wikitext(tmp_path), "test")
    with pytest.raises(FormatError, match=r"wiki\.valid\.tokens: holds no text; expected one paragraph a line"):
        read_wikitext(wikitext(tmp_path, b" \n"), "valid")
    with pytest.raises(FormatError, match=r"wikitext-2-v1\.zip: truncated or damaged"):
        read_wikitext(shorten(wikitext(tmp_path), 0.7), "valid")


def test_a_wrong_byte_is_named_by_member_and_line(tmp_path):
    with pytest.raises(FormatError, match=r"v1\.zip: wiki\.valid\.tokens line 2 holds the byte 0xFF"):
        read_wikitext(wikitext(tmp_path, b" a \n \xff \n"), "valid")


def test_ptb_is_a_sentence_a_line(tmp_path):
    path = tmp_path / "ptb.test.txt"
    path.write_text(" no it was n't <unk> monday \n but N % \n")
    assert read_ptb(path).texts == (" no it was n't <unk> monday ", " but N % ")
    path.write_bytes(b"")
    with pytest.raises(FormatError, match=r"ptb\.test\.txt: holds no text"):
        read_ptb(path)


def test_characters_by_hand():
    assert characters([" no it \n", " <unk> N "]) == "n o _ i t \n < u n k > _ N \n "


def test_characters_of_no_line_are_none():
    assert characters([]) == ""
