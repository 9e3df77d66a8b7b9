"""The course's slides: every pointer leads somewhere in the chapters' sources, and what is wrong is said in words."""

import base64
import json
import re
from functools import cache

import nbformat
import pytest
from chapters import read_chapter
from deck import closing_slide, content_slide, opening_slide, page
from excerpts import PointerError, excerpts
from executed import Executed, executed
from lessons import COURSE, Session, Slide, find, read_sessions
from quiz import Option, Question, read_quiz
from slides import BOOK, NAMES, index, main, waiting, write_slides
from stamps import pages, sha256_of, write_stamp

from oe_core.atomic import write_text

SESSIONS = read_sessions()
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
PROSE = """# 2. Vision: a story

## 2.1 Losses

A loss is a mean. **It adds** a term:

$$L + 1,$$

as Lee et al. (2018) do. Read it.

- **First.** A point. Its end.
- Second.
"""

EXERCISE = """## Exercises

**1. Add.** *Easy, 5 minutes.* What is 1 + 1?

<details><summary>Hint</summary>Count.</details>"""


def _code(source, *outputs, tags=()):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def _shown(data, **metadata):
    return nbformat.v4.new_output("display_data", data, metadata=metadata)


def _chapter(*cells):
    first, last = map(nbformat.v4.new_markdown_cell, (PROSE, EXERCISE))
    answered = [_code("answer = 2", tags=["solution"]), _code("check", tags=["check"])]
    return excerpts("02_vision", nbformat.v4.new_notebook(cells=[first, *cells, last, *answered]))


def _slide(chapter, out=None, **slide):
    cells = content_slide(find(Slide("2.1 Losses", **slide), chapter, (), ("They err. Why?",)), out, "a build")
    return page(Session(1, *"qcrho", "A title", (), ()), cells)


@cache
def _source(number):
    return excerpts(NAMES[number], read_chapter(BOOK / f"{NAMES[number]}.py").notebook)


def _found(session, slide):
    return find(slide, _source(slide.chapter), read_quiz()[NAMES[slide.chapter]], session.mistakes)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: f"session {session.number}")
def test_every_pointer_leads_to_a_place_in_the_chapters(session):
    wrong = []
    for number, slide in enumerate(session.slides, start=2):
        try:
            _found(session, slide)
        except PointerError as error:
            wrong.append(f"session {session.number}, slide {number}: {error}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: f"session {session.number}")
def test_a_session_can_be_taught_from_its_slides(session):
    found = [_found(session, slide) for slide in session.slides]
    assert 15 <= len(found) + 2 <= 26
    assert any(one.exercise for one in found) and any(one.question for one in found)
    assert any(one.mistakes for one in found) and any("figure" in one.cells for one in found)
    assert [one.slide.at for one in found if len("\n".join(one.code).splitlines()) > 15] == []
    assert all(one.text or one.code or one.cells or one.exercise or one.question for one in found)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("A loss", "A loss is a mean."),
        ("A loss ...", "A loss is a mean. **It adds** a term:\n\n$$L + 1,$$\n\nas Lee et al. (2018) do. Read it."),
        ("It adds a term", "**It adds** a term:\n\n$$L + 1,$$\n\nas Lee et al. (2018) do."),
        ("$$L", "$$L + 1,$$"),
        ("First", "**First.** A point. Its end."),
    ],
)
def test_a_sentence_an_item_and_a_formula_are_found_by_their_first_words(words, text):
    assert _chapter().section("2.1 Losses").text(words) == text


def test_a_statement_is_found_by_its_first_words_and_goes_on_to_the_end_of_its_cell():
    section = _chapter(_code("a = 1\nfor b in []:\n    c = 2\nd = 3")).section("2.1 Losses")
    assert section.code("for b") == "for b in []:\n    c = 2"
    assert section.code("for b ...") == "for b in []:\n    c = 2\nd = 3"


