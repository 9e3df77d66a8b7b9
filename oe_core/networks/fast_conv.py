"""A plain convolutional network that learns CIFAR-10 in a few minutes on a CPU.

The layout is that of KellerJordan/cifar10-airbench `airbench94.py` (three groups of two 3x3 convolutions, pooling
inside the group, identity initialisation, a scaled head), with a learned 2x2 stem in place of its whitening layer.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LOGIT_SCALE = 1 / 9  # keeps the first softmax soft; airbench94.py


class Group(nn.Module):
    """3x3, max-pool 2, BN, GELU, 3x3, BN, GELU: (batch, in, h, w) -> (batch, out, h / 2, w / 2)."""

    def __init__(self, in_width: int, out_width: int):
        super().__init__()
        self.conv1 = nn.Conv2d(in_width, out_width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_width)
        self.conv2 = nn.Conv2d(out_width, out_width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_width)
        for conv in (self.conv1, self.conv2):
            nn.init.dirac_(conv.weight[: conv.in_channels])  # the first channels start as a copy of the input

    def forward(self, x: Tensor) -> Tensor:
        out = F.gelu(self.bn1(F.max_pool2d(self.conv1(x), 2)))
        return F.gelu(self.bn2(self.conv2(out)))


class ScaledLinear(nn.Linear):
    """A linear layer, its output times LOGIT_SCALE."""

    def forward(self, features: Tensor) -> Tensor:
        return super().forward(features) * LOGIT_SCALE


class FastConv(nn.Module):
    """FastConv(width): groups of width, 4 width and 4 width channels.

    forward: inputs float (batch, 3, height, width >= 16) -> logits float32 (batch, num_classes).
    """

    def __init__(self, width: int, num_classes: int):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 2)
        self.groups = nn.Sequential(Group(24, width), Group(width, 4 * width), Group(4 * width, 4 * width))
        self.head = ScaledLinear(4 * width, num_classes, bias=False)

    def features(self, inputs: Tensor) -> Tensor:
        """Pooled features before the head, float32 (batch, 4 width)."""
        return self.groups(F.gelu(self.stem(inputs))).float().amax(dim=(2, 3))

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.features(inputs)
        with torch.autocast(features.device.type, enabled=False):
            return self.head(features)
