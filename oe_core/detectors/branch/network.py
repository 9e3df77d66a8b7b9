"""A classifier with a confidence branch (DeVries & Taylor 2018): one more linear unit on the pooled features."""

import torch
from torch import Tensor, nn


class ConfidenceNetwork(nn.Module):
    """A network that has `features` and a `head`, and beside its head one linear unit for the confidence.

    forward: inputs float (batch, 3, height, width) -> float32 (batch, num_classes + 1): the logits, and in the last
    column the confidence logit z with b(x) = sigmoid(z). `penalty_weight`, the lambda of the confidence penalty, is a
    buffer: it changes at every step of a training, and goes into checkpoints and weights with the rest.
    """

    def __init__(self, body: nn.Module, penalty_weight: float):
        super().__init__()
        self.body = body
        self.branch = nn.Linear(body.head.in_features, 1)
        nn.init.zeros_(self.branch.bias)
        self.register_buffer("penalty_weight", torch.tensor(penalty_weight))

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.body.features(inputs)
        with torch.autocast(features.device.type, enabled=False):
            return torch.cat([self.body.head(features), self.branch(features)], dim=1)
