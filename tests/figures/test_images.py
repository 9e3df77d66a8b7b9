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


def test_a_sheet_shows_each_row_as_one_image_under_its_label_and_each_caption_above_its_picture():
    rows = {"digits": np.zeros((2, 4, 4, 3)), "letters": np.full((3, 8, 8, 3), 0.5)}
    (axes,) = image_grid(rows, {"digits": ["-1.00", "-0.50"]}).axes
    for image, pictures in zip(axes.images, rows.values(), strict=True):
        left, right, bottom, top = image.get_extent()
        assert (left, right) == (0, len(pictures))  # pictures stand in columns, whatever their size
        assert bottom - top == pytest.approx(6 / 7)  # and are squares, with the gap after each
        for unit, picture in zip(np.hsplit(np.asarray(image.get_array()), len(pictures)), pictures, strict=True):
            width = picture.shape[1]
            np.testing.assert_array_equal(unit[:, : 6 * width : 6], picture)
            assert (unit[:, 6 * width :] == 1).all()
    written = {text.get_text(): text.get_position() for text in axes.texts}
    assert list(written) == ["digits", "-1.00", "-0.50", "letters"]
    tops = [image.get_extent()[3] for image in axes.images]
    assert [written[caption][0] for caption in ("-1.00", "-0.50")] == [0, 1]
    assert 0 < written["-1.00"][1] < tops[0] < written["digits"][1] < tops[1] < written["letters"][1]
