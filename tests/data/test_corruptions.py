"""Corruptions of five severities: values by hand, another computation of the same, and what is refused."""

import colorsys
import io

import numpy as np
import pytest
import torch
from PIL import Image

from oe_core.data.corruptions import CORRUPTIONS, SEVERITIES, corrupted
from oe_core.data.embedded.images import photo_flower
from oe_core.data.examples import ImageSet


def images(pixels):
    """uint8 (n, height, width, 3)"""
    shown = torch.from_numpy(np.asarray(pixels, np.uint8)).permute(0, 3, 1, 2).contiguous()
    return ImageSet("shades", shown, torch.zeros(len(shown), dtype=torch.int64), ("a",), "folder")


def shown(found):
    return found.images.permute(0, 2, 3, 1).numpy()


RANDOM = images(np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_photograph_moves_further_from_itself_with_each_severity_and_the_same_way_each_time(name):
    clean = photo_flower("test", 32).take(torch.arange(60))
    kept = clean.images.clone()
    worse = [corrupted(clean, name, severity) for severity in SEVERITIES]
    moved = [float((one.images.float() - clean.images.float()).abs().mean()) for one in worse]
    assert 0 < moved[0] and moved == sorted(set(moved))
    assert torch.equal(corrupted(clean, name, 3).images, worse[2].images) and torch.equal(clean.images, kept)
    assert worse[4].name == f"photo-flower under {name} 5" and torch.equal(worse[4].labels, clean.labels)


def test_brightness_raises_the_value_of_hsv():
    amount = 0.2
    found = shown(corrupted(RANDOM, "brightness", 4)).reshape(-1, 3)
    for before, after in zip(shown(RANDOM).reshape(-1, 3) / 255, found, strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*before)
        lit = colorsys.hsv_to_rgb(hue, saturation, min(1, value + amount))
        assert np.abs(255 * np.array(lit) - after).max() <= 0.51


def test_black_is_lit_to_grey_and_white_stays():
    found = shown(corrupted(images([[[[0, 0, 0], [255, 255, 255]]]]), "brightness", 2))
    assert found.tolist() == [[[[26, 26, 26], [255, 255, 255]]]]  # 25.5, to the even one


def test_contrast_halves_the_distance_to_the_mean_of_each_channel():
    assert shown(corrupted(images([[[[0, 10, 100], [200, 10, 120]]]]), "contrast", 2)).tolist() == [
        [[[50, 10, 105], [150, 10, 115]]]
    ]


def test_a_blur_spreads_a_spot_as_the_normal_density_and_leaves_a_plain_picture():
    spot = np.zeros((1, 17, 17, 3))
    spot[0, 8, 8] = 255
    weights = np.exp(-(np.arange(-4, 5) ** 2) / 2)
    expected = np.outer(weights, weights) / weights.sum() ** 2 * 255
    found = shown(corrupted(images(spot), "gaussian-blur", 5))[0, 4:13, 4:13, 0]
    assert np.abs(found - expected).max() <= 0.51
    plain = images(np.full((1, 16, 16, 3), 77))
    assert torch.equal(corrupted(plain, "gaussian-blur", 5).images, plain.images)


def test_jpeg_is_what_pillow_writes_and_reads():
    file = io.BytesIO()
    Image.fromarray(shown(RANDOM)[1]).save(file, "JPEG", quality=58)
    assert np.array_equal(shown(corrupted(RANDOM, "jpeg", 3))[1], np.asarray(Image.open(file)))


def test_pixelate_leaves_as_many_columns_as_the_coarser_sensor_has():
    gradient = np.tile(np.arange(0, 256, 16)[:, None], (1, 16, 1, 3))
    found = shown(corrupted(images(gradient), "pixelate", 5))
    assert len(np.unique(found[0, 0, :, 0])) == int(0.65 * 16)


def test_another_camera_is_cast_sensor_and_compression_in_turn():
    twenties = shown(RANDOM) // 20 * 20  # of which 5 % more or less is a whole number
    cast = images((twenties * np.array([1.05, 1, 0.95])).round().clip(0, 255))
    found = corrupted(corrupted(cast, "pixelate", 1), "jpeg", 1)
    assert torch.equal(found.images, corrupted(images(twenties), "another-camera", 1).images)


def test_an_unknown_corruption_or_severity_is_refused():
    with pytest.raises(ValueError, match="name='fog' is no corruption; choose one of brightness, contrast"):
        corrupted(RANDOM, "fog", 1)
    for severity in (0, 6, 1.5):
        with pytest.raises(ValueError, match=f"severity={severity} must be a whole number from 1 to 5"):
            corrupted(RANDOM, "jpeg", severity)
