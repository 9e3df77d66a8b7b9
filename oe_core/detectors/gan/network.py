"""DCGAN (Radford et al. 2016) for small images, as in alinlab/Confident_classifier `src/models/gan.py`.

Both networks always normalise by the statistics of the batch at hand, in scoring as in training: the original never
leaves training mode, so that no running averages are kept.
"""

from functools import partial

import torch
from torch import Tensor, nn

SLOPE = 0.2  # of the leaky ReLU
_BatchNorm = partial(nn.BatchNorm2d, track_running_stats=False)


def stages(size: int) -> int:
    """How often a side of 4 pixels doubles to `size`; ValueError where it does not."""
    doublings = (size // 4).bit_length() - 1
    if doublings < 1 or size != 4 * 2**doublings:
        raise ValueError(f"size={size} must be 8, 16, 32, ...: a DCGAN doubles 4 pixels")
    return doublings


class Generator(nn.Module):
    """Generator(size, latent, filters): 4 x 4 maps of filters size / 4 channels, halved each time the side doubles.

    forward: codes float (batch, latent), standard normal -> images float32 (batch, 3, size, size) in [0, 1].
    At 32 pixels and 64 filters its channels are 512, 256, 128, 3.
    """

    def __init__(self, size: int, latent: int = 100, filters: int = 64):
        super().__init__()
        width = filters * 2 ** stages(size)
        layers = [nn.ConvTranspose2d(latent, width, 4, bias=False), _BatchNorm(width), nn.ReLU(inplace=True)]
        for _ in range(stages(size) - 1):
            layers += [_doubling(width, width // 2), _BatchNorm(width // 2), nn.ReLU(inplace=True)]
            width //= 2
        self.layers = nn.Sequential(*layers, _doubling(width, 3))
        self.apply(_initialise)

    def forward(self, codes: Tensor) -> Tensor:
        return self.layers(codes[:, :, None, None]).float().sigmoid()


class Discriminator(nn.Module):
    """Discriminator(size, filters): the side halves and the channels double, from 2 filters, down to 4 x 4.

    forward: images float (batch, 3, size, size) in [0, 1] -> logits float32 (batch,) of "this image is real".
    At 32 pixels and 64 filters its channels are 128, 256, 512, 1.
    """

    def __init__(self, size: int, filters: int = 64):
        super().__init__()
        width = 2 * filters
        layers = [_halving(3, width), nn.LeakyReLU(SLOPE, inplace=True)]
        for _ in range(stages(size) - 1):
            layers += [_halving(width, 2 * width), _BatchNorm(2 * width), nn.LeakyReLU(SLOPE, inplace=True)]
            width *= 2
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, bias=False))
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).float().flatten()


@torch.no_grad()
def diversity(images: Tensor) -> float:
    """Mean distance of an image to the nearest other one, root mean square over pixels of (n >= 2, 3, h, w) in [0, 1].

    0 when every image has a twin, as after a collapse to a few modes.
    """
    pixels = images.flatten(1).double()
    distances = torch.cdist(pixels, pixels, compute_mode="donot_use_mm_for_euclid_dist") / pixels.shape[1] ** 0.5
    return distances.fill_diagonal_(float("inf")).amin(dim=1).mean().item()


def _doubling(in_width: int, out_width: int) -> nn.Module:
    return nn.ConvTranspose2d(in_width, out_width, 4, stride=2, padding=1, bias=False)


def _halving(in_width: int, out_width: int) -> nn.Module:
    return nn.Conv2d(in_width, out_width, 4, stride=2, padding=1, bias=False)


def _initialise(module: nn.Module) -> None:
    """Convolutions N(0, 0.02^2), scales of the batch norms N(1, 0.02^2), their shifts 0."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)
        nn.init.zeros_(module.bias)
