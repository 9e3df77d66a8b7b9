"""The handout: a version without solutions, in which nothing needs one, one with all of them, and nbgrader's marks."""

import ast
import builtins
import re
from pathlib import Path

import nbformat
import pytest
from chapters import find_chapters, read_chapter
from handout import ROOM_TO_WORK, main, student_version, teacher_version
from questions import exercises

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTERS = find_chapters(BOOK)


def _cell(source, *tags, kind="code"):
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return make(source, metadata={"tags": list(tags)})


def _small():
    cells = [_cell("x = 1"), _cell("**1. Why?** *Hard, 20 minutes.* Say `a` and `f`.", kind="markdown"),
             _cell("def f():\n    inner = 2\na, b = 1, 2", "solution"), _cell("because", "solution", kind="markdown"),
             _cell("check.why(f, a, x)", "check"), _cell("**2. Who?** Nobody.", kind="markdown"),
             _cell("c = 3", "solution")]  # fmt: skip
    cells[0].outputs, cells[0].execution_count = [nbformat.v4.new_output("stream", text="1")], 5
    return nbformat.v4.new_notebook(cells=cells)


def _code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and not cell.source.startswith("%")]


def test_an_exercise_is_read_with_its_cells_and_what_its_check_asks_for():
    first, second = exercises(_small())
    assert (first.title, first.difficulty, first.minutes, first.points) == ("Why?", "Hard", 20, 3)
    assert (first.question, first.solution, first.check, first.names) == (1, (2, 3), (4,), ("f", "a"))
    assert (second.difficulty, second.minutes, second.points) == (None, None, 1)
    assert (second.solution, second.check, second.names) == ((6,), (), ())


def test_one_cell_stands_for_a_solution_and_binds_what_the_check_asks_for():
    teacher = _small()
    student = student_version(teacher)
    left = [ROOM_TO_WORK + "f = ...\na = ...\n", "check.why(f, a, x)", "**2. Who?** Nobody.", ROOM_TO_WORK]
    assert [cell.source for cell in student.cells[2:]] == left
    assert len(teacher.cells) == 7 and teacher.cells[2].source.startswith("def f()")


@pytest.mark.parametrize("version", [student_version, teacher_version])
def test_both_versions_hold_no_outputs(version):
    assert {(tuple(cell.outputs), cell.execution_count) for cell in _code(version(_small()))} == {((), None)}


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_solution_is_left_and_no_other_cell_needs_a_name_from_one(name):
    teacher = read_chapter(CHAPTERS[name]).notebook
    student = student_version(teacher)
    solved = [cell for cell in _code(teacher) if "solution" in cell.metadata.get("tags", [])]
    assert solved and not any("solution" in cell.metadata.get("tags", []) for cell in student.cells)
    nodes = [node for cell in _code(student) for node in ast.walk(ast.parse(cell.source))]
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler))}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {(alias.asname or alias.name).split(".")[0] for node in nodes
              if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}  # fmt: skip
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert used - bound - set(dir(builtins)) == set()


# Version 3 of nbgrader's cell metadata: what its published schema (nbgraderformat/v3.json) allows for each key.
FLAGS = ("grade", "solution", "locked", "task")
KINDS = dict.fromkeys(FLAGS, bool) | {"schema_version": int, "grade_id": str, "points": int}


def _marks(notebook):
    return [(cell, cell.metadata["nbgrader"]) for cell in notebook.cells if "nbgrader" in cell.metadata]


@pytest.mark.parametrize("version", [student_version, teacher_version])
@pytest.mark.parametrize("name", CHAPTERS)
def test_marks_for_nbgrader_follow_its_schema_and_its_rules(version, name):
    marked = version(read_chapter(CHAPTERS[name]).notebook, nbgrader=True)
    marks = _marks(marked)
    names = [mark["grade_id"] for _, mark in marks]
    assert marks and len(names) == len(set(names)) and all(re.fullmatch(r"[a-zA-Z0-9_\-]+", name) for name in names)
    for cell, mark in marks:
        assert mark["schema_version"] == 3 and all(type(value) is KINDS[key] for key, value in mark.items())
        assert ("points" in mark) == mark["grade"] and mark["locked"] != mark["solution"]
        # Prose that is an answer is graded by hand: nbgrader takes no other marks on it.
        assert cell.cell_type == "code" or mark["grade"] and mark["solution"]


def test_a_check_is_graded_and_locked_and_an_answer_is_neither():
    marks = {mark["grade_id"]: mark for _, mark in _marks(student_version(_small(), nbgrader=True))}
    assert list(marks) == ["exercise-1-answer", "exercise-1-check", "exercise-2-answer"]
    assert (marks["exercise-1-check"]["points"], marks["exercise-1-check"]["locked"]) == (3, True)
    assert "points" not in marks["exercise-1-answer"] and marks["exercise-1-answer"]["solution"]


@pytest.mark.parametrize("version", [student_version, teacher_version])
def test_nbgrader_itself_takes_the_marks(version):
    v3 = pytest.importorskip("nbgrader.nbgraderformat.v3", reason="nbgrader is no dependency of the book")
    for path in CHAPTERS.values():
        v3.MetadataValidatorV3().validate_nb(version(read_chapter(path).notebook, nbgrader=True))


def test_nothing_is_marked_unless_asked_for():
    assert _marks(student_version(_small())) == _marks(teacher_version(_small())) == []


@pytest.mark.parametrize("options", [[], ["--nbgrader"]])
def test_both_versions_and_the_checks_are_written_where_the_runs_are(options, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    assert main(BOOK, options) == 0
    assert str(tmp_path / "handout" / "student") in capsys.readouterr().out
    for version in ("student", "teacher"):
        folder = tmp_path / "handout" / version
        assert sorted(path.stem for path in folder.glob("*.ipynb")) == sorted(CHAPTERS)
        for name in CHAPTERS:
            nbformat.validate(written := nbformat.read(folder / f"{name}.ipynb", as_version=4))
            assert bool(_marks(written)) == bool(options)
        checks = {path.name: path.read_text() for path in (folder / "exercises").glob("*.py")}
        assert checks == {path.name: path.read_text() for path in (BOOK / "exercises").glob("*.py")}


def test_an_answer_that_is_missing_is_asked_for_in_the_notebook_of_a_student(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    main(BOOK, [])
    student = nbformat.read(tmp_path / "handout" / "student" / "01_metrics.ipynb", as_version=4)
    one = exercises(student)[1]
    names = {"check": __import__("exercises.ch01_metrics", fromlist=["check"])}
    room = student.cells[one.question + 1]
    assert room.source.startswith(ROOM_TO_WORK)
    exec(room.source, names)
    with pytest.raises(AssertionError, match="Exercise 2, not yet: nothing is given yet"):
        exec(student.cells[one.check[0]].source, names)
