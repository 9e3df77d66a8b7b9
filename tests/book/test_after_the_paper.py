"""Chapter 12 compares sources of outliers: what it cannot compare is refused before a kernel starts."""

import pytest
from chapters import read_chapter
from checks import checked, refusal
from small_book import ROOT

BOOK = ROOT / "book"
CHAPTER = read_chapter(BOOK / "12_after_the_paper.py")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"IN_DIST": "photo-china"}, "IN_DIST='photo-china' is unknown; choose one of svhn, cifar10"),
        ({"SIZES": [50, 0]}, "SIZES=[50, 0] must be numbers of outliers, each at least 1"),
        ({"SOURCES": ["dead-leaves"]}, "sources: 'dead-leaves' does not say where the number of images goes"),
        ({"SOURCES": ["dead-leafs~part={count}"]}, "data set 'dead-leafs~part=50' is unknown"),
        ({"FALSE_ALARM_RATE": 5.0}, "false_alarm_rate=5.0 must lie between 0 and 1"),
        ({"SEEDS": 0}, "SEEDS=0"),
    ],
)
def test_what_cannot_be_compared_is_refused(values, said):
    assert said in refusal(CHAPTER, {"SCALE": "smoke"} | values, BOOK)


def test_what_is_trained_for_is_every_source_and_size_asked_for_beside_both_networks(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    values = {"SCALE": "demo", "SIZES": [7, 9], "SOURCES": ["font-icons~part={count}", "{in_dist}~mixed={count}"]}
    ((wanted, seeds),) = checked(CHAPTER, values, BOOK)["trainings"]
    plan, *recipes = wanted
    assert seeds == 1 and [recipe.outliers for recipe in recipes] == [
        None, "font-icons~part=7", "font-icons~part=9", "digits~mixed=7", "digits~mixed=9",
    ]  # fmt: skip
    assert all(recipe.parent == plan.baseline == recipes[0] for recipe in recipes[1:])
