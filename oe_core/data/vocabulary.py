"""From texts to token ids: whitespace tokens, the most frequent ones of the training texts, padding in front."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

PADDING, UNKNOWN = 0, 1  # ids of the two specials; tokens start at 2
SPECIALS = 2


@dataclass(frozen=True)
class Vocabulary:
    """The known tokens, the most frequent first; the id of tokens[i] is i + 2."""

    tokens: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str], size: int) -> "Vocabulary":
        """The `size` most frequent whitespace tokens of `texts`; equally frequent ones in alphabetical order.

        Texts are taken as they are: lower-case them before where case should not count. Raises ValueError for a size
        below 1 or texts without any token. Source: hendrycks/outlier-exposure NLP_classification/train.py.
        """
        if size < 1:
            raise ValueError(f"size={size} must be at least 1 token")
        counts = Counter(token for text in texts for token in text.split())
        if not counts:
            raise ValueError("texts hold no token to make a vocabulary of")
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls(tuple(token for token, _ in ranked[:size]))

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token -> id."""
        return {token: index for index, token in enumerate(self.tokens, SPECIALS)}

    def encode(self, texts: Sequence[str], length: int | None = None) -> Tensor:
        """Token ids int64 (n, longest), padded in front; the first `length` tokens of a text, or all of them.

        A token outside the vocabulary becomes UNKNOWN. Raises ValueError for no text.
        """
        if not texts:
            raise ValueError("texts is empty; there is nothing to encode")
        rows = [[self.ids.get(token, UNKNOWN) for token in text.split()[:length]] for text in texts]
        longest = max(1, *map(len, rows))
        ids = torch.full((len(rows), longest), PADDING)
        for row, found in zip(ids, rows, strict=True):
            if found:
                row[longest - len(found) :] = torch.tensor(found)
        return ids

    def known_share(self, texts: Iterable[str]) -> float:
        """Share of the tokens of `texts` that the vocabulary holds, a fraction; 0 for texts without tokens."""
        tokens = [token for text in texts for token in text.split()]
        return sum(token in self.ids for token in tokens) / len(tokens) if tokens else 0.0


def padded(ids: Tensor, length: int) -> Tensor:
    """Token ids (n, l) with more padding in front, int64 (n, length); ValueError when they are longer already."""
    if ids.shape[1] > length:
        raise ValueError(f"length={length} is shorter than the {ids.shape[1]} tokens that are there")
    return torch.nn.functional.pad(ids, (length - ids.shape[1], 0), value=PADDING)
