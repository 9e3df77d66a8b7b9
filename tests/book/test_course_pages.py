"""The course's pages: tables as chapters and records have them, and nothing named that is not there."""

import re
from pathlib import Path

import pytest
from chapters import find_chapters, read_chapter, usual_seconds
from course_pages import EXPECTED, with_tables
from lessons import session_rows
from questions import exercises

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = sorted((BOOK / "course").glob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_tables_of_a_page_are_those_of_today(path):
    page = path.read_text(encoding="utf-8")
    assert with_tables(page) == page, f"{path.name} is of another day; write it again: python book/course_pages.py"


def test_what_is_expected_is_told_of_every_method_with_its_spread():
    rows = [line for line in with_tables("<!-- table: expected --><!-- end -->").splitlines() if line.startswith("| `")]
    assert len(rows) == len(EXPECTED) and "| `nlp-trec` | 8 | AUROC | 10 | MSP 82.9 ±5.3, +OE 99.2 ±0.2 |" in rows
    assert all(row.count("±") >= 2 for row in rows)


def test_the_sessions_ask_exercises_that_are_there_and_all_of_the_last_chapters():
    there = {int(name[:2]): {one.number for one in exercises(read_chapter(path).notebook)}
             for name, path in find_chapters(BOOK).items()}  # fmt: skip
    sessions, asked = session_rows(), {}
    for session in sessions:
        for chapter, numbers in re.findall(r"(\d+): ([\d, ]+)", session.split("|")[5]):
            asked.setdefault(int(chapter), set()).update(map(int, numbers.split(",")))
    assert len(sessions) == 10
    assert {chapter: numbers - there[chapter] for chapter, numbers in asked.items() if numbers - there[chapter]} == {}
    assert [asked[chapter] for chapter in range(6, 13)] == [there[chapter] for chapter in range(6, 13)]


def test_a_session_takes_what_its_chapters_and_exercises_take():
    rows = with_tables("<!-- table: sessions --><!-- end -->").splitlines()[4:-2]
    seconds = usual_seconds(BOOK)
    fifth = f"| 5 | 4, 5 | {(seconds['04_confidence_branch'] + seconds['05_gan']) / 60:.1f} min |"
    assert len(rows) == 10 and rows[4].startswith(fifth) and rows[4].endswith(" | 140 min |")


def test_a_table_that_nobody_makes_is_refused():
    with pytest.raises(ValueError, match="table 'weather' is unknown; choose one of sessions, exercises, expected"):
        with_tables("<!-- table: weather --><!-- end -->")
