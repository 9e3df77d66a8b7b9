"""The cell tagged `checks`: wrong parameters are refused before any kernel starts."""

from pathlib import Path

import build
import nbformat
import pytest
from chapters import ChapterError, read_chapter
from checks import checked, refusal
from small_book import WRITING, chapter, make_book
from stamps import read_stamp

from oe_core.errors import ExplainedError

BOOK = Path(build.__file__).parent

CHECKS = """
from oe_core.scales import check_scale
check_scale(SCALE)
if VALUE > 2:
    raise ValueError(f"VALUE={VALUE} is too large; choose 1 or 2")
"""


def _main(book, monkeypatch, *words):
    monkeypatch.setenv("OE_RUNS", str(book.parent / "runs"))
    return build.main(["--book", str(book), "--scale", "smoke", *words])


def test_a_given_value_that_a_chapter_refuses_ends_the_request_before_any_chapter_starts(tmp_path, monkeypatch, capsys):
    book = make_book(tmp_path, c00_any=chapter(WRITING.format(name="any")),
                     c01_two=chapter(WRITING.format(name="two"), checks=CHECKS))  # fmt: skip
    assert _main(book, monkeypatch, "-p", "VALUE", "3") == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "build.py: chapter 01_two: VALUE=3 is too large; choose 1 or 2\n")
    assert list((tmp_path / "runs" / "smoke").iterdir()) == []


def test_a_chapter_that_refuses_its_own_values_fails_and_the_others_are_built(tmp_path, monkeypatch, capsys):
    book = make_book(tmp_path, c00_wrong=chapter("VALUE", parameters="VALUE = 3", checks=CHECKS),
                     c01_fine=chapter("VALUE", checks=CHECKS))  # fmt: skip
    assert _main(book, monkeypatch) == 1
    assert "00_wrong: FAILED: chapter 00_wrong: VALUE=3 is too large; choose 1 or 2\n" in capsys.readouterr().out
    assert [read_stamp(tmp_path / "runs" / "smoke", name)["status"] for name in ("00_wrong", "01_fine")] == [
        "failed", "done"]  # fmt: skip
    notebook = nbformat.read(tmp_path / "runs" / "smoke" / "notebooks" / "01_fine.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if "checks" in cell.metadata.get("tags", [])]
    assert cell.source == CHECKS.strip() and cell.execution_count is not None


def test_checks_see_the_given_values_in_place_of_the_defaults_and_the_folder_of_the_book(tmp_path):
    checks = "import os\nprint('noise')\nraise ValueError(f'{SCALE} {VALUE} {OTHER} {os.getcwd()}')"
    book = make_book(tmp_path, c00_one=chapter("VALUE", parameters="VALUE = 1\nOTHER = [2]", checks=checks))
    said = refusal(read_chapter(book / "00_one.py"), {"SCALE": "smoke", "VALUE": 5}, book)
    assert said == f"chapter 00_one: smoke 5 [2] {book}"


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ("1 / 0", "its checks ended with ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('no')", "its checks ended with SystemExit: no"),
        ("pass", None),
    ],
)
def test_checks_that_end_in_another_way_are_named(tmp_path, capsys, checks, said):
    book = make_book(tmp_path, c00_one=chapter("VALUE", checks=checks))
    assert refusal(read_chapter(book / "00_one.py"), {}, book) == (said and f"chapter 00_one: {said}")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (chapter("VALUE", checks="x =("), "must be plain Python"),
        (
            chapter("VALUE", checks="pass") + '\n# %% tags=["checks"]\npass\n',
            "found: cell 2, 4, the parameters in cell 1",
        ),
        (chapter("VALUE") + '\n# %% tags=["checks"]\npass\n', "stands directly after the parameters"),
    ],
)
def test_a_cell_of_checks_is_plain_python_directly_after_the_parameters(tmp_path, text, problem):
    book = make_book(tmp_path, c00_one=text)
    with pytest.raises(ChapterError, match="chapter 00_one") as caught:
        read_chapter(book / "00_one.py")
    assert problem in str(caught.value)


def test_what_is_up_to_date_is_not_checked_again(tmp_path, monkeypatch, capsys):
    count = "from pathlib import Path\nwith Path('counted').open('a') as file:\n    file.write(__name__[:6])"
    book = make_book(tmp_path, c00_one=chapter("VALUE", checks=count))
    assert [_main(book, monkeypatch), _main(book, monkeypatch)] == [0, 0]
    # Once here and once in the notebook, where __name__ is __main__.
    assert (book / "counted").read_text() == "checks" + "__main"


# What no chapter can use, by the kind that a parameter declares.
WRONG = {
    "int": (-1, "two"), "int | None": (-1, "two"), "float": (-1.0, "two"), "str": ("nothing-such",),
    "list[str]": (["nothing-such"], "nothing-such", None),
    "list[str] | None": (["nothing-such"], "nothing-such"),
    "list[int]": ([-1], "two"), "list[float]": ([-1.0], 0.5),
}  # fmt: skip


def _wrong():
    for path in sorted(BOOK.glob("[0-9][0-9]_*.py")):
        for name, parameter in read_chapter(path).parameters.items():
            for value in WRONG[parameter.kind]:
                yield pytest.param(path, name, value, id=f"{path.stem[:2]}-{name}-{value}")


@pytest.mark.parametrize(("path", "name", "value"), list(_wrong()))
def test_every_chapter_refuses_a_wrong_parameter_in_a_sentence(path, name, value):
    with pytest.raises(ValueError) as refused:
        checked(read_chapter(path), {"SCALE": "smoke", name: value}, BOOK)
    reason = refused.value.__cause__
    assert isinstance(reason, ExplainedError) and len(reason._render_traceback_()) <= 2, repr(reason)
    assert str(value if not isinstance(value, list) else value[0]) in str(reason)
