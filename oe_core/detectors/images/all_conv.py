"""The All Convolutional Network of table 9 (Springenberg et al. 2015), as in hendrycks/outlier-exposure
`CIFAR/models/allconv.py`: with batch norm and, for SVHN and CIFAR, a GELU, neither of which the text names."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from oe_core.networks.dropout import Dropout
from oe_core.networks.wide_resnet import initialise


def sigmoid_gelu(x: Tensor) -> Tensor:
    """x sigmoid(1.702 x), the approximation of the GELU that the code computes."""
    return x * torch.sigmoid(1.702 * x)


class ConvNorm(nn.Module):
    """Convolution, batch norm, activation."""

    def __init__(self, in_width: int, out_width: int, kernel: int, padding: int, activation: Callable):
        super().__init__()
        self.conv = nn.Conv2d(in_width, out_width, kernel, padding=padding)
        self.bn = nn.BatchNorm2d(out_width)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.bn(self.conv(x)))


class AllConv(nn.Module):
    """Three 3x3 convolutions of `width` channels, three of twice as many, and a head of 1x1 convolutions.

    forward: inputs float (batch, 3, height, width >= 12) -> logits float32 (batch, num_classes). Dropout follows both
    poolings (0.5 in the code). The features are averaged over the whole map. as_code: the 1x1 convolutions are padded,
    and the average is over 8x8 of the 10x10 that come out: the same 36 values and borders without content, which change
    a factor, a constant, and batch norm's statistics; and weights start as those of the code's WideResNet.
    """

    def __init__(self, width: int, num_classes: int, dropout: float, act: Callable[[Tensor], Tensor], as_code=False):
        super().__init__()
        double, border = 2 * width, int(as_code)
        self.body = nn.Sequential(
            ConvNorm(3, width, 3, 1, act),
            ConvNorm(width, width, 3, 1, act),
            ConvNorm(width, width, 3, 1, act),
            nn.MaxPool2d(2),
            Dropout(dropout),
            ConvNorm(width, double, 3, 1, act),
            ConvNorm(double, double, 3, 1, act),
            ConvNorm(double, double, 3, 1, act),
            nn.MaxPool2d(2),
            Dropout(dropout),
            ConvNorm(double, double, 3, 0, act),
            ConvNorm(double, double, 1, border, act),
            ConvNorm(double, double, 1, border, act),
        )
        self.head = nn.Linear(double, num_classes)
        self.unpooled = 2 * border  # rows and columns at the far ends that the code's windows of 8x8 do not reach
        if as_code:
            self.apply(initialise)

    def features(self, inputs: Tensor) -> Tensor:
        """Averaged features before the head, float32 (batch, 2 width)."""
        maps = self.body(inputs).float()
        return maps[:, :, : maps.shape[2] - self.unpooled, : maps.shape[3] - self.unpooled].mean(dim=(2, 3))

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.features(inputs)
        with torch.autocast(features.device.type, enabled=False):
            return self.head(features)
