"""The student's version: the chapters without their solutions, and nothing in them needs a solution."""

import ast
import builtins
from pathlib import Path

import nbformat
import pytest
from chapters import find_chapters, read_chapter
from student import ROOM_TO_WORK, main, without_solutions

BOOK = Path(__file__).resolve().parents[1] / "book"
CHAPTERS = find_chapters(BOOK)


def _cell(source, *tags, kind="code"):
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return make(source, metadata={"tags": list(tags)})


def _code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and not cell.source.startswith("%")]


def test_each_run_of_solution_cells_becomes_one_empty_cell():
    cells = [_cell("question 1", kind="markdown"), _cell("a = 1", "solution"),
             _cell("because", "solution", kind="markdown"), _cell("question 2", kind="markdown"),
             _cell("b = 2", "solution")]  # fmt: skip
    student = without_solutions(nbformat.v4.new_notebook(cells=cells))
    assert [cell.source for cell in student.cells] == ["question 1", ROOM_TO_WORK, "question 2", ROOM_TO_WORK]
    assert len(cells) == 5 and cells[1].source == "a = 1"


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_solution_is_left_and_no_other_cell_needs_a_name_from_one(name):
    teacher = read_chapter(CHAPTERS[name]).notebook
    student = without_solutions(teacher)
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


def test_the_notebooks_are_written_where_the_runs_are(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    main(BOOK)
    written = sorted(path.stem for path in (tmp_path / "student").glob("*.ipynb"))
    assert written == sorted(CHAPTERS) and str(tmp_path / "student") in capsys.readouterr().out
    for name in written:
        nbformat.validate(nbformat.read(tmp_path / "student" / f"{name}.ipynb", as_version=4))
