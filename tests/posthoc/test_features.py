import numpy as np
import pytest
from scipy.spatial.distance import cdist, mahalanobis
from scipy.special import logsumexp, softmax

from oe_core.posthoc.features import Mahalanobis, NearestNeighbours, ViM


@pytest.fixture
def training():
    """Features, logits, labels and the head of 60 examples in 6 dimensions and 3 classes."""
    rng = np.random.default_rng(0)
    weight, bias, labels = rng.normal(size=(3, 6)), rng.normal(size=3), np.arange(60) % 3
    features = rng.normal(size=(60, 6)) * [3, 2, 2, 1, 0.5, 0.2] + 2 * weight[labels]
    return features, features @ weight.T + bias, labels, (weight, bias)


@pytest.fixture
def others():
    return np.random.default_rng(1).normal(0, 4, (7, 6))


def test_mahalanobis_of_two_classes_by_hand():
    # Class 0 around (0, 0), class 1 around (10, 0); within both the first coordinate varies by 1, the second by 4.
    features = [[-1, -2], [1, 2], [-1, 2], [1, -2], [9, -2], [11, 2], [9, 2], [11, -2]]
    fitted = Mahalanobis.fit(features, [0, 0, 0, 0, 1, 1, 1, 1])
    np.testing.assert_allclose(fitted.means, [[0, 0], [10, 0]])
    np.testing.assert_allclose(fitted.score([[0, 0], [3, 0], [9, 4], [5, 0]]), [0, 9, 1 + 4, 25], atol=1e-12)


def test_mahalanobis_equals_scipys_distance_to_the_nearest_mean(training, others):
    features, _, labels, _ = training
    means = [features[labels == label].mean(axis=0) for label in range(3)]
    centred = features - np.array(means)[labels]
    inverse = np.linalg.inv(sum(np.outer(row, row) for row in centred) / len(centred))
    slow = [min(mahalanobis(row, mean, inverse) for mean in means) ** 2 for row in others]
    np.testing.assert_allclose(Mahalanobis.fit(features, labels).score(others), slow)


def test_mahalanobis_does_not_change_when_the_features_are_mixed(training, others):
    features, _, labels, _ = training
    mixing = np.random.default_rng(2).normal(size=(6, 6))
    mixed = Mahalanobis.fit(features @ mixing, labels).score(others @ mixing)
    np.testing.assert_allclose(mixed, Mahalanobis.fit(features, labels).score(others), rtol=1e-8)


def test_mahalanobis_looks_only_where_training_features_vary():
    features = np.array([[-1.0, 5], [1, 5], [-1, 5], [1, 5]])  # a unit that never changes: a singular covariance
    fitted = Mahalanobis.fit(features, [0, 0, 0, 0])  # and one class
    np.testing.assert_allclose(fitted.score([[2, 5], [2, 900]]), [4, 4])


def test_mahalanobis_with_fewer_examples_than_features_measures_within_their_span():
    features = np.array([[-2.0, 0, 0, 0], [2, 0, 0, 0], [0, -2, 0, 0], [0, 2, 0, 0]])
    fitted = Mahalanobis.fit(features, [7, 7, 7, 7])
    np.testing.assert_allclose(fitted.score([[2, 0, 0, 0], [2, 2, 8, 9]]), [2, 4])


def test_mahalanobis_without_two_examples_of_any_class_is_refused():
    with pytest.raises(ValueError, match="features do not vary within any class; give more than one example"):
        Mahalanobis.fit([[0.0, 1], [1, 0]], [0, 1])


def test_the_neighbour_that_counts_is_the_kth_after_scaling_to_length_one():
    fitted = NearestNeighbours.fit([[2, 0], [0, 3], [-5, 0]], k=2)
    # (9, 0) has the directions (1, 0), (0, 1), (-1, 0) at 0, sqrt 2 and 2; the zero vector is 1 from all of them.
    np.testing.assert_allclose(fitted.score([[9, 0], [0, 0.1], [0, 0]]), [np.sqrt(2), np.sqrt(2), 1], atol=1e-7)


@pytest.mark.parametrize("k", [1, 5, 60])
def test_nearest_neighbours_equal_a_sort_of_all_distances(training, others, k):
    features = training[0]
    directions = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (others, features)]
    slow = np.sort(cdist(*directions), axis=1)[:, k - 1]
    np.testing.assert_allclose(NearestNeighbours.fit(features, k).score(others), slow, rtol=1e-9)


@pytest.mark.parametrize("k", [0, 61])
def test_a_neighbour_that_does_not_exist_is_refused(training, k):
    with pytest.raises(ValueError, match=rf"k={k} must lie in \[1, 60\], the number of training examples"):
        NearestNeighbours.fit(training[0], k)


