import gzip

import pytest

from oe_core.data.readers.pixels import FormatError
from oe_core.data.text_folders import read_text_folder, text_splits


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The reader's folder "mail"."""
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    (tmp_path / "mail").mkdir()
    return tmp_path / "mail"


def test_a_tsv_is_labelled_by_what_stands_before_the_tab(home):
    (home / "train.tsv").write_text("spam\tBuy now !\n\nham\tSee you\tat two\n", newline="")
    mail = read_text_folder("mail", "train")
    assert mail.texts == ("Buy now !", "See you\tat two")
    assert mail.classes == ("ham", "spam") and mail.labels.tolist() == [1, 0]
    assert (mail.name, mail.origin, mail.stand_in_for) == ("mail", "folder", "")


def test_a_label_that_one_file_lacks_moves_no_label(home):
    (home / "train.tsv").write_text("b\tone\nc\ttwo\n")
    (home / "dev.tsv.gz").write_bytes(gzip.compress(b"a\tthree\n"))
    (home / "test.tsv").write_text("c\tfour\n")
    (home / "valid.txt").write_text("d\tno label here\n")
    for split, labels in (("train", [1, 2]), ("dev", [0]), ("test", [2])):
        mail = read_text_folder("mail", split)
        assert mail.classes == ("a", "b", "c") and mail.labels.tolist() == labels


def test_a_txt_is_unlabelled_and_its_lines_kept_as_they_are(home):
    (home / "test.txt.gz").write_bytes(gzip.compress(b" = Title = \n\nlabel\ttext\r\n"))
    mail = read_text_folder("mail", "test")
    assert mail.texts == (" = Title = ", "label\ttext")
    assert mail.classes == ("unlabelled",) and mail.origin == "folder"


def test_splits_are_those_with_a_file(home):
    for name in ("train.tsv", "valid.txt.gz", "test.txt"):
        (home / name).touch()
    assert text_splits("mail") == ("test", "train", "valid") and text_splits("absent") == ()


def test_two_files_for_one_split_are_refused(home):
    (home / "train.tsv").write_text("a\tone\n")
    (home / "test.tsv").write_text("a\tone\n")
    (home / "train.txt").write_text("one\n")
    for split in ("train", "test"):
        with pytest.raises(FormatError, match="mail: holds train.tsv and train.txt for the split train; expected only"):
            read_text_folder("mail", split)


def test_a_missing_text_split_lists_those_that_are_there(home):
    (home / "test.txt").write_text("one\n")
    with pytest.raises(FileNotFoundError, match="mail: no text of the split 'train' there; splits of mail .*: test"):
        read_text_folder("mail", "train")


@pytest.mark.parametrize(
    "content, found",
    [
        (b"a\tone\nno tab\n", "line 2 is 'no tab'; expected label<TAB>text"),
        (b"a\tone\nb\t \n", "line 2 has no text after its label"),
        (b"a\tone\nb\tcaf\xe9\n", "line 2 holds the byte 0xE9, which is no UTF-8"),
    ],
)
def test_a_damaged_line_is_named(home, content, found):
    (home / "train.tsv").write_bytes(content)
    with pytest.raises(FormatError, match=rf"mail/train\.tsv {found}"):
        read_text_folder("mail", "train")


@pytest.mark.parametrize("name", ["train.tsv", "train.txt"])
def test_an_empty_file_is_named(home, name):
    (home / name).touch()
    with pytest.raises(FormatError, match=rf"mail/{name}: holds no text; expected"):
        read_text_folder("mail", "train")


def test_a_tsv_of_any_line_ends_is_read_alike(home):
    for split, end in (("train", "\n"), ("dev", "\r\n"), ("test", "\r")):
        (home / f"{split}.tsv").write_bytes(f"ham\tSee you{end}spam\tBuy now{end}".encode())
    assert {read_text_folder("mail", split).texts for split in ("train", "dev", "test")} == {("See you", "Buy now")}
    (home / "test.tsv").unlink()
    (home / "test.txt").write_bytes(b"one\rtwo\r")
    assert read_text_folder("mail", "test").texts == ("one", "two")


@pytest.mark.parametrize("heading", ["label\ttext", "Class\tSentence", "text\tlabel", '"Intent"\t"Utterance"'])
def test_a_heading_is_refused(home, heading):
    (home / "train.tsv").write_text(f"{heading}\nham\tSee you\nspam\tBuy now\n")
    with pytest.raises(FormatError, match=r"mail/train\.tsv line 1 looks like a heading; expected label<TAB>text from"):
        read_text_folder("mail", "train")


@pytest.mark.parametrize("split", ["train", "test"])
def test_swapped_columns_are_refused(home, split):
    (home / f"{split}.tsv").write_text("".join(f"text number {n}\t{'ham' if n % 2 else 'spam'}\n" for n in range(20)))
    found = f"mail/{split}.tsv: has 20 different labels in 20 lines, one is 'text number 0'; its columns look swapped"
    with pytest.raises(FormatError, match=found):
        read_text_folder("mail", split)


def test_a_label_for_every_line_of_train_is_refused_and_many_classes_in_a_small_test_are_fine(home):
    (home / "test.tsv").write_text("".join(f"{n}\ttext number {n}\n" for n in range(20)))
    assert len(read_text_folder("mail", "test").classes) == 20
    (home / "train.tsv").write_text("".join(f"{n}\ttext number {n}\n" for n in range(20)))
    with pytest.raises(FormatError, match="mail/train.tsv: has 20 different .*; its labels look like numbers of the"):
        read_text_folder("mail", "train")


def test_quotation_marks_of_a_table_are_part_of_the_text(home):
    (home / "train.tsv").write_text('ham\t"See ""you"""\n')
    assert read_text_folder("mail", "train").texts == ('"See ""you"""',)


def test_a_line_that_stands_alone_above_many_is_a_heading_whatever_its_words(home):
    lines = ["ham\tSee you", "spam\tBuy now"] * 6
    (home / "train.tsv").write_text("\n".join(["Absicht\tSatz", *lines]))
    with pytest.raises(FormatError, match=r"train\.tsv line 1 looks like a heading"):
        read_text_folder("mail", "train")
    (home / "train.tsv").write_text("\n".join(["ham\tHello", *lines]))
    assert len(read_text_folder("mail", "train")) == 13
