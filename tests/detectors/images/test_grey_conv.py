import math

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from oe_core.detectors.images.all_conv import sigmoid_gelu
from oe_core.detectors.images.network import build


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build("grey-conv", 10, 0.5).eval()


def _smooth(x):
    return x / (1 + np.exp(-1.702 * x))


def _convolved_and_pooled(images, weight, bias):
    """Images (n, in, h, w) by kernels (out, in, 5, 5) without padding, then the largest of every 2 x 2 pixels."""
    windows = sliding_window_view(images, (5, 5), axis=(2, 3))
    out = np.einsum("nihwab,oiab->nohw", windows, weight) + bias[:, None, None]
    n, channels, height, width = out.shape
    return out.reshape(n, channels, height // 2, 2, width // 2, 2).max(axis=(3, 5))


def test_logits_equal_those_of_the_networks_layers_written_out_on_the_grey_image(model):
    images = np.random.default_rng(0).random((3, 3, 28, 28))
    grey = (0.2989 * images[:, 0] + 0.5870 * images[:, 1] + 0.1140 * images[:, 2])[:, None]
    weights = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    out = _smooth(_convolved_and_pooled(grey, weights["conv1.weight"], weights["conv1.bias"]))
    out = _smooth(_convolved_and_pooled(out, weights["conv2.weight"], weights["conv2.bias"]))
    out = _smooth(out.reshape(3, 320) @ weights["hidden.weight"].T + weights["hidden.bias"])
    expected = out @ weights["head.weight"].T + weights["head.bias"]
    found = model(torch.from_numpy(images).float()).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_parameter_count_by_hand(model):
    expected = 10 * 25 + 10 + 20 * 10 * 25 + 20 + 320 * 50 + 50 + 50 * 10 + 10
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


def test_colours_of_equal_luminance_are_one_image(model):
    green = torch.zeros(1, 3, 28, 28)
    green[:, 1] = torch.rand(28, 28, generator=torch.Generator().manual_seed(0)) / 4
    red = torch.zeros(1, 3, 28, 28)
    red[:, 0] = green[:, 1] * 0.5870 / 0.2989
    torch.testing.assert_close(model(green), model(red))
    assert not torch.allclose(model(green), model(green.roll(1, dims=1)))


def test_gelu_at_one_by_hand():
    expected = 1 / (1 + math.exp(-1.702))
    assert sigmoid_gelu(torch.tensor([1.0, 0.0])).tolist() == pytest.approx([expected, 0])


def test_dropout_in_training_drops_whole_channels_of_the_second_convolution(model):
    kept = {}
    model.drop.register_forward_hook(lambda layer, inputs, out: kept.update(out=out))
    torch.manual_seed(0)
    model.train()(torch.rand(64, 3, 28, 28))
    zero = (kept["out"] == 0).float().mean(dim=(2, 3))
    assert set(zero.unique().tolist()) == {0.0, 1.0}
    assert zero.mean().item() == pytest.approx(0.5, abs=0.05)


def test_logits_stay_float32_under_autocast_so_that_scores_do_not_tie(model):
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(torch.rand(64, 3, 28, 28))
    assert logits.dtype == torch.float32 and len(logits[:, 0].unique()) == 64


def test_another_size_and_an_impossible_dropout_are_refused(model):
    with pytest.raises(ValueError, match=r"inputs of \(32, 32\) pixels: grey-conv takes 28 x 28, set size=28"):
        model(torch.rand(1, 3, 32, 32))
    with pytest.raises(ValueError, match=r"dropout=1.0 must be in \[0, 1\)"):
        build("grey-conv", 10, 1.0)
    with pytest.raises(ValueError, match="model='grey' is unknown; choose .*grey-conv"):
        build("grey", 10)
