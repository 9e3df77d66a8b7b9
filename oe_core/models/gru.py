"""A recurrent text classifier, as in hendrycks/outlier-exposure `NLP_classification/train.py`."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from oe_core.data.vocabulary import PADDING, SPECIALS


class GRUClassifier(nn.Module):
    """Embedding (50), two GRU layers (128), a linear layer on the last state of the upper one.

    forward: token ids int64 (batch, length), padded in front -> logits float32 (batch, num_classes). Padding is
    skipped, so a text's logits do not depend on how long its neighbours are; a text without tokens is one unread token.
    """

    def __init__(self, vocabulary: int, num_classes: int, embedding: int = 50, hidden: int = 128):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary + SPECIALS, embedding, padding_idx=PADDING)
        self.gru = nn.GRU(embedding, hidden, num_layers=2, batch_first=True)
        self.head = nn.Linear(hidden, num_classes)

    def forward(self, ids: Tensor) -> Tensor:
        lengths = (ids != PADDING).sum(dim=1).clamp(min=1)
        # Packing wants the tokens first: turn each row by its padding, which then comes last.
        longest = ids.shape[1]
        turned = (torch.arange(longest, device=ids.device) + (longest - lengths)[:, None]) % longest
        tokens = ids.gather(1, turned)[:, : int(lengths.max())]
        packed = pack_padded_sequence(self.embedding(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, states = self.gru(packed)
        return self.head(states[-1]).float()
