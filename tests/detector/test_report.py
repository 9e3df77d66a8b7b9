"""What a detector catches: the user's anomalies, synthetic ones and a class left out, with intervals and misses."""

import numpy as np
import pandas as pd
import pytest
import torch
from own_data import OTHER, of_digit, save, text_detector

from oe_core import Detector
from oe_core.data.examples import ImageSet
from oe_core.detector.anomalies import FAR, NEAR, synthetic, without_class
from oe_core.detector.report import YOURS, _with_intervals
from oe_core.evaluation.metrics import auroc


def test_intervals_enclose_their_metric_and_narrow_with_more_examples():
    rng = np.random.default_rng(0)
    few, many = (_with_intervals(rng.normal(size=n), rng.normal(2, 1, size=n)) for n in (40, 640))
    for metric in ("FPR95", "AUROC", "AUPR"):
        assert few[f"{metric}_low"] <= few[metric] <= few[f"{metric}_high"]
        widths = [found[f"{metric}_high"] - found[f"{metric}_low"] for found in (few, many)]
        assert widths[1] < widths[0]
    # Hanley and McNeil: the standard error of an AUROC of 92 % with 640 of each is 0.77 points.
    assert many["AUROC_high"] - many["AUROC_low"] == pytest.approx(2 * 1.96 * 0.77, rel=0.25)


def test_the_intervals_of_perfect_separation_have_no_width():
    found = _with_intervals(np.arange(20.0), np.arange(20.0) + 100)
    assert (found["AUROC"], found["AUROC_low"], found["AUROC_high"], found["FPR95"]) == (100, 100, 100, 0)


def test_pictures_of_ones_own_and_synthetic_ones_and_a_class_left_out(of_pictures, folder, tmp_path):
    images = np.concatenate([of_digit(digit)[:20] for digit in OTHER])
    paths = save(images, folder / "other")
    report = of_pictures.evaluate({"other digits": folder / "other"}, left_out=1)
    table = report.table.set_index("set")
    assert table["group"].value_counts().to_dict() == {YOURS: 1, FAR: 3, NEAR: 8}
    expected = auroc(of_pictures.held_out_scores, of_pictures.score(paths))
    assert table.loc["other digits", "AUROC"] == pytest.approx(100 * expected)
    assert table.loc["other digits", ["inliers", "anomalies"]].tolist() == [48, 80]
    left = [name for name in table.index if name.endswith(", left out")]
    assert len(left) == 1 and table.loc[left[0], "anomalies"] == 60
    misses = report.misses["other digits"]
    scores = np.sort(of_pictures.score(paths))
    assert [miss.score for miss in misses] == scores[:8].tolist()
    assert of_pictures.score(misses[0].path).tolist() == pytest.approx([scores[0]], abs=1e-6)

    report.save(tmp_path)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "evaluation.csv"), report.table)
    assert (tmp_path / "misses.png").read_bytes()[:4] == b"\x89PNG"
    rows = pd.read_csv(tmp_path / "misses.csv", keep_default_na=False)
    assert rows["path"][0] == misses[0].path
    limit = of_pictures.threshold.value
    predicted = of_pictures.predict([miss.path for miss in misses])
    assert [miss.verdict for miss in misses] == [one.verdict for one in predicted]
    assert all((row.verdict == "anomaly") == (row.score >= limit) for row in rows.itertuples() if "left" not in row.set)
    of_pictures.save(tmp_path / "alarm")
    with pytest.raises(ValueError, match="alarm holds a detector; choose another folder for the report"):
        report.save(tmp_path / "alarm")


def test_a_loaded_detector_takes_its_data_again_and_no_other(of_pictures, folder, tmp_path):
    of_pictures.save(tmp_path / "alarm")
    loaded = Detector.load(tmp_path / "alarm")
    assert loaded.evaluate().table["set"].to_list() == ["gaussian", "bernoulli", "blobs"]
    report = loaded.evaluate(in_dist=folder / "numbers", left_out=0)
    assert report.table.equals(of_pictures.evaluate(left_out=0).table)
    with pytest.raises(ValueError, match="seven is not what the detector was trained on"):
        loaded.evaluate(in_dist=folder / "numbers/seven")


def test_anomalies_that_it_was_trained_with_are_said_and_what_cannot_be_read_is_left_out(folder, tmp_path, caplog):
    detector, known = text_detector(folder), (folder / "other.txt").read_text().splitlines()[:7]
    detector.evaluate([*known, "ein Satz"], left_out=0)
    said = "anomalies: 7 of its 8 examples are also in the outliers: no test of these"
    assert [message for message in caplog.messages if "no test" in message] == [said]
    caplog.clear()
    detector.evaluate([*detector.data.held_out.texts[:2], "ein Satz"], left_out=0)  # which are among its inliers, too
    said = "anomalies: 2 of its 3 examples are also in the held-out set: no test of these"
    assert [message for message in caplog.messages if "no test" in message] == [said]
    (tmp_path / "torn.txt").write_bytes(b"ein Satz\n\xff\nnoch einer\n")
    assert detector.evaluate(tmp_path / "torn.txt", left_out=0).table["anomalies"][0] == 2
    assert "torn.txt line 2 is no text" in caplog.messages[-2]


