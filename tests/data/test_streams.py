from collections import Counter
from dataclasses import replace

import pytest
import torch

from oe_core.data import streams
from oe_core.data.catalog import CATALOG
from oe_core.data.examples import TextSet
from oe_core.data.sources import MissingDataError
from oe_core.data.streams import END, UNKNOWN, Stream, characters, load_stream, printed_stream_name, stream_of


def lines(*texts, name="verse", classes=("unlabelled",), stand_in_for=""):
    labels = torch.arange(len(texts)) * len(classes) // len(texts)  # in class order
    return TextSet(name, texts, labels, classes, "embedded", stand_in_for)


def read(stream, ids=None):
    """The tokens themselves."""
    return [stream.classes[number] for number in (stream.ids if ids is None else ids)]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Returns a function that writes splits of the reader's folder "verse"."""
    monkeypatch.setenv("OE_DATA", str(tmp_path))

    def write(**splits):
        (tmp_path / "verse").mkdir(exist_ok=True)
        for split, text in splits.items():
            (tmp_path / "verse" / f"{split}.txt").write_text(text)

    return write


def test_words_are_numbered_by_frequency_and_equally_frequent_ones_by_the_alphabet():
    stream = stream_of(lines("b c  b", "a c b"), "words")
    assert stream.classes == ("b", END, "c", "a", UNKNOWN)
    assert stream.ids.tolist() == [0, 2, 0, 1, 3, 2, 0, 1] and stream.ids.dtype == torch.int32
    assert (stream.name, stream.unit, stream.origin, stream.stand_in_for) == ("verse", "words", "embedded", "")
    assert len(stream) == 8 and stream.held_out == 0


def test_every_line_ends_with_a_token_of_its_own_and_blank_lines_have_none():
    assert read(stream_of(lines("one two ", "  ", "", " three"), "words")) == ["one", "two", END, "three", END]
    assert read(stream_of(lines("ab ", "  ", "", " c"), "characters")) == ["a", "b", END, "c", END]


def test_words_always_have_an_unknown_among_them_and_characters_never():
    assert stream_of(lines("a a"), "words").classes == ("a", END, UNKNOWN)
    assert stream_of(lines("a <unk> <unk> <unk>"), "words").classes == (UNKNOWN, END, "a")
    assert stream_of(lines("a a"), "characters").classes == ("a", END, "_")


def test_characters_are_those_of_the_penn_treebanks_character_file():
    stream = stream_of(lines(" N <unk> it's "), "characters")
    # The same line of ptb.char.train.txt: "N _ < u n k > _ i t ' s" and its end.
    assert read(stream) == [*"N_<unk>_it's", END]


@pytest.mark.parametrize(("unit", "tokens"), [("words", ["the", "cat", END]), ("characters", [*"the_cat", END])])
def test_a_stream_may_be_read_in_lower_case(unit, tokens):
    assert read(stream_of(lines("The CAT"), unit, lower=True)) == tokens
    assert read(stream_of(lines("The CAT"), unit)) != tokens


def test_the_valid_split_is_held_out_where_there_is_one(home):
    home(train="a b\na c\n", valid="c a\n")
    stream = load_stream("verse", "train", "words")
    assert read(stream, stream.training) == ["a", "b", END, "a", "c", END]
    assert read(stream, stream.validation) == ["c", "a", END] and stream.held_out == 3
    assert stream.origin == "folder"


def test_a_folder_without_the_split_holds_out_its_own_and_not_that_of_another_source(home, monkeypatch):
    other = replace(CATALOG["docstrings"], key="verse", splits={"valid": 1}, make=lambda split: lines("z z"))
    monkeypatch.setitem(CATALOG, "verse", other)
    home(train="a b\na c\n" * 5)
    stream = load_stream("verse", "train", "words")
    assert read(stream, stream.validation) == ["a", "c", END]


def test_else_the_last_tenth_of_the_tokens_is_held_out_and_not_counted(home):
    home(train="a b\n" * 6 + "b c\n")  # 21 tokens: 19 to train on, and the last two
    stream = load_stream("verse", "train", "words")
    assert read(stream, stream.training) == ["a", "b", END] * 6 + ["b"]
    assert read(stream, stream.validation) == [UNKNOWN, END]
    assert stream.classes == ("b", END, "a", UNKNOWN)
    # 31 characters with their ends: 28 and 3.
    home(train="abcd\n" * 5 + "efgh_\n")
    stream = load_stream("verse", "train", "characters")
    assert read(stream, stream.training) == [*"abcd", END] * 5 + [*"efg"]
    assert read(stream, stream.validation) == [END], "h and _ are no characters of the training part"


