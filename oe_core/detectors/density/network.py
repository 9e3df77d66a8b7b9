"""PixelCNN++ (Salimans et al. 2017): a network that gives the likelihood of an image, pixel after pixel.

Two streams of features run beside each other. At each pixel, one has seen the rows above, the other also the row so far
to its left; shifted convolutions see to it. Source: openai/pixel-cnn `pixel_cnn_pp/model.py` and `nn.py`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from oe_core.detectors.density.logistic_mixture import PARAMETERS, log_likelihood, sample
from oe_core.networks.dropout import Dropout

FACTOR = 4  # the U-net halves height and width twice


def concat_elu(x: Tensor) -> Tensor:
    """ELU of x and of -x: (n, c, h, w) -> (n, 2 c, h, w)."""
    return F.elu(torch.cat([x, -x], dim=1))


class ShiftedConv(nn.Module):
    """A weight-normed convolution that ends at its pixel: it sees rows above (`right` False), or above and left.

    (n, inputs, h, w) -> (n, outputs, h / stride, w / stride). first_scale: standard deviation of what comes out, at
    initialisation.
    """

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], right: bool, stride=1, first_scale=1.0):
        super().__init__()
        rows, columns = kernel
        self.padding = (columns - 1, 0, rows - 1, 0) if right else (columns // 2, columns // 2, rows - 1, 0)
        self.conv = normed(nn.Conv2d(inputs, outputs, kernel, stride), first_scale)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, self.padding))


class ShiftedUpsampling(nn.Module):
    """The same backwards: (n, inputs, h, w) -> (n, outputs, 2 h, 2 w), each pixel from those above it (and left)."""

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], right: bool):
        super().__init__()
        self.first_column = 0 if right else kernel[1] // 2
        self.conv = normed(nn.ConvTranspose2d(inputs, outputs, kernel, stride=2, output_padding=1), 1.0, dim=1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = 2 * x.shape[2], 2 * x.shape[3]
        return self.conv(x)[:, :, :height, self.first_column : self.first_column + width]


def normed(conv: nn.Module, first_scale: float, dim: int = 0) -> nn.Module:
    """`conv` under weight normalisation; `initialise` sets its scale and bias from data."""
    nn.init.normal_(conv.weight, 0, 0.05)
    conv.first_scale = first_scale
    return weight_norm(conv, dim=dim)


class GatedBlock(nn.Module):
    """x + a sigmoid(b), where a and b come from two convolutions of x, and of `auxiliary` channels beside it."""

    def __init__(self, filters: int, auxiliary: int, right: bool, dropout: float):
        super().__init__()
        kernel = (2, 2) if right else (2, 3)
        self.first = ShiftedConv(2 * filters, filters, kernel, right)
        self.beside = normed(nn.Conv2d(2 * auxiliary, filters, 1), 1.0) if auxiliary else None
        self.dropout = Dropout(dropout)
        self.second = ShiftedConv(2 * filters, 2 * filters, kernel, right, first_scale=0.1)

    def forward(self, x: Tensor, auxiliary: Tensor | None = None) -> Tensor:
        inner = self.first(concat_elu(x))
        if self.beside is not None:
            inner = inner + self.beside(concat_elu(auxiliary))
        a, b = self.second(self.dropout(concat_elu(inner))).chunk(2, dim=1)
        return x + a * b.sigmoid()


class PixelCNN(nn.Module):
    """forward: images (n, 3, h, w), 8-bit values on [-1, 1] -> negative log-likelihood in nats, (n,).

    Three stages at full, half and quarter size, `blocks` pairs of gated blocks each, down and up again with shortcuts.
    The paper's network: filters=160, blocks=5, mixtures=10, dropout=0.5. Height and width must be divisible by 4.
    """

    def __init__(self, filters: int, blocks: int, mixtures: int = 10, dropout: float = 0.5):
        super().__init__()
        self.above_first = ShiftedConv(4, filters, (2, 3), right=False)
        self.left_first = nn.ModuleList(
            [ShiftedConv(4, filters, (1, 3), right=False), ShiftedConv(4, filters, (2, 1), right=True)]
        )
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        self.shrink, self.grow = nn.ModuleList(), nn.ModuleList()
        for stage in range(3):
            self.encoder.append(_pairs(blocks, filters, (0, filters), dropout))
            self.decoder.append(_pairs(blocks + (stage > 0), filters, (filters, 2 * filters), dropout))
            if stage < 2:
                self.shrink.append(_above_and_left(ShiftedConv, filters, stride=2))
                self.grow.append(_above_and_left(ShiftedUpsampling, filters))
        self.head = normed(nn.Conv2d(filters, PARAMETERS * mixtures, 1), 1.0)

    def forward(self, images: Tensor) -> Tensor:
        parameters = self.distribution(images)
        # In float32 at least, whatever the convolutions compute in.
        return -log_likelihood(parameters.to(torch.promote_types(parameters.dtype, torch.float32)), images)

    def distribution(self, images: Tensor) -> Tensor:
        """Parameters of each pixel's mixture of logistics, (n, 10 * mixtures, h, w), from the pixels before it."""
        if images.shape[2] % FACTOR or images.shape[3] % FACTOR:
            raise ValueError(f"images of {tuple(images.shape[2:])} px; height and width must be divisible by {FACTOR}")
        x = torch.cat([images, torch.ones_like(images[:, :1])], dim=1)  # ones tell the image from the padding
        above = _down(self.above_first(x))
        left = _down(self.left_first[0](x)) + _right(self.left_first[1](x))
        aboves, lefts = [above], [left]
        for stage, pairs in enumerate(self.encoder):
            for block_above, block_left in pairs:
                above = block_above(above)
                left = block_left(left, above)
                aboves.append(above)
                lefts.append(left)
            if stage < 2:
                above, left = self.shrink[stage][0](above), self.shrink[stage][1](left)
                aboves.append(above)
                lefts.append(left)
        above, left = aboves.pop(), lefts.pop()
        for stage, pairs in enumerate(self.decoder):
            for block_above, block_left in pairs:
                above = block_above(above, aboves.pop())
                left = block_left(left, torch.cat([above, lefts.pop()], dim=1))
            if stage < 2:
                above, left = self.grow[stage][0](above), self.grow[stage][1](left)
        return self.head(F.elu(left))

    @torch.no_grad()
    def initialise(self, images: Tensor) -> None:
        """Set scale and bias of every convolution so that on `images` its channels have mean 0 and its first scale.

        Source: Salimans and Kingma 2016, Weight normalization, section 3.
        """
        convs = [module for module in self.modules() if hasattr(module, "first_scale")]
        for conv in convs:
            conv.parametrizations.weight.original0.fill_(1)
            conv.bias.zero_()
        hooks = [conv.register_forward_hook(_standardise) for conv in convs]
        try:
            self.distribution(images)
        finally:
            for hook in hooks:
                hook.remove()

    @torch.no_grad()
    def sample(self, count: int, size: int, generator: torch.Generator | None = None) -> Tensor:
        """`count` images (count, 3, size, size) on [-1, 1], drawn pixel after pixel: size^2 passes of the network."""
        images = torch.zeros(count, 3, size, size, device=self.head.bias.device)
        for row in range(size):
            for column in range(size):
                parameters = self.distribution(images)[:, :, row : row + 1, column : column + 1].float()
                images[:, :, row : row + 1, column : column + 1] = sample(parameters, generator)
        return images


