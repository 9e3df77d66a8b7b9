"""What the programs of the book share: how they end, on which terminals, and places that only some can use."""

import os
import signal
import subprocess
import sys

import copies
import handout
import pytest
import slurm
from ending import program
from small_book import ROOT

import runs

PROGRAMS = [path for path in sorted((ROOT / "book").glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")]


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Writes a program: a module of the content given, by its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, content):
        (tmp_path / f"{name}.py").write_text(content)
        return name

    return write


@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("where", ["{}", "def main():\n    {}"])
def test_a_signal_ends_a_program_with_one_word_in_its_imports_too(made, capsys, number, status, where):
    there = where.format(f"import os, signal; os.kill(os.getpid(), signal.{number})")
    name = made(f"of_{number}_{len(where)}".lower(), f"{there}\n")
    before = signal.signal(getattr(signal, number), signal.default_int_handler)  # it may be ignored, in the background
    try:
        with pytest.raises(SystemExit, match=str(status)):
            program(name)
    finally:
        signal.signal(getattr(signal, number), before)
    assert capsys.readouterr().err == "stopped\n"


def test_a_program_that_nobody_reads_any_more_says_nothing(made):
    name = made("talker", "def main():\n    for _ in range(100_000):\n        print('a line')\n    return 0\n")
    command = f"{sys.executable} -c \"from ending import program; program('{name}')\" | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT / "book",
                          env=os.environ | {"PYTHONPATH": sys.path[0]})  # fmt: skip
    assert (done.stdout, done.stderr) == ("a line\n", "")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_program_that_a_reader_starts_ends_so(path):
    after = path.read_text(encoding="utf-8").split('"""', 2)[2]
    begins = 'if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too\n'
    begins += f'    from ending import program\n\n    program("{path.stem}")\n'
    assert after.lstrip().startswith(begins) or path.stem == "worker"  # whose parent it speaks to


@pytest.mark.parametrize("main", [lambda: copies.main(ROOT / "book"), lambda: handout.main(ROOT / "book", [])])
def test_a_home_that_nobody_has_is_told_in_a_sentence(main, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", "~nobody-of-that-name/runs")
    assert main() == 1
    said = capsys.readouterr().err
    assert "nobody-of-that-name" in said and len(said.splitlines()) == 1


@pytest.mark.parametrize("main", [copies.main, lambda: handout.main(arguments=[]), lambda: runs.main([])])
def test_a_place_that_cannot_be_made_is_told_in_a_sentence_and_nobody_is_told_to_remove_it(
    main, tmp_path, monkeypatch, capsys
):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "taken" / "sub"))
    assert main() in (1, 2)
    said = capsys.readouterr()
    assert "cannot be made (Not a directory); choose another place with OE_RUNS" in said.err
    assert len(said.err.splitlines()) == 1 and said.out == ""


def test_a_job_script_and_what_is_to_be_typed_quote_a_folder_with_a_space(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "my runs"))
    assert slurm.main([]) == 0
    folder = tmp_path / "my runs" / "demo"
    assert f'#SBATCH --output="{folder}/slurm-%A_%a.log"' in (folder / "slurm.sh").read_text()
    assert f"sbatch '{folder}/slurm.sh'" in capsys.readouterr().out
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "taken"))
    assert slurm.main([]) == 2 and str(tmp_path / "taken") in capsys.readouterr().err