def test_a_held_out_word_that_the_training_part_lacks_is_unknown_and_such_a_character_is_left_out(home):
    home(train="a b\n", valid="a new b\n")
    words, letters = (load_stream("verse", "train", unit) for unit in ("words", "characters"))
    assert read(words, words.validation) == ["a", UNKNOWN, "b", END]
    assert read(letters, letters.validation) == [*"a__b", END] and letters.held_out == 5


def test_other_splits_hold_nothing_out(home):
    home(train="a b\n", valid="c\n", test="d e\n")
    for split, tokens in (("valid", ["c", END]), ("test", ["d", "e", END])):
        stream = load_stream("verse", split, "words")
        assert read(stream) == tokens and stream.held_out == 0


def test_both_parts_are_read_in_lower_case(home):
    home(train="The Cat\n", valid="CAT\n")
    stream = load_stream("verse", "train", "words", lower=True)
    assert read(stream) == ["the", "cat", END, "cat", END]


def test_a_file_that_changes_changes_the_stream(home):
    home(train="a b\n", test="a\n")
    assert read(load_stream("verse", "test", "words")) == ["a", END]
    home(test="b\n")
    assert read(load_stream("verse", "test", "words")) == ["b", END]
    before = load_stream("verse", "train", "words")
    home(valid="b\n")
    assert read(load_stream("verse", "train", "words")) == [*read(before), "b", END]


def test_the_same_text_is_cut_into_tokens_once(home, monkeypatch):
    home(train="cut once\n", valid="once\n")
    first = load_stream("verse", "train", "words")
    monkeypatch.setattr(streams, "_tokens", lambda *_: pytest.fail("cut again"))
    assert load_stream("verse", "train", "words") is first


def test_a_smaller_vocabulary_has_the_most_frequent_words_and_keeps_the_unknown_one():
    stream = stream_of(lines("a a a b b c d", "a b c"), "words")
    assert stream.classes == ("a", "b", END, "c", "d", UNKNOWN)
    assert stream.vocabulary(100) == stream.vocabulary(6) == stream.classes
    assert stream.vocabulary(5) == ("a", "b", END, "c", UNKNOWN)
    assert stream.vocabulary(3) == ("a", "b", UNKNOWN)
    frequent = stream_of(lines("<unk> <unk> a a a b"), "words")
    assert frequent.vocabulary(3) == ("a", UNKNOWN, END)


def test_a_smaller_vocabulary_of_characters_is_just_the_most_frequent_ones():
    assert stream_of(lines("aaabbc"), "characters").vocabulary(3) == ("a", "b", END)


@pytest.mark.parametrize("size", [2, 0, -1])
def test_a_vocabulary_has_at_least_three_tokens(size):
    with pytest.raises(ValueError, match=f"size={size} of a vocabulary must be at least 3: two tokens and <unk>"):
        stream_of(lines("a b"), "words").vocabulary(size)


def test_words_outside_of_a_vocabulary_are_spelled_as_the_unknown_one():
    stream = replace(stream_of(lines("see the new cat", "the end"), "words"), held_out=3)
    vocabulary = ("the", "cat", UNKNOWN, END, "never seen here")
    spelled = stream.spelled_in(vocabulary)
    assert spelled.tolist() == [2, 0, 2, 1, 3, 0, 2, 3] and spelled.dtype == torch.int64
    assert stream.spelled_in(vocabulary, stream.training).tolist() == [2, 0, 2, 1, 3]
    assert stream.spelled_in(vocabulary, stream.validation).tolist() == [0, 2, 3]


def test_characters_outside_of_a_vocabulary_are_left_out():
    stream = stream_of(lines("a cab", "xx", "b"), "characters")
    assert stream.spelled_in(("a", "b", "_")).tolist() == [0, 2, 0, 1, 1]
    assert stream.spelled_in(("z",)).tolist() == []


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_a_stream_spelled_in_its_own_classes_is_itself(unit):
    stream = stream_of(lines("round and round", "it goes"), unit)
    assert torch.equal(stream.spelled_in(stream.classes), stream.ids.long())


def test_the_texts_of_a_labelled_set_are_mixed_in_the_same_order_each_time():
    texts = [f"{word}{number}" for word in ("spam", "ham") for number in range(10)]
    labelled = lines(*texts, name="mail", classes=("spam", "ham"))
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0)).tolist()
    torch.manual_seed(5)
    stream = stream_of(labelled, "words")
    assert read(stream)[::2] == [texts[number] for number in order] and set(read(stream)[1::2]) == {END}
    assert read(stream_of(lines(*texts), "words"))[::2] == texts, "unlabelled lines stay in their order"
    one_by_one = read(stream_of(labelled, "characters"))
    assert "".join(one_by_one).split(END)[:-1] == [texts[number] for number in order]


