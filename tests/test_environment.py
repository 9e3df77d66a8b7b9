"""pyproject.toml, constraints.txt and environment.yml describe one set of packages, and the Makefile installs it."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
PYTHONS = ("3.11", "3.12", "3.13")
# The lock was tested on Linux, whatever machine runs these tests.
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"}
LOCKED = re.compile(r"(?P<pin>[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; [^\\]+?)?)( --hash=sha256:[0-9a-f]{64})+")


def _required():
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return {canonicalize_name(need.name): need for need in (Requirement(text) for part in lists for text in part)}


def _locked():
    text = (ROOT / "constraints.txt").read_text().replace(" \\\n    ", " ")
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def _pins(python):
    """The version of each package that the lock has for Linux and a release of Python."""
    pins, here = {}, LINUX | {"python_version": python, "python_full_version": f"{python}.7"}
    for line in _locked():
        pin = Requirement(LOCKED.fullmatch(line)["pin"])
        if pin.marker is None or pin.marker.evaluate(here):
            assert canonicalize_name(pin.name) not in pins, f"{pin.name} is locked twice for Python {python}"
            (specifier,) = pin.specifier
            pins[canonicalize_name(pin.name)] = specifier.version
    return pins


def _make(*words):
    """What the Makefile would do to install, without doing it."""
    done = subprocess.run(["make", "-n", "VENV=/nowhere", "/nowhere/installed.stamp", *words], cwd=ROOT, check=True,
                          capture_output=True, text=True, env={"PATH": os.environ["PATH"]})  # fmt: skip
    return [" ".join(line.split()) for line in done.stdout.splitlines() if " -m pip " in line]


def test_make_installs_what_is_locked_by_hashes_and_the_project_without_anything_else():
    packages, project = _make()
    assert packages.endswith("install --quiet --require-hashes -r constraints.txt")
    assert project.endswith("install --quiet --no-index --no-deps --no-build-isolation -e .")


def test_make_installs_from_a_wheelhouse_without_an_index():
    packages, project = _make("WHEELHOUSE=a folder")
    assert packages.endswith('--no-index --find-links "a folder" --require-hashes -r constraints.txt')
    assert "--no-index" in project


def test_make_installs_by_ranges_where_asked():
    extras = ",".join(PROJECT["optional-dependencies"])
    (everything,) = _make("CONSTRAINTS=/dev/null")
    assert everything.endswith(f"install --quiet -e '.[{extras}]'")


def test_conda_installs_the_locked_packages():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, by_pip = environment["dependencies"]
    assert python == f"python{PROJECT['requires-python']}"
    assert pip == "pip"
    assert by_pip == {"pip": ["-r constraints.txt"]}


def test_each_locked_package_has_its_version_and_hashes():
    assert [line for line in _locked() if not LOCKED.fullmatch(line)] == []


def test_the_lock_names_no_address_and_no_path():
    assert "/" not in (ROOT / "constraints.txt").read_text()


@pytest.mark.parametrize("python", PYTHONS)
def test_each_required_package_is_locked_in_a_version_in_its_range(python):
    pins = _pins(python)
    outside = {name: pins.get(name) for name, need in _required().items() if pins.get(name, "") not in need.specifier}
    assert outside == {}


def test_what_builds_the_project_is_locked():
    needs = [Requirement(text) for text in PYPROJECT["build-system"]["requires"]]
    for python in PYTHONS:
        assert [need.name for need in needs if _pins(python).get(need.name, "") not in need.specifier] == []


def test_each_package_is_required_once():
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    names = [canonicalize_name(Requirement(text).name) for part in lists for text in part]
    assert sorted(set(names)) == sorted(names)


def test_everything_that_comes_along_with_the_required_packages_is_locked():
    seen, left = set(), list(_required().values())
    while left:
        need = left.pop()
        name = canonicalize_name(need.name)
        key = (name, frozenset(need.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            children = [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        for child in children:
            extras = need.extras or {""}
            if child.marker is None or any(child.marker.evaluate(LINUX | {"extra": extra}) for extra in extras):
                left.append(child)
    pins = _pins(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert {name for name, _ in seen} - pins.keys() == set()
    assert {"torch", "triton", "nvidia-cublas"} <= pins.keys()


@pytest.mark.parametrize(("name", "oldest"), [("torch", "2.11"), ("torchvision", "0.26")])
def test_the_range_reaches_back_to_the_releases_for_older_cuda(name, oldest):
    assert _required()[name].specifier.contains(oldest)


# Packages that are imported by another name than they are installed by.
INSTALLED_AS = {
    "IPython": "ipython", "PIL": "pillow", "axe_playwright_python": "axe-playwright-python", "bs4": "beautifulsoup4",
    "pytorch_ood": "pytorch-ood", "sklearn": "scikit-learn", "yaml": "pyyaml",
}  # fmt: skip


def _imported(folder):
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            yield from ((name.split(".")[0], path) for name in names)


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("oe_core", ["book", "cluster"]),
        ("bench", []),
        ("book", ["book", "site"]),
        ("tests", ["book", "cluster", "dev", "ood"]),
    ],
)
def test_what_is_imported_is_required(folder, extras):
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in extras)]
    required = {canonicalize_name(Requirement(text).name) for part in lists for text in part}
    files = [path for part in ("book", "tests") for path in (ROOT / part).rglob("*.py")]
    own = {"oe_core", "bench"} | {path.parent.name if path.name == "__init__.py" else path.stem for path in files}
    known = sys.stdlib_module_names | own
    asked = {(INSTALLED_AS.get(name, name), path.name) for name, path in _imported(folder) if name not in known}
    assert {(name, file) for name, file in asked if name not in required} == set()
