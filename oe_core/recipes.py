"""Recipes: everything that determines one trained network, as frozen data.

Settings: Hendrycks et al. 2019, section 4.3 and appendix B; where the text is silent, hendrycks/outlier-exposure
(`CIFAR/`, `SVHN/`, `TinyImageNet/`, `NLP_classification/`), as noted beside each value.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Self

SCALINGS = ("unit", "cifar", "imagenet")
OUTLIER_ORDERS = ("contiguous", "shuffled")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Recipe:
    """What all recipes share. Two equal recipes on the same data are one run, which the store files under `digest`.

    Raises ValueError when a value is outside what is allowed.
    """

    name: str
    in_dist: str
    model: str
    epochs: int
    learning_rate: float  # at the start of the cosine
    batch_size: int
    holdout: int = 0  # examples at the end of the training set that are kept out of training
    limit: int | None = None  # train on the first `limit` examples of a seeded order
    outliers: str | None = None  # None: no Outlier Exposure
    outlier_batch_size: int = 256
    oe_weight: float = 0.5  # lambda of equation 1
    outlier_order: str = "contiguous"
    outlier_limit: int | None = None
    precision: str = "auto"  # auto: bfloat16 autocast where the hardware computes in it
    seed: int = 0
    parent: Self | None = None  # fine-tuning starts from this recipe's weights

    def __post_init__(self):
        self._one_of("outlier_order", OUTLIER_ORDERS)
        self._one_of("precision", PRECISIONS)
        self._at_least(self._least_epochs(), "epochs")
        self._at_least(1, "batch_size", "outlier_batch_size")
        for field in ("holdout", "oe_weight"):
            self._not_negative(field)
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate={self.learning_rate} must be positive")

    def _least_epochs(self) -> int:
        return 1

    def _one_of(self, field: str, allowed: tuple[str, ...]) -> None:
        if getattr(self, field) not in allowed:
            raise ValueError(f"{field}={getattr(self, field)!r} is unknown; choose one of {', '.join(allowed)}")

    def _at_least(self, least: int, *names: str) -> None:
        for field in names:
            if getattr(self, field) < least:
                raise ValueError(f"{field}={getattr(self, field)} must be at least {least}")

    def _not_negative(self, field: str) -> None:
        if getattr(self, field) < 0:
            raise ValueError(f"{field}={getattr(self, field)} must not be negative")

    @property
    def reading(self) -> tuple:
        """What a loader needs to know besides name and split: (size,) for images, () for texts."""
        return ()

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) over every field, the parent's included; the name is only a label and does not count."""
        return hashlib.sha256(json.dumps(_identity(self), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict:
        """The fields as plain values, the parent nested."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict) -> Self:
        """The inverse of `to_json`; an unknown field raises ValueError."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"{cls.__name__} has unknown fields {unknown}")
        parent = values.get("parent")
        return cls(**{**values, "parent": cls.from_json(parent) if parent else None})

    def with_seed(self, seed: int) -> Self:
        """The same recipe, and its parents, under another seed."""
        return replace(self, seed=seed, parent=self.parent.with_seed(seed) if self.parent else None)


@dataclass(frozen=True)
class ImageRecipe(Recipe):
    """One image classifier to train; the defaults are the paper's for CIFAR."""

    model: str = "wrn-40-2"
    epochs: int = 100
    learning_rate: float = 0.1
    batch_size: int = 128
    size: int = 32  # pixels, height and width of every image
    scaling: str = "cifar"  # input range, see data/batches.py
    momentum: float = 0.9  # Nesterov
    weight_decay: float = 5e-4
    dropout: float = 0.3
    crop_padding: int = 4  # pixels on each side before the random crop, 0: no crop
    flip: bool = True
    outlier_crop_padding: int = 4
    outlier_flip: bool = True
    weights_file: str | None = None  # start from this download of in_dist (with epochs=0: as it is)

    def __post_init__(self):
        super().__post_init__()
        self._one_of("scaling", SCALINGS)
        if self.parent is not None and self.weights_file is not None:
            raise ValueError(f"weights_file={self.weights_file!r} and a parent: start from one of them")
        if self.weights_file is not None and self.model != "resnet18":
            raise ValueError(f"weights_file={self.weights_file!r} holds a resnet18, not model={self.model!r}")
        self._at_least(1, "size")
        for field in ("crop_padding", "outlier_crop_padding", "weight_decay"):
            self._not_negative(field)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout} must be in [0, 1)")
        if self.parent is not None and (self.parent.model, self.parent.size) != (self.model, self.size):
            raise ValueError(
                f"model={self.model!r} at {self.size} px cannot start from parent {self.parent.name!r}, "
                f"which is {self.parent.model!r} at {self.parent.size} px"
            )

    def _least_epochs(self) -> int:
        return 0 if self.weights_file else 1

    @property
    def reading(self) -> tuple:
        """(size,)"""
        return (self.size,)


@dataclass(frozen=True)
class TextRecipe(Recipe):
    """One text classifier to train; the defaults are the paper's (section 4.3; NLP_classification/train.py)."""

    model: str = "gru"
    epochs: int = 5
    learning_rate: float = 0.01  # Adam's, the same for all steps of an epoch
    batch_size: int = 64
    outlier_batch_size: int = 64
    oe_weight: float = 1.0
    outlier_order: str = "shuffled"
    precision: str = "float32"  # a GRU's small products gain nothing from bfloat16
    vocabulary: int = 10_000  # most frequent tokens of the training texts
    length: int | None = None  # keep the first `length` tokens of a text; None: all of them
    lower_inliers: bool = True  # outliers and anomalies are always lower-cased

    def __post_init__(self):
        super().__post_init__()
        self._at_least(1, "vocabulary")
        if self.length is not None:
            self._at_least(1, "length")
        for field in ("model", "vocabulary", "length", "lower_inliers"):
            if self.parent is not None and getattr(self.parent, field) != getattr(self, field):
                raise ValueError(
                    f"{field}={getattr(self, field)!r} cannot start from parent {self.parent.name!r}, "
                    f"which has {field}={getattr(self.parent, field)!r}"
                )


def _identity(recipe: Recipe) -> dict:
    values = {field.name: getattr(recipe, field.name) for field in fields(recipe) if field.name != "name"}
    return {**values, "parent": _identity(recipe.parent) if recipe.parent else None}


def fine_tuned(parent: ImageRecipe, outliers: str, **changes) -> ImageRecipe:
    """`parent` fine-tuned with Outlier Exposure: 10 epochs from 0.001 (appendix B) unless `changes` say otherwise."""
    settings = {"epochs": 10, "learning_rate": 0.001, "name": f"{parent.name}-oe", "weights_file": None, **changes}
    return replace(parent, outliers=outliers, parent=parent, **settings)


def text_fine_tuned(parent: TextRecipe, outliers: str, **changes) -> TextRecipe:
    """`parent` fine-tuned with Outlier Exposure: 2 epochs (section 4.3) from 0.01 unless `changes` say otherwise."""
    return replace(parent, outliers=outliers, parent=parent, **{"epochs": 2, "name": f"{parent.name}-oe", **changes})


def from_scratch(baseline: Recipe, outliers: str, **changes) -> Recipe:
    """`baseline` trained with Outlier Exposure from its first step (appendix C)."""
    return replace(baseline, outliers=outliers, **{"name": f"{baseline.name}-oe-scratch", **changes})


def recipe_from_json(values: dict) -> Recipe:
    """The recipe that `to_json` gave, of the kind whose fields they are; errors as `Recipe.from_json`."""
    return (TextRecipe if "vocabulary" in values else ImageRecipe).from_json(values)
