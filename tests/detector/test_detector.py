"""A detector from a user's own data: what it learns, says, and is after it was saved and loaded."""

import json
from pathlib import Path

import numpy as np
import pytest
from own_data import OTHER, SHOWN, WORDS, foreign, of_digit, pictures, save, sentences, text_detector, texts
from PIL import Image
from store_process import truncate

from oe_core import Detector, Store
from oe_core.atomic import DamagedFileError, read_record, write_record
from oe_core.detector.saved import CARD, HELD_OUT_FILE, WEIGHTS
from oe_core.detector.settings import DEFAULT_OUTLIERS
from oe_core.evaluation.metrics import auroc


@pytest.fixture
def saved(of_pictures, tmp_path):
    of_pictures.save(tmp_path / "alarm")
    return tmp_path / "alarm"


def test_a_folder_of_pictures_is_learned_and_every_check_holds(of_pictures):
    assert of_pictures.classes == tuple(sorted(SHOWN))
    assert {finding.check: finding.holds for finding in of_pictures.findings} == dict.fromkeys(
        ("accuracy", "outliers", "files", "loss", "overlap"), True
    )
    assert of_pictures.recipe.size == 16 and of_pictures.recipe.holdout == 48
    assert of_pictures.threshold.held_out == 48 and of_pictures.threshold.false_alarm_rate == 0.05


def test_unseen_inliers_get_their_class_and_unseen_digits_higher_scores(of_pictures, folder):
    inliers = np.concatenate([of_digit(digit, "test") for digit in (0, 1, 6, 7)])
    anomalies = np.concatenate([of_digit(digit, "test") for digit in OTHER])
    assert auroc(of_pictures.score(inliers), of_pictures.score(anomalies)) > 0.7
    predicted = of_pictures.predict(save(of_digit(0, "test"), folder / "new"))
    assert np.mean([one.class_name == "zero" for one in predicted]) > 0.8
    assert predicted[3].path == str(folder / "new/3.png")
    threshold = of_pictures.threshold.value
    rings = [one.score >= threshold for one in predicted]
    assert [one.verdict == "anomaly" for one in predicted] == rings and not all(rings)


def test_paths_arrays_and_a_folder_get_the_same_scores(of_pictures, folder):
    images = of_digit(3)[:5]
    paths = save(images, folder / "three")
    expected = of_pictures.score(images)
    assert expected.dtype == np.float64 and expected.shape == (5,)
    for same in (paths, map(str, paths), folder / "three", str(folder / "three")):
        assert of_pictures.score(same).tolist() == expected.tolist()
    assert of_pictures.score(paths[2]).tolist() == pytest.approx([expected[2]], abs=1e-6)
    assert of_pictures.score([]).shape == (0,)


def test_an_unreadable_picture_ends_it_or_is_told_and_left_out(of_pictures, folder):
    paths = save(of_digit(5)[:3], folder / "torn")
    paths[1].write_bytes(paths[1].read_bytes()[:50])
    with pytest.raises(ValueError, match="1.png: not a whole picture"):
        of_pictures.score(paths)
    refused = []
    assert [one.path for one in of_pictures.stream(paths, refused.append)] == [str(paths[0]), str(paths[2])]
    assert len(refused) == 1 and str(paths[1]) in str(refused[0])


def test_a_stream_asks_for_no_more_than_a_chunk_ahead(of_pictures, folder, monkeypatch):
    monkeypatch.setattr("oe_core.data.readers.pixels.CHUNK", 4)
    path, taken = save(of_digit(5)[:1], folder / "single")[0], []

    def endless():
        while True:
            taken.append(1)
            yield path

    stream = of_pictures.stream(endless())
    for _ in range(5):
        next(stream)
    assert len(taken) == 12  # two chunks, and the one that is decoded meanwhile


def test_a_saved_detector_gives_the_same_scores_bit_for_bit_and_the_same_card(of_pictures, saved):
    loaded = Detector.load(saved)
    everything = np.concatenate([of_digit(digit) for digit in range(10)])
    assert loaded.score(everything).tobytes() == of_pictures.score(everything).tobytes()
    for field in ("recipe", "classes", "vocabulary", "findings", "threshold"):
        assert getattr(loaded, field) == getattr(of_pictures, field)
    assert loaded.set_threshold(0.2) == of_pictures.set_threshold(0.2)
    of_pictures.set_threshold()


def test_the_card_says_with_what_and_how_it_was_made(saved):
    card = json.loads((saved / CARD).read_text())
    assert card["recipe"]["size"] == 16 and card["recipe"]["scaling"] == "cifar"
    inliers, outliers = card["run"]["data"].values()
    assert inliers["n"] == 240 and card["held_out"]["n"] == 48
    assert (outliers["name"], outliers["origin"]) == ("photo-china", "embedded")
    assert card["threshold"]["false_alarm_rate"] == 0.05 and len(card["threshold"]["interval"]) == 2
    assert card["run"]["packages"]["torch"]
    assert card["run"]["log"][-1]["inlier_loss"] < card["run"]["log"][0]["inlier_loss"]
    assert sorted(path.name for path in saved.iterdir()) == sorted([CARD, WEIGHTS, HELD_OUT_FILE])


