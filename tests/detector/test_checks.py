"""What is looked at after a training, each with an example that has to be found and one that must not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from own_data import SHOWN, of_digit, save

from oe_core import Detector
from oe_core.data.examples import ImageSet, TextSet
from oe_core.detector.checks import apart, learned_classes, loss_fell, not_by_files, told_outliers
from oe_core.detector.given import Files
from oe_core.detector.traces import changed, cut_like, stored_like

LABELS = np.repeat([0, 1, 2], 20)


def _images(images: np.ndarray) -> ImageSet:
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    return ImageSet("digits", pixels, torch.zeros(len(pixels), dtype=torch.int64), ("digit",), "folder")


def _texts(*texts: str) -> TextSet:
    return TextSet("texts", texts, torch.zeros(len(texts), dtype=torch.int64), ("text",), "folder")


@pytest.mark.parametrize(("right", "holds"), [(20, False), (28, False), (33, True), (60, True)])
def test_accuracy_has_to_be_more_than_luck(right, holds):
    found = learned_classes(np.arange(60) < right, LABELS, 0)
    assert found.holds is holds and "of 60 held-out examples right, guessing 33.3 %" in found.says
    assert ("no better than guessing" in str(found)) is not holds


def test_held_out_examples_of_one_class_alone_tell_nothing():
    assert not learned_classes(np.ones(10, bool), np.zeros(10, int), 0).holds


def test_guessing_is_right_now_and_then_though_the_usual_class_is_not_held_out():
    found = learned_classes(np.arange(60) < 32, 1 + np.arange(60) % 2, 0)
    assert not found.holds and "guessing 50.0 %" in found.says


@pytest.mark.parametrize(
    ("losses", "holds"), [((1.0, 0.2), True), ((1.2, 1.2), False), ((0.5, 0.9), False), ((3.0, 2.0), False)]
)
def test_a_loss_has_to_fall_and_to_be_below_that_of_guessing(losses, holds):
    assert loss_fell([{"inlier_loss": loss} for loss in losses], 3).holds is holds


def test_outliers_have_to_outscore_inliers():
    inliers = np.random.default_rng(0).normal(size=100)
    assert told_outliers(inliers, inliers + 1, 9).holds and not told_outliers(inliers, inliers[::-1], 9).holds
    told = told_outliers(np.arange(100.0), np.array([95.5] * 10 + [50.0] * 30), 7)
    assert "and 25 % of them ring where 5 % of the inliers do" in told.says and "7 may be too few" in told.advice
    assert told_outliers(*(np.random.default_rng(mean).normal(mean, size=2_000) for mean in (0, 1)), 9).holds
    few = told_outliers(inliers[:20], inliers[:1] + 9, 9)
    assert not few.holds and "1 outliers beside 20 inliers" in few.says and "is not known" in str(few)


def test_a_network_that_sees_the_codec_is_found_out():
    images = _images(np.concatenate([of_digit(digit)[:30] for digit in range(5)]))
    jpeg = stored_like(images, Files(16, "JPEG", 1.0, None))
    assert not torch.equal(jpeg.images, images.images)
    grains = lambda examples: examples.images.float().diff(dim=3).abs().lt(1).float().mean(dim=(1, 2, 3)).numpy()  # noqa: E731
    sees_files = lambda examples: -grains(examples)  # noqa: E731  a flat background has no grains, a JPEG's has
    found = not_by_files(images, jpeg, (Files(16, "PNG"), Files(16, "JPEG")), sees_files)
    assert not found.holds and "held-out inliers" in found.says and "JPEG, 16 px" in found.says
    assert found.advice.endswith("bring both to one format and size, and train again")
    embedded = replace(jpeg, origin="embedded")  # whose files are not the user's
    found = not_by_files(images, embedded, (Files(16, "PNG"), Files(16, "JPEG")), sees_files)
    assert "give outliers of your own, stored as the inliers are, and train again" in found.advice
    brightness = lambda examples: examples.images.float().mean(dim=(1, 2, 3)).numpy()  # noqa: E731
    assert not_by_files(images, jpeg, (Files(16, "PNG"), Files(16, "JPEG")), brightness).holds


def test_the_trap_of_the_codec_is_seen_in_a_real_training(tmp_path):
    for digit, name in zip((0, 1), SHOWN, strict=False):
        save(of_digit(digit)[:60], tmp_path / "in" / name)
    same = np.concatenate([of_digit(digit)[60:] for digit in (0, 1)])
    save(same, tmp_path / "jpeg/all", "jpg", quality=30)
    detector = Detector.fit(tmp_path / "in", tmp_path / "jpeg", steps=80)
    trap = next(finding for finding in detector.findings if finding.check == "files")
    assert not trap.holds and "once they are stored as the outliers are (JPEG, 16 px)" in trap.says


def test_a_network_that_counts_words_is_found_out():
    short, long = _texts(*("a b c", "c b a d") * 50), _texts(*("a b c d e f g h i",) * 100)
    length = lambda texts: np.array([len(text.split()) for text in texts.texts])  # noqa: E731
    found = not_by_files(short, long, (Files(), Files()), length)
    assert not found.holds
    assert "of the outliers 100 % ring, and 0 % once they are as long as the inliers are" in found.says
    assert "stored" not in str(found) and "length" in found.advice
    assert cut_like(long, short).texts[0] == "a b c"


def test_a_change_by_chance_or_too_small_to_matter_is_none():
    images, calls = _images(np.concatenate([of_digit(digit)[:40] for digit in range(5)])), []

    def rings(examples):
        calls.append(examples)
        return np.arange(len(examples)) < (100 if len(calls) % 2 else 109)

    assert changed(images, lambda examples: examples, rings, into=True) is None


def test_copies_between_the_roles_are_counted():
    pair = {"roles": ["the outliers", "the held-out set"], "shared": 3, "of": 60}
    found = apart([pair])
    assert not found.holds
    assert found.says == "3 of 60 examples of the held-out set are also in the outliers"
    assert apart([pair | {"of": 400}]).holds and apart([]).holds
