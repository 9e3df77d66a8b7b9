"""Exercises: each is asked in full, its check takes the right answer, and tells a wrong one in words where it errs.

The answers stand in `exercises/chNN_name.py` beside this file; a smoke book runs every solution and its check for real.
"""

import importlib
import importlib.util
import inspect
from pathlib import Path

import pytest
from chapters import find_chapters, read_chapter
from exercises.answers import NotYet, close, exercise, need, number, numbers, table
from questions import exercises

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = find_chapters(ROOT / "book")


def _answers(name):
    """The module of answers to a chapter's exercises; no package, so that its name is nobody else's."""
    path = Path(__file__).parent / "exercises" / f"ch{name}.py"
    spec = importlib.util.spec_from_file_location(f"answers_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _checks(name):
    """The checks of a chapter by their number."""
    module = importlib.import_module(f"exercises.ch{name}")
    functions = inspect.getmembers(module, inspect.isfunction)
    return {check.number: check for _, check in functions if hasattr(check, "number")}


ANSWERS = {name: _answers(name) for name in CHAPTERS}
RIGHT = [(name, asked, answer) for name, module in ANSWERS.items() for asked, answer in module.RIGHT.items()]
WRONG = [(name, asked, *case) for name in ANSWERS for asked, cases in ANSWERS[name].WRONG.items() for case in cases]


def _check(name, asked):
    return getattr(importlib.import_module(f"exercises.ch{name}"), asked)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_three_exercises_or_more_each_with_difficulty_time_hint_solution_and_check(name):
    notebook, checks = read_chapter(CHAPTERS[name]).notebook, _checks(name)
    asked = exercises(notebook)
    assert [one.number for one in asked] == list(range(1, len(asked) + 1)) == sorted(checks) and len(asked) >= 3
    for one in asked:
        assert one.difficulty and 1 <= one.minutes <= 120, one
        assert "<details><summary>Hint</summary>" in notebook.cells[one.question].source, one
        assert one.solution and one.names and len(one.check) == 1, one
        assert notebook.cells[one.check[0]].source.startswith(f"check.{checks[one.number].__name__}("), one


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_check_is_tried_with_a_right_answer_and_two_wrong_ones(name):
    checks, module = {check.__name__ for check in _checks(name).values()}, ANSWERS[name]
    assert set(module.RIGHT) == set(module.WRONG) == checks
    assert {asked: len(cases) for asked, cases in module.WRONG.items() if len(cases) < 2} == {}


@pytest.mark.parametrize(("name", "asked", "answer"), RIGHT)
def test_a_right_answer_is_said_to_be_right(name, asked, answer, capsys):
    check = _check(name, asked)
    check(*answer)
    assert capsys.readouterr().out == f"Exercise {check.number}: right.\n"


@pytest.mark.parametrize(("name", "asked", "answer", "says"), WRONG)
def test_a_wrong_answer_is_told_where_it_errs(name, asked, answer, says):
    check = _check(name, asked)
    with pytest.raises(NotYet) as refused:
        check(*answer)
    assert says in str(refused.value) and str(refused.value).startswith(f"Exercise {check.number}, not yet: ")


@exercise(7)
def doubled(double):
    need(close(double(2), 4), "twice two is something else")


def test_an_answer_that_is_not_there_yet_is_asked_for_kindly():
    with pytest.raises(NotYet, match="nothing is given yet; put your answer into the cell above"):
        doubled(...)


def test_an_answer_that_fails_is_told_with_its_own_error():
    with pytest.raises(NotYet, match="not of the kind .* ends in ZeroDivisionError: division by zero") as refused:
        doubled(lambda x: x / 0)
    assert isinstance(refused.value.__cause__, ZeroDivisionError)


def test_a_notebook_shows_the_words_without_a_traceback():
    with pytest.raises(NotYet) as refused:
        doubled(lambda x: x)
    assert refused.value._render_traceback_() == ["Exercise 7, not yet: twice two is something else."]


@pytest.mark.parametrize(
    ("read", "answer", "says"),
    [
        (number, [1, 2], "one number, and 2 values are given"),
        (number, "three", "one number, and a str is given"),
        (number, float("nan"), "nan is given"),
        (lambda answer, what: numbers(answer, what, 3), [1, 2], r"3 numbers, and its shape is \(2,\)"),
        (lambda answer, what: numbers(answer, what, 1), [float("inf")], "some are not finite"),
        (lambda answer, what: table(answer, what, ["a"], ["x", "y"]), {"x": {"a": 1}}, r"no column \['y'\]; it has"),
    ],
)
def test_an_answer_of_another_kind_is_refused_in_words(read, answer, says):
    with pytest.raises(NotYet, match=f"it .*{says}"):
        read(answer, "it")
