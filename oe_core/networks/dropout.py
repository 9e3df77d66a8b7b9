"""Dropout whose mask does not dominate a training step on a CPU."""

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """`torch.nn.Dropout` with a cheaper mask on a CPU, where torch draws Bernoulli numbers serially.

    One 64-bit random number yields four 16-bit thresholds, so the keep probability is exact to 1 / 65536. The random
    stream differs from torch's; the distribution does not.
    """

    def __init__(self, probability: float):
        super().__init__()
        if not 0 <= probability < 1:
            raise ValueError(f"dropout probability={probability} must be in [0, 1)")
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        if x.device.type != "cpu" or torch.compiler.is_compiling():  # which traces no `random_`, and fuses torch's mask
            return nn.functional.dropout(x, self.probability)
        kept = round((1 - self.probability) * 65536)
        bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        mask = bits.view(torch.int16)[: x.numel()] < kept - 32768
        return x * _laid_out_as(x, mask.to(x.dtype).mul_(65536 / kept))


def _laid_out_as(x: Tensor, flat: Tensor) -> Tensor:
    """`flat` in the shape of x and, where x is channels_last, in its memory order: elementwise work then streams."""
    if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
        batch, channels, height, width = x.shape
        return flat.view(batch, height, width, channels).permute(0, 3, 1, 2)
    return flat.view(x.shape)
