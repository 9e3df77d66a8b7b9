import pytest
import torch
from torch import nn

from oe_core.detectors.gan.network import Discriminator, Generator, diversity, stages


def convolutions(model):
    return [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]


def test_the_papers_channels_at_32_pixels():
    generator, discriminator = Generator(32), Discriminator(32)
    assert [conv.in_channels for conv in convolutions(generator)] == [100, 512, 256, 128]
    assert convolutions(generator)[-1].out_channels == 3
    assert [conv.out_channels for conv in convolutions(discriminator)] == [128, 256, 512, 1]
    slopes = {m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}


def test_at_16_pixels_one_stage_is_left_out():
    assert [conv.out_channels for conv in convolutions(Generator(16, filters=4))] == [16, 8, 3]
    assert [conv.out_channels for conv in convolutions(Discriminator(16, filters=4))] == [8, 16, 1]


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_codes_become_images_in_the_unit_range_and_images_one_logit_each(size):
    torch.manual_seed(0)
    images = Generator(size, latent=7, filters=2)(3 * torch.randn(5, 7))
    assert images.shape == (5, 3, size, size) and images.dtype == torch.float32
    assert 0 <= images.min() and images.max() <= 1
    assert Discriminator(size, filters=2)(images).shape == (5,)


def test_weights_start_with_a_standard_deviation_of_two_hundredths():
    torch.manual_seed(0)
    generator = Generator(32)
    assert convolutions(generator)[1].weight.std().item() == pytest.approx(0.02, rel=0.01)
    norm = next(m for m in generator.modules() if isinstance(m, nn.BatchNorm2d))
    assert norm.weight.mean().item() == pytest.approx(1, abs=0.005)
    assert norm.weight.std().item() == pytest.approx(0.02, rel=0.2) and norm.bias.abs().max() == 0


def test_the_batch_at_hand_normalises_in_scoring_too():
    torch.manual_seed(0)
    generator, codes = Generator(8, latent=3, filters=2), torch.randn(4, 3)
    trained = generator(codes)
    assert torch.equal(generator.eval()(codes), trained)
    assert not any("running" in name for name in generator.state_dict())


@pytest.mark.parametrize("size", [4, 12, 30, 0])
def test_a_size_that_is_no_doubling_of_four_pixels_is_refused(size):
    with pytest.raises(ValueError, match=f"size={size} must be 8, 16, 32"):
        stages(size)


def test_diversity_by_hand_and_zero_after_a_collapse():
    levels = torch.tensor([0.0, 0.1, 0.5]).view(3, 1, 1, 1).expand(3, 3, 4, 4)
    assert diversity(levels) == pytest.approx((0.1 + 0.1 + 0.4) / 3, rel=1e-6)
    assert diversity(levels[[0, 2, 0, 2]]) == 0
