import numpy as np
import pytest
import torch

from oe_core.figures.images import image_grid, pixels


def test_pixels_of_uint8_images_lie_in_0_1_with_channels_last():
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    assert pixels(images).tolist() == [[[[0, pytest.approx(0.2), 1]]]]


def test_signed_noise_is_moved_from_minus_1_1_to_0_1():
    images = torch.tensor([-1.0, 0.0, 1.0]).view(1, 3, 1, 1)
    assert pixels(images, signed=True).tolist() == [[[[0, 0.5, 1]]]]


def test_a_sheet_shows_each_row_under_its_label_and_each_caption_above_its_image():
    rows = {"digits": np.zeros((2, 4, 4, 3)), "letters": np.ones((3, 4, 4, 3))}
    figure = image_grid(rows, {"digits": ["-1.00", "-0.50"]})
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == 5
    assert [axes.get_title(loc="left") for axes in shown[:2]] == ["-1.00", "-0.50"]
    labels = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert labels == ["digits", "letters"]
