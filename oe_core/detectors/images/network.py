"""Networks of images by name: one file a network, this is the list; those that only images have stand beside it."""

import re

from torch import nn
from torch.nn.functional import relu

from oe_core.detectors.images.all_conv import AllConv, sigmoid_gelu
from oe_core.detectors.images.grey_conv import GreyConv
from oe_core.networks.fast_conv import FastConv
from oe_core.networks.wide_resnet import WideResNet


def build(name: str, num_classes: int, dropout: float = 0.0) -> nn.Module:
    """A freshly initialised "wrn-<depth>-<widen>", "allconv-<width>", "fast-<width>", "resnet18" or "grey-conv".

    "allconv-relu-<width>" has ReLUs in place of GELUs, "allconv-code-<width>" and "allconv-relu-code-<width>" start and
    pad as the official code's. Raises ValueError for an unknown name, an impossible depth, or
    dropout where the network has none.
    """
    if wide := re.fullmatch(r"wrn-(\d+)-([1-9]\d*)", name):
        return WideResNet(int(wide[1]), int(wide[2]), num_classes, dropout)
    if all_conv := re.fullmatch(r"allconv-(relu-)?(code-)?([1-9]\d*)", name):
        activation = relu if all_conv[1] else sigmoid_gelu
        return AllConv(int(all_conv[3]), num_classes, dropout, activation, as_code=bool(all_conv[2]))
    if name == "grey-conv":
        return GreyConv(num_classes, dropout)
    fast = re.fullmatch(r"fast-([1-9]\d*)", name)
    if not fast and name != "resnet18":
        raise ValueError(
            f"model={name!r} is unknown; choose wrn-<depth>-<widen> (such as wrn-40-2), allconv-<width> (such as "
            "allconv-96), fast-<width> (such as fast-48), resnet18 or grey-conv"
        )
    if dropout:
        raise ValueError(f"dropout={dropout}: {name} has no dropout, set dropout=0")
    if fast:
        return FastConv(int(fast[1]), num_classes)
    from oe_core.detectors.images.resnet18 import ResNet18  # torchvision's import takes seconds, and only this needs it

    return ResNet18(num_classes)
