import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp, softmax

from oe_core.detectors.branch.scores import BRANCH_SCORES, branch_confidence, branch_msp
from oe_core.detectors.density.scores import bits_per_pixel
from oe_core.detectors.language.scores import LANGUAGE_SCORES, bits_per_token, expected_uniformity
from oe_core.detectors.objectives.scores import max_sigmoid, reject_probability
from oe_core.scores import SCORES, energy, max_logit, msp, uniformity


def test_msp_of_a_hand_worked_posterior():
    posterior = np.array([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]])
    assert msp(np.log(posterior)) == pytest.approx([-0.7, -0.5], abs=1e-15)


def test_uniformity_of_a_hand_worked_posterior():
    posterior = np.array([[0.5, 0.25, 0.25]])
    assert uniformity(np.log(posterior)) == pytest.approx([-5 / 3 * np.log(2)], abs=1e-15)


def test_scores_equal_scipy_softmax():
    logits = np.random.default_rng(0).normal(0, 5, (200, 10))
    np.testing.assert_allclose(msp(logits), -softmax(logits, axis=1).max(axis=1), rtol=1e-13)
    np.testing.assert_allclose(uniformity(logits), log_softmax(logits, axis=1).mean(axis=1), rtol=1e-13)


def test_max_logit_and_energy_by_hand():
    logits = np.log([[1.0, 2, 5], [8.0, 1, 1]])
    assert max_logit(logits) == pytest.approx(-np.log([5, 8]), abs=1e-15)
    assert energy(logits) == pytest.approx(-np.log([8, 10]), abs=1e-15)


def test_energy_equals_scipys_logsumexp_also_of_huge_float32_logits():
    logits = np.random.default_rng(0).normal(0, 300, (200, 10)).astype(np.float32)
    np.testing.assert_allclose(energy(logits), -logsumexp(logits.astype(np.float64), axis=1), rtol=1e-12)


@pytest.mark.parametrize("score", [max_logit, energy])
def test_a_common_shift_of_the_logits_shifts_max_logit_and_energy(score):
    logits = np.random.default_rng(0).normal(size=(5, 4))
    np.testing.assert_allclose(score(logits + 3), score(logits) - 3)


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_a_uniform_posterior_is_the_most_anomalous(score):
    logits = np.array([[4.0, 0, 0], [1.0, 0, 0], [0.0, 0, 0]])
    assert np.all(np.diff(score(logits)) > 0)


def test_a_uniform_posterior_reaches_the_upper_bounds():
    logits = np.full((1, 8), 3.0)
    assert msp(logits) == pytest.approx([-1 / 8])
    assert uniformity(logits) == pytest.approx([-np.log(8)])


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_huge_float32_logits_neither_overflow_nor_lose_a_shift(score):
    logits = np.array([[1e4, 1e4 - 1, 9e3], [0.0, -1, -1000]], dtype=np.float32)
    first, second = score(logits)
    assert first == pytest.approx(second, rel=1e-12)
    assert score(logits).dtype == np.float64


@pytest.mark.parametrize("score", [*SCORES.values(), max_logit, energy])
def test_logits_with_nan_name_the_first_row(score):
    logits = np.zeros((5, 3))
    logits[2, 1], logits[4, 0] = np.nan, np.inf
    with pytest.raises(ValueError, match="logits holds NaN or infinities in 2 of 5 rows, the first in row 2"):
        score(logits)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (2, 3, 4)])
def test_logits_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"logits must have the shape \(n, classes\).*got \("):
        msp(np.zeros(shape))


def test_scores_of_other_objectives_by_hand():
    posterior = np.array([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]])
    assert reject_probability(np.log(posterior)) == pytest.approx([0.1, 0.5], abs=1e-15)
    assert max_sigmoid(np.log([[3.0, 1.0], [0.25, 0.5]])) == pytest.approx([-3 / 4, -1 / 3], abs=1e-15)
    assert energy(np.log([[3.0, 1.0], [0.25, 0.5]])) == pytest.approx([-np.log(4), -np.log(0.75)], abs=1e-15)


@pytest.mark.parametrize("score", [reject_probability, max_sigmoid, energy])
def test_scores_of_other_objectives_refuse_what_the_others_refuse(score):
    with pytest.raises(ValueError, match="logits holds NaN or infinities in 1 of 2 rows, the first in row 1"):
        score(np.array([[0.0, 1.0], [np.nan, 0.0]]))


def test_the_scores_go_by_the_papers_words():
    assert list(SCORES) == ["MSP", "H(U;p)"]


def test_bits_per_token_and_expected_uniformity_of_hand_worked_losses():
    # Two segments: each token had probability 1/8 and 1/2; expectations uniform over 4 tokens and sharper.
    losses = np.log([[8, 4], [2, 16]])
    assert bits_per_token(losses) == pytest.approx([3, 1])
    assert expected_uniformity(losses) == pytest.approx([-np.log(4), -np.log(16)])


@pytest.mark.parametrize("score", LANGUAGE_SCORES.values(), ids=LANGUAGE_SCORES)
@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ([1.0, 2.0], r"losses must have the shape \(n, 2\), likelihood and uniform part, got \(2,\)"),
        ([[1.0, 2.0, 3.0]], r"got \(1, 3\)"),
        ([[1.0, 2.0], [np.nan, 1.0]], "in 1 of 2 rows, the first in row 1"),
        ([[1.0, np.inf]], "losses holds NaN, infinities or negative values"),
        ([[-0.1, 1.0]], "losses holds NaN, infinities or negative values"),
    ],
)
def test_what_are_no_losses_is_refused(score, losses, message):
    with pytest.raises(ValueError, match=message):
        score(losses)


def test_bits_per_pixel_are_those_of_three_sub_pixels():
    assert bits_per_pixel(np.log([[2], [8]])) == pytest.approx([3, 9])
    with pytest.raises(ValueError, match=r"losses must be finite with the shape \(n, 1\), got \(1, 2\)"):
        bits_per_pixel([[1.0, 2.0]])


def test_a_branch_s_scores_of_hand_worked_outputs():
    outputs = np.array([[*np.log([0.7, 0.3]), np.log(3)], [*np.log([0.5, 0.5]), -np.log(4)]])
    assert branch_msp(outputs) == pytest.approx([-0.7, -0.5], abs=1e-15)
    assert branch_confidence(outputs) == pytest.approx([np.log(1 / 3), np.log(4)], abs=1e-15)


def test_the_msp_of_a_branch_network_is_that_of_its_classes_alone():
    outputs = np.random.default_rng(0).normal(0, 5, (50, 11))
    np.testing.assert_array_equal(branch_msp(outputs), msp(outputs[:, :-1]))


def test_confidences_that_round_to_one_keep_their_order():
    logits = np.array([-700.0, -50.0, 0.0, 40.0, 50.0, 800.0])
    found = branch_confidence(np.column_stack([np.zeros((6, 2)), logits]))
    assert np.all(np.diff(found) < 0) and len(np.unique(1 / (1 + np.exp(-logits[3:])))) == 1


@pytest.mark.parametrize("score", BRANCH_SCORES.values(), ids=BRANCH_SCORES)
def test_a_branch_needs_two_logits_beside_its_own(score):
    with pytest.raises(ValueError, match=r"outputs must be two or more logits and a confidence logit a row.*\(3, 2\)"):
        score(np.zeros((3, 2)))
