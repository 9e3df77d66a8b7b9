"""pyproject.toml, constraints.txt and environment.yml describe one and the same set of packages."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# They come with torch, in the build that fits the machine.
FOLLOW_TORCH = re.compile(r"nvidia-.*|cuda-.*|triton")


def _required():
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return {canonicalize_name(need.name): need for need in (Requirement(text) for part in lists for text in part)}


def _pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    names = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in names}


def test_conda_installs_the_package_with_the_same_extras_and_constraints_as_make():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, by_pip = environment["dependencies"]
    assert python == f"python{PROJECT['requires-python']}"
    assert pip == "pip"
    extras = ",".join(PROJECT["optional-dependencies"])
    assert by_pip == {"pip": ["-c constraints.txt", f"-e .[{extras}]"]}
    assert f"-c $(CONSTRAINTS) -e '.[{extras}]'" in (ROOT / "Makefile").read_text()
    assert "CONSTRAINTS ?= constraints.txt" in (ROOT / "Makefile").read_text()


def test_each_required_package_is_pinned_to_a_version_in_its_range():
    pins = _pins()
    outside = {name: pins.get(name) for name, need in _required().items() if pins.get(name, "") not in need.specifier}
    assert outside == {}


def test_each_package_is_required_once():
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    names = [canonicalize_name(Requirement(text).name) for part in lists for text in part]
    assert sorted(set(names)) == sorted(names)


def test_everything_that_comes_along_with_the_required_packages_is_pinned():
    # Evaluated for Linux, where the constraints were tested, whatever machine runs the test.
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"}
    seen, left = set(), list(_required().values())
    while left:
        need = left.pop()
        name = canonicalize_name(need.name)
        key = (name, frozenset(need.extras))
        if key in seen or FOLLOW_TORCH.fullmatch(name):
            continue
        seen.add(key)
        try:
            children = [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        for child in children:
            extras = need.extras or {""}
            if child.marker is None or any(child.marker.evaluate(linux | {"extra": extra}) for extra in extras):
                left.append(child)
    assert {name for name, _ in seen} - _pins().keys() == set()


@pytest.mark.parametrize(("name", "oldest"), [("torch", "2.11"), ("torchvision", "0.26")])
def test_the_range_reaches_back_to_the_releases_for_older_cuda(name, oldest):
    assert _required()[name].specifier.contains(oldest)


# Packages that are imported by another name than they are installed by.
INSTALLED_AS = {"IPython": "ipython", "PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"}


def _imported(folder):
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            yield from ((name.split(".")[0], path) for name in names)


@pytest.mark.parametrize(
    ("folder", "extras"),
    [("oe_core", ["book", "cluster"]), ("bench", []), ("book", ["book"]), ("tests", ["book", "cluster", "dev"])],
)
def test_what_is_imported_is_required(folder, extras):
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in extras)]
    required = {canonicalize_name(Requirement(text).name) for part in lists for text in part}
    own = {"oe_core", "bench"} | {path.stem for part in ("book", "tests") for path in (ROOT / part).rglob("*.py")}
    known = sys.stdlib_module_names | own
    asked = {(INSTALLED_AS.get(name, name), path.name) for name, path in _imported(folder) if name not in known}
    assert {(name, file) for name, file in asked if name not in required} == set()
