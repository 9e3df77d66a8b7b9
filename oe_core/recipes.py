"""Recipes: everything that determines one trained network, as frozen data.

Settings: Hendrycks et al. 2019, section 4.3 and appendix B; where the text is silent, hendrycks/outlier-exposure
(`CIFAR/`, `SVHN/`, `TinyImageNet/`, `NLP_classification/`, `NLP_language_modeling/`), as noted beside each value.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import ClassVar, Self

from oe_core.data.streams import UNITS

SCALINGS = ("unit", "cifar", "imagenet")
OUTLIER_ORDERS = ("contiguous", "shuffled")
PRECISIONS = ("auto", "float32", "bfloat16")
OPTIMISERS = ("asgd", "adam")


@dataclass(frozen=True)
class Recipe:
    """What all recipes share. Two equal recipes on the same data are one run, which the store files under `digest`.

    Raises ValueError when a value is outside what is allowed.
    """

    name: str
    in_dist: str
    model: str
    epochs: int
    learning_rate: float  # the first
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

    TUNING: ClassVar[dict] = {}  # what fine-tuning changes unless it is told otherwise
    INHERITED: ClassVar[tuple[str, ...]] = ("model",)  # fields in which a parent must agree

    def __post_init__(self):
        self._one_of("outlier_order", OUTLIER_ORDERS)
        self._one_of("precision", PRECISIONS)
        self._at_least(self._least_epochs(), "epochs")
        self._at_least(1, "batch_size", "outlier_batch_size")
        for field in ("holdout", "oe_weight"):
            self._not_negative(field)
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate={self.learning_rate} must be positive")
        for field in self.INHERITED if self.parent else ():
            ours, theirs = getattr(self, field), getattr(self.parent, field)
            if ours != theirs:
                raise ValueError(
                    f"{field}={ours!r} cannot start from parent {self.parent.name!r}, which has {field}={theirs!r}"
                )

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
        """What a loader needs to know besides name and split: (size,) for images, () for texts, (unit,) for streams."""
        return ()

    @property
    def other_reading(self) -> tuple:
        """The same for outliers and anomalies."""
        return self.reading

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

    TUNING = {"epochs": 10, "learning_rate": 0.001, "weights_file": None}  # appendix B
    INHERITED = ("model", "size")

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

    TUNING = {"epochs": 2}  # section 4.3
    INHERITED = ("model", "vocabulary", "length", "lower_inliers")

    def __post_init__(self):
        super().__post_init__()
        self._at_least(1, "vocabulary")
        if self.length is not None:
            self._at_least(1, "length")


@dataclass(frozen=True)
class LanguageRecipe(Recipe):
    """One language model to train; the defaults are the paper's for words (section 4.4; NLP_language_modeling/)."""

    model: str = "qrnn"
    epochs: int = 300
    optimiser: str = "asgd"  # SGD at one rate, then averaged (NT-ASGD); "adam" on a cosine suits a short training
    learning_rate: float = 30.0
    batch_size: int = 20  # segments
    outlier_batch_size: int = 20
    oe_weight: float = 1.0
    outlier_order: str = "shuffled"
    unit: str = "words"
    vocabulary: int = 10_000  # most frequent tokens of the training text
    length: int = 70  # tokens of a segment, which starts with a new hidden state
    lower_others: bool = False  # outliers, and the anomalies that the exposed model is tested on, in lower case
    embedding: int = 400
    hidden: int = 1550
    layers: int = 4
    embedding_dropout: float = 0.1
    input_dropout: float = 0.4
    hidden_dropout: float = 0.3
    output_dropout: float = 0.4
    weight_dropout: float = 0.1
    clip: float = 0.2  # largest norm of the whole gradient
    weight_decay: float = 1.2e-6
    activation_penalty: float = 2.0  # alpha of the losses' `activation_penalty`
    slowness_penalty: float = 1.0  # beta of the losses' `slowness_penalty`
    patience: int = 5  # of asgd: validations without a gain before the weights are averaged

    TUNING = {"epochs": 5}
    INHERITED = ("model", "unit", "vocabulary", "length", "embedding", "hidden", "layers")

    def __post_init__(self):
        super().__post_init__()
        self._one_of("unit", UNITS)
        self._one_of("optimiser", OPTIMISERS)
        self._at_least(1, "length", "embedding", "hidden", "layers", "patience")
        self._at_least(3, "vocabulary")
        for field in ("weight_decay", "activation_penalty", "slowness_penalty"):
            self._not_negative(field)
        if self.holdout:
            raise ValueError(f"holdout={self.holdout}: the validation part of a language model comes with its text")
        if not self.clip > 0:
            raise ValueError(f"clip={self.clip} must be positive")
        for field in (f"{part}_dropout" for part in ("embedding", "input", "hidden", "output", "weight")):
            if not 0 <= getattr(self, field) < 1:
                raise ValueError(f"{field}={getattr(self, field)} must be in [0, 1)")

    @property
    def reading(self) -> tuple:
        """(unit,)"""
        return (self.unit,)

    @property
    def other_reading(self) -> tuple:
        """(unit, lower)"""
        return (self.unit, self.lower_others)


def _identity(recipe: Recipe) -> dict:
    values = {field.name: getattr(recipe, field.name) for field in fields(recipe) if field.name != "name"}
    return {**values, "parent": _identity(recipe.parent) if recipe.parent else None}


def fine_tuned(parent: Recipe, outliers: str, **changes) -> Recipe:
    """`parent` fine-tuned with Outlier Exposure, as its kind's TUNING says unless `changes` say otherwise."""
    settings = {"name": f"{parent.name}-oe", **parent.TUNING, **changes}
    return replace(parent, outliers=outliers, parent=parent, **settings)


def from_scratch(baseline: Recipe, outliers: str, **changes) -> Recipe:
    """`baseline` trained with Outlier Exposure from its first step (appendix C)."""
    return replace(baseline, outliers=outliers, **{"name": f"{baseline.name}-oe-scratch", **changes})


def recipe_from_json(values: dict) -> Recipe:
    """The recipe that `to_json` gave, of the kind whose fields they are; errors as `Recipe.from_json`."""
    kinds = {"unit": LanguageRecipe, "vocabulary": TextRecipe}
    return next((kind for field, kind in kinds.items() if field in values), ImageRecipe).from_json(values)
