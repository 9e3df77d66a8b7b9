import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oe_core.evaluation.draws import base_rate_draws, draws_digest, loader_draws


@settings(max_examples=100, deadline=None)
@given(st.integers(5, 200), st.integers(1, 200), st.integers(1, 5), st.integers(0, 9))
def test_every_draw_has_the_base_rate_and_no_repeats(num_in, num_out, ratio, seed):
    for in_indices, out_indices in base_rate_draws(num_in, num_out, draws=2, ratio=ratio, seed=seed):
        assert len(out_indices) == min(num_in // ratio, num_out)
        assert len(in_indices) == ratio * len(out_indices)
        for indices, total in ((in_indices, num_in), (out_indices, num_out)):
            assert indices.dtype == np.int64
            assert np.all(np.diff(indices) > 0) and indices[0] >= 0 and indices[-1] < total


def test_the_papers_sizes():
    sizes = {name: base_rate_draws(n, 30_000, draws=1)[0] for name, n in (("CIFAR-10", 10_000), ("SVHN", 26_032))}
    assert [len(part) for part in sizes["CIFAR-10"]] == [10_000, 2_000]
    assert [len(part) for part in sizes["SVHN"]] == [26_030, 5_206]


def test_few_anomalies_thin_out_the_inliers():
    in_indices, out_indices = base_rate_draws(10_000, 100, draws=1)[0]
    assert (len(in_indices), len(out_indices)) == (500, 100)
    assert in_indices.max() > 5_000  # from all of them, not the first ones


def test_draws_differ_from_each_other_and_between_seeds():
    first, second = base_rate_draws(100, 100, draws=2)
    assert not np.array_equal(first[1], second[1])
    assert not np.array_equal(first[1], base_rate_draws(100, 100, draws=1, seed=1)[0][1])


def test_a_draw_does_not_depend_on_how_many_are_made():
    few, many = base_rate_draws(100, 50, draws=2), base_rate_draws(100, 50, draws=7)
    assert draws_digest(few) == draws_digest(many[:2])


def test_every_example_is_as_likely_as_another():
    counts = sum(np.bincount(out, minlength=40) for _, out in base_rate_draws(50, 40, draws=2_000))
    assert counts.sum() == 2_000 * 10
    assert abs(counts - 500).max() < 5 * np.sqrt(2_000 * 0.25 * 0.75)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_in": 4, "num_out": 9}, "num_in=4 inliers are too few for one anomaly to ratio=5; give 5 or more"),
        ({"num_in": 50, "num_out": 0}, "num_out=0 is too small, it must be 1 or more"),
        ({"num_in": 50, "num_out": 9, "draws": 0}, "draws=0 is too small"),
        ({"num_in": 50, "num_out": 9, "ratio": 0}, "ratio=0 is too small"),
        ({"num_in": 50, "num_out": 9, "seed": -1}, "seed=-1 is too small, it must be 0 or more"),
    ],
)
def test_too_few_examples_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        base_rate_draws(**arguments)


def test_the_digest_sees_indices_sides_and_lengths():
    one, two = np.array([1]), np.array([1, 2])
    digests = {draws_digest(d) for d in ([(one, two)], [(two, one)], [(one, two + 1)], [(one, two)] * 2)}
    assert len(digests) == 4
    assert draws_digest([(one.astype(np.int32), two)]) == draws_digest([(one, two)])


def test_the_digest_of_two_small_indices_by_hand():
    # sha256 of the little-endian int64 words 1, 7, 1, 9: a length before each side's indices.
    expected = hashlib.sha256(np.array([1, 7, 1, 9], "<i8").tobytes()).hexdigest()
    assert draws_digest([(np.array([7]), np.array([9]))]) == expected


@pytest.mark.parametrize(("num_in", "anomalies"), [(7528, 1536), (1821, 384), (500, 128)])
def test_the_loaders_of_the_papers_code_take_whole_batches_past_a_fifth(num_in, anomalies):
    (inside, outside), *_ = loader_draws(num_in, [5] * 2000, draws=2, by_length=False)
    assert (len(inside), len(outside)) == (num_in, anomalies)
    assert len(np.unique(outside)) == anomalies


def test_a_sorted_loader_takes_the_same_shortest_texts_in_every_draw():
    lengths = [9, 1, 8, 2] * 64
    draws = loader_draws(320, lengths, draws=3, by_length=True)
    short = [index for index, length in enumerate(lengths) if length <= 2]
    assert all(outside.tolist() == short for _, outside in draws)
