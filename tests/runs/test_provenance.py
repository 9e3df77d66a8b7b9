import subprocess
from importlib.metadata import version

import pytest
import torch

from oe_core.runs import provenance


@pytest.fixture
def checkout(tmp_path):
    """A git repository with one commit that holds `oe_core/a.py`."""
    (tmp_path / "oe_core").mkdir()
    (tmp_path / "oe_core" / "a.py").write_text("a = 1\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def git(folder, *arguments: str) -> str:
    identity = ("-c", "user.name=A Reader", "-c", "user.email=reader@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_commit_of_a_clean_checkout(checkout):
    assert provenance.commit(checkout) == {"commit": git(checkout, "rev-parse", "HEAD"), "dirty": False}


@pytest.mark.parametrize("name", ["a.py", "new.py"])
def test_changed_or_new_library_file_makes_the_checkout_dirty(checkout, name):
    (checkout / "oe_core" / name).write_text("a = 2\n")
    assert provenance.commit(checkout) == {"commit": git(checkout, "rev-parse", "HEAD"), "dirty": True}


def test_results_beside_the_library_do_not_make_the_checkout_dirty(checkout):
    (checkout / "runs").mkdir()
    (checkout / "runs" / "table.csv").write_text("1\n")
    assert provenance.commit(checkout)["dirty"] is False


def test_folder_inside_another_repository_has_no_commit_of_its_own(checkout):
    assert provenance.commit(checkout / "oe_core") == {"commit": "unknown", "dirty": None}


def test_without_git_the_commit_is_unknown(checkout, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout))
    assert provenance.commit(checkout) == {"commit": "unknown", "dirty": None}


def test_environment_names_device_and_installed_versions():
    found = provenance.environment(torch.device("cpu"))
    assert found["device"]["type"] == "cpu" and found["device"]["threads"] == torch.get_num_threads()
    assert found["packages"]["numpy"] == version("numpy") and found["packages"]["torch"] == version("torch")
    assert len(found["device"]["name"]) > 0


def test_device_facts_say_what_auto_means_and_why(monkeypatch):
    monkeypatch.setattr(provenance, "auto_precision", lambda device: ("float32", "it is faster"))
    monkeypatch.setattr(provenance, "instruction_sets", lambda: ("avx2", "avx512_bf16"))
    facts = provenance.device_facts(torch.device("cpu"))
    assert facts["bfloat16"] is False and facts["auto_precision"] == "float32: it is faster"
    assert facts["instruction_sets"] == ["avx2", "avx512_bf16"]
