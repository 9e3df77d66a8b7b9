"""The course's slides: every pointer leads somewhere in the chapters' sources, and what is wrong is said in words."""

from functools import cache

import pytest
from chapters import read_chapter
from excerpts import PointerError, excerpts
from lessons import find, read_sessions
from quiz import read_quiz
from slides import BOOK, NAMES

SESSIONS = read_sessions()


@cache
def _chapter(number):
    return excerpts(NAMES[number], read_chapter(BOOK / f"{NAMES[number]}.py").notebook)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: f"session {session.number}")
def test_every_pointer_leads_to_a_place_in_the_chapters(session):
    quiz, wrong = read_quiz(), []
    for number, slide in enumerate(session.slides, start=2):
        try:
            find(slide, _chapter(slide.chapter), quiz[NAMES[slide.chapter]], session.mistakes)
        except PointerError as error:
            wrong.append(f"session {session.number}, slide {number}: {error}")
    assert wrong == [], "\n".join(wrong)
