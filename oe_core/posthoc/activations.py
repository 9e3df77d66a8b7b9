"""Later detectors that change features or head, and take the energy of the logits that follow. Beyond the paper.

All prune or clip pooled features (n, features), as the papers do; float64 (n,), higher = more anomalous.
"""

from collections.abc import Callable

import numpy as np

from oe_core.posthoc.answers import Array, Score, TrainingFeatures
from oe_core.scores import energy

CLIPPED = 90  # percentile; Sun et al. 2021, section 4
SPARSE = 90  # percent of the head's weights; deeplearning-wisc/dice demo-cifar.sh
PRUNED = 90  # percent of an example's features; andrijazz/ash config/cifar10_config.yml
SCALED = 85  # percent; Jingkang50/OpenOOD configs/postprocessors/scale.yml, by which its authors ran it


def react(training: TrainingFeatures) -> Score:
    """Features clipped at a percentile of all training features.

    Source: Sun et al. 2021, ReAct: out-of-distribution detection with rectified activations.
    """
    limit = np.percentile(training.features, CLIPPED)
    return lambda answers: energy(training.head(np.minimum(answers.features, limit)))


def dice(training: TrainingFeatures) -> Score:
    """Only the tenth of the head's weights that contribute most, each its weight times the mean training feature.

    Source: Sun and Li 2022, DICE: leveraging sparsification for out-of-distribution detection.
    """
    contribution = training.weight * training.features.mean(axis=0)
    weight = np.where(contribution > np.percentile(contribution, SPARSE), training.weight, 0.0)
    return lambda answers: energy(answers.features @ weight.T + training.bias)


def of_shaped(shape: Callable[[Array], Array], training: TrainingFeatures) -> Score:
    """The energy of the logits of features under `shape`, for which nothing is fitted."""
    return lambda answers: energy(training.head(shape(answers.features)))


def ash_p(features: Array) -> Array:
    """Only the largest tenth of each example's features, the others 0.

    Source of all three: Djurisic et al. 2023, Extremely simple activation shaping for out-of-distribution detection.
    """
    return np.where(_largest(features, PRUNED), features, 0.0)


def ash_b(features: Array) -> Array:
    """As `ash_p`, but what is kept is equal, and has the sum of all of the example's features."""
    kept = _largest(features, PRUNED)
    return kept * (features.sum(axis=1, keepdims=True) / kept.sum(axis=1, keepdims=True))


def ash_s(features: Array) -> Array:
    """As `ash_p`, times exp(sum of all features / sum of what is kept)."""
    return ash_p(features) * _growth(features, PRUNED)


def scale(features: Array) -> Array:
    """All features, times exp(sum of all features / sum of the largest 15 percent).

    Source: Xu et al. 2024, Scaling for training time and post-hoc out-of-distribution detection enhancement.
    """
    return features * _growth(features, SCALED)


def _largest(features: Array, pruned: int) -> np.ndarray:
    """Which features are not among the smallest `pruned` percent of their example, bool (n, features)."""
    width = features.shape[1]
    count = min(width - 1, round(width * pruned / 100))  # of few features one is kept
    kept = np.zeros(features.shape, bool)
    order = np.argpartition(features, max(0, count - 1), axis=1)
    np.put_along_axis(kept, order[:, count:], True, axis=1)
    return kept


def _growth(features: Array, pruned: int) -> Array:
    kept = np.where(_largest(features, pruned), features, 0.0).sum(axis=1, keepdims=True)
    # Where no unit fires there is nothing to scale.
    return np.exp(np.divide(features.sum(axis=1, keepdims=True), kept, out=np.zeros_like(kept), where=kept > 0))