def _pairs(count: int, filters: int, auxiliary: tuple[int, int], dropout: float) -> nn.ModuleList:
    return nn.ModuleList(
        nn.ModuleList(GatedBlock(filters, channels, right, dropout) for right, channels in enumerate(auxiliary))
        for _ in range(count)
    )


def _above_and_left(kind: type[nn.Module], filters: int, **settings) -> nn.ModuleList:
    return nn.ModuleList(
        kind(filters, filters, (2, 2) if right else (2, 3), right, **settings) for right in (False, True)
    )


def _down(x: Tensor) -> Tensor:
    return F.pad(x, (0, 0, 1, 0))[:, :, :-1]


def _right(x: Tensor) -> Tensor:
    return F.pad(x, (1, 0, 0, 0))[:, :, :, :-1]


def _standardise(conv: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
    """A forward hook: standardise the output, and set scale and bias so that they do so from now on."""
    scale = conv.first_scale / (output.float().var(dim=(0, 2, 3)) + 1e-8).sqrt()
    shift = -output.float().mean(dim=(0, 2, 3)) * scale
    original = conv.parametrizations.weight.original0
    original.copy_(scale.view_as(original))
    conv.bias.copy_(shift)
    return output * scale.view(-1, 1, 1).to(output.dtype) + shift.view(-1, 1, 1).to(output.dtype)
