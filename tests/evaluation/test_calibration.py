import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import plain_calibration
from oe_core.evaluation import calibration
from oe_core.evaluation.calibration import (
    CODE_BOUNDS,
    adaptive_bins,
    calibration_metrics,
    confidences,
    fit_temperature,
)

# Five predictions by rising confidence; in bins of 2 the last takes three.
CONFIDENCE, CORRECT = [0.2, 0.4, 0.6, 0.8, 0.9], [0, 1, 1, 1, 0]


def loss(logits, labels, temperature):
    """Mean cross-entropy, written out."""
    scaled = logits / temperature
    largest = scaled.max(axis=1)
    log_sum = largest + np.log(np.exp(scaled - largest[:, None]).sum(axis=1))
    return float((log_sum - scaled[np.arange(len(labels)), labels]).mean())


def by_bisection(logits, labels, low=1e-3, high=1e3):
    """Halve [low, high] in log T until nothing is left, by the sign of a central difference of `loss`."""
    low, high = math.log(low), math.log(high)
    while high - low > 1e-7:
        middle = (low + high) / 2
        rising = loss(logits, labels, math.exp(middle + 1e-5)) > loss(logits, labels, math.exp(middle - 1e-5))
        low, high = (low, middle) if rising else (middle, high)
    return math.exp((low + high) / 2)


def held_out(seed, count=400, classes=10, sharpness=3.0):
    """Logits that are `sharpness` times too sure of themselves, and labels drawn from the honest posterior."""
    rng = np.random.default_rng(seed)
    honest = 2 * rng.normal(size=(count, classes))
    posterior = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = (rng.random(count)[:, None] > posterior.cumsum(axis=1)).sum(axis=1)
    return sharpness * honest, labels


def test_three_of_four_right_at_a_margin_of_two_give_the_temperature_worked_by_hand():
    # sigmoid(2 / T) must be 3/4, so that 2 / T = log 3.
    logits = np.tile([2.0, 0.0], (4, 1))
    assert fit_temperature(logits, [0, 0, 0, 1]) == pytest.approx(2 / math.log(3), rel=1e-9)


@pytest.mark.parametrize("classes", [2, 10, 100])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_temperature_equals_that_of_a_fine_bisection(seed, classes):
    logits, labels = held_out(seed, classes=classes)
    assert fit_temperature(logits, labels) == pytest.approx(by_bisection(logits, labels), rel=1e-5)


def test_logits_made_three_times_too_sharp_are_cooled_by_about_three():
    assert fit_temperature(*held_out(0, count=20_000)) == pytest.approx(3.0, rel=0.03)


@pytest.mark.parametrize("factor", [1e-6, 1e-2, 1e2, 1e6])
def test_the_temperature_grows_with_the_logits(factor):
    logits, labels = held_out(0)
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor * fit_temperature(logits, labels), rel=1e-6)


def test_one_mistake_among_many_is_enough_for_a_finite_temperature():
    logits, labels = np.tile([8.0, 0.0], (5000, 1)), np.zeros(5000, int)
    labels[0] = 1
    assert fit_temperature(logits, labels) == pytest.approx(8 / math.log(4999), rel=1e-9)


@pytest.mark.parametrize(
    ("labels", "message", "bound"),
    [
        ([0, 0, 0], "all 3 labels are the likeliest class, so that the best temperature is 0; hold out more", 0.2),
        ([1, 1, 1], "logits are no better than guessing, so that the best temperature is infinite; hold out more", 5.0),
        ([0, 1, 1], "no better than guessing", 5.0),
    ],
)
def test_without_a_finite_temperature_there_is_an_error_or_the_nearer_bound(labels, message, bound):
    logits = np.tile([2.0, 0.0], (3, 1))
    with pytest.raises(ValueError, match=message):
        fit_temperature(logits, labels)
    assert fit_temperature(logits, labels, CODE_BOUNDS) == bound