def test_a_fingerprint_changes_with_the_tokens_and_the_held_out_part():
    stream = stream_of(lines("a b", "b"), "words")
    others = (
        replace(stream, held_out=2),
        replace(stream, ids=stream.ids.flip(0)),
        replace(stream, classes=("b", END, "c", UNKNOWN)),
        stream_of(lines("a b", "b"), "characters"),
        stream_of(lines("a b b"), "words"),
    )
    assert len({stream.fingerprint, *(other.fingerprint for other in others)}) == 6
    assert replace(stream, name="elsewhere", origin="folder").fingerprint == stream.fingerprint


def test_the_sentences_of_the_packages_stand_in_for_the_penn_treebank_and_others_for_what_they_did():
    docstrings = lines("a sentence", name="docstrings", stand_in_for="20 Newsgroups")
    assert stream_of(docstrings, "words").stand_in_for == "PTB Word"
    assert stream_of(docstrings, "characters").stand_in_for == "PTB Char"
    stdlib = lines("a sentence", name="docstrings-stdlib", stand_in_for="WikiText-2")
    assert stream_of(stdlib, "words").stand_in_for == "WikiText-2"


@pytest.mark.parametrize(
    ("name", "unit", "printed"),
    [
        ("ptb", "words", "PTB Word"),
        ("ptb", "characters", "PTB Char"),
        ("ewt-answers", "", "Answers"),
        ("ewt-email", "", "Email"),
        ("wikitext-2", "", "WikiText-2"),
        ("my-novels", "", "my-novels"),
        ("my-novels", "words", "my-novels (words)"),
        ("wikitext-2", "characters", "WikiText-2 (characters)"),
    ],
)
def test_streams_are_printed_as_in_tables_6_and_11(name, unit, printed):
    assert printed_stream_name(name, unit) == printed


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_unknown_unit_is_named(home, split):
    home(train="a b\n", test="a\n")
    message = "unit='letters' is unknown; choose one of words, characters"
    with pytest.raises(ValueError, match=message):
        load_stream("verse", split, "letters")
    with pytest.raises(ValueError, match=message):
        stream_of(lines("a b"), "letters")


def test_a_split_that_is_not_there_is_asked_for(home):
    home(train="a b\n")
    with pytest.raises(MissingDataError, match="verse: its test texts are not on this machine"):
        load_stream("verse", "test", "words")


def test_the_numbers_of_the_classes_are_their_ranks_by_frequency():
    generator = torch.Generator().manual_seed(0)
    letters = torch.randint(26, (2000,), generator=generator).float().pow(1.5).long()
    stream = stream_of(lines(" ".join(f"w{number}" for number in letters.tolist())), "words")
    counts = Counter(stream.ids.tolist())
    ranked = [counts[number] for number in range(len(stream.classes))]
    assert ranked == sorted(ranked, reverse=True) and ranked[-1] == 0


def test_a_stream_without_a_held_out_part_is_all_training():
    stream = Stream("toy", "words", torch.arange(3, dtype=torch.int32), ("a", END, UNKNOWN), 0, "folder")
    assert torch.equal(stream.training, stream.ids) and len(stream.validation) == 0


def test_a_text_that_gains_labels_is_mixed_although_its_lines_are_the_same():
    texts = [f"spam{number}" for number in range(12)]
    plain, labelled = lines(*texts), TextSet("verse", tuple(texts), torch.zeros(12).long(), ("a", "b"), "embedded")
    assert plain.fingerprint == labelled.fingerprint
    assert read(stream_of(plain, "words")) != read(stream_of(labelled, "words"))


def test_the_readers_own_folder_of_that_name_stands_in_for_nothing():
    own = TextSet("docstrings", ("a sentence",), torch.zeros(1).long(), ("unlabelled",), "folder")
    assert stream_of(own, "words").stand_in_for == ""


def test_words_without_an_unknown_and_unknown_units_are_refused():
    with pytest.raises(ValueError, match="toy: classes have no <unk>"):
        Stream("toy", "words", torch.zeros(3, dtype=torch.int32), ("a", "b"), 0, "folder")
    with pytest.raises(ValueError, match="unit='letters' is unknown; choose one of words, characters"):
        printed_stream_name("ptb", "letters")


def test_characters_by_hand():
    assert characters([" no it \n", " <unk> N "]) == "n o _ i t \n < u n k > _ N \n "


def test_characters_of_no_line_are_none():
    assert characters([]) == ""
