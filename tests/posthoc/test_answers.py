import numpy as np
import pytest

from oe_core.posthoc.answers import Answers, TrainingFeatures, class_means

FEATURES, LOGITS = [[1, 2, 3], [4, 5, 6]], [[1, 0], [0, 1]]


def test_answers_are_taken_as_float64():
    found = Answers(np.array(FEATURES, np.float32), LOGITS, LOGITS)
    assert {part.dtype for part in vars(found).values()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("shape", [(0, 3), (4,), (2, 0)])
def test_features_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"features must have the shape \(n, features\), got"):
        Answers(np.zeros(shape), LOGITS)


def test_features_that_are_none_are_refused():
    with pytest.raises(ValueError, match="features holds NaN or infinities in 1 of 2 rows, the first in row 1"):
        Answers([[1, 2], [np.nan, 3]], LOGITS)
    with pytest.raises(ValueError, match="logits holds NaN or infinities in 1 of 2 rows, the first in row 0"):
        Answers(FEATURES, [[np.inf, 0], [0, 1]])


def test_rows_of_another_number_are_refused():
    with pytest.raises(ValueError, match="logits has 1 rows for 2 rows of features"):
        Answers(FEATURES, LOGITS[:1])
    with pytest.raises(ValueError, match="perturbed has 1 rows for 2 rows of features"):
        Answers(FEATURES, LOGITS, LOGITS[:1])
    with pytest.raises(ValueError, match="labels has 3 rows for 2 rows of features"):
        TrainingFeatures(FEATURES, [0, 1, 1], np.ones((2, 3)), np.ones(2))


def test_a_head_of_another_width_is_refused():
    with pytest.raises(ValueError, match=r"weight must be \(classes, 3\) and bias \(classes,\), got \(2, 2\), \(2,\)"):
        TrainingFeatures(FEATURES, [0, 1], np.ones((2, 2)), np.ones(2))


def test_logits_of_training_by_hand():
    training = TrainingFeatures(FEATURES, [0, 1], [[1, 0, 0], [0, 0, 2]], [10, 20])
    np.testing.assert_array_equal(training.logits, [[11, 26], [14, 32]])


def test_means_are_of_the_classes_that_occur():
    means, index = class_means(np.array([[1.0], [3], [5]]), np.array([4, 2, 4]))
    assert means.tolist() == [[3], [3]] and index.tolist() == [1, 0, 1]
