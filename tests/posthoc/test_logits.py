import numpy as np
import pytest
from scipy.special import rel_entr, softmax

from oe_core.posthoc.answers import Answers, TrainingFeatures
from oe_core.posthoc.logits import entropy, gen, kl_matching

HALF = np.log([[0.5, 0.25, 0.25]])


def test_the_entropy_is_that_of_the_posterior():
    assert entropy(HALF) == pytest.approx(1.5 * np.log(2))
    assert entropy(np.zeros((1, 4))) == pytest.approx(np.log(4))


def test_gen_by_hand():
    assert gen(HALF) == pytest.approx(0.25**0.1 + 2 * 0.1875**0.1)


def test_gen_counts_the_hundred_largest_probabilities():
    logits = np.concatenate((np.zeros((1, 100)), np.full((1, 50), -1.0)), axis=1)
    largest = softmax(logits)[0, 0]
    assert gen(logits) == pytest.approx(100 * (largest * (1 - largest)) ** 0.1)


def test_gen_tells_posteriors_apart_that_round_to_1():
    assert np.diff(gen(np.array([[50.0, 0], [49, 0], [48, 0]]))).min() > 0


def test_kl_matching_equals_the_divergence_from_the_nearest_mean_posterior():
    rng = np.random.default_rng(0)
    features, logits = rng.normal(size=(40, 3)), rng.normal(size=(6, 3))
    # Logits are the features; labels do not count.
    training = TrainingFeatures(features, np.zeros(40), np.eye(3), np.zeros(3))
    posteriors, predicted = softmax(features, axis=1), features.argmax(axis=1)
    typical = [posteriors[predicted == number].mean(axis=0) for number in range(3)]
    slow = [min(rel_entr(posterior, mean).sum() for mean in typical) for posterior in softmax(logits, axis=1)]
    np.testing.assert_allclose(kl_matching(training)(Answers(logits, logits)), slow)


def test_kl_matching_does_without_a_class_that_is_never_predicted():
    training = TrainingFeatures(np.log([[0.5, 0.4, 0.1]]), [2], np.eye(3), np.zeros(3))
    found = kl_matching(training)(Answers(np.zeros((1, 3)), np.log([[0.5, 0.4, 0.1]])))
    assert found == pytest.approx(0, abs=1e-12)


def test_kl_matching_stays_finite_where_a_typical_posterior_is_0():
    training = TrainingFeatures([[2000.0, 0]], [0], np.eye(2), np.zeros(2))
    assert np.isfinite(kl_matching(training)(Answers(np.zeros((1, 2)), [[0.0, 2000]]))).all()