def test_too_few_anomalies_for_the_interval_of_fpr95_are_said_of_those_alone(of_pictures, caplog):
    anomalies = np.random.default_rng(0).integers(256, size=(50, 8, 8, 3), dtype=np.uint8)
    table = of_pictures.evaluate({"enough": anomalies, "few": anomalies[:49]}, left_out=0).table
    few = table["set"][table["anomalies"] < 50].to_list()
    assert caplog.messages[-1].endswith(f"AUROC's and AUPR's are not: {', '.join(few)}")
    assert "few" in few
    assert "enough" not in few


def test_other_outliers_than_it_was_trained_with_are_refused(folder, tmp_path):
    text_detector(folder).save(tmp_path / "notes")
    (tmp_path / "more.txt").write_text("etwas anderes\n" * 30)
    with pytest.raises(ValueError, match="more.txt is not what the detector was trained with, other.txt; give that"):
        Detector.load(tmp_path / "notes").evaluate(in_dist=folder / "notes.tsv", outliers=tmp_path / "more.txt")


def test_of_one_anomaly_there_is_no_interval(folder):
    row = text_detector(folder).evaluate(["ein Satz"], left_out=0).table.iloc[0]
    assert row[["AUROC_low", "AUROC_high"]].isna().all() and row["AUROC"] >= 0


def test_outliers_of_ones_own_are_asked_for_where_classes_are_left_out(folder, tmp_path):
    text_detector(folder).save(tmp_path / "notes")
    loaded = Detector.load(tmp_path / "notes")
    with pytest.raises(ValueError, match="trained with, other.txt; give them, or left_out=0"):
        loaded.evaluate(in_dist=str(folder / "notes.tsv"))
    assert len(loaded.evaluate(in_dist=str(folder / "notes.tsv"), left_out=0).table) == 3


def test_texts_have_near_and_far_anomalies_and_their_misses_are_texts(folder, tmp_path):
    report = text_detector(folder).evaluate(["ein fremder Satz", "noch ein Satz"], left_out=0)
    table = report.table.set_index("set")
    assert table["group"].to_dict() == {
        "anomalies": YOURS, "words in another order": NEAR, "words of all inliers": NEAR, "letters at random": FAR,
    }  # fmt: skip
    assert table.loc["letters at random", "AUROC"] > 90
    report.save(str(tmp_path))
    with pytest.raises(ValueError, match="the misses are texts, of which there is no picture"):
        report.sheet()
    assert set(pd.read_csv(tmp_path / "misses.csv")["text"][:2]) == {"ein fremder Satz", "noch ein Satz"}
    assert not (tmp_path / "misses.png").exists()


def test_a_set_may_be_called_as_a_synthetic_one_and_not_be_empty(of_pictures, tmp_path):
    report = of_pictures.evaluate({"blobs": of_digit(4)[:10]}, left_out=0)
    assert {"blobs", "blobs (far)"} <= set(report.misses) and list(report.table["set"]) == list(report.misses)
    with pytest.raises(ValueError, match="anomalies: mine holds no example; leave it out"):
        of_pictures.evaluate({"mine": []}, left_out=0)
    with pytest.raises(ValueError, match="left_out=-1 must be a whole number of at least 0"):
        of_pictures.evaluate(left_out=-1)


def test_of_small_data_a_detector_without_a_class_may_have_no_threshold(tmp_path):
    for digit, name in enumerate(("zero", "one", "two")):
        save(of_digit(digit)[:20], tmp_path / "numbers" / name)
    detector = Detector.fit(tmp_path / "numbers", steps=8)
    table = detector.evaluate(left_out=1).table
    left = table[table["set"].str.endswith("left out")]
    assert detector.threshold.held_out == 19 and len(left) == 1 and left["caught"].isna().all()


def test_a_class_is_taken_out_and_the_others_are_numbered_anew():
    pixels = torch.arange(6, dtype=torch.uint8).view(6, 1, 1, 1).expand(6, 3, 8, 8).contiguous()
    images = ImageSet("greys", pixels, torch.tensor([0, 1, 2, 0, 1, 2]), ("a", "b", "c"), "folder")
    others, left = without_class(images, 1)
    assert (others.labels.tolist(), others.classes) == ([0, 1, 0, 1], ("a", "c"))
    assert left.images[:, 0, 0, 0].tolist() == [1, 4] and others.images[:, 0, 0, 0].tolist() == [0, 2, 3, 5]


def test_synthetic_pictures_fit_any_size():
    for size, count in ((8, 10), (10, 9)):
        pixels = torch.zeros(4, 3, size, size, dtype=torch.uint8)
        images = ImageSet("x", pixels, torch.zeros(4, dtype=torch.int64), ("x",), "folder")
        made = list(synthetic(images))
        assert len(made) == count and {one.size for *_, one in made} == {size}