def test_what_a_slide_names_in_vain_is_an_error_that_says_what_is_there():
    chapter = _chapter(_code("twice = 1"), _code("twice = 2"))
    section = chapter.section("2.1 Losses")
    with pytest.raises(PointerError, match="02_vision has no heading '2.1 Loss'; it has:\n  2. Vision: a story\n"):
        chapter.section("2.1 Loss")
    with pytest.raises(PointerError, match="'2.1 Losses' has 0 sentences that begin with 'A gain'; it has:\n  A loss"):
        section.text("A gain")
    with pytest.raises(PointerError, match="2 code cells with 'twice' in them; it has:\n  twice = 1\n  twice = 2"):
        section.cell("twice")
    with pytest.raises(PointerError, match="has no exercise 'Subtract'; it has:\n  Add"):
        chapter.exercise("Subtract")
    assert find(Slide("2 Quiz", quiz="*What*"), None, (_question(),), ())
    with pytest.raises(PointerError, match="0 questions begin with 'Who'; there are:\n  What"):
        find(Slide("2 Quiz", quiz="Who"), None, (_question(),), ())


def test_no_slide_can_show_a_solution_or_its_check():
    section = _chapter().section("2 Exercises")
    assert [cell.source for cell in section.cells if cell.cell_type == "code"] == []
    assert _chapter().exercise("Add") == ("**1. Add.** *Easy, 5 minutes.* What is 1 + 1?", "Count.")


def _question():
    return Question("What?", tuple(Option(f"answer {i}", f"reason {i}", i == 2) for i in range(4)))


def test_which_answer_of_a_poll_is_right_only_the_notes_say():
    cells = content_slide(find(Slide("2 Quiz", quiz="What"), None, (_question(),), ()), None, "")
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells]
    (notes,) = (cell.source for cell, kind in zip(cells, kinds, strict=True) if kind == "notes")
    seen = "".join(cell.source for cell, kind in zip(cells, kinds, strict=True) if kind != "notes")
    assert "- C, right: reason 2" in notes and "- A, no: reason 0" in notes
    assert all(f"<li>answer {i}</li>" in seen for i in range(4)) and "reason" not in seen and "right" not in seen


def test_a_slide_has_its_build_its_notes_and_formulas_without_a_script():
    html = _slide(_chapter(), text=("It adds",), note="Ask.", mistake=("They err",))
    assert '<p class="made">2.1 Losses · a build</p>' in html and "<math " in html
    notes = html.partition('<aside class="notes">')[2].partition("</aside>")[0]
    assert "Ask." in notes and "They err. Why?" in notes
    files = ["reveal/reveal.css", "reveal/deck.css", "reveal/reveal.js", "reveal/notes.js"]
    assert re.findall(r'(?:src|href)="([^"]*)"', html) == files


