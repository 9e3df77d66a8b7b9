"""Anomaly scores on a network's features before the head, (n, features): float64 (n,), higher = more anomalous.

Beyond the paper. Each detector is fitted to the in-distribution's training features, and sees no anomaly or outlier.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.covariance import EmpiricalCovariance
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from oe_core.scores import check_finite, energy, max_logit

Array = NDArray[np.float64]


def _checked(features: ArrayLike, width: int | None = None) -> Array:
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or 0 in features.shape or width not in (None, features.shape[1]):
        wanted = "(n, features)" if width is None else f"(n, {width}), as in training"
        raise ValueError(f"features must have the shape {wanted}, got {features.shape}")
    check_finite("features", features)
    return features


def _same_length(features: Array, argument: str, others: NDArray) -> None:
    if len(others) != len(features):
        raise ValueError(f"{argument} has {len(others)} rows for {len(features)} rows of features")


@dataclass(frozen=True, eq=False)
class Mahalanobis:
    """Squared Mahalanobis distance to the nearest class mean under one covariance that all classes share.

    means: (classes, features); precision: (features, features), the pseudo-inverse of the covariance. Where training
    features do not vary (fewer examples than features, or units that never fire) an anomaly is not seen.
    Source: Lee et al. 2018, A simple unified framework. Left out: the other layers, the input perturbation, and the
    logistic regression that weighs the layers, because it is fitted to anomalies.
    """

    means: Array
    precision: Array

    @classmethod
    def fit(cls, features: ArrayLike, labels: ArrayLike) -> Self:
        """Estimate the means and covariance within classes, one or more, of features (n, features), labels (n,).

        Raises ValueError for what are no features, or do not vary within any class, and for labels of another length.
        """
        features, labels = _checked(features), np.asarray(labels)
        _same_length(features, "labels", labels)
        classes, index = np.unique(labels, return_inverse=True)
        means = np.stack([features[index == number].mean(axis=0) for number in range(len(classes))])
        within = EmpiricalCovariance(assume_centered=True).fit(features - means[index])
        if not within.covariance_.any():
            raise ValueError("features do not vary within any class; give more than one example of a class")
        return cls(means, within.precision_)

    def score(self, features: ArrayLike) -> Array:
        """The distance of each example, at least 0 (but for rounding). Raises ValueError as `fit`."""
        features = _checked(features, self.means.shape[1])
        offsets = (features - mean for mean in self.means)
        return np.min([np.sum((offset @ self.precision) * offset, axis=1) for offset in offsets], axis=0)


@dataclass(frozen=True, eq=False)
class NearestNeighbours:
    """Distance to the k-th nearest training example, features scaled to length 1 (a zero vector stays zero).

    Source: Sun et al. 2022, Out-of-distribution detection with deep nearest neighbors; its k for all of CIFAR-10 is 50.
    """

    index: NearestNeighbors

    @classmethod
    def fit(cls, features: ArrayLike, k: int) -> Self:
        """Keep training features (n, features). Raises ValueError for features that are none or k outside [1, n]."""
        features = _checked(features)
        if not 1 <= k <= len(features):
            raise ValueError(f"k={k} must lie in [1, {len(features)}], the number of training examples")
        return cls(NearestNeighbors(n_neighbors=k, algorithm="brute").fit(normalize(features)))

    def score(self, features: ArrayLike) -> Array:
        """The distance of each example, in [0, 2]. Raises ValueError as `fit`."""
        features = normalize(_checked(features, self.index.n_features_in_))
        return self.index.kneighbors(features)[0][:, -1]


@dataclass(frozen=True, eq=False)
class ViM:
    r"""Virtual-logit matching: $\alpha \lVert x^{P^\perp} \rVert$ plus the energy score.

    $x^{P^\perp}$ is what is left of the features, counted from `origin`, outside the principal subspace of the training
    features. residual: (features, features - dimension), orthonormal columns. alpha: makes the mean residual of the
    training examples as large as their mean largest logit.
    Source: Wang et al. 2022, ViM: Out-of-distribution with virtual-logit matching. The published score is the virtual
    logit's softmax; its logit, which ranks alike, does not round to 1.
    """

    origin: Array
    residual: Array
    alpha: float

    @classmethod
    def fit(cls, features: ArrayLike, logits: ArrayLike, weight: ArrayLike, bias: ArrayLike) -> Self:
        """Fit to training features (n, features), logits (n, classes), and the head's weight (classes, features), bias.

        Raises ValueError for shapes that do not fit, features that lie within the principal subspace (such as fewer
        examples than it has dimensions), and a mean largest logit that is not positive.
        """
        features, weight, bias = _checked(features), np.asarray(weight, np.float64), np.asarray(bias, np.float64)
        width = features.shape[1]
        if weight.ndim != 2 or weight.shape[1] != width or bias.shape != weight.shape[:1]:
            raise ValueError(f"weight must be (classes, {width}) and bias (classes,), got {weight.shape}, {bias.shape}")
        largest = -max_logit(logits)
        _same_length(features, "logits", largest)
        origin = -np.linalg.pinv(weight) @ bias
        centred = features - origin
        vectors = np.linalg.eigh(centred.T @ centred / len(features))[1]  # by rising eigenvalue
        # As haoqiwang/vim benchmark.py for 1024 and 2048 features; with fewer it takes 512, which leaves this book's
        # networks of 64 to 512 features no residual.
        dimension = min(width // 2, 1000)
        residual = vectors[:, : width - dimension]
        length = np.linalg.norm(centred @ residual, axis=1).mean()
        if length < 1e-9 * np.linalg.norm(centred, axis=1).mean():
            raise ValueError(f"features lie within {dimension} dimensions; give more examples")
        if largest.mean() <= 0:
            raise ValueError(f"logits: their largest has the mean {largest.mean():.3g}; ViM needs a positive one")
        return cls(origin, residual, float(largest.mean() / length))

    def score(self, features: ArrayLike, logits: ArrayLike) -> Array:
        """The virtual logit plus the energy score of `logits`. Raises ValueError as `fit`."""
        features, energies = _checked(features, len(self.origin)), energy(logits)
        _same_length(features, "logits", energies)
        return self.alpha * np.linalg.norm((features - self.origin) @ self.residual, axis=1) + energies
