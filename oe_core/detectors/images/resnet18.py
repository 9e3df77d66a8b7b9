"""The ResNet-18 of the Places365 experiment: torchvision's network, weights from the reader's file."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from oe_core.atomic import understood


class ResNet18(ResNet):
    """torchvision's ResNet-18, freshly initialised, in two parts: features and a head that stays in float32.

    forward: inputs float (batch, 3, 224, 224) -> logits float32 (batch, num_classes).
    """

    def __init__(self, num_classes: int):
        super().__init__(BasicBlock, [2, 2, 2, 2], num_classes=num_classes)

    @property
    def head(self) -> nn.Linear:
        """Called `fc` in torchvision, and so in its files of weights."""
        return self.fc

    def features(self, inputs: Tensor) -> Tensor:
        """Pooled features before the head, float32 (batch, 512)."""
        out = self.maxpool(self.relu(self.bn1(self.conv1(inputs))))
        out = self.layer4(self.layer3(self.layer2(self.layer1(out))))
        return self.avgpool(out).flatten(1).float()

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.features(inputs)
        with torch.autocast(features.device.type, enabled=False):
            return self.head(features)


def places365_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of `resnet18_places365.pth.tar` (the Places team's file, supplied by hand), in torchvision's names.

    Raises DamagedFileError where torch cannot read the file, ValueError when it is no checkpoint of this network.
    """
    # No hash of the file is published: so no code from it is run.
    with understood(path, "is damaged, or no file of weights alone"):
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    state = checkpoint.get("state_dict") if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict) or not state:
        raise ValueError(f"{path}: holds no 'state_dict'; expected the Places365 checkpoint of ResNet-18")
    weights = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    network = ResNet18(365)
    try:
        network.load_state_dict(weights)  # where the file does not count batches, as old ones do not, 0 stands
    except RuntimeError as error:
        raise ValueError(f"{path}: no ResNet-18 with 365 classes: {error}") from error
    return network.state_dict()
