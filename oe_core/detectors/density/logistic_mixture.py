"""Discretised mixtures of logistics: what PixelCNN++ says about a pixel.

Source: Salimans et al. 2017, PixelCNN++, section 2.1 and 2.2; openai/pixel-cnn `pixel_cnn_pp/nn.py`.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

PARAMETERS = 10  # of a component: weight; means, log scales and coefficients of three channels
LEAST_LOG_SCALE = -7.0
HALF_BIN = 1 / 255  # values 0..255 lie 2/255 apart on [-1, 1]
LOG_BIN = math.log(2 * HALF_BIN)
SMALL = 1e-5  # below it, log(1 - exp(-d)) is log(d) - d / 2 to less than 1e-11


def _unpacked(parameters: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Log weights (n, mixtures, h, w); means, log scales and coefficients (n, 3, mixtures, h, w)."""
    if parameters.dim() != 4 or parameters.shape[1] % PARAMETERS:
        raise ValueError(f"parameters have the shape {tuple(parameters.shape)}, not (n, 10 * mixtures, height, width)")
    logits, means, log_scales, coefficients = parameters.unflatten(1, (PARAMETERS, -1)).split([1, 3, 3, 3], dim=1)
    return logits[:, 0].log_softmax(dim=1), means, log_scales.clamp(min=LEAST_LOG_SCALE), coefficients.tanh()


def log_likelihood(parameters: Tensor, images: Tensor) -> Tensor:
    """log P(image) in nats, (n,), at most 0, for parameters (n, 10 * mixtures, h, w) and images (n, 3, h, w).

    images: 8-bit values on [-1, 1], that is 2 v / 255 - 1. A value's probability is the logistic's mass between the
    edges of its bin; the bins of 0 and 255 reach to infinity. Green's mean depends on red, blue's on both.
    """
    log_weights, means, log_scales, coefficients = _unpacked(parameters)
    values = images[:, :, None]
    red, green = values[:, 0], values[:, 1]
    from_red, blue_from_red, blue_from_green = coefficients.unbind(1)
    shifts = [torch.zeros_like(from_red), from_red * red, blue_from_red * red + blue_from_green * green]
    centred = values - means - torch.stack(shifts, dim=1)
    precision = (-log_scales).exp()
    below_upper = F.logsigmoid((centred + HALF_BIN) * precision)
    above_lower = F.logsigmoid((HALF_BIN - centred) * precision)
    # s(a) - s(b) = s(a) s(-b) (1 - exp(b - a)): exact in the tails too, where the difference of two sigmoids is 0.
    between = below_upper + above_lower + _log_one_minus_exp(2 * HALF_BIN * precision, LOG_BIN - log_scales)
    logs = torch.where(values < -0.999, below_upper, torch.where(values > 0.999, above_lower, between))
    return (logs.sum(dim=1) + log_weights).logsumexp(dim=1).sum(dim=(1, 2))


def _log_one_minus_exp(d: Tensor, log_d: Tensor) -> Tensor:
    """log(1 - exp(-d)) for d > 0, also where a scale is so wide that d is 0 in floating point."""
    exact = (-torch.expm1(-d.clamp(min=SMALL))).log()
    return torch.where(d < SMALL, log_d - d / 2, exact)


def sample(parameters: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """One pixel for each position, independently: (n, 3, h, w), 8-bit values on [-1, 1]."""
    log_weights, means, log_scales, coefficients = _unpacked(parameters)
    chosen = _gumbel(log_weights, generator).argmax(dim=1, keepdim=True)[:, None].expand(-1, 3, -1, -1, -1)
    means, log_scales, coefficients = (part.gather(2, chosen)[:, :, 0] for part in (means, log_scales, coefficients))
    uniform = torch.rand(means.shape, generator=generator, device=means.device).clamp(1e-5, 1 - 1e-5)
    free = means + log_scales.exp() * uniform.logit()
    red = _on_the_grid(free[:, 0])
    green = _on_the_grid(free[:, 1] + coefficients[:, 0] * red)
    blue = _on_the_grid(free[:, 2] + coefficients[:, 1] * red + coefficients[:, 2] * green)
    return torch.stack([red, green, blue], dim=1)


def _gumbel(logs: Tensor, generator: torch.Generator | None) -> Tensor:
    uniform = torch.rand(logs.shape, generator=generator, device=logs.device).clamp(1e-5, 1 - 1e-5)
    return logs - (-uniform.log()).log()


def _on_the_grid(values: Tensor) -> Tensor:
    return ((values.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
