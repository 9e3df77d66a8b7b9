"""Arguments are refused in one sentence, which a notebook shows without the way through the package."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from oe_core import ArgumentError, check_choice, check_counts, check_lists, check_numbers
from oe_core.arguments import expanded
from oe_core.atomic import DamagedFileError
from oe_core.data.sources import MissingDataError
from oe_core.errors import ExplainedError


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda: check_choice("way", "up", ["left", "right"]), "way='up' is unknown; choose one of left, right"),
        (lambda: check_counts(SEEDS=None, DRAWS=0), "DRAWS=0 must be a whole number of at least 1"),
        (lambda: check_counts(least=0, SEED="0"), "SEED='0' must be a whole number of at least 0"),
        (lambda: check_counts(least=0, given=True, SEED=None), "SEED=None must be a whole number of at least 0"),
        (lambda: check_counts(SEEDS=1.0), "SEEDS=1.0 must be a whole number of at least 1"),
        (lambda: check_counts(SEEDS=True), "SEEDS=True must be a whole number of at least 1"),
        (lambda: check_lists(SETS=[], IN_DISTS="digits"), "IN_DISTS='digits' must be a list, such as ['digits']"),
        (lambda: check_lists(UNITS=None), "UNITS=None must be a list, such as [None]"),
        (lambda: check_lists(least=1, UNITS=[]), "UNITS=[] must hold at least 1"),
        (lambda: check_numbers(above=0, PRICE=0), "PRICE=0 must be a number above 0"),
        (lambda: check_numbers(above=0, most=1, SHARE=1.5), "SHARE=1.5 must be a number above 0, at most 1"),
        (lambda: check_numbers(above=0, below=1, LEVEL=1), "LEVEL=1 must be a number above 0, below 1"),
        (lambda: check_numbers(above=0, LEVEL="high"), "LEVEL='high' must be a number above 0"),
        (lambda: check_numbers(above=0, PRICE=float("nan")), "PRICE=nan must be a number above 0"),
    ],
)
def test_a_refusal_names_the_argument_its_value_and_what_is_allowed(check, said):
    with pytest.raises(ArgumentError) as refused:
        check()
    assert str(refused.value) == said


def test_the_folder_of_a_user_is_found_and_that_of_nobody_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/x") == tmp_path / "x" and str(expanded("x")) == "x"
    with pytest.raises(ArgumentError, match="~no-such-user/x: .*; give the folder itself"):
        expanded("~no-such-user/x")


def test_what_is_allowed_passes():
    check_choice("way", "left", ["left", "right"])
    check_counts(least=0, SEED=0, SEEDS=None)
    check_lists(SETS=(), OTHERS=["digits"])
    check_numbers(above=0, most=1, SHARE=1.0, RATE=0.5)
    check_numbers(above=0, PRICE=10**9, CLIP=float("inf"))


def test_a_notebook_shows_the_sentence_and_the_readers_own_line_in_place_of_a_traceback(capsys):
    shell = InteractiveShell()
    shell.run_cell("from oe_core import check_counts\nSEEDS = 'two'\ncheck_counts(SEEDS=SEEDS)")
    assert capsys.readouterr().out.splitlines() == [
        "ArgumentError: SEEDS='two' must be a whole number of at least 1",
        "in line 3 of this cell: check_counts(SEEDS=SEEDS)",
    ]
    shell.run_cell("from oe_core import ArgumentError\nraise ArgumentError('SEEDS is odd')")
    assert capsys.readouterr().out.splitlines() == ["ArgumentError: SEEDS is odd"]


@pytest.mark.parametrize("kind", [ArgumentError, DamagedFileError, MissingDataError])
def test_errors_that_say_what_to_do_are_explained_ones(kind):
    assert issubclass(kind, ExplainedError)
