"""Later detectors that measure how far features lie from those of training; float64 (n,), higher = more anomalous.

Beyond the paper. Each is fitted to the in-distribution's training examples, and sees no anomaly or outlier.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from sklearn.preprocessing import normalize

from oe_core.posthoc.answers import Answers, Array, Score, TrainingFeatures, class_means
from oe_core.scores import energy

# Neighbours are looked for among so many of the training examples: a fifth of the time for CIFAR-10. Sun et al. 2022
# take the 50th among its 50,000, and deeplearning-wisc/knn-ood run_imagenet.py the 1000th among 1.28 million: about the
# thousandth part, as here.
BANK, NEIGHBOURS = 10_000, 10
CHUNK = 1_000  # rows whose products with the bank are in memory


def mahalanobis(training: TrainingFeatures) -> Score:
    """Squared Mahalanobis distance to the nearest class mean under one covariance that all classes share.

    Where training features do not vary (fewer examples than features, or units that never fire) an anomaly is not
    seen. Raises ValueError for features that do not vary within any class.
    Source: Lee et al. 2018, A simple unified framework. Left out: the other layers, the input perturbation, and the
    logistic regression that weighs the layers, because it is fitted to anomalies.
    """
    distances = _distances(training.features, training.labels)
    return lambda answers: distances(answers.features).min(axis=1)


def normalised_mahalanobis(training: TrainingFeatures) -> Score:
    """`mahalanobis` of features scaled to length 1.

    Source: Mueller and Hein 2025, Mahalanobis++: improving OOD detection via feature normalization.
    """
    distances = _distances(normalize(training.features), training.labels)
    return lambda answers: distances(normalize(answers.features)).min(axis=1)


def relative_mahalanobis(training: TrainingFeatures) -> Score:
    """`mahalanobis` minus the distance from a single Gaussian of all training features.

    Source: Ren et al. 2021, A simple fix to Mahalanobis distance for improving near-OOD detection.
    """
    distances, background = _distances(training.features, training.labels), _distances(training.features)
    return lambda answers: distances(answers.features).min(axis=1) - background(answers.features)[:, 0]


def ssd(training: TrainingFeatures) -> Score:
    """Squared Mahalanobis distance from a single Gaussian of all training features, scaled to length 1.

    Source: Sehwag et al. 2021, SSD: a unified framework for self-supervised outlier detection; inspire-group/SSD
    eval_ssd.py with one cluster, here on a network that learned from labels.
    """
    distances = _distances(normalize(training.features))
    return lambda answers: distances(normalize(answers.features))[:, 0]


def _distances(features: Array, classes: ArrayLike | None = None) -> Callable[[Array], Array]:
    """Squared Mahalanobis distances (n, classes) of features (n, features) to each of the means.

    The precision is the pseudo-inverse of the covariance within the classes; None: there is one.
    """
    means, index = class_means(features, np.zeros(len(features)) if classes is None else classes)
    centred = features - means[index]
    values, vectors = np.linalg.eigh(centred.T @ centred / len(features))
    varies = values > len(values) * np.finfo(np.float64).eps * values[-1]
    if not varies.any():
        raise ValueError("features do not vary within any class; give more than one example of a class")
    whitening = vectors[:, varies] / np.sqrt(values[varies])
    return lambda others: cdist(others @ whitening, means @ whitening, "sqeuclidean")


def nearest_neighbours(training: TrainingFeatures) -> Score:
    """Distance to the k-th nearest training example, features scaled to length 1 (a zero vector stays zero), in [0, 2].

    Raises ValueError for fewer training examples than neighbours.
    Source: Sun et al. 2022, Out-of-distribution detection with deep nearest neighbors.
    """
    bank = _bank(training)
    bank = np.column_stack((bank, -np.sum(bank**2, axis=1) / 2))

    def score(answers: Answers) -> Array:
        # |a - b|^2 = |a|^2 - 2 (a b - |b|^2 / 2), so that the largest of these products is the nearest.
        rows = np.column_stack((normalize(answers.features), np.ones(len(answers.features))))
        squared = np.sum(rows[:, :-1] ** 2, axis=1) - 2 * _largest_products(rows, bank)[:, 0]
        return np.sqrt(np.maximum(squared, 0))

    return score


def nnguide(training: TrainingFeatures) -> Score:
    """Minus the energy, times the mean of the k largest products with training examples times their energies.

    Features are scaled to length 1. Raises ValueError for fewer training examples than neighbours.
    Source: Park et al. 2023, Nearest neighbor guidance for out-of-distribution detection; roomo7time/nnguide, k = 10.
    """
    bank = _bank(training) * -energy(training.logits[:BANK])[:, None]
    return lambda answers: energy(answers.logits) * _largest_products(normalize(answers.features), bank).mean(axis=1)


def _bank(training: TrainingFeatures) -> Array:
    """The first BANK training features, which come in a seeded order, scaled to length 1."""
    if len(training.features) < NEIGHBOURS:
        raise ValueError(f"features are of {len(training.features)} training examples; give {NEIGHBOURS} or more")
    return normalize(training.features[:BANK])


def _largest_products(rows: Array, bank: Array) -> Array:
    """The NEIGHBOURS largest of the products of each of the rows with the bank's, (n, NEIGHBOURS), the least first.

    In float32, in which a distance of two vectors of length 1 is exact to 1e-3 next to 0 and to 1e-6 elsewhere.
    """
    rows, bank = rows.astype(np.float32), bank.astype(np.float32)
    chunks = (rows[start : start + CHUNK] @ bank.T for start in range(0, len(rows), CHUNK))
    parts = [np.partition(products, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:] for products in chunks]
    return np.concatenate(parts).astype(np.float64)


def she(training: TrainingFeatures) -> Score:
    """Minus the product with the pattern of the predicted class, the mean of what the network gets right of it.

    Where it gets nothing right of a class, all of the class counts. Source: Zhang et al. 2023, Out-of-distribution
    detection based on in-distribution data patterns memorization with modern Hopfield energy.
    """
    classes = np.arange(len(training.bias))
    right = training.logits.argmax(axis=1) == training.labels
    counted = right | ~np.isin(training.labels, training.labels[right])
    patterns, _ = class_means(training.features[counted], training.labels[counted])
    if len(patterns) != len(classes):
        raise ValueError(f"labels are of {len(patterns)} of {len(classes)} classes; give examples of each")
    return lambda answers: -np.sum(answers.features * patterns[answers.logits.argmax(axis=1)], axis=1)
