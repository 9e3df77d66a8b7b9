"""The in-memory forms of a data set, of images or of texts, and what holds for both."""

import hashlib
import logging
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from oe_core.errors import printable

logger = logging.getLogger(__name__)


def check_labels(name: str, labels: Tensor, count: int, classes: tuple[str, ...]) -> None:
    """Raise a ValueError naming the set unless `labels` are int64 (count,) with values in [0, len(classes))."""
    if labels.dtype != torch.int64 or tuple(labels.shape) != (count,):
        raise ValueError(f"{name}: labels must be int64 ({count},), got {labels.dtype} {tuple(labels.shape)}")
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= len(classes):
        raise ValueError(
            f"{name}: labels run from {lowest} to {highest}, allowed are 0 to {len(classes) - 1} "
            f"for its {len(classes)} classes"
        )


class _ByContent:
    """Equal when names, origin and examples are, whichever tensors hold them."""

    @property
    def _content(self) -> tuple:
        return self.name, self.classes, self.origin, self.stand_in_for, self.fingerprint

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)


@dataclass(frozen=True, eq=False)
class ImageSet(_ByContent):
    """Images with labels, held whole in memory.

    images: uint8 (n, 3, height, width); labels: int64 (n,) with values in [0, len(classes)).
    origin: "folder" (the reader's own), "embedded", "catalog" or, by a network, "generated".
    stand_in_for: the paper's name of the data set that this one replaces, "" when it replaces none.
    Raises ValueError when shapes, types or label range disagree.
    """

    name: str
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    origin: str
    stand_in_for: str = ""

    def __post_init__(self):
        shape = tuple(self.images.shape)
        if self.images.dtype != torch.uint8 or len(shape) != 4 or shape[1] != 3:
            raise ValueError(
                f"{self.name}: images must be uint8 (n, 3, height, width), got {self.images.dtype} {shape}"
            )
        if shape[0] == 0:
            raise ValueError(f"{self.name}: holds no image")
        check_labels(self.name, self.labels, shape[0], self.classes)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> int:
        """Height and width in pixels (the book's images are square)."""
        return self.images.shape[-1]

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) of pixels, shape and labels: two sets with one name but other content differ here."""
        digest = hashlib.sha256(repr(tuple(self.images.shape)).encode())
        for part in (self.images, self.labels):
            digest.update(part.contiguous().cpu().numpy().data)  # as it lies there: no copy of a set of many gigabytes
        return digest.hexdigest()

    def take(self, indices: Tensor) -> "ImageSet":
        """The examples at `indices` (int64), in that order, under the same name."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])


@dataclass(frozen=True, eq=False)
class TextSet(_ByContent):
    """Texts with labels, held whole in memory, before any vocabulary.

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


Examples = ImageSet | TextSet

UNLABELLED = "unlabelled"  # the one class of examples that have none

FEWEST_OF_A_CLASS = 2  # one to learn from, and one to tell that from


def check_trainable(
    train: Examples, test: Examples | None = None, *, held_out: float = 0.0, ratio: int = 5, classified: bool = True
) -> None:
    """Raise a ValueError naming the set unless an in-distribution is enough to train and to test on.

    held_out: the share of `train` that is kept from training. ratio: test inliers for one anomaly (section 4.2 of the
    paper: 1:5), so that `test` holds at least as many. classified: whether networks learn its labels; then at least two
    classes need examples, each of those at least FEWEST_OF_A_CLASS, both splits the same list of classes, and the test
    examples a class that occurs in `train`; how many have none is said in the log.
    """
    if classified:
        _check_classes(train)
        if test is not None and test.classes != train.classes:
            lists = [", ".join(part.classes[:20]) for part in (train, test)]
            raise ValueError(f"{train.name}: train has the classes {lists[0]}, test has {lists[1]}; expected the same")
        if test is not None:
            _check_learned(train, test)
    kept = len(train) - round(held_out * len(train))
    if kept < FEWEST_OF_A_CLASS:
        raise ValueError(f"{train.name}: of {len(train)} examples {kept} are left to train on; expected at least 2")
    if test is not None and len(test) < ratio:
        raise ValueError(f"{test.name}: its test split holds {len(test)} examples; expected {ratio} for one anomaly")


def _check_learned(train: Examples, test: Examples) -> None:
    """Refuse a test set of classes that no training example has; say which some have, as no network can name them."""
    learned, asked = (set(part.labels.unique().tolist()) for part in (train, test))
    if not (unknown := asked - learned):
        return
    names = [", ".join(train.classes[label] for label in sorted(labels)[:20]) for labels in (unknown, learned)]
    count = sum(int((test.labels == label).sum()) for label in unknown)
    said = f"{test.name}: {count} of {len(test)} test examples are of classes that no training example has, {names[0]}"
    if unknown == asked:
        raise ValueError(f"{said}; those learned are {names[1]}: give both splits the same names")
    logger.warning("%s; no network will name them", printable(said))


def _check_classes(train: Examples) -> None:
    counts = train.labels.bincount(minlength=len(train.classes)).tolist()
    occurring = [name for name, count in zip(train.classes, counts, strict=True) if count]
    if len(occurring) < 2:
        raise ValueError(
            f"{train.name}: its train split has examples of one class, {occurring[0]}; expected two classes to tell "
            "apart: put its examples into class folders, write label<TAB>text or a column label, or give labels="
        )
    few = [name for name, count in zip(train.classes, counts, strict=True) if 0 < count < FEWEST_OF_A_CLASS]
    if few:
        raise ValueError(
            f"{train.name}: {len(few)} of {len(occurring)} classes have fewer than {FEWEST_OF_A_CLASS} examples in the "
            f"train split: {', '.join(few[:5])}; add examples or leave those classes out"
        )