def test_logits_that_say_nothing_are_no_better_than_guessing():
    with pytest.raises(ValueError, match="no better than guessing"):
        fit_temperature(np.ones((4, 3)), [0, 1, 2, 0])


def test_bounds_cut_what_lies_outside_and_leave_what_lies_inside():
    logits, labels = held_out(0)
    free = fit_temperature(logits, labels)
    assert fit_temperature(logits, labels, CODE_BOUNDS) == free
    assert fit_temperature(10 * logits, labels, CODE_BOUNDS) == 5.0
    assert fit_temperature(0.01 * logits, labels, CODE_BOUNDS) == 0.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [0]), r"logits must have the shape \(n, classes\)"),
        (([[1.0]], [0]), "with 2 or more classes"),
        (([[1.0, np.nan]], [0]), "NaN or infinities in 1 of 1 rows"),
        (([[1.0, 2.0]], [0, 1]), "labels must be 1 whole numbers, got int64 of shape"),
        (([[1.0, 2.0]], [0.0]), "got float64"),
        (([[1.0, 2.0]], [2]), r"labels lie in \[2, 2\], but logits have the classes 0 to 1"),
        ((np.zeros((0, 2)), np.zeros(0, int)), "labels is empty"),
        (([[1.0, 2.0]], [0], (5.0, 0.2)), r"bounds=\(5.0, 0.2\) must be \(lowest, highest\)"),
    ],
)
def test_what_is_no_held_out_answer_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_temperature(*arguments)


def test_confidence_is_the_largest_probability_of_the_cooled_logits():
    logits = np.log([[8.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    assert confidences(logits) == pytest.approx([0.8, 1 / 3])
    # T = 3 takes the cube root of the odds: 2 to 1 to 1.
    assert confidences(logits, temperature=3) == pytest.approx([0.5, 1 / 3])


def test_rescaling_takes_the_uniform_posterior_to_nought_and_certainty_to_one():
    logits = np.array([[0.0, 0.0, 0.0], [800.0, 0.0, 0.0], [math.log(8), 0.0, 0.0]])
    assert confidences(logits, rescaled=True) == pytest.approx([0.0, 1.0, 0.7])  # (0.8 - 1/3) / (2/3) = 0.7
    assert confidences([[math.log(3), 0.0]], rescaled=True) == pytest.approx([0.5])  # k = 2: 2 * 0.75 - 1
    many = confidences(np.zeros((1, 49)), rescaled=True)
    assert many[0] == pytest.approx(0, abs=1e-15) and many[0] >= 0


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    with pytest.raises(ValueError, match=f"temperature={temperature} must be positive"):
        confidences([[1.0, 2.0]], temperature)


def test_bins_hold_their_size_and_the_last_takes_the_remainder():
    bins = adaptive_bins(CONFIDENCE[::-1], CORRECT[::-1], size=2)
    assert bins.count.tolist() == [2, 3]
    assert bins.confidence == pytest.approx([0.3, 2.3 / 3])
    assert bins.accuracy == pytest.approx([0.5, 2 / 3])


def test_errors_and_soft_f1_equal_the_values_worked_by_hand():
    # gaps 0.2 and 0.1 with shares 0.4 and 0.6; doubts 0.8, 0.6, 0.4, 0.2, 0.1; the first and the last are mistakes
    assert calibration_metrics(CONFIDENCE, CORRECT, size=2) == pytest.approx(
        {"RMS": math.sqrt(0.4 * 0.04 + 0.6 * 0.01), "MAD": 0.14, "SoftF1": 2 * 0.9 / (2.1 + 2)}
    )


def test_without_the_last_bin_its_gap_goes_and_its_examples_stay_in_the_number():
    less = calibration_metrics(CONFIDENCE, CORRECT, size=2, last_bin=False)
    whole = calibration_metrics(CONFIDENCE, CORRECT, size=2)
    # The soft F1 knows no bins.
    assert less == pytest.approx({"RMS": math.sqrt(0.4 * 0.04), "MAD": 0.4 * 0.2, "SoftF1": whole["SoftF1"]})


def test_fewer_than_a_hundred_examples_are_one_bin():
    found = calibration_metrics(CONFIDENCE, CORRECT)
    assert found["RMS"] == pytest.approx(abs(0.6 - 0.58)) and found["MAD"] == pytest.approx(abs(0.6 - 0.58))
    assert adaptive_bins(np.linspace(0, 1, 199), np.ones(199)).count.tolist() == [199]
    with pytest.raises(ValueError, match="last_bin=False leaves nothing of one bin of 5 examples"):
        calibration_metrics(CONFIDENCE, CORRECT, last_bin=False)


def test_all_right_and_all_wrong_are_defined():
    confidence = [0.7, 0.9]
    assert calibration_metrics(confidence, [1, 1]) == pytest.approx({"RMS": 0.2, "MAD": 0.2, "SoftF1": 0.0})
    # doubts 0.3 and 0.1: 2 * 0.4 / (0.4 + 2)
    assert calibration_metrics(confidence, [0, 0]) == pytest.approx({"RMS": 0.8, "MAD": 0.8, "SoftF1": 1 / 3})
    assert calibration_metrics([0.0, 1.0], [0, 1])["SoftF1"] == 1.0
    with pytest.raises(ValueError, match="soft F1 of 2 right predictions with confidence 1 is 0 / 0"):
        calibration_metrics([1.0, 1.0], [True, True])


def test_an_honest_network_has_a_small_error_and_a_boastful_one_a_large_one():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 10_000)
    honest = rng.random(10_000) < confidence
    boastful = rng.random(10_000) < confidence - 0.4
    assert calibration_metrics(confidence, honest)["RMS"] < 0.06  # of bins of 100 by chance alone: about 0.04
    assert calibration_metrics(confidence, boastful)["RMS"] == pytest.approx(0.4, abs=0.02)


@given(
    st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.7, 0.9]), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 12),
    st.randoms(),
)
def test_the_order_of_equal_confidences_changes_nothing(examples, size, random):
    confidence, correct = zip(*examples, strict=True)
    shuffled = random.sample(examples, len(examples))
    found = calibration_metrics(confidence, correct, size)
    assert calibration_metrics(*zip(*shuffled, strict=True), size) == pytest.approx(found)
    assert found["MAD"] <= found["RMS"] + 1e-12


