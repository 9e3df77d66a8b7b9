"""The threshold: worked by hand, its limits, and whether its interval is believed rightly."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from oe_core.detector.threshold import ROUNDING, least, threshold
from oe_core.scores import msp


def test_of_19_inliers_the_highest_score_is_the_limit_of_five_percent():
    found = threshold(np.arange(19.0)[::-1], 0.05)
    assert found.value == 18 + ROUNDING and (found.held_out, found.above, found.tied) == (19, 0, 1)
    # P(share above the highest of 19 <= x) = 1 - (1 - x)^19
    assert found.interval == pytest.approx((1 - 0.975 ** (1 / 19), 1 - 0.025 ** (1 / 19)))


def test_of_99_inliers_the_tenth_score_from_above_is_the_limit_of_ten_percent():
    found = threshold(np.arange(99.0), 0.1)
    assert found.value == 89 + ROUNDING and found.above == 9
    assert found.interval == pytest.approx(stats.beta(10, 90).ppf([0.025, 0.975]))


def test_scores_that_tie_ring_less_often_than_said():
    found = threshold([-1.0] * 90 + [-0.5] * 10, 0.05)
    assert (found.above, found.tied) == (0, 10) and found.value > -0.5


def test_no_verdict_on_scores_that_tie_depends_on_how_they_were_summed():
    scores = np.concatenate([np.full(90, -0.99999), np.linspace(-0.5, 0, 10)])
    rng = np.random.default_rng(0)
    found = threshold(scores + rng.uniform(-1e-6, 1e-6, 100), 0.12)
    assert found.tied == 90 and found.above == 10
    assert ((scores + rng.uniform(-1e-6, 1e-6, 100) >= found.value) == (scores > -0.9)).all()


@pytest.mark.parametrize(("rate", "takes"), [(0.05, 19), (0.01, 99), (0.001, 999), (0.5, 1), (0.3, 3)])
def test_too_few_inliers_are_refused_with_how_many_it_takes(rate, takes):
    assert least(rate) == takes
    threshold(np.arange(float(takes)), rate)
    with pytest.raises(ValueError, match=f"takes at least {takes} inliers .* there are {takes - 1};"):
        threshold(np.arange(takes - 1.0), rate)


def test_without_inliers_no_rate_is_advised():
    with pytest.raises(ValueError, match=r"takes at least 19 inliers .* there are 0; give more examples$"):
        threshold(np.empty(0), 0.05)


def test_the_rate_that_is_advised_is_taken_and_the_interval_is_read_as_percent():
    for inliers in range(1, 400):
        with pytest.raises(ValueError, match="a rate of at least") as refused:
            threshold(np.arange(float(inliers)), 1e-6)
        threshold(np.arange(float(inliers)), float(str(refused.value).rpartition(" ")[2]))
    assert "66.4 to 99.7 %" in str(threshold(np.arange(9.0), 0.9))


@pytest.mark.parametrize("rate", [0, 1, 5, -0.1, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ValueError, match="must lie between 0 and 1; 5 % is written 0.05"):
        threshold(np.arange(100.0), rate)


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="NaN or infinities in 1 of 30"):
        threshold([*range(29), np.nan], 0.05)


@pytest.mark.parametrize(("held_out", "rate"), [(60, 0.05), (200, 0.05), (200, 0.01), (400, 0.1)])
def test_in_100_resamplings_of_the_digits_the_realised_rate_lies_in_its_interval_about_95_times(held_out, rate):
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    train, rest = order[:400], order[400:]
    classifier = LogisticRegression(max_iter=500).fit(pixels[train] / 16, labels[train])
    scores = msp(classifier.decision_function(pixels[rest] / 16))
    # Drawn with replacement, so that the rate over all of them is the true one, not another estimate.
    realised = []
    for seed in range(100):
        found = threshold(np.random.default_rng(seed).choice(scores, held_out), rate)
        realised.append((np.mean(scores >= found.value), *found.interval))
    rates, low, high = np.transpose(realised)
    covered = int(((low <= rates) & (rates <= high)).sum())
    print(f"{held_out} held out, {rate}: in {covered} of 100, mean rate {rates.mean():.4f}")
    assert stats.binomtest(covered, 100, 0.95).pvalue > 0.001
    assert rates.mean() <= rate + 3 * rates.std() / 10
