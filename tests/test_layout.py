"""The rooms of oe_core: imports go one way, the notebook packages stay outside, and a picture shows every file."""

import ast
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
# The way data flows. A module imports from its own line and from the lines above it; a name stands for the module, or
# for its whole folder.
FLOW = (
    ("errors",),
    ("arguments",),
    ("scales", "wording", "atomic", "processors"),
    ("devices", "graphs", "ranks"),
    ("data.examples",),
    ("data.sentences", "data.vocabulary"),
    ("data.readers.*",),
    ("data.embedded.*",),
    ("data.catalog", "data.catalog.*"),
    ("data.fetch.http", "data.fetch.download"),
    ("data.folders",),
    ("data.text_folders",),
    ("data.derived",),
    ("data.sources",),
    ("data.streams",),
    ("data.fetch.inventory",),
    ("data.anomalies", "data.corruptions", "data.overlap"),
    ("data.batches",),
    ("networks.*",),
    ("recipe",),
    ("experiments",),
    ("losses", "scores", "parts"),
    ("train",),
    ("detectors.kind",),
    ("detectors.images", "detectors.images.*", "detectors.text", "detectors.text.*"),
    ("detectors.*",),
    ("detectors.registry",),
    ("runs.*",),
    ("evaluation.*",),
    ("paper", "paper.*"),
    ("posthoc.*",),
    ("figures", "figures.*"),
    ("detector.*",),
    ("cli",),
)  # fmt: skip
ARRAYS_ONLY = {
    "scores": {"numpy"}, "evaluation.metrics": {"numpy"}, "evaluation.draws": {"numpy"},
    "evaluation.calibration": {"numpy", "scipy"}, "evaluation.bootstrap": {"numpy"},
    "posthoc.answers": {"numpy"}, "posthoc.logits": {"numpy", "scipy"}, "posthoc.activations": {"numpy"},
    "posthoc.distances": {"numpy", "scipy", "sklearn"}, "posthoc.subspaces": {"numpy", "scipy", "sklearn"},
}  # fmt: skip
# From the records on, pandas and matplotlib are at home.
WITH_TABLES_AND_FIGURES = ("evaluation.", "paper", "posthoc.", "figures", "detector.report")
NOTEBOOK_PACKAGES = (
    "IPython ipython ipykernel ipywidgets jupyter_client jupyterlab jupytext latex2mathml matplotlib nbclient "
    "nbconvert nbformat pandas papermill rich seaborn"
).split()


def _module(path):
    parts = path.relative_to(ROOT / "oe_core").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in sorted((ROOT / "oe_core").rglob("*.py"))}
# These packages are only names: they hold and import nothing.
NAMES_ONLY = (
    "data", "data.readers", "data.fetch", "data.embedded", "networks", "detectors", "runs", "evaluation", "posthoc",
    "detector",
)  # fmt: skip
ROOMS = {name: path for name, path in MODULES.items() if name and name not in NAMES_ONLY}


def _line(module):
    """The line of the longest pattern that fits: a folder may have its line, and one of its modules another."""
    fitting = [(len(p), number) for number, patterns in enumerate(FLOW) for p in patterns if fnmatchcase(module, p)]
    assert fitting, f"oe_core.{module} stands on no line of FLOW; give it its place there"
    return max(fitting)[1]


def _imports(path):
    """Names of all modules that a file imports, at its top or inside its functions; `from a import b` as a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: line {node.lineno}: imports are written in full, from oe_core on"
            names.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
    return names


def _rooms_imported(path):
    return {name.removeprefix("oe_core.") for name in _imports(path)} & ROOMS.keys()


def _detector(module):
    return module.split(".")[1] if module.startswith("detectors.") else ""


@pytest.mark.parametrize("module", [module for module in ROOMS if _detector(module) not in ("", "kind", "registry")])
def test_a_detector_uses_those_of_images_and_text_and_no_other_one(module):
    others = {_detector(name) for name in _rooms_imported(ROOMS[module])} - {"", "kind", _detector(module)}
    assert others <= {"images", "text"}


@pytest.mark.parametrize("module", ROOMS)
def test_a_module_imports_only_from_its_own_line_of_the_flow_and_from_those_above(module):
    backwards = {name for name in _rooms_imported(ROOMS[module]) if _line(name) > _line(module)}
    assert backwards == set()


@pytest.mark.parametrize(("folder", "files", "most"), [("oe_core", "**/*.py", 300), ("book", "[0-9][0-9]_*.py", 600)])
def test_a_module_has_at_most_300_lines_and_a_chapter_600(folder, files, most):
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).glob(files)}
    assert lengths and {str(path): length for path, length in lengths.items() if length > most} == {}


def test_the_packages_that_are_only_names_import_nothing():
    assert set().union(*(_imports(MODULES[name]) for name in NAMES_ONLY)) == set()


@pytest.mark.parametrize(("module", "allowed"), ARRAYS_ONLY.items())
def test_scores_metrics_draws_and_calibration_see_arrays_only(module, allowed):
    packages = {name.split(".")[0] for name in _imports(ROOMS[module])} - sys.stdlib_module_names
    assert packages - {"oe_core"} == allowed
    assert _rooms_imported(ROOMS[module]) <= ARRAYS_ONLY.keys()


def test_the_library_imports_and_trains_without_the_notebook_packages():
    code = f"""
import importlib, importlib.machinery, sys
class WithoutNotebooks(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = name.split(".")[0] in {NOTEBOOK_PACKAGES}
        return None if absent else super().find_spec(name, path, target)
sys.meta_path[:] = [WithoutNotebooks if "PathFinder" in str(finder) else finder for finder in sys.meta_path]
for module in {[name for name in ROOMS if not name.startswith(WITH_TABLES_AND_FIGURES)]}:
    importlib.import_module("oe_core." + module)
import torch
from oe_core.data.examples import ImageSet
from oe_core.detectors.images import IMAGES
from oe_core.detectors.images.recipe import ImageRecipe
pixels = torch.arange(8 * 3 * 8 * 8).view(8, 3, 8, 8).remainder(256).to(torch.uint8)
shades = ImageSet("shades", pixels, torch.arange(8) % 2, ("dark", "bright"), "folder")
recipe = ImageRecipe("tiny", "shades", model="wrn-10-1", size=8, epochs=1, batch_size=4, dropout=0.0, crop_padding=1)
trained = IMAGES.fit(recipe, shades, None, device=torch.device("cpu"))
print("trained", all(torch.isfinite(weights).all() for weights in trained.weights.values()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1:] == ["trained True"], done.stderr


def test_the_notebook_packages_are_those_of_the_book():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    book = {Requirement(text).name for text in project["optional-dependencies"]["book"]}
    assert book - set(NOTEBOOK_PACKAGES) == set()


def test_the_picture_of_the_code_names_every_folder_and_every_file_beside_them():
    picture = set(re.findall(r"[\w.]+/?", (ROOT / "book" / "site" / "code.md").read_text(encoding="utf-8")))
    folders = {f"{path.parent.name}/" for path in MODULES.values()}
    files = {path.name for path in (ROOT / "oe_core").glob("*.py") if path.name != "__init__.py"}
    assert (folders | files) - picture == set()
