"""The quiz: five questions a chapter, one right answer each that nothing but the question gives away, all explained."""

from collections import Counter
from pathlib import Path

import pytest
from chapters import find_chapters
from quiz import OPTIONS, Option, Question, quiz_section, read_quiz

QUIZ = read_quiz()
QUESTIONS = [question for questions in QUIZ.values() for question in questions]
CHAPTERS = find_chapters(Path(__file__).resolve().parents[2] / "book")


def _question(rights=(False, True, False, False), because="so it is"):
    return Question("What?", tuple(Option(f"answer {i}", because, right) for i, right in enumerate(rights)))


def _lengths(question):
    return [len(option.says) for option in question.options]


def _place(question):
    return [option.right for option in question.options].index(True)


def _longer(question):
    """How many of the options are longer than the right one."""
    return sum(length > _lengths(question)[_place(question)] for length in _lengths(question))


def test_every_chapter_has_five_questions_and_no_other_name_has_any():
    assert set(QUIZ) == set(CHAPTERS)
    assert {name: len(questions) for name, questions in QUIZ.items() if len(questions) != 5} == {}


def test_no_question_and_no_explanation_stands_twice():
    texts = [question.asks for question in QUESTIONS]
    texts += [option.because for question in QUESTIONS for option in question.options]
    assert [text for text, times in Counter(texts).items() if times > 1] == []
    assert all(len({option.says for option in question.options}) == OPTIONS for question in QUESTIONS)


def test_neither_its_place_nor_its_length_gives_the_right_answer_away():
    fair = len(QUESTIONS) / OPTIONS
    places, longer = Counter(map(_place, QUESTIONS)), Counter(map(_longer, QUESTIONS))
    assert max(abs(places[place] - fair) for place in range(OPTIONS)) <= 3
    off = max(abs(longer[count] - fair) for count in range(OPTIONS))
    assert off <= 5, f"how many options are longer than the right one, and how often: {dict(longer)}"
    assert longer[0] <= fair, f"the right answer is the longest one in {longer[0]} questions"


@pytest.mark.parametrize("rights", [(False,) * 4, (True, True, False, False), (True, False, False)])
def test_a_question_without_four_options_and_one_right_one_is_refused(rights):
    with pytest.raises(ValueError, match=rf"'What\?' has {len(rights)} options, {sum(rights)} right; need 4 and 1"):
        _question(rights)


def test_an_option_without_an_explanation_is_refused():
    with pytest.raises(ValueError, match="option 'answer 0' needs words, and an explanation"):
        _question(because=" ")


def test_a_damaged_quiz_is_named_with_what_it_needs(tmp_path):
    for content in ("[[", '[["01_metrics"]]\nasks = "What?"\noptions = [{ says = "this" }]\n'):
        (tmp_path / "quiz.toml").write_text(content)
        with pytest.raises(ValueError, match=r"quiz.toml: .*; need \[\[NN_name\]\] with asks and options"):
            read_quiz(tmp_path / "quiz.toml")


def test_an_option_folds_out_to_whether_it_is_right_and_why_and_shows_signs_as_signs():
    page = quiz_section((_question(because="1 < 2 & so on"),))
    assert page.count("<details>") == OPTIONS and page.count("<strong>Right.</strong> 1 &lt; 2 &amp; so on") == 1
    right = page.index("<strong>Right.")
    assert page.rindex("<summary>", 0, right) == page.index("<summary>answer 1</summary>")
    assert "<script" not in page
