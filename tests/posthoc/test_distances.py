import numpy as np
import pytest
from scipy.spatial.distance import cdist, mahalanobis

from oe_core.posthoc import distances
from oe_core.posthoc.answers import Answers, TrainingFeatures
from oe_core.scores import energy


@pytest.fixture
def training():
    """60 examples in 6 dimensions and 3 classes."""
    rng = np.random.default_rng(0)
    weight, bias, labels = rng.normal(size=(3, 6)), rng.normal(size=3), np.arange(60) % 3
    features = rng.normal(size=(60, 6)) * [3, 2, 2, 1, 0.5, 0.2] + 2 * weight[labels]
    return TrainingFeatures(features, labels, weight, bias)


@pytest.fixture
def others():
    return np.random.default_rng(1).normal(0, 4, (7, 6))


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _learned(features, labels):
    """Training features whose head does not matter."""
    return TrainingFeatures(features, labels, np.ones((2, np.shape(features)[1])), np.zeros(2))


def _scored(score, features, logits=None):
    return score(Answers(features, np.zeros((len(features), 2)) if logits is None else logits))


def _slow(features, labels, others):
    """Squared distances to each class mean by scipy, (n, classes)."""
    means = [features[labels == label].mean(axis=0) for label in np.unique(labels)]
    centred = features - np.array(means)[labels]
    inverse = np.linalg.inv(sum(np.outer(row, row) for row in centred) / len(centred))
    return np.array([[mahalanobis(row, mean, inverse) ** 2 for mean in means] for row in others])


def test_mahalanobis_of_two_classes_by_hand():
    # Class 0 around (0, 0), class 1 around (10, 0); within both the first coordinate varies by 1, the second by 4.
    features = [[-1, -2], [1, 2], [-1, 2], [1, -2], [9, -2], [11, 2], [9, 2], [11, -2]]
    score = distances.mahalanobis(_learned(features, [0, 0, 0, 0, 1, 1, 1, 1]))
    np.testing.assert_allclose(_scored(score, [[0, 0], [3, 0], [9, 4], [5, 0]]), [0, 9, 1 + 4, 25], atol=1e-12)


def test_mahalanobis_and_its_relatives_equal_scipys_distances(training, others):
    features, labels, one = training.features, training.labels, np.zeros(60, int)
    nearest = _slow(features, labels, others).min(axis=1)
    expected = {
        distances.mahalanobis: nearest,
        distances.relative_mahalanobis: nearest - _slow(features, one, others)[:, 0],
        distances.normalised_mahalanobis: _slow(_unit(features), labels, _unit(others)).min(axis=1),
        distances.ssd: _slow(_unit(features), one, _unit(others))[:, 0],
    }
    for fit, slow in expected.items():
        np.testing.assert_allclose(_scored(fit(training), others), slow, rtol=1e-8)


def test_mahalanobis_does_not_change_when_the_features_are_mixed(training, others):
    mixing = np.random.default_rng(2).normal(size=(6, 6))
    mixed = _scored(distances.mahalanobis(_learned(training.features @ mixing, training.labels)), others @ mixing)
    np.testing.assert_allclose(mixed, _scored(distances.mahalanobis(training), others), rtol=1e-8)


def test_mahalanobis_looks_only_where_training_features_vary():
    features = [[-1.0, 5], [1, 5], [-1, 5], [1, 5]]  # a unit that never changes: a singular covariance
    score = distances.mahalanobis(_learned(features, [0, 0, 0, 0]))  # and one class
    np.testing.assert_allclose(_scored(score, [[2, 5], [2, 900]]), [4, 4])


def test_mahalanobis_with_fewer_examples_than_features_measures_within_their_span():
    features = [[-2.0, 0, 0, 0], [2, 0, 0, 0], [0, -2, 0, 0], [0, 2, 0, 0]]
    score = distances.mahalanobis(_learned(features, [7, 7, 7, 7]))
    np.testing.assert_allclose(_scored(score, [[2, 0, 0, 0], [2, 2, 8, 9]]), [2, 4])