def test_a_picture_is_the_published_file_with_its_words_and_comes_after_what_is_asked(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/02_gain.png").write_bytes(PIXEL)
    words = {"stem": "02_gain", "caption": "Of gain.", "alt": "Panels of gain."}
    chapter = _chapter(_code('publish("02_gain")', _shown({"image/png": "aGk="}, published=words)))
    html = _slide(chapter, tmp_path, figure="02_gain", ask="Which?")
    assert f'alt="Panels of gain." src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}"' in html
    places = [html.index(part) for part in ('<p class="ask">Which?', 'class="fragment"', "<figcaption>Of gain.")]
    assert places == sorted(places)
    assert 'data-layout="beside"' in html and 'class="fragment"' not in _slide(chapter, tmp_path, figure="02_gain")


def test_a_build_without_an_output_is_named():
    with pytest.raises(PointerError, match="the cell with 'draw' below '2.1 Losses' has no figure in this build"):
        _slide(_chapter(_code("draw()")), figure="draw")


def test_the_lines_that_a_cell_prints_keep_their_places():
    printed = nbformat.v4.new_output("stream", name="stdout", text="\n    of 100\nalarms\n")
    html = _slide(_chapter(_code("print(alarms)", printed)), says="print(alarms)")
    assert "    of 100\nalarms<" in html.replace("</pre>", "<")


def test_of_a_table_the_first_rows_are_shown_and_its_index_is_named_beside_its_columns():
    head = "<tr><th></th><th>a</th></tr><tr><th>set</th><th></th></tr>"
    rows = "".join(f"<tr><th>r{i}</th><td>{i}</td></tr>" for i in range(3))
    table = _shown({"text/html": f'<table border="1"><thead>{head}</thead><tbody>{rows}</tbody></table>'})
    html = _slide(_chapter(_code("show", table)), table="show", rows=2)
    assert "<thead><tr><th>set</th><th>a</th></tr></thead>" in html and "The first 2 of 3 rows." in html
    assert "r1" in html and "r2" not in html


def test_a_published_table_says_what_it_is_and_what_all_of_its_rows_are_of():
    text = "| In | Out | A |\n| --- | --- | --- |\n| digits | x | 1 |\n| digits | y | 2 |\n\n- A footnote.\n"
    source = 'paper.publish(table_7, "table_07", ROOM)'
    html = _slide(_chapter(_code(source, _shown({"text/markdown": text}))), table="table_7")
    caption = html.partition('<div class="caption">')[2].partition("</div>")[0]
    assert "digits. <strong>Table 7 of the paper</strong>" in caption and html.count("digits") == 1
    assert "A footnote." in html.partition('<aside class="notes">')[2].partition("</aside>")[0]


def test_a_published_table_of_one_row_keeps_the_name_of_that_row():
    text = "| In | Out | A |\n| --- | --- | --- |\n| digits | Mean | 1 |\n\n- A footnote.\n"
    source = 'paper.publish(table_10, "table_10", ROOM)'
    html = _slide(_chapter(_code(source, _shown({"text/markdown": text}))), table="table_10")
    assert "<th>Out</th>" in html and "<td>Mean</td>" in html and "digits. <strong>Table 10" in html


@pytest.mark.parametrize(("cell", "size"), [("1.0", "plain"), ("1.0 ±0.1", "dense"), ("1.0 ±0.1 (1.0)", "denser"),
                                            ("a text of more letters than a number ever has", "words")])  # fmt: skip
def test_letters_follow_what_stands_in_a_row_of_a_table(cell, size):
    rows = f"<tr>{10 * f'<td>{cell}</td>'}</tr>"
    html = _slide(_chapter(_code("show", _shown({"text/html": f"<table><tbody>{rows}</tbody></table>"}))), table="show")
    assert f'<table class="{size}">' in html


def test_first_and_last_slide_have_the_question_and_what_comes_next():
    first, second = SESSIONS[:2]
    opening, closing = opening_slide(first, {0: "a build"}), closing_slide(first, second, ["Chapter 0: 1 Add"])
    assert first.question in opening[0].source and "Chapter 0: a build" in opening[0].source
    assert all(mistake in opening[1].source for mistake in first.mistakes) and len(first.mistakes) > 2
    assert "Before session 2" in closing[0].source and f"**Read.** {second.read}" in closing[0].source


def test_what_is_kept_of_reveal_is_small_has_its_licence_and_names_no_address_to_load_from():
    kept = {path.name: path.read_text("utf-8") for path in (BOOK / "deck/reveal").iterdir()}
    assert sum(map(len, kept.values())) < 500_000 and "Permission is hereby granted" in kept["LICENSE"]
    assert re.findall(r"(?:url\(|@import|src=)[\"' ]*(?:https?:)?//[^\"')]*", "".join(kept.values())) == []


def test_a_chapter_that_there_is_not_is_named():
    with pytest.raises(ValueError, match=r"there is no chapter 99, but those from 0 to \d+"):
        waiting(Session(1, *"qcrho", "A", (Slide("99 A"),), ()), BOOK, Executed())


def test_a_session_whose_chapters_were_not_run_says_which(tmp_path):
    out, run = tmp_path / "demo", Executed({"00_start_here": nbformat.v4.new_notebook()})
    assert waiting(SESSIONS[0], out, run) == "make book CHAPTER=01_metrics SCALE=demo"
    assert "- Session 1: first `make book CHAPTER=01_metrics SCALE=demo`\n" in index(out, run)
    run.notebooks["01_metrics"] = nbformat.v4.new_notebook()
    assert f'- Session 1: <a href="../slides/session_1.html">{SESSIONS[0].title}</a>' in index(out, run)


@pytest.mark.parametrize("spoil", [b"", b"[]", b'{"cells": [', b'{"cells": 3, "nbformat": 4}', None])
def test_a_notebook_that_is_none_or_not_what_was_written_is_named_and_left_out(tmp_path, spoil):
    out, notebook = tmp_path / "demo", nbformat.writes(nbformat.v4.new_notebook())
    for name in ("00_start_here", "01_metrics"):
        write_text(out / "notebooks" / f"{name}.ipynb", notebook)
    path = out / "notebooks/01_metrics.ipynb"
    write_text(out / "figures/01_a.png", "picture")
    outputs = {"figures/01_a.png": sha256_of(out / "figures/01_a.png")}
    stamp = {"status": "done", "made_from": {}, "outputs": outputs, "pages": pages(out, "01_metrics")}
    if spoil is None:
        write_stamp(out, "01_metrics", stamp)
        assert executed(BOOK, out).files == list(outputs)
        path = out / "figures/01_a.png"
        write_text(path, "pict")
    else:
        path.write_bytes(spoil)
    run = executed(BOOK, out)
    assert list(run.notebooks) == ["00_start_here"] and run.files == []
    assert [fault.split(maxsplit=1)[0] for fault in run.faults] == [str(path)]
    assert "it is left out: make book CHAPTER=01_metrics SCALE=demo makes it again" in run.faults[0]


def test_make_slides_says_where_they_lie_what_they_wait_for_and_what_is_wrong(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    assert main(["--scale", "tiny"]) == 2 and "tiny" in capsys.readouterr().err
    notebook = nbformat.writes(read_chapter(BOOK / "11_your_data.py").notebook)
    write_text(tmp_path / "demo/notebooks/11_your_data.ipynb", notebook)
    assert main([]) == 1
    said = capsys.readouterr()
    assert "session 8: first make book CHAPTER=09_design_choices SCALE=demo; make book CHAPTER=10_results" in said.out
    assert "session 9: not made" in said.out and "has no figure in this build" in said.err


def test_a_pointer_that_leads_nowhere_in_a_build_is_a_fault_that_names_the_slide(tmp_path):
    out = tmp_path / "demo"
    empty = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 0. Empty")]))
    for name in ("00_start_here", "01_metrics"):
        write_text(out / "notebooks" / f"{name}.ipynb", empty)
    faults = write_slides(out, executed(BOOK, out))
    assert "session 1, slide 3: chapter 00_start_here has no heading '0.1 " in faults and "0. Empty" in faults
    assert not (out / "site/slides/session_1.html").exists() and (out / "site/slides/reveal/reveal.js").is_file()


@pytest.mark.parametrize(
    ("sessions", "slide", "said"),
    [
        (1, 'at = "1 A"', f"1 sessions, and the syllabus has {len(SESSIONS)}"),
        (len(SESSIONS), 'at = "1 A", hue = 1', "unexpected keyword argument 'hue'"),
        (len(SESSIONS), 'at = "A"', "at = 'A' has to be like `4.2 A heading` or"),
        (len(SESSIONS), 'at = "1 A", quiz = "B"', "has to be like `4 Quiz`"),
    ],
)
def test_a_damaged_plan_is_named_with_what_it_needs(tmp_path, sessions, slide, said):
    for name in ("syllabus.md", "teacher.md"):
        write_text(tmp_path / name, (COURSE / name).read_text("utf-8"))
    write_text(tmp_path / "slides.toml", sessions * f'[[session]]\ntitle = "A"\nslides = [{{ {slide} }}]\n')
    with pytest.raises(ValueError, match=rf"slides.toml: .*{said}.*; need .* slides of at, title, text, "):
        read_sessions(tmp_path)
