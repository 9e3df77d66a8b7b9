import pytest

from oe_core.data.sentences import sentences


def test_wikitext_paragraphs_become_sentences_without_headings_and_empty_lines():
    lines = ["", " = Robert Boulter = ", " = = Career = = ",
             " Robert Boulter is an English film actor . He had a guest role in 2000 . "]  # fmt: skip
    assert sentences(lines) == ["Robert Boulter is an English film actor .", "He had a guest role in 2000 ."]


def test_an_abbreviation_is_one_token_and_ends_no_sentence():
    assert sentences([" Mr. Smith met the U.S. team @-@ mates . "]) == ["Mr. Smith met the U.S. team @-@ mates ."]


def test_closing_quotes_and_brackets_stay_with_their_sentence():
    lines = [' He said " it was late . " They went home . ( It rained . ) The end came then . ']
    expected = ['He said " it was late . "', "They went home .", "( It rained . )", "The end came then ."]
    assert sentences(lines) == expected


@pytest.mark.parametrize("text", ["@ 5 people came .", "1999 was a year .", "No .", "word " * 61, "= = ="])
def test_sentences_of_odd_beginnings_or_lengths_are_left_out(text):
    assert sentences([text]) == []


def test_sixty_tokens_and_three_are_kept():
    assert sentences(["word " * 60, "It is ."]) == [("word " * 60).strip(), "It is ."]


def test_clinging_marks_end_a_sentence_before_a_capital_but_not_after_a_title():
    prose = 'Mr. Bennet was among the earliest. "You want to tell me!" he said, and I. Newton left. Why not?'
    assert sentences([prose], clinging=True) == [
        "Mr. Bennet was among the earliest.",
        '"You want to tell me!" he said, and I. Newton left.',
    ]


def test_line_breaks_and_runs_of_blanks_become_single_blanks():
    assert sentences(["one  two\nthree   four ."]) == ["one two three four ."]
