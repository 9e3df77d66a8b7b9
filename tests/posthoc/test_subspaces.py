import numpy as np
import pytest
import torch
from scipy.special import logsumexp, softmax

from oe_core.posthoc import subspaces
from oe_core.posthoc.answers import Answers, TrainingFeatures


@pytest.fixture
def training():
    """60 examples in 6 dimensions and 3 classes."""
    rng = np.random.default_rng(0)
    weight, bias, labels = rng.normal(size=(3, 6)), rng.normal(size=3), np.arange(60) % 3
    features = rng.normal(size=(60, 6)) * [3, 2, 2, 1, 0.5, 0.2] + 2 * weight[labels]
    return TrainingFeatures(features, labels, weight, bias)


@pytest.fixture
def others(training):
    features = np.random.default_rng(1).normal(0, 0.4, (7, 6))  # near enough for a softmax not to round to 1
    return Answers(features, training.head(features))


def test_vim_and_its_residual_by_hand():
    # Without bias the origin is 0; the first axis is the principal one, the second the residual of mean length 1.
    # Logits are 3/8 of the first axis: the largest is 3, 0, 2.25 and 0 (of the second class), so alpha is their mean.
    training = TrainingFeatures([[8.0, 1], [-8, 1], [6, -1], [-6, -1]], [0, 1, 0, 1], [[0.375, 0], [0, 0]], [0, 0])
    answers = Answers([[7, -2], [7, 0]], np.zeros((2, 2)))
    np.testing.assert_allclose(subspaces.residual(training)(answers), [2, 0], atol=1e-12)
    np.testing.assert_allclose(subspaces.vim(training)(answers), [2 * 5.25 / 4 - np.log(2), -np.log(2)])


def test_vim_ranks_as_the_softmax_of_its_virtual_logit(training, others):
    origin = np.linalg.lstsq(training.weight, -training.bias, rcond=None)[0]
    right = np.linalg.svd(training.features - origin, full_matrices=False)[2]  # by falling singular value
    both = training.features, others.features
    lengths = [np.sqrt((((rows - origin) @ right[3:].T) ** 2).sum(axis=1)) for rows in both]
    virtual = training.logits.max(axis=1).sum() / lengths[0].sum() * lengths[1]
    probability = softmax(np.column_stack((virtual, others.logits)), axis=1)[:, 0]
    found = subspaces.vim(training)(others)
    np.testing.assert_allclose(found, np.log(probability / (1 - probability)), rtol=1e-7)
    np.testing.assert_allclose(found, virtual - logsumexp(others.logits, axis=1), rtol=1e-9)
    np.testing.assert_allclose(subspaces.residual(training)(others), lengths[1])


def test_the_residual_is_counted_from_where_all_logits_are_zero():
    weight, bias = np.array([[1.0, 0, 0], [0, 2, 0]]), np.array([3.0, 4.0])
    training = TrainingFeatures(np.random.default_rng(0).normal(0, 9, (20, 3)), np.zeros(20), weight, bias)
    assert subspaces.residual(training)(Answers([[-3, -2, 0]], [[0, 0]])) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("fit", [subspaces.residual, subspaces.vim])
def test_fewer_examples_than_principal_dimensions_are_refused(training, fit):
    few = TrainingFeatures(training.features[:2], training.labels[:2], training.weight, training.bias)
    with pytest.raises(ValueError, match="features lie within 3 dimensions; give more examples"):
        fit(few)


def test_vim_without_positive_logits_is_refused(training):
    with pytest.raises(ValueError, match="logits: their largest has the mean .*; ViM needs a positive one"):
        subspaces.vim(TrainingFeatures(training.features, training.labels, training.weight, training.bias - 1000))


def test_neco_is_the_share_of_standardised_features_in_their_components():
    # Two units that vary together, one alone, one never: components of variance 2 and 1, of which both reach 90 %.
    features = np.array([[1.0, 10, 1, 5], [-1, -10, 1, 5], [1, 10, -1, 5], [-1, -10, -1, 5]])
    score = subspaces.neco(TrainingFeatures(features, np.zeros(4), np.ones((2, 4)), [0, 0]))
    # (1, -10) lies across the direction in which the first two vary; (0, 0, 0, 5) is the mean, without any length.
    found = score(Answers([[1, 10, 1, 5], [1, -10, 0, 5], [1, 0, 0, 5], [0, 0, 0, 5]], np.zeros((4, 2))))
    np.testing.assert_allclose(found, [-1, 0, -np.sqrt(0.5), 0], atol=1e-12)


def test_fdbd_by_hand():
    # Weights (3, 0), (0, 4), (0, 0): 5, 3 and 4 apart; the mean of training is (1, 1).
    training = TrainingFeatures([[0.0, 2], [2, 0]], [0, 1], [[3, 0], [0, 4], [0, 0]], [0, 0, 0])
    found = subspaces.fdbd(training)(Answers([[1, 3], [1, 1]], [[3, 12, 0], [1, 2, 3]]))
    np.testing.assert_allclose(found, [-((12 - 3) / 5 + 12 / 4) / 2 / 2, 0])


def test_fdbd_passes_over_a_class_with_the_weights_of_another():
    training = TrainingFeatures([[0.0, 2], [2, 0]], [0, 1], [[1, 0], [1, 0], [0, 0]], [0, 0, 0])
    assert subspaces.fdbd(training)(Answers([[1, 2]], [[5, 5, 3]])).tolist() == [-2 / 2]


def test_gradnorm_equals_the_gradient_of_the_head(training, others):
    features, slow = torch.tensor(others.features), []
    for row in features:
        weight = torch.tensor(training.weight, requires_grad=True)
        logs = torch.log_softmax(row @ weight.T + torch.tensor(training.bias), dim=0)
        (gradient,) = torch.autograd.grad(-logs.mean(), weight)
        slow.append(-gradient.abs().sum().item())
    np.testing.assert_allclose(subspaces.gradnorm(training)(others), slow)
