"""The command `oe`, as processes for one case of pictures and one of texts, and what it says of wrong input."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from own_data import STEPS, foreign, of_digit, picture_detector, save, text_detector, texts

from oe_core import Detector, cli
from oe_core.cli import _named, main
from oe_core.data.embedded.images import digits

ROOT = Path(__file__).resolve().parents[1]


def oe(*arguments, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "oe_core.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, cwd=ROOT, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def numbers(folder):
    picture_detector(folder).save(folder / "numbers.oe")
    return folder / "numbers.oe"


@pytest.fixture(scope="module")
def notes(folder):
    text_detector(folder).save(folder / "notes.oe")
    return folder / "notes.oe"


def test_a_folder_of_pictures_is_trained_on_and_new_ones_are_told_apart(folder, numbers):
    done = oe("train", folder / "numbers", "-o", folder / "own.oe", "--set", f"steps={STEPS}")
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode()
    assert "accuracy: it gets" in said and "95 % confidence" in said and f"saved as {folder / 'own.oe'}" in said
    assert Detector.load(folder / "own.oe").threshold == Detector.load(numbers).threshold

    paths = save(of_digit(0, "test"), folder / "new")
    (folder / "new/torn.png").write_bytes(paths[0].read_bytes()[:50])
    (folder / "new/notes.doc").write_text("no picture")
    done = oe("detect", folder / "own.oe", folder / "new", "--exit-code")
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert list(rows[0]) == ["path", "class", "score", "verdict"] and len(rows) == len(paths)
    expected = Detector.load(numbers).predict(sorted(paths))
    assert [(row["path"], float(row["score"]), row["verdict"]) for row in rows] == [
        (one.path, one.score, one.verdict) for one in expected
    ]
    found = any(one.verdict == "anomaly" for one in expected)
    assert done.returncode == (1 if found else 2)  # one could not be read
    complaints = done.stderr.decode()
    assert ("not all could be read, so that there is no answer" in complaints) == (not found)
    assert "torn.png: not a whole picture" in complaints and "left out 1 file ending in .doc" in complaints
    assert "Traceback" not in complaints


def test_lines_of_text_are_scored_from_a_stream_and_a_closed_pipe_ends_quietly(notes):
    lines = b"the wind blows in from north\n\n\xff\xfe no text\nein ganz anderer Satz ohne Sinn\n"
    done = oe("detect", notes, "-", "--json", input=lines)
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["path"], first["class"], first["verdict"]) == ("-:1", "weather", "inlier")
    assert (second["path"], second["verdict"]) == ("-:4", "anomaly")
    assert b"oe: - line 3 is no text" in done.stderr and done.returncode == 0

    shell = f"yes 'sugar and flour' | head -200000 | '{sys.executable}' -m oe_core.cli detect '{notes}' - | head -1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {shell}"], capture_output=True, cwd=ROOT)
    assert done.stdout == b"path,class,score,verdict\n" and done.stderr == b""
    asked = subprocess.run(["bash", "-c", f"set -o pipefail; {shell.replace(' - |', ' - --exit-code |')}"], cwd=ROOT,
                           capture_output=True)  # fmt: skip
    assert asked.returncode == 2  # nobody has heard the answer
    closed = subprocess.run(["bash", "-c", f"'{sys.executable}' -m oe_core.cli detect '{notes}' - <&-"], cwd=ROOT,
                            capture_output=True)  # fmt: skip
    assert closed.returncode == 2 and closed.stderr.startswith(b"oe: -: ") and b"Traceback" not in closed.stderr


def test_a_name_that_the_output_has_no_signs_for_is_written_by_their_numbers(numbers, folder):
    save(of_digit(1)[:1], folder / "猫 Δ")
    done = oe("detect", numbers, folder / "猫 Δ", env=os.environ | {"PYTHONIOENCODING": "cp1252"})
    assert done.returncode == 0 and rb"\u732b \u0394" in done.stdout


def test_who_writes_a_line_gets_its_answer_before_the_next(notes):
    command = [sys.executable, "-m", "oe_core.cli", "detect", str(notes), "-", "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        too_late = Timer(120, process.kill)
        too_late.start()
        for number in (1, 2, 3):
            process.stdin.write(b"sugar and flour\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["path"] == f"-:{number}"
        process.stdin.close()
        assert process.wait() == 0
        too_late.cancel()


def test_a_table_and_a_data_set_of_the_book_are_asked_about_by_their_name(numbers, notes, tmp_path, capsys):
    (tmp_path / "table.csv").write_text('text,number\n"rain, later snow",1\n')
    assert main(["detect", str(notes), str(tmp_path / "table.csv")]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["path"] == f"{tmp_path / 'table.csv'}:2"
    assert main(["detect", str(numbers), "digits", "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["score"] for one in answers] == Detector.load(numbers).score(digits("test", 16)).tolist()


def test_a_file_of_texts_is_named_by_line_and_its_labels_are_no_part_of_it(notes, tmp_path, capsys):
    assert main(["detect", str(notes), str(texts(tmp_path / "again.tsv"))]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["path"] == f"{tmp_path / 'again.tsv'}:1" and len(rows) == 240
    assert sum(row["class"] == "weather" for row in rows[:80]) > 75


def test_a_line_without_text_and_a_damaged_archive_are_named_and_the_rest_is_scored(notes, tmp_path, capsys):
    (tmp_path / "asked.tsv").write_text("weather\tthe wind blows\nno tab here\nweather\t\n")
    whole = gzip.compress("".join(f"the wind blows {number}\n" for number in range(5000)).encode(), mtime=0)
    (tmp_path / "cut.txt.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "none.txt.gz").write_bytes(b"the wind blows\n")
    (tmp_path / "whole.txt").write_text("the wind blows\n")
    assert main(["detect", str(notes), str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert f"{tmp_path / 'asked.tsv'}:2: has no text after a tab" in said.err and "asked.tsv:3" in said.err
    assert "cut.txt.gz: is damaged" in said.err and "none.txt.gz: is damaged" in said.err
    places = [line.split(",")[0] for line in said.out.splitlines()[1:]]
    assert places[0].endswith("asked.tsv:1") and places[-1].endswith("whole.txt:1") and len(places) > 100


def test_the_exit_code_is_no_answer_where_nothing_was_asked(notes, tmp_path, capsys):
    (tmp_path / "empty.txt").touch()
    for form in ([], ["--json"]):
        assert main(["detect", str(notes), str(tmp_path / "empty.txt"), *form]) == 0
        assert main(["detect", str(notes), str(tmp_path / "empty.txt"), "--exit-code", *form]) == 2
    assert "no example came" in capsys.readouterr().err


def test_a_name_with_line_breaks_is_one_field_of_one_row(numbers, folder, capsys):
    save(of_digit(1)[:1], folder / "odd\nname")
    assert main(["detect", str(numbers), str(folder / "odd\nname")]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert "odd\nname" in row["path"] and row["verdict"] in ("inlier", "anomaly")


def test_paths_come_from_stdin_and_the_exit_code_says_what_was_found(numbers, folder, capsys, monkeypatch):
    paths = save(of_digit(1)[:3], folder / "known")
    listed = io.TextIOWrapper(io.BytesIO("\n".join([*map(str, paths), "nowhere.png"]).encode()))
    monkeypatch.setattr("sys.stdin", listed)
    assert main(["detect", str(numbers), "-"]) == 0
    said = capsys.readouterr()
    assert [line.partition(",")[0] for line in said.out.splitlines()[1:]] == list(map(str, paths))
    assert "nowhere.png: there is nothing there" in said.err
    verdicts = {one.verdict for one in Detector.load(numbers).predict(paths)}
    assert main(["detect", str(numbers), str(folder / "known"), "--exit-code"]) == int("anomaly" in verdicts)
    (folder / "torn.png").write_bytes(b"\x89PNG")
    assert main(["detect", str(numbers), str(folder / "torn.png"), "--json"]) == 2


def test_a_threshold_is_shown_set_and_refused(numbers, capsys):
    assert main(["threshold", str(numbers)]) == 0
    assert "5 % false alarms, with 95 % confidence" in capsys.readouterr().out
    assert main(["threshold", str(numbers), "--false-alarm-rate", "0.2"]) == 0
    assert Detector.load(numbers).threshold.false_alarm_rate == 0.2
    assert main(["threshold", str(numbers), "--false-alarm-rate", "0.01"]) == 2
    assert "takes at least 99 inliers that were held out of training, there are 48" in capsys.readouterr().err
    assert main(["threshold", str(numbers), "--false-alarm-rate", "0.05"]) == 0


def test_a_network_of_the_package_is_asked_by_its_name_and_stays_as_it_is(tmp_path, capsys):
    (path,) = save(of_digit(0, "test")[:1], tmp_path / "new")
    assert main(["detect", "pretrained:digits-oe", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1].split(",")[::3] == [str(path), "inlier"]
    assert main(["info", "pretrained:digits-oe"]) == 0
    said = capsys.readouterr().out
    assert "trained on: 1400 examples of digits for 10 epochs, 397 held out; outliers: 6000 of photo-china" in said
    assert "on Gaussian: FPR95 " in said and "terms of scikit-learn's handwritten digits: " in said
    rate = ["threshold", "pretrained:digits-oe", "--false-alarm-rate", "0.2"]
    assert main(rate) == 2
    assert "digits-oe comes with the package and stays as it is; save another one with -o" in capsys.readouterr().err
    assert main([*rate, "-o", str(tmp_path / "mine.oe")]) == 0
    assert Detector.load(tmp_path / "mine.oe").threshold.false_alarm_rate == 0.2
    assert Detector.from_pretrained("digits-oe").threshold.false_alarm_rate == 0.05
    with pytest.raises(SystemExit, match="2"):
        main(["info", "pretrained:number"])
    assert "argument detector: name='number' is unknown; choose one of " in capsys.readouterr().err


def test_a_detector_is_evaluated_and_the_report_is_kept(notes, tmp_path, capsys):
    found = str(foreign(tmp_path / "found.txt"))
    assert main(["evaluate", str(notes), found, "-o", str(tmp_path / "report")]) == 0
    heading, row, *_ = capsys.readouterr().out.splitlines()
    assert heading.split()[:5] == ["group", "set", "inliers", "anomalies", "FPR95"]
    assert row.split()[:4] == ["yours", "found.txt", "48", "200"]
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["evaluation.csv", "misses.csv"]
    assert main(["evaluate", str(notes)]) == 0
    heading, near, far = capsys.readouterr().out.splitlines()
    assert near.split()[:5] == ["near", "words", "of", "the", "vocabulary"] and far.split()[:2] == ["far", "letters"]
    assert main(["evaluate", str(notes), "--left-out", "1"]) == 2
    assert "left_out=1: takes in_dist (--in-dist), what the detector was trained on" in capsys.readouterr().err


def test_info_says_what_a_detector_is(notes, capsys):
    assert main(["info", str(notes)]) == 0
    said = capsys.readouterr().out
    assert "text, network gru, 3 classes: garden, kitchen, weather" in said
    assert "outliers: 180 of other.txt" in said and "48 held out" in said and "accuracy: it gets" in said
    assert "192 examples of notes.tsv for" in said


def test_a_result_that_is_not_to_be_believed_is_saved_with_status_1(tmp_path, capsys, caplog):
    mixed = "".join(f"{'ab'[number * 7 % 11 % 2]}\tword{number % 5} word{number % 3}\n" for number in range(40))
    (tmp_path / "mixed.tsv").write_text(mixed)
    arguments = ["train", str(tmp_path / "mixed.tsv"), "--outliers", str(foreign(tmp_path / "other.txt"))]
    assert main([*arguments, "-o", str(tmp_path / "mixed.oe"), "--set", "steps=2"]) == 1
    assert "no better than guessing" in caplog.text and "takes at least 19 inliers" in caplog.text
    assert "no threshold" in capsys.readouterr().out
    assert main(["detect", str(tmp_path / "mixed.oe"), str(tmp_path / "mixed.tsv")]) == 2
    assert "there is no threshold" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "{root}/nowhere", "-o", "{root}/x"), "nowhere: there is nothing there"),
        (("train", "{root}/one", "-o", "{root}/x"), "examples of one class, zero; expected two classes"),
        (("train", "{root}/one/zero/0.png", "-o", "{root}/x"), "0.png: is a picture; put it into a folder"),
        (("train", "{root}/one", "-o", "{root}/x", "--set", "steps=many"), "steps='many' is of the type str; expected"),
        (("train", "{root}/one", "-o", "{root}/x", "--set", "store=1"), "--set store: is no setting of the training"),
        (("train", "{root}/one", "-o", "{root}"), "which is no part of a detector; choose a new folder"),
        (("detect", "{root}/nowhere", "-"), "nowhere holds no detector"),
        (("detect", "{numbers}", ""), "argument 3 is empty; expected a folder, a file or a name"),
        (("detect", "{numbers}", "{root}/nowhere"), "nowhere: there is nothing there"),
        (("train", "cifar10", "-o", "{root}/x"), "cifar10: its train images are not on this machine. CIFAR-10"),
        (("evaluate", "{numbers}", "nothing-like-it"), "holds no 'nothing-like-it', and data set"),
        (("detect", "{numbers}", "{root}/table.csv"), "has the columns ['text']; expected one of them to be path"),
        (("detect", "{notes}", "{root}/one/zero/0.png"), "0.png: is a picture; expected one text a line"),
        (("detect", "{numbers}", "{root}/text.txt"), "text.txt: holds text; paths of pictures, one a line, are given"),
    ],
)
def test_wrong_input_is_answered_in_a_sentence_with_status_2(numbers, notes, tmp_path, capsys, arguments, said):
    save(of_digit(0)[:3], tmp_path / "one/zero")
    (tmp_path / "table.csv").write_text("text\na text\n")
    (tmp_path / "text.txt").write_text("a text\n")
    assert main([argument.format(root=tmp_path, numbers=numbers, notes=notes) for argument in arguments]) == 2
    complaint = capsys.readouterr().err
    assert said in complaint and "Traceback" not in complaint


def test_sets_of_one_name_are_told_apart_by_the_whole_of_what_was_written():
    assert _named(["a/bad", "b/bad", "c/worse"]) == {"a/bad": "a/bad", "b/bad": "b/bad", "worse": "c/worse"}
    assert _named(["."]) == {Path.cwd().name: "."}


def test_off_a_terminal_a_line_says_that_a_training_begins(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    with cli._store().progress(total=3, initial=1, desc="pets"):
        pass
    assert capsys.readouterr().err == "oe: training pets, 2 steps\n"
