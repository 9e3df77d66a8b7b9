import numpy as np
import pytest

from oe_core.posthoc import activations
from oe_core.posthoc.answers import Answers, TrainingFeatures
from oe_core.scores import energy

TEN = np.array([[5.0, 1, 0, 2, 9, 0, 3, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]])  # sums 20 and 0


@pytest.fixture
def training():
    """A head of two classes on ten features; the first 90 of 100 training features are 0, the others 1 to 10."""
    features = np.zeros((10, 10))
    features[:, -1] = np.arange(1, 11)
    weight = np.arange(20.0).reshape(2, 10)
    return TrainingFeatures(features, np.arange(10) % 2, weight, [0.5, -0.5])


def _scored(score, features, training):
    return score(Answers(features, training.head(features)))


def test_react_clips_at_the_ninetieth_percentile_of_all_training_features(training):
    limit = np.percentile(training.features, 90)
    assert 0 < limit < 1
    expected = energy(np.minimum(TEN, limit) @ training.weight.T + training.bias)
    np.testing.assert_allclose(_scored(activations.react(training), TEN, training), expected)


def test_dice_keeps_the_weights_whose_mean_contribution_is_largest(training):
    # The last feature alone contributes: by 9 and 19 times its mean. One entry in ten of 20 is above the percentile.
    expected = energy(np.outer(TEN[:, -1], [9, 19]) + training.bias)
    np.testing.assert_allclose(_scored(activations.dice(training), TEN, training), expected)


def test_ash_p_keeps_the_largest_tenth():
    assert activations.ash_p(TEN).tolist() == [[0, 0, 0, 0, 9, 0, 0, 0, 0, 0], [0] * 10]


def test_ash_b_spreads_the_sum_of_all_features_over_what_is_kept():
    assert activations.ash_b(TEN).tolist() == [[0, 0, 0, 0, 20, 0, 0, 0, 0, 0], [0] * 10]
    assert activations.ash_b(np.ones((1, 20))).sum() == pytest.approx(20)


@pytest.mark.parametrize("width", [1, 2, 4])
def test_of_few_features_the_largest_is_kept(width):
    features = np.arange(1.0, width + 1)
    assert activations.ash_b(features[None]).tolist() == [[0] * (width - 1) + [features.sum()]]


def test_ash_s_sharpens_what_is_kept():
    np.testing.assert_allclose(activations.ash_s(TEN)[0, 4], 9 * np.exp(20 / 9))
    assert not activations.ash_s(TEN)[1].any()


def test_scale_keeps_all_features_and_grows_them_by_their_largest():
    # 85 percent of ten round to 8: the two largest, 9 and 5, are counted.
    np.testing.assert_allclose(activations.scale(TEN), TEN * np.exp(20 / 14))


def test_a_shape_is_scored_by_the_energy_of_its_logits(training):
    found = _scored(activations.of_shaped(activations.ash_p, training), TEN, training)
    np.testing.assert_allclose(found, energy(training.head(activations.ash_p(TEN))))
