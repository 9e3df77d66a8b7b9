"""Values of parameters given as text: read in the kind that the chapter declares, or refused in one sentence."""

import pytest
from parameters import ParameterError, check_names, declared, given_values


def _given(declaration, text):
    parameters = declared(f'SCALE = "demo"\n{declaration}\n')
    return given_values("02_vision", parameters, "smoke", [["NAME", text]])["NAME"]


@pytest.mark.parametrize(
    ("declaration", "text", "value"),
    [
        ("NAME = 3", "5", 5),
        ("NAME = -1", "-3", -3),
        ("NAME = 0.5", "1e-3", 0.001),
        ("NAME = 0.5", "2", 2.0),
        ("NAME = True", "False", False),
        ('NAME = "cifar10"', "7", "7"),
        ('NAME = "cifar10"', "{1, 2}", "{1, 2}"),
        ('NAME = ["svhn"]', "lsun,dtd", ["lsun", "dtd"]),
        ("NAME: int | None = None", "3", 3),
        ("NAME: int | None = 3", "None", None),
        ("NAME: float | None = None", "3", 3.0),
        ("NAME: str | None = None", "7", "7"),
        ("NAME: str | None = None", "None", None),
        ("NAME: list[str] = []", "mnist", ["mnist"]),
        ("NAME: list[str] = []", "1,2", ["1", "2"]),
        ("NAME: list[str] = []", "['a']", ["a"]),
        ("NAME: list[str] = ['a']", "", []),
        ("NAME: list[int] | None = None", "1,2", [1, 2]),
        ("NAME: list[float] = []", "1,2", [1.0, 2.0]),
    ],
)
def test_a_value_given_as_text_takes_the_declared_kind(declaration, text, value):
    given = _given(declaration, text)
    assert (given, type(given)) == (value, type(value))
    if isinstance(value, (list, tuple)):
        assert [type(element) for element in given] == [type(element) for element in value]


@pytest.mark.parametrize(
    ("declaration", "text", "problem"),
    [
        ("NAME: int | None = None", "two", "is not of type int | None"),
        ("NAME: int = 1", "1.5", "is not of type int"),
        ("NAME: int = 1", "True", "is not of type int"),
        ("NAME: bool = False", "1", "is not of type bool"),
        ("NAME = 0.5", "fast", "is not of type float"),
        ("NAME = 0.5", "nan", "is not of type float"),
        ("NAME = 0.5", "9" * 400, "is not a finite number"),
        ("NAME = 0.5", "1e999", "is not a finite number"),
        ("NAME: list[float] = []", "[1, -1e999]", "is not a finite number"),
        ("NAME: int | None = None", "{1,2}", "is not of type int | None"),
        ("NAME: list[int] = []", "{[]: 1}", "is not of type list[int]"),
        ("NAME: list[float] = []", "b'x'", "is not of type list[float]"),
        ("NAME: list[int] = []", "[[1]]", "is not of type list[int]"),
        ("NAME = 1", "(" * 300, "is not of type int"),
        ("NAME: list[str] = []", "[1, 2]", "is not of type list[str]"),
        ("NAME = [1]", "1,x", "is not of type list[int]"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_the_chapter_has(declaration, text, problem):
    with pytest.raises(ParameterError) as caught:
        _given(declaration, text)
    assert str(caught.value) == f"NAME={text!r} for chapter 02_vision {problem}; the chapter has {declaration}"


def test_a_parameter_reaches_the_chapters_that_have_it_and_one_that_none_has_is_refused():
    books = [declared(f'SCALE = "demo"\n{line}\n') for line in ("SHARE = 1.0", "SEEDS = 1")]
    given = [["SHARE", "0.3"]]
    check_names(books, given)
    assert [given_values("02_vision", book, "smoke", given).get("SHARE") for book in books] == [0.3, None]
    with pytest.raises(ParameterError, match="no chapter asked for has a parameter 'SHARES'; .*: SEEDS, SHARE"):
        check_names(books, [["SHARES", "0.3"]])


@pytest.mark.parametrize(
    ("declaration", "problem"),
    [
        ("NAME = 1e999", "is not a finite number"),
        ("NAME = {1}", "the type set is unknown; write one of int, float, str, bool, list[...] of one of them"),
        ("NAME = None", "the type NoneType is unknown"),
        ("NAME = []", "the type list[?] is unknown"),
        ("NAME = [1, 'a']", "the type list[int or str] is unknown"),
        ("NAME: int = 'a'", "its default is not of type int"),
        ("NAME: dict = None", "the type dict is unknown; write one of int, float"),
        ("NAME: list[Path] = []", "the type list[Path] is unknown"),
        ("NAME: int", "line 2: 'NAME: int'"),
        ("NAME = OTHER = 1", "line 2: 'NAME = OTHER = 1'"),
        ("NAME = len('ab')", "must be literals"),
        ("NAME = (", "'(' was never closed"),
    ],
)
def test_a_declaration_that_no_value_could_follow_is_refused(declaration, problem):
    with pytest.raises(ParameterError, match="its parameters must be literals") as caught:
        declared(f'SCALE = "demo"\n{declaration}\n')
    assert problem in str(caught.value)
