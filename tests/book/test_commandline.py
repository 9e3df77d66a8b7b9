"""What the programs of the book share: how they end, on which terminals, and places that only some can use."""

import copies
import handout
import pytest
import slurm
from commandline import program
from small_book import ROOT

PROGRAMS = [path for path in sorted((ROOT / "book").glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")]


def test_ctrl_c_ends_a_program_with_one_word(capsys):
    def main(*arguments):
        assert arguments == ("demo",)
        raise KeyboardInterrupt

    with pytest.raises(SystemExit, match="130"):
        program(main, "demo")
    assert capsys.readouterr().err == "stopped\n"


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_program_that_a_reader_starts_ends_so(path):
    last = path.read_text(encoding="utf-8").rstrip().splitlines()[-1]
    assert last.startswith("    program(main") or path.stem == "worker"  # whose parent it speaks to


@pytest.mark.parametrize("main", [lambda: copies.main(ROOT / "book"), lambda: handout.main(ROOT / "book", [])])
def test_a_home_that_nobody_has_is_told_in_a_sentence(main, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", "~nobody-of-that-name/runs")
    assert main() == 1
    said = capsys.readouterr().err
    assert "nobody-of-that-name" in said and len(said.splitlines()) == 1


def test_a_job_script_and_what_is_to_be_typed_quote_a_folder_with_a_space(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "my runs"))
    assert slurm.main([]) == 0
    folder = tmp_path / "my runs" / "demo"
    assert f'#SBATCH --output="{folder}/slurm-%A_%a.log"' in (folder / "slurm.sh").read_text()
    assert f"sbatch '{folder}/slurm.sh'" in capsys.readouterr().out
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "taken"))
    assert slurm.main([]) == 2 and str(tmp_path / "taken") in capsys.readouterr().err
