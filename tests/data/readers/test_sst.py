import pytest
from genuine_files import shorten, write_zip

from oe_core.data.readers.pixels import FormatError
from oe_core.data.readers.sst import read_sst

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