@pytest.mark.parametrize("file", [CARD, WEIGHTS, HELD_OUT_FILE])
def test_a_damaged_file_is_refused_by_its_name(saved, file):
    truncate(saved / file)
    with pytest.raises(DamagedFileError, match=file):
        Detector.load(saved)


def test_a_newer_half_written_or_missing_detector_is_refused_in_words(saved, tmp_path):
    card = read_record(saved / CARD)
    write_record(saved / CARD, card | {"format": 2, "made_by": "oe_core 9.0"})
    with pytest.raises(ValueError, match=r"card.json has the format 2, of oe_core 9.0; this version reads 1: update"):
        Detector.load(saved)
    (saved / CARD).unlink()
    with pytest.raises(FileNotFoundError, match="alarm was not finished: it has no card.json"):
        Detector.load(saved)
    with pytest.raises(FileNotFoundError, match="nowhere holds no detector"):
        Detector.load(tmp_path / "nowhere")


def test_a_right_seal_around_what_is_of_no_use_is_refused(saved):
    card = read_record(saved / CARD)
    write_record(saved / CARD, card | {"classes": ["only", "two"]})
    with pytest.raises(DamagedFileError, match="is damaged, or of another version"):
        Detector.load(saved)


def test_a_detector_is_not_saved_among_other_files(of_pictures, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ValueError, match="holds thesis.tex, which is no part of a detector; choose a new folder"):
        of_pictures.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    (tmp_path / "thesis.tex").rename(tmp_path / CARD)
    with pytest.raises(ValueError, match=f"holds {CARD}, which is no part of a detector"):
        of_pictures.save(tmp_path)


