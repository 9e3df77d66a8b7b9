from dataclasses import replace

import numpy as np
import pytest
import torch

from oe_core.data.derived import (
    DERIVED,
    OF_IMAGES,
    long_tailed,
    mixtures,
    negative,
    of_classes,
    random_part,
    random_phases,
    way_of,
    with_noise,
)
from oe_core.data.examples import ImageSet
from oe_core.data.sources import IMAGES, LINES, TEXTS, MissingDataError, load_images, load_texts
from oe_core.data.streams import load_stream

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
    assert len(set(which(part))) == 20
    assert which(part) == which(random_part(images, 20)) != which(random_part(images, 20, seed=1))
    assert which(random_part(images, 30))[:20] == which(part)  # fewer are among more


def test_classes_nest_and_share_the_count(images):
    two, four = of_classes(images, 2, 8), of_classes(images, 4, 8)
    assert np.bincount(two.labels).tolist().count(4) == 2 and len(four) == 8
    assert set(two.labels.tolist()) < set(four.labels.tolist())
    assert which(two) == which(of_classes(images, 2, 8))
    assert sorted(np.bincount(of_classes(images, 3, 8).labels, minlength=6).tolist()) == [0, 0, 0, 2, 3, 3]


def test_noise_has_the_asked_deviation_and_keeps_the_labels(images):
    noisy = with_noise(images, 0.1)
    assert torch.equal(noisy.labels, images.labels)
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


@pytest.mark.parametrize(("count", "ratio"), [(49, 49), (98, 49), (10, 5)])
def test_the_last_class_of_a_long_tail_has_its_share_to_the_image(count, ratio):
    pixels, labels = torch.zeros((2 * count, 3, 4, 4), dtype=torch.uint8), torch.arange(2 * count) % 2
    tail = long_tailed(ImageSet("two", pixels, labels, ("a", "b"), "folder"), ratio)
    assert np.bincount(tail.labels).tolist() == [count, count // ratio]


def test_a_mixture_lies_between_two_images_of_different_classes(images):
    pixels = (20 * LABELS).to(torch.uint8).view(60, 1, 1, 1).expand(60, 3, 4, 4).contiguous()
    mixed = mixtures(replace(images, images=pixels), 500)
    shades, first = mixed.images[:, 0, 0, 0].float(), 20.0 * mixed.labels
    assert len(mixed) == 500 and torch.equal(mixed.images.amin(dim=(1, 2, 3)), mixed.images.amax(dim=(1, 2, 3)))
    distances = (shades - first).abs()  # 0.3 to 0.7 of that to a shade of another class
    assert distances.min() >= 0.3 * 20 - 0.5 and distances.max() <= 0.7 * 100 + 0.5
    assert mixed.labels.bincount().min() > 50 and mixtures(images, 9).fingerprint == mixtures(images, 9).fingerprint


def test_a_texture_keeps_mean_and_spectrum_and_turns_all_channels_alike():
    rng = np.random.default_rng(0)
    grey = rng.integers(100, 156, (5, 1, 16, 16)).astype(np.uint8).repeat(3, axis=1)
    shades = ImageSet("shades", torch.from_numpy(grey), torch.zeros(5).long(), ("a",), "folder")
    texture = random_phases(shades).images.numpy()
    assert np.array_equal(texture[:, 0], texture[:, 2]) and not np.array_equal(texture, grey)
    before, after = (np.abs(np.fft.fft2(one[:, 0].astype(float))) for one in (grey, texture))
    assert np.abs(before - after).max() < 30 and np.median(before) > 200  # rounding alone
    assert not np.array_equal(texture[0] - texture[0].mean(), texture[1] - texture[1].mean())


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


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("digits~noise=0.2", lambda digits: with_noise(digits, 0.2)),
        ("digits~part=50", lambda digits: random_part(digits, 50)),
        ("digits~classes=3,images=90", lambda digits: of_classes(digits, 3, 90)),
        ("digits~tail=20", lambda digits: long_tailed(digits, 20.0)),
        ("digits~mixed=70", lambda digits: mixtures(digits, 70)),
        ("digits~part=50~phases", lambda digits: random_phases(random_part(digits, 50))),
        ("digits~part=500~noise=0.8", lambda digits: with_noise(random_part(digits, 500), 0.8)),
    ],
)
def test_a_name_gives_what_its_ways_make_of_the_set_bit_for_bit(name, made):
    expected = made(load_images("digits", "train", 8))
    found = load_images(name, "train", 8)
    assert found.fingerprint == expected.fingerprint
    assert (found.name, found.origin, found.classes) == (name, "embedded", expected.classes)


def test_noise_is_on_every_split_and_a_long_tail_in_training_only():
    test = load_images("digits", "test", 8)
    assert load_images("digits~noise=0.2", "test", 8).fingerprint == with_noise(test, 0.2).fingerprint
    assert load_images("digits~tail=20", "test", 8).fingerprint == test.fingerprint