@pytest.mark.parametrize("count", [100, 199, 1_234])
@pytest.mark.parametrize("last_bin", [True, False])
def test_the_one_pass_equals_the_plain_loops(count, last_bin):
    rng = np.random.default_rng(count)
    confidence, correct = rng.random(count), rng.integers(0, 2, count)
    size = 50  # two bins or more
    theirs = plain_calibration.calibration_metrics(confidence, correct, size, last_bin)
    assert calibration_metrics(confidence, correct, size, last_bin) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(
    ("confidence", "correct", "message"),
    [
        ([], [], "confidence is empty"),
        ([0.5], [1, 0], r"equally long, got the shapes \(1,\) and \(2,\)"),
        ([[0.5]], [[1]], "must be 1-d"),
        ([0.5, 1.5, -1.0], [1, 1, 1], r"holds 2 of 3 values outside \[0, 1\], the first is 1.5 at index 1"),
        ([0.5, np.nan], [1, 1], "holds 1 of 2 values outside .* nan at index 1"),
        ([0.5], [2], "correct must hold true and false, or 1 and 0"),
    ],
)
def test_what_is_no_confidence_is_refused_by_every_estimator(confidence, correct, message):
    for estimator in (adaptive_bins, calibration_metrics):
        with pytest.raises(ValueError, match=message):
            estimator(confidence, correct)


def test_a_bin_of_no_examples_is_refused():
    with pytest.raises(ValueError, match="size=0 must be at least 1 example a bin"):
        adaptive_bins(CONFIDENCE, CORRECT, size=0)


def test_the_paper_s_bins_hold_a_hundred_examples():
    assert calibration.BIN_SIZE == 100
