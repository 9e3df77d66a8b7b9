"""Recipes: everything that determines one trained network, as frozen data.

Settings: Hendrycks et al. 2019, section 4.3 and appendix B; where the text is silent, hendrycks/outlier-exposure
(`CIFAR/`, `SVHN/`, `TinyImageNet/`), as noted beside each value.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property

SCALINGS = ("unit", "cifar", "imagenet")
OUTLIER_ORDERS = ("contiguous", "shuffled")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Recipe:
    """One network to train. Two equal recipes on the same data are one run; `digest` is what the store files it under.

    Raises ValueError when a value is outside what is allowed.
    """

    name: str
    in_dist: str
    model: str = "wrn-40-2"
    size: int = 32  # pixels, height and width of every image
    scaling: str = "cifar"  # input range, see data/batches.py
    epochs: int = 100
    learning_rate: float = 0.1  # at the start of the cosine
    batch_size: int = 128
    momentum: float = 0.9  # Nesterov
    weight_decay: float = 5e-4
    dropout: float = 0.3
    crop_padding: int = 4  # pixels on each side before the random crop, 0: no crop
    flip: bool = True
    holdout: int = 0  # examples at the end of the training set that are kept out of training
    limit: int | None = None  # train on the first `limit` examples of a seeded order
    outliers: str | None = None  # None: no Outlier Exposure
    outlier_batch_size: int = 256
    oe_weight: float = 0.5  # lambda of equation 1
    outlier_crop_padding: int = 4
    outlier_flip: bool = True
    outlier_order: str = "contiguous"
    outlier_limit: int | None = None
    precision: str = "auto"  # auto: bfloat16 autocast where the hardware computes in it
    seed: int = 0
    parent: "Recipe | None" = None  # fine-tuning starts from this recipe's weights
    weights_file: str | None = None  # start from this download of in_dist (with epochs=0: as it is)

    def __post_init__(self):
        for field, allowed in (("scaling", SCALINGS), ("outlier_order", OUTLIER_ORDERS), ("precision", PRECISIONS)):
            if getattr(self, field) not in allowed:
                raise ValueError(f"{field}={getattr(self, field)!r} is unknown; choose one of {', '.join(allowed)}")
        if self.parent is not None and self.weights_file is not None:
            raise ValueError(f"weights_file={self.weights_file!r} and a parent: start from one of them")
        if self.weights_file is not None and self.model != "resnet18":
            raise ValueError(f"weights_file={self.weights_file!r} holds a resnet18, not model={self.model!r}")
        least_epochs = 0 if self.weights_file else 1
        for field, least in (("size", 1), ("epochs", least_epochs), ("batch_size", 1), ("outlier_batch_size", 1)):
            if getattr(self, field) < least:
                raise ValueError(f"{field}={getattr(self, field)} must be at least {least}")
        for field in ("crop_padding", "outlier_crop_padding", "holdout", "oe_weight", "weight_decay"):
            if getattr(self, field) < 0:
                raise ValueError(f"{field}={getattr(self, field)} must not be negative")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate={self.learning_rate} must be positive")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout} must be in [0, 1)")
        if self.parent is not None and (self.parent.model, self.parent.size) != (self.model, self.size):
            raise ValueError(
                f"model={self.model!r} at {self.size} px cannot start from parent {self.parent.name!r}, "
                f"which is {self.parent.model!r} at {self.parent.size} px"
            )

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) over every field, the parent's included; the name is only a label and does not count."""
        return hashlib.sha256(json.dumps(_identity(self), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict:
        """The fields as plain values, the parent nested."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict) -> "Recipe":
        """The inverse of `to_json`; an unknown field raises ValueError."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"recipe has unknown fields {unknown}")
        parent = values.get("parent")
        return cls(**{**values, "parent": cls.from_json(parent) if parent else None})

    def with_seed(self, seed: int) -> "Recipe":
        """The same recipe, and its parents, under another seed."""
        return replace(self, seed=seed, parent=self.parent.with_seed(seed) if self.parent else None)


def _identity(recipe: Recipe) -> dict:
    values = {field.name: getattr(recipe, field.name) for field in fields(recipe) if field.name != "name"}
    return {**values, "parent": _identity(recipe.parent) if recipe.parent else None}


def fine_tuned(parent: Recipe, outliers: str, **changes) -> Recipe:
    """`parent` fine-tuned with Outlier Exposure: 10 epochs from 0.001 (appendix B) unless `changes` say otherwise."""
    settings = {"epochs": 10, "learning_rate": 0.001, "name": f"{parent.name}-oe", **changes}
    return replace(parent, outliers=outliers, parent=parent, weights_file=None, **settings)


def from_scratch(baseline: Recipe, outliers: str, **changes) -> Recipe:
    """`baseline` trained with Outlier Exposure from its first step (appendix C)."""
    return replace(baseline, outliers=outliers, **{"name": f"{baseline.name}-oe-scratch", **changes})
