import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_sample_image

from oe_core.data.catalog import CATALOG
from oe_core.data.catalog.embedded import EMBEDDED as EMBEDDED_ROWS
from oe_core.data.embedded.images import ICON_CLASSES, LETTER_CLASSES, LETTER_FONTS, _font, _glyph
from oe_core.data.examples import ImageSet

EMBEDDED = {row.key: row.make for row in EMBEDDED_ROWS if row.kind == "images"}
SPLIT = {"digits": "train", "photo-china": "train", "photo-flower": "test", "font-letters": "test",
         "font-icons": "train", "dead-leaves": "train"}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "split", "count", "num_classes", "stand_in_for"),
    [
        ("digits", "train", 1400, 10, "SVHN"),
        ("digits", "test", 397, 10, "SVHN"),
        ("photo-china", "train", 6000, 1, "80 Million Tiny Images"),
        ("photo-china", "test", 1000, 1, "80 Million Tiny Images"),
        ("photo-flower", "test", 1000, 1, "Places365"),
        ("font-letters", "train", 3000, 29, "Chars74K"),
        ("font-letters", "test", 1000, 29, "Chars74K"),
        ("font-icons", "train", 3000, len(ICON_CLASSES), ""),
        ("dead-leaves", "train", 3000, 1, ""),
    ],
)
def test_every_set_has_its_published_size_and_says_what_it_stands_in_for(name, split, count, num_classes, stand_in_for):
    images = EMBEDDED[name](split, 12)
    assert images.images.shape == (count, 3, 12, 12)
    assert (images.name, len(images.classes), images.origin) == (name, num_classes, "embedded")
    assert images.stand_in_for == stand_in_for and CATALOG[name].splits[split] == count


@pytest.mark.parametrize("name", EMBEDDED)
def test_two_calls_give_the_same_pixels(name):
    assert EMBEDDED[name](SPLIT[name], 9).fingerprint == EMBEDDED[name](SPLIT[name], 9).fingerprint


def test_digits_at_their_own_size_are_scikit_learns_split_in_two():
    bunch = load_digits()
    both = [EMBEDDED["digits"](split, 8) for split in ("train", "test")]
    ours = torch.cat([part.images[:, 0] for part in both]).reshape(-1, 64).numpy()
    theirs = np.rint(bunch.data * 255 / 16).astype(np.uint8)
    with_labels = [
        np.column_stack([pixels, labels]) for pixels, labels in
        ((ours, torch.cat([part.labels for part in both]).numpy()), (theirs, bunch.target))
    ]  # fmt: skip
    sort = [rows[np.lexsort(rows.T)] for rows in with_labels]
    assert np.array_equal(*sort)


def test_the_digits_test_set_holds_every_class_in_its_share():
    whole = np.bincount(load_digits().target)
    test = EMBEDDED["digits"]("test", 8).labels.bincount().numpy()
    assert test.sum() == 397
    assert np.abs(test - whole * 397 / 1797).max() < 1


def test_digits_are_grey_and_fill_the_range():
    images = EMBEDDED["digits"]("test", 16).images
    assert torch.equal(images[:, 0], images[:, 1]) and torch.equal(images[:, 0], images[:, 2])
    assert (images.min(), images.max()) == (0, 255)


def test_upscaled_digits_interpolate_linearly():
    small, large = (EMBEDDED["digits"]("test", size).images.float() for size in (8, 16))
    # The centre of pixel 2 of 16 lies a quarter of the way from pixel 1 to pixel 0 of 8; corners repeat their pixel.
    expected = 0.75 * small[:, :, 0, 1] + 0.25 * small[:, :, 0, 0]
    assert torch.allclose(large[:, :, 0, 2], expected, atol=1.01)
    assert torch.equal(large[:, :, 0, 0], small[:, :, 0, 0])


