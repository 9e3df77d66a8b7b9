"""The base of every recipe: what all trainings have in common, and the digest by which a run is found again."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import ClassVar, Self

from oe_core.arguments import ArgumentError, check_choice, check_counts, check_numbers


@dataclass(frozen=True)
class Recipe:
    """What all recipes share; ValueError for a value that is not allowed. Equal ones on the same data are one run."""

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
    whole_epochs: int | None = None  # of the schedule that `shortened` cut to `epochs`; None: it is whole
    parent: Self | None = None  # fine-tuning starts from this recipe's weights

    KIND: ClassVar[str] = ""  # the detector's name
    TUNING: ClassVar[dict] = {}  # what fine-tuning changes unless it is told otherwise
    INHERITED: ClassVar[tuple[str, ...]] = ("model",)  # fields in which a parent must agree
    LOADED: ClassVar[tuple[str, ...]] = ()  # fields that a loader needs to know besides name and split
    IN_EPOCHS: ClassVar[tuple[str, ...]] = ("epochs",)  # fields that are counted in epochs
    LABELS: ClassVar[tuple[str, ...]] = ("name", "whole_epochs")  # fields that determine nothing
    LATER: ClassVar[tuple[str, ...]] = ()  # younger than stored runs: the digest leaves them out at their defaults

    def __post_init__(self):
        for field in fields(self):
            if field.type is int and type(value := getattr(self, field.name)) is not int:
                raise ArgumentError(f"{field.name}={value!r} must be a whole number")
        self._one_of("outlier_order", ("contiguous", "shuffled"))
        self._one_of("precision", ("auto", "float32", "bfloat16"))
        self._at_least(self._least_epochs(), "epochs")
        self._at_least(1, "batch_size", "outlier_batch_size")
        self._at_least(0, "holdout", "oe_weight")
        check_counts(limit=self.limit, outlier_limit=self.outlier_limit)
        check_numbers(above=0, learning_rate=self.learning_rate)
        for field in self.INHERITED if self.parent else ():
            ours, theirs = getattr(self, field), getattr(self.parent, field)
            if ours != theirs:
                parent = f"parent {self.parent.name!r}, which has {field}={theirs!r}"
                raise ArgumentError(f"{field}={ours!r} cannot start from {parent}")

    def _least_epochs(self) -> int:
        return 1

    def _one_of(self, field: str, allowed: tuple[str, ...]) -> None:
        check_choice(field, getattr(self, field), allowed)

    def _at_least(self, least: int, *names: str, below: float = math.inf) -> None:
        allowed = f"at least {least}, and finite" if below == math.inf else f"in [{least}, {below})"
        for field in names:
            if not least <= getattr(self, field) < below:
                raise ArgumentError(f"{field}={getattr(self, field)} must be {allowed}")

    @property
    def load_options(self) -> tuple:
        """The values of LOADED: (size,) for images, () for texts, (unit,) for streams."""
        return tuple(getattr(self, field) for field in self.LOADED)

    @property
    def other_load_options(self) -> tuple:
        """The same for outliers and anomalies."""
        return self.load_options

    @property
    def grey(self) -> bool:
        """Whether the network sees the luminance of its images alone, so that generated anomalies are grey as well."""
        return self.model.startswith("grey-")

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) over every field, the parent's included, but for LABELS, and LATER at their defaults."""
        uncounted = [(field.name, field.default) for field in fields(self) if field.name in self.LATER]

        def counted(pairs: list[tuple]) -> dict:
            return {name: value for name, value in pairs if name not in self.LABELS and (name, value) not in uncounted}

        values = asdict(self, dict_factory=counted)
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict:
        """The kind and the fields as plain values, the parent nested; `registry.recipe_from_json` reads them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"kind": self.KIND, **values, "parent": self.parent.to_json() if self.parent else None}

    @property
    def shortening(self) -> str:
        """What `shortened` left, the parents' first: "30 of 100 epochs and 3 of 10"; "" of a whole schedule."""
        before = self.parent.shortening if self.parent else ""
        own = f"{self.epochs} of {self.whole_epochs}" if self.whole_epochs else ""
        return f"{before} and {own}" if before and own else before or (own and f"{own} epochs")

    def shortened(self, share: float) -> Self:
        """The same with a `share` of its epochs, and of its parents': the nearest whole number, but at least 1.

        A rate then falls over the epochs that are left. What is counted in steps, or waits for a validation, stays as
        it is, and so does a recipe that is shortened already. Raises ValueError for a share outside (0, 1], for one
        that leaves no schedule, and for a network without epochs, whose weights come from a file.
        """
        check_numbers(above=0, most=1, share=share)
        if share == 1 or self.whole_epochs:
            return self
        if not self.epochs:
            raise ArgumentError(f"share={share}: {self.name!r} has no epochs to shorten, its weights come from a file; "
                                "leave it out, or take share=1")  # fmt: skip
        cut = {field: _share_of(getattr(self, field), share) for field in self.IN_EPOCHS}
        parent = self.parent and self.parent.shortened(share)
        try:
            whole = self.epochs if cut["epochs"] < self.epochs else None
            return replace(self, **cut, whole_epochs=whole, parent=parent)
        except ValueError as error:
            raise ArgumentError(f"share={share} is too small for {self.name!r}: {error}") from error

    def with_seed(self, seed: int) -> Self:
        """The same recipe, and its parents, under another seed."""
        return replace(self, seed=seed, parent=self.parent.with_seed(seed) if self.parent else None)


def _share_of(epochs: int | tuple[int, ...], share: float) -> int | tuple[int, ...]:
    if isinstance(epochs, tuple):
        return tuple(_share_of(each, share) for each in epochs)
    return max(1, round(share * epochs))


def fine_tuned(parent: Recipe, outliers: str, **changes) -> Recipe:
    """`parent` fine-tuned with Outlier Exposure, as its kind's TUNING says unless `changes` say otherwise."""
    settings = {"name": f"{parent.name}-oe", "whole_epochs": None, **parent.TUNING, **changes}
    return replace(parent, outliers=outliers, parent=parent, **settings)


def from_scratch(baseline: Recipe, outliers: str, **changes) -> Recipe:
    """`baseline` trained with Outlier Exposure from its first step (appendix C)."""
    return replace(baseline, outliers=outliers, **{"name": f"{baseline.name}-oe-scratch", **changes})


def cosine(point: int, points: int, initial: float, final: float = 0.0) -> float:
    """Learning rate at `point` of `points` on a half cosine from `initial` (point 0) to `final` (the last point)."""
    share = (1 + math.cos(math.pi * point / points)) / 2
    return final + (initial - final) * share