def test_vim_by_hand():
    # Without bias the origin is 0; the first axis is the principal one, the second the residual of mean length 1.
    features = np.array([[8.0, 1], [-8, 1], [6, -1], [-6, -1]])
    logits = np.array([[6.0, 0], [2, 0], [0, 2], [0, 2]])  # largest: 3 on average, so alpha = 3 / 1
    fitted = ViM.fit(features, logits, weight=np.eye(2), bias=np.zeros(2))
    np.testing.assert_allclose(np.abs(fitted.residual), [[0], [1]], atol=1e-12)
    assert fitted.alpha == pytest.approx(3)
    np.testing.assert_allclose(fitted.score([[7, -2], [7, 0]], np.zeros((2, 2))), [6 - np.log(2), -np.log(2)])


def test_vim_ranks_as_the_softmax_of_its_virtual_logit(training, others):
    features, logits, _, (weight, bias) = training
    others /= 10  # near enough for the softmax not to round to 1
    other_logits = others @ weight.T + bias
    found = ViM.fit(features, logits, weight, bias).score(others, other_logits)
    origin = np.linalg.lstsq(weight, -bias, rcond=None)[0]
    left, values, right = np.linalg.svd(features - origin, full_matrices=False)  # by falling singular value
    lengths = [np.sqrt((((rows - origin) @ right[3:].T) ** 2).sum(axis=1)) for rows in (features, others)]
    virtual = logits.max(axis=1).sum() / lengths[0].sum() * lengths[1]
    probability = softmax(np.column_stack((virtual, other_logits)), axis=1)[:, 0]
    np.testing.assert_allclose(found, np.log(probability / (1 - probability)), rtol=1e-7)
    np.testing.assert_allclose(found, virtual - logsumexp(other_logits, axis=1), rtol=1e-9)


def test_the_origin_of_vim_is_where_all_logits_are_zero():
    weight, bias = np.array([[1.0, 0, 0], [0, 2, 0]]), np.array([3.0, 4.0])
    features = np.random.default_rng(0).normal(0, 9, (20, 3))
    fitted = ViM.fit(features, features @ weight.T + bias, weight, bias)
    np.testing.assert_allclose(fitted.origin, [-3, -2, 0], atol=1e-12)
    assert fitted.residual.shape == (3, 2)  # one of three dimensions is principal


def test_vim_with_fewer_examples_than_principal_dimensions_is_refused(training):
    features, logits, _, head = training
    with pytest.raises(ValueError, match="features lie within 3 dimensions; give more examples"):
        ViM.fit(features[:2], logits[:2], *head)


def test_vim_without_positive_logits_is_refused(training):
    features, logits, _, head = training
    with pytest.raises(ValueError, match="logits: their largest has the mean .*; ViM needs a positive one"):
        ViM.fit(features, logits - 1000, *head)


def test_vim_of_another_head_is_refused(training):
    features, logits, _, (weight, bias) = training
    with pytest.raises(ValueError, match=r"weight must be \(classes, 6\) and bias \(classes,\), got \(3, 5\), \(3,\)"):
        ViM.fit(features, logits, weight[:, :5], bias)
    with pytest.raises(ValueError, match="logits has 59 rows for 60 rows of features"):
        ViM.fit(features, logits[1:], weight, bias)


def test_labels_of_another_length_are_refused(training):
    with pytest.raises(ValueError, match="labels has 59 rows for 60 rows of features"):
        Mahalanobis.fit(training[0], training[2][1:])


def _scorers(features, logits, labels, head):
    vim = ViM.fit(features, logits, *head)
    return [Mahalanobis.fit(features, labels).score, NearestNeighbours.fit(features, 5).score,
            lambda others: vim.score(others, np.zeros((len(others), 3)))]  # fmt: skip


@pytest.mark.parametrize("number", range(3))
def test_features_that_are_none_are_refused(training, others, number):
    score = _scorers(*training)[number]
    assert score(others.astype(np.float32)).dtype == np.float64
    with pytest.raises(ValueError, match=r"features must have the shape \(n, 6\), as in training, got \(7, 4\)"):
        score(others[:, :4])
    others[3, 2] = np.nan
    with pytest.raises(ValueError, match="features holds NaN or infinities in 1 of 7 rows, the first in row 3"):
        score(others)


@pytest.mark.parametrize("fit", [lambda x: Mahalanobis.fit(x, [0]), lambda x: NearestNeighbours.fit(x, 1)])
@pytest.mark.parametrize("shape", [(0, 3), (4,), (2, 0)])
def test_training_features_of_another_shape_are_refused(fit, shape):
    with pytest.raises(ValueError, match=r"features must have the shape \(n, features\), got"):
        fit(np.zeros(shape))
