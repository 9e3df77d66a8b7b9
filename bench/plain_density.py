"""The plain way of a density estimator: the same network in float32, contiguous, eager, with torch's own dropout."""

import torch
from torch import nn

from bench.plain import with_torchs_dropout
from oe_core.detectors.density.network import PixelCNN
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.density.training import margin


def network(recipe: DensityRecipe, device: torch.device) -> nn.Module:
    """The recipe's network as it is written in its public ports."""
    return with_torchs_dropout(PixelCNN(recipe.filters, recipe.blocks, recipe.mixtures, recipe.dropout)).to(device)


class Training:
    """Float32 steps of pairs on ready-made images."""

    def __init__(self, recipe: DensityRecipe, device: torch.device):
        self.recipe, self.model = recipe, network(recipe, device).train()
        shape = (2 * recipe.batch_size, 3, recipe.size, recipe.size)
        self.images = (torch.randint(256, shape, device=device) / 127.5 - 1).contiguous()
        self.optimiser = torch.optim.Adam(self.model.parameters(), recipe.learning_rate)

    def loss(self) -> torch.Tensor:
        """The inliers' likelihood and the margin loss of pairs, in nats a sub-pixel."""
        inliers, outliers = (self.model(self.images) / self.images[0].numel()).chunk(2)
        return inliers.mean() + self.recipe.oe_weight * torch.relu(margin(self.recipe) + inliers - outliers).mean()

    def step(self) -> None:
        """One joint forward pass, one backward pass, one update."""
        loss = self.loss()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
