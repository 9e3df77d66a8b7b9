"""A recurrent text classifier, as in hendrycks/outlier-exposure `NLP_classification/train.py`."""

import torch
from torch import Tensor, nn

from oe_core.data.vocabulary import PADDING, SPECIALS


class GRUClassifier(nn.Module):
    """Embedding (50), two GRU layers (128), a linear layer on the last state of the upper one.

    forward: token ids int64 (batch, length), padded in front -> logits float32 (batch, num_classes). The id `unread`
    leaves the state at zero. As it is PADDING, a text's logits do not depend on how long its neighbours are; with
    another one, padding is read, as a vector of zeros.
    """

    def __init__(self, vocabulary: int, num_classes: int, embedding=50, hidden=128, unread: int = PADDING):
        super().__init__()
        self.unread = unread
        self.embedding = nn.Embedding(vocabulary + SPECIALS, embedding, padding_idx=PADDING)
        self.gru = nn.GRU(embedding, hidden, num_layers=2)
        self.head = nn.Linear(hidden, num_classes)

    def forward(self, ids: Tensor) -> Tensor:
        read = ids != self.unread
        longest = max(1, int(read.sum(dim=1).max()))
        ids, read = ids[:, -longest:].clamp(min=PADDING), read[:, -longest:, None].to(self.head.weight.dtype)
        lower = upper = self.head.weight.new_zeros(len(ids), self.head.in_features)
        first, second = self.gru.all_weights
        # Token by token, because nn.GRU would read the padding, and because packed sequences, which would not, go
        # backward in quadratic time on a CPU: four times slower at 100 tokens.
        for token, is_read in zip(self.embedding(ids).unbind(1), read.unbind(1), strict=True):
            lower = torch.gru_cell(token, lower, *first) * is_read
            upper = torch.gru_cell(lower, upper, *second) * is_read
        return self.head(upper).float()
