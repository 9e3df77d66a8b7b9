"""Tables to learn from: what is read of them, and what is refused before a text is lost or invented."""

import gzip

import pandas as pd
import pytest

from oe_core.data.readers.pixels import FormatError
from oe_core.detector.given import given


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("label,text\na,hello, dear world\n", "line 2 has 3 fields, the heading 2; put a text that holds a comma"),
        ("label,text\na,hi\nb\n", "line 3 has 1 fields, the heading 2"),
        ('label,text\na,"hello\nb,bye\n', "is no table"),
        ("label,text,text\na,b,c\n", "has 2 columns named 'text'"),
        ("label,text\na,\nb,bye\n", "the text of row 1 is missing"),
    ],
)
def test_a_table_that_would_lose_or_invent_text_is_refused(tmp_path, content, said):
    (tmp_path / "table.csv").write_text(content)
    with pytest.raises(ValueError, match=said):
        given(tmp_path / "table.csv", "in_dist")


def test_a_quoted_text_of_a_table_keeps_its_lines_and_commas(tmp_path):
    (tmp_path / "table.csv").write_text('label,text\na,"first, line\nsecond\n\nfourth"\n\n  \nb,bye\n')
    texts = given(tmp_path / "table.csv", "in_dist").load("in_dist")
    assert texts.texts == ("first, line\nsecond\n\nfourth", "bye")


def test_what_a_table_has_where_it_has_nothing_is_no_text_and_no_label():
    for nothing in (None, float("nan"), pd.NA, pd.NaT, ""):
        with pytest.raises(ValueError, match="the text of row 2 is missing, of 1 that are"):
            given(pd.DataFrame({"text": ["one", nothing], "label": ["a", "b"]}), "in_dist")
        with pytest.raises(ValueError, match=r"labels\[1\] is missing"):
            given(["one", "two"], "in_dist", ["a", nothing])
    assert given(["one", "two"], "in_dist", ["nan", "None"]).load("x").classes == ("None", "nan")


@pytest.mark.parametrize(
    ("heading", "hint"),
    [("label;text", "fields are parted by ';', expected are commas"), ("text,path", "leave the other out")],
)
def test_a_heading_that_nearly_fits_is_told_what_is_missing(tmp_path, heading, hint):
    (tmp_path / "table.csv").write_text(f"{heading}\n{'a' if ';' in heading else 'a,b'}\n")
    with pytest.raises(ValueError, match=hint):
        given(tmp_path / "table.csv", "in_dist")


def test_a_table_may_be_gzipped(tmp_path):
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(b"label,text\na,one\nb,two\n"))
    assert given(tmp_path / "table.csv.gz", "in_dist").load("in_dist").texts == ("one", "two")


@pytest.mark.parametrize(("wrong", "said"), [(b"b,caf\xe9\n", "the byte 0xE9"), (b"b,\0\n", "the byte 0x00")])
def test_a_table_is_refused_with_the_line_that_is_no_text(tmp_path, wrong, said):
    (tmp_path / "table.csv").write_bytes(b'label,text\r\na,"one\r\ntwo"\r\n' + wrong)
    with pytest.raises(FormatError, match=rf"table.csv line 4 holds {said}, which is no text in UTF-8; save it so"):
        given(tmp_path / "table.csv", "in_dist")


def test_a_small_table_that_unpacks_to_a_large_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("oe_core.data.readers.bounds.FLOOR", 1 << 10)
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(b"label,text\n" + b"a,bbbbbbbbbbbbbbbbbbbbbbbbbbb\n" * 9_000))
    with pytest.raises(FormatError, match="table.csv.gz: unpacks to more than"):
        given(tmp_path / "table.csv.gz", "in_dist")
