"""Wide residual network (Zagoruyko & Komodakis 2016), as in hendrycks/outlier-exposure `CIFAR/models/wrn.py`."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from oe_core.networks.dropout import Dropout


class Block(nn.Module):
    """Pre-activation residual block: BN, ReLU, 3x3, BN, ReLU, dropout, 3x3, plus the input (1x1 when widths differ)."""

    def __init__(self, in_width: int, out_width: int, stride: int, dropout: float):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_width)
        self.conv1 = nn.Conv2d(in_width, out_width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_width)
        self.dropout = Dropout(dropout)
        self.conv2 = nn.Conv2d(out_width, out_width, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(in_width, out_width, 1, stride, bias=False) if in_width != out_width else None

    def forward(self, x: Tensor) -> Tensor:
        activated = F.relu(self.bn1(x), inplace=True)
        out = F.relu(self.bn2(self.conv1(activated)), inplace=True)
        out = self.conv2(self.dropout(out))
        # Where the width changes the shortcut starts after the activation, as in the original.
        return out + (x if self.shortcut is None else self.shortcut(activated))


class WideResNet(nn.Module):
    """WRN-depth-widen: three groups of (depth - 4) / 6 blocks with 16, 32, 64 times `widen` channels.

    forward: inputs float (batch, 3, height, width) -> logits float32 (batch, num_classes).
    """

    def __init__(self, depth: int, widen: int, num_classes: int, dropout: float = 0.0):
        super().__init__()
        if depth < 10 or (depth - 4) % 6:
            raise ValueError(f"depth={depth} must be 6 n + 4 with n >= 1: 10, 16, 22, 28, 34, 40, ...")
        self.stem = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        widths = (16, 16 * widen, 32 * widen, 64 * widen)
        blocks = []
        for group, (in_width, out_width) in enumerate(zip(widths, widths[1:], strict=False)):
            for index in range((depth - 4) // 6):
                stride = 2 if group > 0 and index == 0 else 1
                blocks.append(Block(in_width if index == 0 else out_width, out_width, stride, dropout))
        self.blocks = nn.Sequential(*blocks)
        self.bn = nn.BatchNorm2d(widths[-1])
        self.head = nn.Linear(widths[-1], num_classes)
        self.apply(initialise)

    def features(self, inputs: Tensor) -> Tensor:
        """Pooled features before the head, float32 (batch, 64 widen)."""
        out = F.relu(self.bn(self.blocks(self.stem(inputs))), inplace=True)
        return out.float().mean(dim=(2, 3))

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.features(inputs)
        # In bfloat16 logits would fall on a few hundred values and the scores would tie.
        with torch.autocast(features.device.type, enabled=False):
            return self.head(features)


def initialise(module: nn.Module) -> None:
    """Convolutions N(0, 2 / (k^2 out)), batch norm to the identity, the head's bias to 0; for `nn.Module.apply`."""
    if isinstance(module, nn.Conv2d):
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
        nn.init.normal_(module.weight, 0, math.sqrt(2 / fan_out))
    elif isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
