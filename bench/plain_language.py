"""The plain way of a language model, as its public code works on a CPU: what our own is measured against.

A new tensor for each token of the recurrence, a graph node for each operation on it, torch's own dropout, float32 and
the unfused SGD. Source: salesforce/pytorch-qrnn `forget_mult.py` (CPUForgetMult) and salesforce/awd-lstm-lm `main.py`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.plain import exposure_loss, with_torchs_dropout
from oe_core.detectors.language.network import QRNNLayer
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.detectors.language.training import TASK


def recurrence(f: Tensor, z: Tensor) -> Tensor:
    """h_t = f_t * z_t + (1 - f_t) * h_(t-1) with h_0 = 0, all (length, batch, hidden), one token after the other."""
    states: list[Tensor] = []
    for forget, new in zip(f, f * z, strict=True):
        states.append(new + (1 - forget) * states[-1] if states else new)
    return torch.stack(states)


class PlainLayer(nn.Module):
    """The weights and the dropout of `layer` around the plain recurrence; shapes as of `QRNNLayer`."""

    def __init__(self, layer: QRNNLayer):
        super().__init__()
        self.window, self.linear, self.weight_drop = layer.window, layer.linear, layer.weight_drop

    def forward(self, x: Tensor) -> Tensor:
        if self.window == 2:
            x = torch.cat([x, torch.cat([torch.zeros_like(x[:1]), x[:-1]])], dim=2)
        z, f, o = F.linear(x, self.weight_drop(self.linear.weight), self.linear.bias).chunk(3, dim=2)
        return o.sigmoid() * recurrence(f.sigmoid(), z.tanh())


def network(recipe: LanguageRecipe, device: torch.device) -> nn.Module:
    """The recipe's network and its weights, with plain layers and torch's own dropout, float32."""
    model = TASK.network(recipe, recipe.vocabulary, device)
    model.layers = nn.ModuleList(PlainLayer(layer) for layer in model.layers)
    return with_torchs_dropout(model)


class Training:
    """Float32 steps on ready-made segments of random words; cutting the text is ours alone to pay for."""

    def __init__(self, recipe: LanguageRecipe, device: torch.device):
        self.recipe = recipe
        self.model = network(recipe, device).train()
        segments = recipe.batch_size + recipe.outlier_batch_size
        self.inputs = torch.randint(recipe.vocabulary, (segments, recipe.length), device=device)
        self.labels = torch.randint(recipe.vocabulary, (recipe.batch_size * recipe.length,), device=device)
        self.optimiser = torch.optim.SGD(
            self.model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )

    def loss(self) -> Tensor:
        """Equation 1 and both penalties, of one joint forward pass."""
        logits, dropped, raw = self.model(self.inputs)
        loss = exposure_loss(logits, self.labels, self.recipe.oe_weight)
        loss = loss + self.recipe.activation_penalty * dropped.pow(2).mean()
        return loss + self.recipe.slowness_penalty * (raw[1:] - raw[:-1]).pow(2).mean()

    def step(self) -> None:
        """One joint forward pass, one backward pass, one update."""
        loss = self.loss()
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimiser.step()