def test_a_save_that_cannot_be_leaves_the_detector_and_another_threshold_writes_the_card_alone(saved, monkeypatch):
    detector, before = Detector.load(saved), {path.name: path.stat().st_mtime_ns for path in saved.iterdir()}
    detector.set_threshold(np.float32(0.25))
    detector.save(saved)
    after = {path.name: path.stat().st_mtime_ns for path in saved.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {CARD}
    assert Detector.load(saved).threshold.false_alarm_rate == 0.25
    monkeypatch.setattr(detector, "findings", object(), raising=False)
    with pytest.raises(TypeError):
        detector.save(saved)
    assert Detector.load(saved).threshold.false_alarm_rate == 0.25


def test_texts_go_the_same_way(folder, tmp_path):
    detector = text_detector(folder)
    assert {finding.check for finding in detector.findings if finding.holds} >= {"accuracy", "outliers", "loss"}
    detector.save(tmp_path / "notes")
    loaded = Detector.load(tmp_path / "notes")
    new = ["the wind blows in from north", "sugar butter flour in the oven", "ein Satz in anderen Worten ohne Sinn"]
    weather, kitchen, other = loaded.predict(new)
    assert (weather.class_name, kitchen.class_name) == ("weather", "kitchen")
    assert other.score > max(weather.score, kitchen.score) and other.verdict == "anomaly"
    (tmp_path / "new.txt").write_text("\n".join([new[0], "", *new[1:]]))
    from_file = loaded.predict(tmp_path / "new.txt")
    assert [one.path.rpartition(":")[2] for one in from_file] == ["1", "3", "4"]
    assert [one.score for one in from_file] == [one.score for one in (weather, kitchen, other)]
    assert loaded.score(new[1]).tolist() == pytest.approx([kitchen.score], abs=1e-6)


def test_a_held_out_set_of_ones_own_takes_the_place_of_a_part(tmp_path):
    lines = texts(tmp_path / "notes.tsv").read_text().splitlines(keepends=True)
    (tmp_path / "kept.tsv").write_text("".join(lines[::4]))
    (tmp_path / "rest.tsv").write_text("".join(line for number, line in enumerate(lines) if number % 4))
    detector = Detector.fit(
        tmp_path / "rest.tsv", foreign(tmp_path / "other.txt"), held_out=tmp_path / "kept.tsv", steps=20
    )
    assert detector.recipe.holdout == 0 and detector.threshold.held_out == 60 == len(detector.held_out_scores)
    assert detector.score(Path(tmp_path / "kept.tsv")).tolist() == detector.held_out_scores.tolist()
    detector.save(tmp_path / "notes")
    with pytest.raises(ValueError, match="was checked with a held-out set of its own, which is not saved"):
        Detector.load(tmp_path / "notes").evaluate(in_dist=str(tmp_path / "rest.tsv"))


def test_the_usual_outliers_are_those_of_the_book_whatever_lies_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(of_digit(4)[:20], tmp_path / DEFAULT_OUTLIERS["images"])
    detector = Detector.fit(pictures(tmp_path / "numbers"), steps=1)
    assert detector.card["run"]["data"]["outliers"]["origin"] == "embedded"


def test_what_cannot_be_learned_from_is_refused_in_words(tmp_path):
    digit = of_digit(0)
    save(digit[:20], tmp_path / "one/zero")
    with pytest.raises(ValueError, match="examples of one class, zero; expected two classes"):
        Detector.fit(tmp_path / "one")
    save(digit[:2], tmp_path / "three/zero")
    save(digit[:1], tmp_path / "three/one")
    with pytest.raises(ValueError, match="1 of 2 classes have fewer than 2 examples"):
        Detector.fit(tmp_path / "three")
    (tmp_path / "list.txt").write_text("a\nb\n")
    with pytest.raises(ValueError, match="list.txt: its train split has examples of one class"):
        Detector.fit(tmp_path / "list.txt")
    with pytest.raises(FileNotFoundError, match="nowhere: there is nothing there"):
        Detector.fit(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="outliers: list.txt has text, in_dist has images"):
        Detector.fit(pictures(tmp_path / "numbers"), tmp_path / "list.txt")
    with pytest.raises(ValueError, match="false_alarm_rate=5 must lie between 0 and 1"):
        Detector.fit(tmp_path / "numbers", false_alarm_rate=5)
    with pytest.raises(ValueError, match="size=8 must be at least 16 for the network that follows from the data"):
        Detector.fit(tmp_path / "numbers", size=8)
    for unknown in ("colour", "whole_epochs"):  # the latter is a label of a recipe, and changes nothing
        with pytest.raises(ValueError, match=f"setting='{unknown}' is unknown; choose one of model, epochs"):
            Detector.fit(tmp_path / "numbers", **{unknown: 1})
    for wrong, said in (
        ({"batch_size": 0}, "batch_size=0 must be a whole number of at least 1"),
        ({"outlier_limit": 0}, "outlier_limit=0 must be a whole number of at least 1"),
        ({"limit": 0}, "limit=0 must be a whole number of at least 1"),
        ({"false_alarm_rate": 0.02}, "takes at least 49 inliers that were held out of training, there are 48"),
        ({"holdout": 0}, "holdout=0 keeps no inlier to check and to set a threshold with"),
        ({"momentum": 3.0}, r"momentum=3.0 must be in \[0, 1\)"),
        ({"steps": 3, "epochs": 1}, "steps=3 and epochs=1 both say how long; give one"),
    ):
        with pytest.raises(ValueError, match=said):
            Detector.fit(tmp_path / "numbers", **wrong)
    with pytest.raises(ValueError, match="hold the same examples"):
        Detector.fit(tmp_path / "numbers", tmp_path / "numbers")


def test_pictures_of_one_colour_are_said_to_teach_nothing(tmp_path, caplog):
    for name in ("a", "b"):
        (tmp_path / "flat" / name).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (16, 16), "grey").save(tmp_path / "flat" / name / f"{number}.png")
    detector = Detector.fit(tmp_path / "flat", steps=3)
    failed = {finding.check: str(finding) for finding in detector.findings if not finding.holds}
    assert "So few, of so few classes, tell nothing" in failed["accuracy"]
    assert failed["overlap"].startswith("6 of 6 examples of the held-out set are also in the training set")
    assert "takes at least 19 inliers that were held out of training, there are 6" in failed["threshold"]
    assert all(any(text in record.getMessage() for record in caplog.records) for text in failed.values())
    with pytest.raises(ValueError, match="there is no threshold"):
        detector.predict(tmp_path / "flat")
    assert len(detector.score(tmp_path / "flat")) == 20


def test_a_class_of_which_all_examples_would_be_held_out_is_refused_by_its_name(tmp_path):
    for name in "abcdefgh":
        save(of_digit(1)[:2], tmp_path / "few" / name)
    with pytest.raises(ValueError, match=r"few: all examples of .* would be held out, of \d classes nothing learned"):
        Detector.fit(tmp_path / "few", steps=1)


def test_a_folder_without_a_detector_says_where_those_of_the_package_are():
    with pytest.raises(FileNotFoundError, match=r"Detector.from_pretrained\(NAME\), or pretrained:NAME in a shell"):
        Detector.load("pretrained:digits-oe")


def test_texts_are_asked_about_as_the_inliers_are_spelled(tmp_path):
    """Two classes that only their capitals tell apart."""
    words = sentences(WORDS["weather"], 200, 0)
    labelled = {text: "quiet" for text in words[:100]} | {text.upper(): "loud" for text in words[100:]}
    detector = Detector.fit(
        list(labelled), foreign(tmp_path / "other.txt"), labels=list(labelled.values()), lower_inliers=False,
        store=Store(tmp_path / "runs"), steps=60,
    )  # fmt: skip
    asked = sentences(WORDS["weather"], 20, 1)
    assert {one.class_name for one in detector.predict(asked)} == {"quiet"}
    assert {one.class_name for one in detector.predict([text.upper() for text in asked])} == {"loud"}
    detector.save(tmp_path / "alarm")
    assert Detector.load(tmp_path / "alarm").score(asked).tolist() == detector.score(asked).tolist()
