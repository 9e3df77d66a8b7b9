"""The ResNet-18 of the Places365 experiment: torchvision's network, weights from the reader's file."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import resnet18 as torchvision_resnet18


def resnet18(num_classes: int) -> nn.Module:
    """torchvision's ResNet-18, freshly initialised. inputs (batch, 3, 224, 224) -> logits (batch, num_classes)."""
    return torchvision_resnet18(weights=None, num_classes=num_classes)


def places365_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of `resnet18_places365.pth.tar` (the Places team's file, supplied by hand), in torchvision's names.

    No hash of the file is published, so it is read with `weights_only=True`, which runs no code from it.
    Raises ValueError when the file is not a checkpoint of this network.
    """
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    state = checkpoint.get("state_dict") if isinstance(checkpoint, dict) else None
    if not state:
        raise ValueError(f"{path}: holds no 'state_dict'; expected the Places365 checkpoint of ResNet-18")
    weights = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    expected = resnet18(365).state_dict()
    wrong = sorted(
        name
        for name in expected.keys() | weights.keys()
        if not name.endswith("num_batches_tracked")
        and (name not in weights or name not in expected or weights[name].shape != expected[name].shape)
    )
    if wrong:
        raise ValueError(f"{path}: no ResNet-18 with 365 classes; missing, extra or misshapen: {', '.join(wrong[:5])}")
    return {name: weights.get(name, tensor) for name, tensor in expected.items()}
