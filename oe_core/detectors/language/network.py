"""A quasi-recurrent language model, after salesforce/awd-lstm-lm `model.py` and hendrycks/outlier-exposure
`NLP_language_modeling/model.py`: convolutions over time, and a recurrence without weights between them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from oe_core.detectors.language.forget_mult import ForgetMult
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.networks.dropout import Dropout


class QRNNLayer(nn.Module):
    """One layer: candidates z, forget gates f and output gates o from the last `window` tokens, then ForgetMult.

    forward: (length, batch, inputs) -> (length, batch, hidden). A segment starts from zeros, in its window as well.
    """

    def __init__(self, inputs: int, hidden: int, window: int, weight_drop: float):
        super().__init__()
        self.window = window
        self.linear = nn.Linear(window * inputs, 3 * hidden)
        self.weight_drop = Dropout(weight_drop)

    def forward(self, x: Tensor) -> Tensor:
        if self.window == 2:
            before = torch.cat([torch.zeros_like(x[:1]), x[:-1]])
            x = torch.cat([x, before], dim=2)
        z, f, o = F.linear(x, self.weight_drop(self.linear.weight), self.linear.bias).chunk(3, dim=2)
        # In float32: 70 steps of a sum in bfloat16 would lose what each of them adds.
        h = ForgetMult.apply(f.sigmoid().float(), z.tanh().float())
        return o.sigmoid() * h


class QRNNLanguageModel(nn.Module):
    """Embedding, QRNN layers, and the embedding again as the output layer.

    forward: token ids int64 (batch, length) -> logits (batch * length, vocabulary), those of a segment in a row; while
    training also the upper layer's activations after and before dropout, both (length, batch, embedding), for the
    penalties of `losses`. The last layer is as wide as the embedding, since they share weights. The masks of inputs,
    hidden and output are drawn once a segment, for all its tokens; those of embedding and weights once a step.
    """

    def __init__(self, vocabulary: int, recipe: LanguageRecipe):
        super().__init__()
        widths = [recipe.embedding, *[recipe.hidden] * (recipe.layers - 1), recipe.embedding]
        self.embedding = nn.Embedding(vocabulary, recipe.embedding)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.layers = nn.ModuleList(
            QRNNLayer(below, width, 2 if number == 0 else 1, recipe.weight_dropout)
            for number, (below, width) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        self.output_bias = nn.Parameter(torch.zeros(vocabulary))
        self.drop_token, self.drop_inputs = Dropout(recipe.embedding_dropout), Dropout(recipe.input_dropout)
        self.drop_hidden, self.drop_output = Dropout(recipe.hidden_dropout), Dropout(recipe.output_dropout)

    def forward(self, ids: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        ids = ids.T
        kept = self.drop_token(torch.ones(len(self.output_bias), device=ids.device))
        x = self.embedding(ids) * kept[ids][:, :, None]
        x = variational(x, self.drop_inputs)
        for layer in self.layers[:-1]:
            x = variational(layer(x), self.drop_hidden)
        raw = self.layers[-1](x)
        dropped = variational(raw, self.drop_output)
        logits = F.linear(dropped.transpose(0, 1).flatten(0, 1), self.embedding.weight, self.output_bias)
        return (logits, dropped, raw) if self.training else logits


def variational(x: Tensor, dropout: Dropout) -> Tensor:
    """x (length, batch, width) under one mask (batch, width) for all tokens."""
    return x * dropout(torch.ones_like(x[0]))