@pytest.mark.parametrize(("name", "photograph"), [("photo-china", "china.jpg"), ("photo-flower", "flower.jpg")])
def test_patches_carry_the_photographs_colours_at_many_sizes(name, photograph):
    images = EMBEDDED[name](SPLIT[name], 8).images.float()
    photo = load_sample_image(photograph).astype(np.float64)
    in_colour = images[(images != images[:, :1]).flatten(1).any(dim=1)]
    # The middle of the photograph is in more patches than its rim, so the means agree only roughly.
    assert np.abs(in_colour.mean(dim=(0, 2, 3)).numpy() - photo.mean(axis=(0, 1))).max() < 30
    assert in_colour.amin() >= photo.min() and in_colour.amax() <= photo.max()
    detail = images.std(dim=(2, 3)).mean(dim=1)
    assert detail.min() < 3 and detail.max() > 50


def test_the_place_of_a_patch_does_not_depend_on_the_size():
    coarse, fine = (EMBEDDED["photo-flower"]("test", size).images.float() for size in (8, 32))
    assert (coarse.mean(dim=(2, 3)) - fine.mean(dim=(2, 3))).abs().max() < 4


def test_no_letter_class_looks_like_a_digit():
    assert not set(LETTER_CLASSES) & set("DOQoIJLijlZzASsGbTBgqYy")
    assert len(set(LETTER_CLASSES)) == len(LETTER_CLASSES)


def test_letters_vary_in_colour_and_place_and_stand_out_from_their_paper():
    letters = EMBEDDED["font-letters"]("test", 32)
    grey = (letters.images * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(dim=1).flatten(1)
    assert (grey.amax(dim=1) - grey.amin(dim=1)).min() > 60
    assert (letters.images.float().mean(dim=(2, 3)).std(dim=0) > 40).all()
    counts = letters.labels.bincount()
    assert counts.max() - counts.min() <= 1
    differ = letters.images[letters.labels == 0].flatten(1).unique(dim=0)
    assert len(differ) == counts[0]


@pytest.mark.parametrize("name", [name for name in EMBEDDED if name != "digits"])
def test_half_of_the_other_sets_is_grey_like_the_digits_so_that_colour_does_not_tell(name):
    images = EMBEDDED[name](SPLIT[name], 16).images
    grey = (images == images[:, :1]).flatten(1).all(dim=1)
    assert grey.float().mean().item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("font", "glyphs"), [*((font, LETTER_CLASSES) for font in LETTER_FONTS), (LETTER_FONTS[0], ICON_CLASSES)]
)
def test_every_font_draws_every_class_as_a_different_shape(font, glyphs, monkeypatch):
    monkeypatch.setattr("oe_core.data.embedded.images._colours", lambda rng: ((255, 255, 255), (0, 0, 0)))
    drawn = {np.asarray(_glyph(glyph, (font,), np.random.default_rng(0))).tobytes() for glyph in glyphs}
    assert len(drawn) == len(glyphs)


def test_leaves_cover_the_ground_with_small_flat_shapes_and_some_large_ones():
    leaves = EMBEDDED["dead-leaves"]("train", 64).images[:50]
    neighbours = (leaves[..., 1:] == leaves[..., :-1]).all(dim=1)
    runs = [len(run) for row in neighbours[:, ::8].flatten(0, 1).tolist()
            for run in "".join("x" if same else " " for same in row).split()]  # fmt: skip
    assert neighbours.float().mean() > 0.8 and np.median(runs) < 8 and max(runs) > 25


@pytest.mark.parametrize("name", ["photo-china", "font-letters"])
def test_no_image_is_in_both_splits(name):
    train, test = (EMBEDDED[name](split, 12).images.flatten(1) for split in ("train", "test"))
    assert len(torch.cat([train, test]).unique(dim=0)) == len(train.unique(dim=0)) + len(test.unique(dim=0))


def test_letters_without_matplotlib_say_what_to_install(monkeypatch):
    _font.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="letters and icons are drawn with matplotlib's fonts; install matplotlib"):
        EMBEDDED["font-letters"]("test", 8)


def test_sets_are_image_sets_in_contiguous_memory():
    images = EMBEDDED["font-letters"]("test", 8)
    assert isinstance(images, ImageSet) and images.images.is_contiguous()


def test_what_scikit_learn_carries_is_read_without_its_import():
    code = """
import sys
from oe_core import load_images
print([load_images(name, "test", 16).name for name in ("digits", "photo-china")], "sklearn" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['digits', 'photo-china'] False", done.stderr
