import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oe_core.evaluation.bootstrap import interval, resampled_metrics, resamples
from oe_core.evaluation.metrics import detection_metrics

LEVELS = st.lists(st.integers(0, 8).map(lambda level: level / 4), min_size=1, max_size=20).map(np.array)


@given(LEVELS, LEVELS, st.integers(1, 12), st.integers(1, 12), st.sampled_from([0.05, 0.5, 0.95, 1]))
def test_metrics_of_a_resample_are_those_of_its_scores_to_the_last_bit(in_scores, out_scores, inside, outside, tpr):
    drawn = list(resamples(len(in_scores), len(out_scores), 3, (inside, outside)))
    found = resampled_metrics(in_scores, out_scores, drawn, tpr)
    for number, counts in enumerate(drawn):
        expected = detection_metrics(*map(np.repeat, (in_scores, out_scores), counts), tpr)
        assert {metric: values[number] for metric, values in found.items()} == expected


def arrays(drawn):
    return [np.array(counts) for counts in zip(*drawn, strict=True)]


def test_resamples_are_seeded_draws_with_replacement_of_the_sizes_asked_for():
    in_counts, out_counts = arrays(resamples(50, 8, 4, (30, 6)))
    assert in_counts.shape == (4, 50) and out_counts.shape == (4, 8)
    assert (in_counts.sum(axis=1) == 30).all() and (out_counts.sum(axis=1) == 6).all() and in_counts.max() > 1
    assert len(np.unique(in_counts, axis=0)) == 4
    assert all(map(np.array_equal, arrays(resamples(50, 8, 4, (30, 6))), (in_counts, out_counts)))
    assert arrays(resamples(50, 8, 4))[0].sum(axis=1).tolist() == [50] * 4


def test_every_set_of_anomalies_meets_the_same_inliers():
    assert np.array_equal(*(arrays(resamples(50, size, 4, (30, 6)))[0] for size in (8, 90)))


def test_each_example_is_drawn_as_often_as_any_other():
    counts = arrays(resamples(10, 1, 5000))[0].mean(axis=0)
    np.testing.assert_allclose(counts, 1, atol=0.06)  # four standard errors of a mean of 5000


def test_an_interval_leaves_out_a_fortieth_at_either_end():
    assert interval(np.arange(41.0)) == pytest.approx((1, 39))


def test_an_interval_covers_the_auroc_of_all_examples_about_as_often_as_it_says():
    rng, inside = np.random.default_rng(0), 0
    for _ in range(100):
        in_scores, out_scores = rng.normal(size=100), rng.normal(1, 1, size=60)
        low, high = interval(resampled_metrics(in_scores, out_scores, resamples(100, 60, 200))["AUROC"])
        inside += low <= 0.7602 <= high  # P(N(1, 1) > N(0, 1))
    assert 88 <= inside <= 99


def test_scores_that_are_none_are_refused():
    with pytest.raises(ValueError, match="out_scores holds 1 NaN or infinite of 2 scores"):
        resampled_metrics(np.zeros(3), np.array([1, np.nan]), resamples(3, 2, 2))
