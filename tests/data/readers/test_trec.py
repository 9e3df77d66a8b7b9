import pytest

from oe_core.data.readers.pixels import FormatError
from oe_core.data.readers.trec import TREC_CLASSES, read_trec


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


def test_an_empty_file_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"TREC_10\.label: holds no text; expected `COARSE:fine question`"):
        read_trec(label_file(tmp_path))
