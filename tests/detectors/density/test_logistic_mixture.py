"""The discretised mixture of logistics: a distribution over 256 values, equal to the plain formula."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.special import expit, logsumexp, softmax

from oe_core.detectors.density.logistic_mixture import LEAST_LOG_SCALE, log_likelihood, sample

GRID = torch.arange(256, dtype=torch.float64) / 127.5 - 1


def parameters(mixtures=3, size=1, count=1, spread=1.0):
    generator = torch.Generator().manual_seed(0)
    shape = (count, 10 * mixtures, size, size)
    return spread * torch.randn(shape, generator=generator, dtype=torch.float64)


def images(count, size=1, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 3, size, size), generator=generator).double() / 127.5 - 1


def plain(parameters, image):
    """-log P of one image, sub-pixel by sub-pixel in numpy, with differences of sigmoids."""
    mixtures, total = parameters.shape[0] // 10, 0.0
    for row, column in itertools.product(range(image.shape[1]), range(image.shape[2])):
        table = parameters[:, row, column].numpy().reshape(10, mixtures)
        weights, means, scales = softmax(table[0]), table[1:4], np.exp(np.maximum(table[4:7], LEAST_LOG_SCALE))
        red_green, red_blue, green_blue = np.tanh(table[7:10])
        red, green, blue = image[:, row, column].tolist()
        centres = [means[0], means[1] + red_green * red, means[2] + red_blue * red + green_blue * green]
        logs = np.log(weights)
        for value, centre, scale in zip((red, green, blue), centres, scales, strict=True):
            upper = np.ones(mixtures) if value > 0.999 else expit((value + 1 / 255 - centre) / scale)
            lower = np.zeros(mixtures) if value < -0.999 else expit((value - 1 / 255 - centre) / scale)
            logs = logs + np.log(upper - lower)
        total += logsumexp(logs)
    return total


def test_it_equals_a_slow_plain_reference():
    given, seen = parameters(mixtures=4, size=3, count=2), images(2, size=3)
    seen[0, :, 0, 0], seen[1, :, 2, 2] = -1.0, 1.0  # both edges
    expected = [plain(given[number], seen[number]) for number in range(2)]
    assert log_likelihood(given, seen).tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("spread", [0.3, 1.0, 4.0])
def test_the_probabilities_of_the_256_values_of_a_sub_pixel_sum_to_one(channel, spread):
    given, seen = parameters(mixtures=3, spread=spread), torch.ones(256, 3, 1, 1, dtype=torch.float64)
    seen[:, channel, 0, 0] = GRID
    # The other two channels are 255 under a scale beyond all bounds, which has the probability 1/2 whatever the means.
    scales = given.unflatten(1, (10, 3))[:, 4:7]
    scales[:, [other for other in range(3) if other != channel]] = 40.0
    likelihoods = log_likelihood(given.expand(256, -1, -1, -1), seen).exp()
    assert 4 * likelihoods.sum().item() == pytest.approx(1, abs=1e-9)


def test_the_edges_take_the_tails_and_a_far_value_keeps_a_finite_likelihood():
    given = torch.zeros(1, 10, 1, 1, dtype=torch.float64)
    given[:, 1:4], given[:, 4:7] = -3.0, -6.0  # means far below 0, narrow
    black, white = -torch.ones(1, 3, 1, 1, dtype=torch.float64), torch.ones(1, 3, 1, 1, dtype=torch.float64)
    assert log_likelihood(given, black).item() == pytest.approx(0, abs=1e-9)
    # Three channels at distance 4 - 1/255 from the mean, in units of exp(-6).
    assert log_likelihood(given, white).item() == pytest.approx(-3 * (4 - 1 / 255) * math.exp(6), rel=1e-9)


def test_gradients_are_finite_at_the_edges_and_far_away():
    given = parameters(mixtures=2, size=2, spread=20.0).requires_grad_()
    seen = torch.tensor([-1.0, 1.0, 0.0]).double().view(1, 3, 1, 1).expand(1, 3, 2, 2)
    log_likelihood(given, seen).sum().backward()
    assert torch.isfinite(given.grad).all()


def test_a_scale_beyond_all_bounds_keeps_likelihood_and_gradient_finite():
    given = torch.zeros(1, 10, 1, 1)
    given[:, 4:7] = 200.0  # exp(-200) is 0 in float32
    given.requires_grad_()
    middle = log_likelihood(given, torch.zeros(1, 3, 1, 1) + 1 / 255)
    middle.sum().backward()
    # The density in the middle of a logistic is 1 / (4 scale), over a bin of 2/255, three times.
    assert middle.item() == pytest.approx(3 * (math.log(2 / 255 / 4) - 200), rel=1e-6)
    assert given.grad[0, 4:7, 0, 0].tolist() == pytest.approx([-1, -1, -1])


def test_samples_lie_on_the_grid_and_follow_the_distribution():
    given = parameters(mixtures=2, spread=0.7)
    drawn = sample(given.expand(40_000, -1, -1, -1), torch.Generator().manual_seed(0))
    steps = (drawn + 1) * 127.5
    assert torch.allclose(steps, steps.round(), atol=1e-6) and drawn.abs().max() <= 1
    table = given[0, :, 0, 0].reshape(10, 2)
    weights, means, scales = table[0].softmax(0), table[1], table[4].exp()
    # Red is at most 126 with the mass below the edge between 126 and 127, at -1/255 - 1/255 around 127's centre.
    exact = float((weights * torch.sigmoid((-2 / 255 - means) / scales)).sum())
    assert float((steps[:, 0] < 126.5).double().mean()) == pytest.approx(exact, abs=0.01)


def test_other_shapes_of_parameters_are_refused():
    with pytest.raises(ValueError, match=r"parameters have the shape \(1, 25, 2, 2\), not \(n, 10 \* mixtures"):
        log_likelihood(torch.zeros(1, 25, 2, 2), torch.zeros(1, 3, 2, 2))
