"""Chapter 11 takes the reader's own folders: what it cannot use is refused before a kernel starts."""

import pytest
from chapters import read_chapter
from checks import refusal
from own_data import of_digit, save
from small_book import ROOT

BOOK = ROOT / "book"
CHAPTER = read_chapter(BOOK / "11_your_data.py")


def _said(**values):
    return refusal(CHAPTER, {"SCALE": "smoke"} | values, BOOK)


def test_a_folder_of_two_classes_is_taken_with_or_without_a_part_to_train_on(tmp_path):
    for name in ("zero", "one"):
        save(of_digit(0)[:2], tmp_path / "plain" / name)
        save(of_digit(0)[:2], tmp_path / "divided" / "train" / name)
    for folder in ("plain", "divided"):
        assert _said(IN_DIST=str(tmp_path / folder), OUTLIERS=[str(tmp_path), "blobs"]) is None


def test_fewer_than_two_classes_are_refused(tmp_path):
    save(of_digit(0)[:2], tmp_path / "numbers" / "zero")
    save(of_digit(0)[:2], tmp_path / "flat")
    for folder, count in (("numbers", 1), ("flat", 0)):
        said = _said(IN_DIST=str(tmp_path / folder))
        assert f"has {count} class(es); a detector learns by telling at least two apart" in said
    assert "IN_DIST='photo-china' has 1 class(es)" in _said(IN_DIST="photo-china")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"IN_DIST": "/nowhere/products"}, "IN_DIST: '/nowhere/products' is no path to anything, and no set at hand"),
        ({"OUTLIERS": ["photo-china", "unheard-of"]}, "OUTLIERS: 'unheard-of' is no path to anything"),
        ({"ANOMALIES": ["photo-chima"]}, "or one of dead-leaves, digits, font-icons, font-letters, photo-china"),
        ({"TEXTS": "questions.tsv"}, "TEXTS: 'questions.tsv' is no path to anything"),
        ({"ANOMALIES": ["font-letters"]}, "ANOMALIES=['font-letters'] are all among the outliers"),
        ({"COST_OF_A_MISS": 0.0}, "COST_OF_A_MISS=0.0 must be a number above 0"),
        ({"FALSE_ALARM_RATE": 5.0}, "false_alarm_rate=5.0 must lie between 0 and 1"),
        ({"STEPS": 0}, "STEPS=0"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_can(tmp_path, monkeypatch, values, said):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    assert said in _said(**values)