def test_a_set_is_there_where_what_it_is_made_of_is(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    assert [IMAGES.available(name, "train") for name in ("digits~part=50", "cifar10~part=50")] == ["embedded", ""]
    with pytest.raises(MissingDataError, match="cifar10: its train images are not on this machine"):
        load_images("cifar10~part=50", "train", 8)


def test_what_is_made_of_a_set_is_made_of_its_stand_in():
    assert IMAGES.resolve("chars74k~noise=0.2", "test") == "font-letters~noise=0.2"
    with pytest.raises(MissingDataError, match="chars74k: its test images are not on this machine"):
        IMAGES.resolve("chars74k~noise=0.2", "test", without=["font-letters~part=50"])


def test_a_readers_folder_with_the_sign_in_its_name_is_that_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    for name in ("shells~2025", "digits~noise=0.2"):
        (tmp_path / name / "train").mkdir(parents=True)
        arrays = {"images": np.full((6, 8, 8, 3), 7, np.uint8), "labels": np.arange(6) % 2}
        np.savez(tmp_path / name / "train" / "images.npz", **arrays)
    shells = load_images("shells~2025", "train", 8)
    assert (shells.name, shells.origin, len(shells)) == ("shells~2025", "folder", 6)
    assert load_images("shells~2025~part=2", "train", 8).fingerprint == random_part(shells, 2).fingerprint
    assert load_images("digits~noise=0.2", "train", 8).images.unique().tolist() == [7]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digits~nois=0.2", "data set 'digits~nois=0.2': 'nois=0.2' is no way .* choose one of noise=<sigma>, part=<c"),
        ("digits~noise", "'noise' is no way"),
        ("digits~noise=much", "'noise=much' is no way"),
        ("digits~part=0.5", "'part=0.5' is no way"),
        ("digits~part=5,images=3", "'part=5,images=3' is no way"),
        ("digits~", "'' is no way .*, tail=<ratio>; or put a folder of your own at .*/digits~/ with train and test"),
        ("digits~raw", "'raw' is no way"),
        ("digit~noise=0.2", "data set 'digit~noise=0.2' is unknown; known are"),
        ("~noise=0.2", "data set '~noise=0.2' is unknown"),
        ("trec~noise=0.2", "data set 'trec~noise=0.2' is unknown"),
        ("digits~part=5000", "count=5000: digits has 1400 images; take 1 to 1400"),
        ("digits~part=0", "part=0 must be a whole number of at least 1"),
        ("digits~classes=2,images=-3", "images=-3 must be a whole number of at least 1"),
        ("digits~mixed=99999999999", "mixed=99999999999 must be a whole number of at least 1, at most 100,000,000"),
        ("digits~noise=-1", "sigma=-1.0 must be positive"),
        ("digits~noise=inf", "sigma=inf must be positive and finite"),
        ("digits~tail=nan", "ratio=nan must be a number of at least 1"),
    ],
)
def test_a_name_that_makes_no_set_is_refused(name, message):
    with pytest.raises(ValueError, match=message):
        load_images(name, "train", 8)


def test_texts_have_ways_of_their_own_and_streams_have_none():
    assert TEXTS.made_of("docstrings~raw")[0] == "docstrings" and LINES.made_of("docstrings")[1] == ()
    with pytest.raises(ValueError, match="'noise=0.2' is no way .*; choose one of raw; or"):
        load_texts("docstrings~noise=0.2", "train")
    with pytest.raises(ValueError, match="'docstrings~raw': 'raw' is no way .*; choose one of none; or"):
        load_stream("docstrings~raw", "train", "words")


def test_the_forms_of_all_ways_are_told_apart():
    forms = {way.form: way.form.replace("<sigma>", "0.5").replace("<ratio>", "2") for way in OF_IMAGES}
    texts = [text.replace("<count>", "3").replace("<number>", "4") for text in forms.values()]
    assert [way_of(text, OF_IMAGES).form for text in texts] == list(forms)
    assert [way_of(text, OF_IMAGES).numbers for text in texts] == [(0.5,), (3,), (4, 3), (3,), (), (2.0,)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda images: random_part(images, 61), "count=61: shapes has 60 images; take 1 to 60"),
        (lambda images: of_classes(images, 7, 7), "num_classes=7: shapes has 6 classes"),
        (lambda images: of_classes(images, 2, 30), "count=30: 15 images of each of 2 classes, but shapes has 10 of"),
        (lambda images: of_classes(images, 3, 2), "count=2: 0 images of each of 3 classes, .* take 3 to 30"),
        (lambda images: mixtures(images, 0), "count=0 mixtures of shapes, which has 6 class"),
        (lambda images: mixtures(images.take(torch.tensor([0, 6])), 5), "which has 1 class"),
        (lambda images: with_noise(images, 0), "sigma=0 must be positive"),
        (lambda images: long_tailed(images, 0.5), "ratio=0.5 must be a number of at least 1"),
        (lambda images: long_tailed(images, 100), "ratio=100 leaves no image of class"),
    ],
)
def test_what_cannot_be_made_is_refused(images, make, message):
    with pytest.raises(ValueError, match=message):
        make(images)
