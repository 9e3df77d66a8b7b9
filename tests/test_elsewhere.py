"""The files by which other machines build the book say what they have to, by the same commands as here."""

import json
import tomllib
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def _commands(workflow):
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_what_can_be_run_here(workflow):
    commands = [command.removeprefix("sudo ").split()[0] for command in _commands(workflow)]
    assert commands and all(command == "make" or (ROOT / command).is_file() for command in commands)


def test_the_matrix_holds_supported_pythons_from_the_oldest_on():
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]
    pythons = jobs["test"]["strategy"]["matrix"]["python"]
    supported = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"])
    assert pythons == ["3.11", "3.12", "3.13", "3.14"] and all(python in supported for python in pythons)
    assert "3.10" not in supported


def test_what_is_published_is_what_make_book_builds():
    steps = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text())["jobs"]["site"]["steps"]
    assert "make book" in _commands(ROOT / ".github/workflows/site.yml")
    assert {"path": "runs/demo/site"} in [step.get("with") for step in steps]


def test_a_container_and_binder_install_by_make():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert container["onCreateCommand"].endswith("make .venv/installed.stamp")
    binder = (ROOT / ".binder/postBuild").read_text()
    assert 'make VENV="$NB_PYTHON_PREFIX" "$NB_PYTHON_PREFIX/installed.stamp"' in binder


def test_the_notebook_for_colab_is_valid_and_runs_the_two_commands():
    notebook = jupytext.read(ROOT / ".colab/start.py")
    nbformat.validate(notebook)
    sources = [cell.source for cell in notebook.cells]
    assert [f"!make -C /content/book {target}" in sources for target in ("book", "test")] == [True, True]
