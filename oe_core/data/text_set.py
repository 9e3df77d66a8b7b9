"""The one in-memory form of a text data set, before any vocabulary."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from oe_core.data.labels import check_labels


@dataclass(frozen=True)
class TextSet:
    """Texts with labels, held whole in memory.

    texts: one example each, n of them, as their source spells them (case and punctuation kept), without line breaks.
    labels: int64 (n,) with values in [0, len(classes)); unlabelled texts have the one class "unlabelled".
    origin: "folder" (the reader's own), "embedded" or "catalog".
    stand_in_for: the paper's name of the data set that this one replaces, "" when it replaces none.
    Raises ValueError when numbers or label range disagree.
    """

    name: str
    texts: tuple[str, ...]
    labels: Tensor
    classes: tuple[str, ...]
    origin: str
    stand_in_for: str = ""

    def __post_init__(self):
        if not self.texts:
            raise ValueError(f"{self.name}: holds no text")
        check_labels(self.name, self.labels, len(self.texts), self.classes)

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) of texts and labels: two sets with one name but other content differ here."""
        digest = hashlib.sha256("\n".join(self.texts).encode())
        digest.update(self.labels.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def take(self, indices: Tensor) -> "TextSet":
        """The examples at `indices` (int64), in that order, under the same name."""
        texts = tuple(self.texts[index] for index in indices.tolist())
        return TextSet(self.name, texts, self.labels[indices], self.classes, self.origin, self.stand_in_for)
