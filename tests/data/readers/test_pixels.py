import numpy as np
import pytest
import torch
from genuine_files import channels_first, noise, picture
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Resize

from oe_core.data.readers import pixels
from oe_core.data.readers.pixels import FormatError, Picture, decode_all, fit, is_picture, numbered, resized


@pytest.mark.parametrize("height, width", [(40, 64), (65, 33), (31, 31), (32, 47), (20, 100), (64, 64)])
def test_fit_equals_torchvision_resize_and_centre_crop(height, width):
    image = Image.fromarray(noise(height, width, 3))
    expected = Compose([Resize(32), CenterCrop(32)])(image)
    assert np.array_equal(fit(image, 32), np.asarray(expected).transpose(2, 0, 1))


def test_fit_with_squash_equals_resizing_both_sides():
    image = Image.fromarray(noise(40, 64, 3))
    assert np.array_equal(fit(image, 32, squash=True), np.asarray(Resize((32, 32))(image)).transpose(2, 0, 1))


def test_fit_leaves_a_picture_of_the_size_as_it_is():
    pixels = noise(32, 32, 3)
    assert np.array_equal(fit(Image.fromarray(pixels), 32), pixels.transpose(2, 0, 1))


def test_fit_repeats_grey_and_drops_transparency():
    grey = noise(8, 8)
    assert np.array_equal(fit(Image.fromarray(grey), 8), np.stack([grey] * 3))
    palette = Image.fromarray(noise(8, 8, 3)).convert("P")
    palette.info["transparency"] = bytes(range(256))
    assert np.array_equal(fit(palette, 8), np.asarray(palette.convert("RGBA").convert("RGB")).transpose(2, 0, 1))


def test_decode_all_keeps_the_order_over_several_chunks(monkeypatch):
    monkeypatch.setattr(pixels, "CHUNK", 3)
    drawn = noise(8, 4, 4, 3)
    pictures = (Picture(str(place), "", picture(image)) for place, image in enumerate(drawn))
    images, names = decode_all(pictures, 4)
    assert torch.equal(images, torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()))
    assert names == list("01234567")


def test_decode_all_names_the_picture_that_is_cut_short():
    whole = picture(noise(32, 32, 3), "JPEG")
    with pytest.raises(FormatError, match=r"a\.tar: 7\.jpg: not a whole picture .*; expected a JPEG, PNG"):
        decode_all([Picture("c", "a.tar: 7.jpg", whole[: len(whole) // 2])], 32)
    with pytest.raises(FormatError, match="empty.png: not a whole picture"):
        decode_all([Picture("c", "empty.png", b"")], 32)


def test_resized_equals_fitting_each_image_and_only_rearranges_the_same_size():
    pixels = noise(3, 28, 20, 3)
    expected = [fit(Image.fromarray(image), 32).tolist() for image in pixels]
    assert resized(pixels, 32).tolist() == expected
    same = resized(noise(2, 6, 6, 3), 6)
    assert same.tolist() == [channels_first(image) for image in noise(2, 6, 6, 3)] and same.is_contiguous()


def test_numbered_sorts_the_names_unless_the_classes_are_given():
    labels, classes = numbered(["b", "a", "b"])
    assert labels.tolist() == [1, 0, 1] and classes == ("a", "b")
    assert numbered(["b"], ("z", "y", "b"))[0].tolist() == [2]


def test_is_picture_goes_by_the_suffix_and_passes_over_hidden_files():
    names = ("a/b.JPEG", "b.png", "a/._b.png", ".c.jpg", "labels.txt", "png")
    assert [is_picture(name) for name in names] == [True, True, False, False, False, False]
