import numpy as np
import pytest
import torch

from oe_core.data.derived import DERIVED, loader, long_tailed, negative, of_classes, random_part, with_noise
from oe_core.data.examples import ImageSet

LABELS = torch.arange(60) % 6


@pytest.fixture
def images():
    """Ten images of each of six classes; the first pixel tells them apart."""
    pixels = torch.full((60, 3, 4, 4), 128, dtype=torch.uint8)
    pixels[:, 0, 0, 0] = torch.arange(60)
    return ImageSet("shapes", pixels, LABELS, tuple("abcdef"), "folder")


def which(images):
    return images.images[:, 0, 0, 0].tolist()


def test_a_random_part_repeats_nothing_and_is_the_same_again(images):
    part = random_part(images, 20)
    assert part.name == "shapes, 20 images" and len(set(which(part))) == 20
    assert which(part) == which(random_part(images, 20)) != which(random_part(images, 20, seed=1))
    assert which(random_part(images, 30))[:20] == which(part)  # fewer are among more


def test_classes_nest_and_share_the_count(images):
    two, four = of_classes(images, 2, 8), of_classes(images, 4, 8)
    assert two.name == "shapes, 2 classes, 8 images"
    assert np.bincount(two.labels).tolist().count(4) == 2 and len(four) == 8
    assert set(two.labels.tolist()) < set(four.labels.tolist())
    assert which(two) == which(of_classes(images, 2, 8))
    assert sorted(np.bincount(of_classes(images, 3, 8).labels, minlength=6).tolist()) == [0, 0, 0, 2, 3, 3]


def test_noise_has_the_asked_deviation_and_keeps_the_labels(images):
    noisy = with_noise(images, 0.1)
    assert noisy.name == "shapes with noise of 0.1" and torch.equal(noisy.labels, images.labels)
    difference = noisy.images[:, 1:].float() - 128
    assert difference.std().item() == pytest.approx(25.5, rel=0.05)
    assert noisy.images.dtype == torch.uint8 and not torch.equal(noisy.images, with_noise(images, 0.1, seed=1).images)


def test_noise_is_clipped_and_does_not_wrap():
    white = ImageSet("white", torch.full((4, 3, 8, 8), 255, dtype=torch.uint8), torch.zeros(4).long(), ("a",), "folder")
    noisy = with_noise(white, 0.2).images
    assert 0.4 < (noisy == 255).float().mean() < 0.6 and noisy.min() > 50


def test_a_long_tail_falls_by_the_ratio(images):
    tail = long_tailed(images, 5.0)
    counts = np.bincount(tail.labels).tolist()
    assert counts == [int(10 * 5 ** (-c / 5)) for c in range(6)] and counts[0] == 10 and counts[-1] == 2
    assert len(set(which(tail))) == len(tail)
    assert np.bincount(long_tailed(images, 1).labels).tolist() == [10] * 6


def test_a_negative_turns_every_value_around_and_keeps_the_labels():
    pixels = torch.tensor([0, 1, 128, 255], dtype=torch.uint8).view(1, 1, 2, 2).repeat(2, 3, 1, 1)
    digits = ImageSet("digits", pixels, torch.tensor([1, 0]), ("a", "b"), "embedded")
    turned = negative(digits)
    assert turned.images[1, 2].tolist() == [[255, 254], [127, 0]]
    assert (turned.name, turned.labels.tolist()) == ("negative-digits", [1, 0])
    assert turned.fingerprint != digits.fingerprint == negative(turned).fingerprint
    assert DERIVED["negative"] is negative


def test_derived_sets_have_fingerprints_of_their_own(images):
    made = [images, random_part(images, 60), with_noise(images, 0.1), long_tailed(images, 2)]
    assert len({one.fingerprint for one in made}) == 4


def test_a_loader_knows_the_made_sets_in_training_only(images):
    load = loader({"half": lambda size: random_part(images, 30)}, load=lambda *asked: asked)
    assert len(load("half", "train", 4)) == 30
    assert load("half", "test", 4) == ("half", "test", 4) and load("digits", "train", 4) == ("digits", "train", 4)


def test_a_loader_hands_on_whatever_reading_a_kind_has(images):
    load = loader({"half": lambda: "half of the texts"}, load=lambda *asked: asked)
    assert load("half", "train") == "half of the texts" and load("words", "train") == ("words", "train")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda images: random_part(images, 61), "count=61: shapes has 60 images; take 1 to 60"),
        (lambda images: of_classes(images, 7, 7), "num_classes=7: shapes has 6 classes"),
        (lambda images: of_classes(images, 2, 30), "count=30: 15 images of each of 2 classes, but shapes has 10 of"),
        (lambda images: of_classes(images, 3, 2), "count=2: 0 images"),
        (lambda images: with_noise(images, 0), "sigma=0 must be positive"),
        (lambda images: long_tailed(images, 0.5), "ratio=0.5 must be at least 1"),
        (lambda images: long_tailed(images, 100), "ratio=100 leaves no image of class"),
    ],
)
def test_what_cannot_be_made_is_refused(images, make, message):
    with pytest.raises(ValueError, match=message):
        make(images)
