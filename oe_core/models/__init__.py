"""Networks by name: one file a network; this is the list."""

import re

from torch import nn

from oe_core.models.fast_conv import FastConv
from oe_core.models.resnet18 import ResNet18
from oe_core.models.wide_resnet import WideResNet


def build(name: str, num_classes: int, dropout: float = 0.0) -> nn.Module:
    """A freshly initialised network: "wrn-<depth>-<widen>", "fast-<width>" or "resnet18".

    Raises ValueError for an unknown name, an impossible depth, or dropout where the network has none.
    """
    wide = re.fullmatch(r"wrn-(\d+)-(\d+)", name)
    if wide:
        return WideResNet(int(wide[1]), int(wide[2]), num_classes, dropout)
    fast = re.fullmatch(r"fast-(\d+)", name)
    if not fast and name != "resnet18":
        raise ValueError(
            f"model={name!r} is unknown; choose wrn-<depth>-<widen> (such as wrn-40-2), fast-<width> (such as "
            "fast-48) or resnet18"
        )
    if dropout:
        raise ValueError(f"dropout={dropout}: {name} has no dropout, set dropout=0")
    return FastConv(int(fast[1]), num_classes) if fast else ResNet18(num_classes)
