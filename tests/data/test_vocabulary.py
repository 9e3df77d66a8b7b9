import pytest
import torch

from oe_core.data.vocabulary import PADDING, UNKNOWN, Vocabulary, padded


def test_the_most_frequent_tokens_are_kept_and_ties_go_by_the_alphabet():
    vocabulary = Vocabulary.of(["b a b", "c a b", "d"], size=3)
    assert vocabulary.tokens == ("b", "a", "c")
    assert vocabulary.ids == {"b": 2, "a": 3, "c": 4}


def test_texts_are_padded_in_front_and_unknown_tokens_have_an_id():
    ids = Vocabulary(("a", "b")).encode(["a b b", "b x", ""])
    assert ids.dtype == torch.int64
    assert ids.tolist() == [[2, 3, 3], [PADDING, 3, UNKNOWN], [PADDING, PADDING, PADDING]]


def test_a_length_keeps_the_first_tokens():
    assert Vocabulary(("a", "b")).encode(["a b a b", "b"], length=2).tolist() == [[2, 3], [PADDING, 3]]


def test_case_counts_as_the_texts_have_it():
    assert Vocabulary.of(["A a a"], 5).tokens == ("a", "A")


def test_more_padding_goes_in_front_too():
    assert padded(torch.tensor([[5, 6]]), 4).tolist() == [[PADDING, PADDING, 5, 6]]
    with pytest.raises(ValueError, match="length=1 is shorter than the 2 tokens"):
        padded(torch.tensor([[5, 6]]), 1)


def test_the_known_share_counts_tokens_not_kinds():
    assert Vocabulary(("a",)).known_share(["a a b", "a"]) == 0.75
    assert Vocabulary(("a",)).known_share([""]) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Vocabulary.of(["a"], 0), "size=0 must be at least 1"),
        (lambda: Vocabulary.of(["", " "], 5), "hold no token"),
        (lambda: Vocabulary(("a",)).encode([]), "texts is empty"),
    ],
)
def test_impossible_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
