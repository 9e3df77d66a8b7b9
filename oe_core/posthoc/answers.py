"""What later detectors look at: a network's answers on a set of examples, on its training examples, and its head."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oe_core.scores import check_finite, checked_logits

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """A network's answers on n examples, converted to float64.

    features: (n, features), before the head; logits: (n, classes); perturbed: logits (n, classes) after ODIN's step of
    the input, None where no detector asks for them. Raises ValueError for another shape or number of rows, NaN and
    infinities.
    """

    features: ArrayLike
    logits: ArrayLike
    perturbed: ArrayLike | None = None

    def __post_init__(self):
        features = _checked(self, "features", checked_features(self.features))
        for argument in ("logits", "perturbed") if self.perturbed is not None else ("logits",):
            same_length(features, argument, _checked(self, argument, checked_logits(getattr(self, argument))))


Score = Callable[[Answers], Array]
"""Anomaly scores of n examples, float64 (n,), higher = more anomalous."""


@dataclass(frozen=True, eq=False)
class TrainingFeatures:
    """A network's features of its training examples, and its head; all that a detector may be fitted to.

    features: (n, features); labels: (n,); weight: (classes, features) and bias: (classes,) of the affine head. Raises
    ValueError for shapes that do not fit, NaN and infinities.
    """

    features: ArrayLike
    labels: ArrayLike
    weight: ArrayLike
    bias: ArrayLike

    def __post_init__(self):
        features = _checked(self, "features", checked_features(self.features))
        same_length(features, "labels", _checked(self, "labels", np.asarray(self.labels)))
        weight = _checked(self, "weight", np.asarray(self.weight, np.float64))
        bias, width = _checked(self, "bias", np.asarray(self.bias, np.float64)), features.shape[1]
        if weight.ndim != 2 or weight.shape[1] != width or bias.shape != weight.shape[:1]:
            raise ValueError(f"weight must be (classes, {width}) and bias (classes,), got {weight.shape}, {bias.shape}")

    def head(self, features: Array) -> Array:
        """Logits (n, classes) of features (n, features)."""
        return features @ self.weight.T + self.bias

    @cached_property
    def logits(self) -> Array:
        """Logits of the training examples, (n, classes)."""
        return self.head(self.features)


def checked_features(features: ArrayLike, width: int | None = None) -> Array:
    """Return `features` as float64 (n, features); ValueError for none, NaN, or another `width` than in training."""
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or 0 in features.shape or width not in (None, features.shape[1]):
        wanted = "(n, features)" if width is None else f"(n, {width}), as in training"
        raise ValueError(f"features must have the shape {wanted}, got {features.shape}")
    check_finite("features", features)
    return features


def same_length(features: Array, argument: str, others: NDArray) -> None:
    """Raise ValueError naming `argument` unless it has as many rows as `features`."""
    if len(others) != len(features):
        raise ValueError(f"{argument} has {len(others)} rows for {len(features)} rows of features")


def _checked(owner: Answers | TrainingFeatures, field: str, value: NDArray) -> NDArray:
    object.__setattr__(owner, field, value)  # frozen for everyone but its own check
    return value


def class_means(rows: Array, classes: NDArray) -> tuple[Array, NDArray[np.int64]]:
    """Mean of the `rows` (n, numbers) of each class that occurs, (k, numbers), and the place of each row's, (n,)."""
    names, index = np.unique(classes, return_inverse=True)
    return np.stack([rows[index == number].mean(axis=0) for number in range(len(names))]), index
