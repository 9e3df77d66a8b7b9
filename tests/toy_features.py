"""A trained head on clusters of features that are not below 0, as after a ReLU, and anomalies far from all of them."""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from oe_core.posthoc.answers import Answers, TrainingFeatures

CLASSES, WIDTH = 5, 40


class Toy(NamedTuple):
    training: TrainingFeatures
    inliers: Answers
    anomalies: Answers


def answers(training: TrainingFeatures, features: np.ndarray) -> Answers:
    """The answers of a network without anything below the features, so that ODIN's step changes nothing."""
    logits = training.head(features)
    return Answers(features, logits, logits)


def toy(seed: int = 0) -> Toy:
    """Five classes of 80 training examples and 60 further inliers, and 300 anomalies of noise."""
    rng = np.random.default_rng(seed)
    means = np.maximum(rng.normal(0, 3, (CLASSES, WIDTH)), 0)
    learned, others = (
        np.maximum(means[labels] + rng.normal(size=(len(labels), WIDTH)), 0)
        for labels in (np.arange(400) % CLASSES, np.arange(300) % CLASSES)
    )
    labels = np.arange(400) % CLASSES
    head = LogisticRegression(max_iter=5000).fit(learned, labels)
    training = TrainingFeatures(learned, labels, head.coef_, head.intercept_)
    noise = 1.3 * np.abs(rng.normal(size=(300, WIDTH)))
    return Toy(training, answers(training, others), answers(training, noise))
