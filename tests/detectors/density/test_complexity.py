import numpy as np
import pytest
import torch

from oe_core.detectors.density.complexity import compressed_bits


def test_noise_costs_its_full_eight_bits_a_sub_pixel_and_a_flat_image_almost_nothing():
    noise = torch.randint(256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    flat = torch.full((1, 3, 64, 64), 90, dtype=torch.uint8)
    bits = compressed_bits(torch.cat([noise, flat]))
    assert (bits[:2] > 24).all() and (bits[:2] < 26).all()  # 3 x 8 bits, and the file's head
    assert bits[2] < 1


def test_it_is_the_smaller_of_two_files_over_the_pixels():
    ramp = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    wide = ramp.repeat(1, 1, 1, 2)
    assert compressed_bits(wide).shape == (1,)
    assert compressed_bits(wide)[0] < compressed_bits(ramp)[0], "a repetition costs less than what it repeats"


def test_each_image_is_compressed_by_itself():
    images = torch.randint(256, (3, 3, 8, 8), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    assert np.array_equal(compressed_bits(images)[1:2], compressed_bits(images[1:2]))


@pytest.mark.parametrize("images", [torch.zeros(1, 3, 8, 8), torch.zeros(3, 8, 8, dtype=torch.uint8)])
def test_other_images_are_refused(images):
    with pytest.raises(ValueError, match=r"images must be uint8 \(n, 3, height, width\), got"):
        compressed_bits(images)
