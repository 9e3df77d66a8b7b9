"""The one in-memory form of a text data set, before any vocabulary."""

import hashlib
from dataclasses import dataclass, replace
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
    keeps_case: whether a network reads the set with its capitals, whatever its recipe does with others' case.
    Raises ValueError when numbers or label range disagree.
    """

    name: str
    texts: tuple[str, ...]
    labels: Tensor
    classes: tuple[str, ...]
    origin: str
    stand_in_for: str = ""
    keeps_case: bool = False

    def __post_init__(self):
        if not self.texts:
            raise ValueError(f"{self.name}: holds no text")
        check_labels(self.name, self.labels, len(self.texts), self.classes)

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) of texts, labels and kept case: two sets with one name but other content differ here."""
        digest = hashlib.sha256("\n".join(self.texts).encode())
        digest.update(self.labels.contiguous().numpy().tobytes())
        if self.keeps_case:
            digest.update(b"keeps_case")
        return digest.hexdigest()

    def take(self, indices: Tensor) -> "TextSet":
        """The examples at `indices` (int64), in that order, under the same name."""
        return replace(self, texts=tuple(self.texts[index] for index in indices.tolist()), labels=self.labels[indices])