def test_mahalanobis_without_two_examples_of_any_class_is_refused():
    with pytest.raises(ValueError, match="features do not vary within any class; give more than one example"):
        distances.mahalanobis(_learned([[0.0, 1], [1, 0]], [0, 1]))


def test_the_neighbour_that_counts_is_the_kth_after_scaling_to_length_one(monkeypatch):
    monkeypatch.setattr(distances, "NEIGHBOURS", 2)
    score = distances.nearest_neighbours(_learned([[2, 0], [0, 3], [-5, 0], [0, 0]], [0, 0, 0, 0]))
    # (9, 0) has the directions (1, 0), (0, 1), (-1, 0) at 0, sqrt 2 and 2, and (0, 0), which stays, at 1. The zero
    # vector is 0 from itself and 1 from all directions.
    np.testing.assert_allclose(_scored(score, [[9, 0], [0, 0]]), [1, 1], atol=1e-6)


def test_nearest_neighbours_equal_a_sort_of_all_distances(training, others, monkeypatch):
    slow = np.sort(cdist(_unit(others), _unit(training.features)), axis=1)
    np.testing.assert_allclose(_scored(distances.nearest_neighbours(training), others), slow[:, 9], rtol=1e-5)
    monkeypatch.setattr(distances, "CHUNK", 2)
    np.testing.assert_allclose(_scored(distances.nearest_neighbours(training), others), slow[:, 9], rtol=1e-5)


def test_neighbours_are_looked_for_among_the_first_of_the_training_examples(training, others, monkeypatch):
    monkeypatch.setattr(distances, "BANK", 20)
    slow = np.sort(cdist(_unit(others), _unit(training.features[:20])), axis=1)[:, 9]
    np.testing.assert_allclose(_scored(distances.nearest_neighbours(training), others), slow, rtol=1e-5)


@pytest.mark.parametrize("fit", [distances.nearest_neighbours, distances.nnguide])
def test_fewer_training_examples_than_neighbours_are_refused(training, fit):
    few = TrainingFeatures(training.features[:9], training.labels[:9], training.weight, training.bias)
    with pytest.raises(ValueError, match="features are of 9 training examples; give 10 or more"):
        fit(few)


def test_nnguide_equals_its_formula_by_a_loop(training, others):
    logits = training.head(others)
    bank, slow = -energy(training.logits)[:, None] * _unit(training.features), []
    for row, level in zip(_unit(others), energy(logits), strict=True):
        products = sorted(row @ one for one in bank)
        slow.append(level * np.mean(products[-10:]))
    np.testing.assert_allclose(_scored(distances.nnguide(training), others, logits), slow, rtol=1e-5)


def test_she_multiplies_with_the_mean_of_what_the_network_gets_right():
    # Logits are the features. Of class 0 the third example is taken for class 1 and does not count.
    training = TrainingFeatures([[4.0, 0], [2, 1], [0, 1], [1, 3]], [0, 0, 0, 1], np.eye(2), [0, 0])
    found = _scored(distances.she(training), [[1, 2], [5, 1]], [[1, 2], [5, 1]])
    assert found.tolist() == [-(1 * 1 + 2 * 3), -(5 * 3 + 1 * 0.5)]


def test_she_takes_all_of_a_class_of_which_nothing_is_right():
    training = TrainingFeatures([[4.0, 0], [3, 0], [5, 2]], [0, 1, 1], np.eye(2), [0, 0])
    assert _scored(distances.she(training), [[0, 1]], [[0, 1]]).tolist() == [-1]


def test_she_without_examples_of_a_class_is_refused():
    with pytest.raises(ValueError, match="labels are of 1 of 2 classes; give examples of each"):
        distances.she(TrainingFeatures([[4.0, 0], [3, 0]], [0, 0], np.eye(2), [0, 0]))
