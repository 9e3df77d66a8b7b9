import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from oe_core.evaluation import metrics

# Few distinct values, so that ties within and across the two kinds are the rule.
TIED = st.lists(st.integers(0, 6).map(lambda number: number / 4), min_size=1, max_size=30)
FREE = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=30)
SCORES = st.one_of(st.tuples(TIED, TIED), st.tuples(FREE, FREE))


def labelled(in_scores, out_scores):
    return np.r_[np.zeros(len(in_scores)), np.ones(len(out_scores))], np.r_[in_scores, out_scores]


def nearest_by_trying_all_thresholds(in_scores, out_scores, tpr):
    """Walk every distinct score from full recall to the top; the first of the nearest recalls wins."""
    in_scores, out_scores = np.asarray(in_scores), np.asarray(out_scores)
    best, result = np.inf, None
    thresholds = np.unique(np.r_[in_scores, out_scores])
    for threshold in thresholds:
        if threshold < out_scores.min():
            continue  # full recall is reached at a higher threshold
        distance = abs(np.mean(out_scores >= threshold) - tpr)
        if distance < best:
            best, result = distance, np.mean(in_scores >= threshold)
    return result


@settings(max_examples=300, deadline=None)
@given(SCORES)
def test_auroc_and_aupr_equal_scikit_learn(scores):
    labels, both = labelled(*scores)
    assert metrics.auroc(*scores) == pytest.approx(sk.roc_auc_score(labels, both), abs=1e-12)
    assert metrics.aupr(*scores) == pytest.approx(sk.average_precision_score(labels, both), abs=1e-12)


@settings(max_examples=300, deadline=None)
@given(SCORES, st.sampled_from([0.05, 0.5, 0.8, 0.9, 0.95, 1.0]))
def test_fpr_at_tpr_equals_both_rules_by_definition(scores, tpr):
    labels, both = labelled(*scores)
    false_rates, true_rates, _ = sk.roc_curve(labels, both, drop_intermediate=False)
    assert metrics.fpr_at_tpr(*scores, tpr, "at_or_above") == false_rates[np.argmax(true_rates >= tpr)]
    assert metrics.fpr_at_tpr(*scores, tpr) == nearest_by_trying_all_thresholds(*scores, tpr)


@settings(max_examples=100, deadline=None)
@given(SCORES)
def test_auroc_is_one_minus_that_of_swapped_roles(scores):
    assert metrics.auroc(*scores) + metrics.auroc(*scores[::-1]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_thousands_of_scores_equal_scikit_learn(kind):
    generator = np.random.default_rng(0)
    in_scores = generator.normal(0, 1, 10_000).round(3).astype(kind)
    out_scores = generator.normal(1, 1, 2_000).round(3).astype(kind)
    labels, both = labelled(in_scores, out_scores)
    measured = metrics.detection_metrics(in_scores, out_scores)
    assert measured["AUROC"] == pytest.approx(sk.roc_auc_score(labels, both), abs=1e-12)
    assert measured["AUPR"] == pytest.approx(sk.average_precision_score(labels, both), abs=1e-12)
    assert measured["FPR95"] == nearest_by_trying_all_thresholds(in_scores, out_scores, 0.95)


def test_auroc_by_hand():
    # Of 2 x 3 pairs the anomaly wins 4, ties 1 (0.4 and 0.4) and loses 1 (0.2 against 0.4).
    assert metrics.auroc([0.1, 0.4], [0.2, 0.4, 0.9]) == pytest.approx(4.5 / 6, abs=1e-15)


def test_aupr_by_hand():
    # From the top: anomaly (precision 1/1), inlier, anomaly (2/3); each step is half of the recall.
    assert metrics.aupr([0.5, 0.1], [0.9, 0.3]) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3, abs=1e-15)


def test_fpr_by_hand_where_the_two_rules_differ():
    # Recall 1/2 is kept by the thresholds 0.7, 0.6 and 0.4, with 1, 2 and 3 false alarms of 4.
    in_scores, out_scores = [0.1, 0.4, 0.6, 0.8], [0.3, 0.7]
    assert metrics.fpr_at_tpr(in_scores, out_scores, 0.5, "nearest") == 0.75
    assert metrics.fpr_at_tpr(in_scores, out_scores, 0.5, "at_or_above") == 0.25


def test_full_recall_takes_its_highest_threshold():
    assert metrics.fpr_at_tpr([0.1, 0.2, 0.9], [0.5, 0.8], 1.0) == pytest.approx(1 / 3)


def test_of_two_equally_near_recalls_the_higher_counts():
    # Recall 1/4 with one false alarm of three, or 3/4 with two.
    assert metrics.fpr_at_tpr([-3.0, 0.0, 5.0], [9.0, 3.0, 3.0, -1.0], 0.5) == pytest.approx(2 / 3)


def test_a_threshold_above_every_anomaly_is_a_candidate_too():
    # Recall 0 is nearer to 0.1 than recall 1, and there the inlier 5 gives an alarm.
    assert metrics.fpr_at_tpr([0.0, 5.0], [1.0], 0.1) == 0.5


def test_perfect_separation_both_ways():
    assert metrics.detection_metrics([0, 1], [2, 3]) == {"FPR95": 0.0, "AUROC": 1.0, "AUPR": 1.0}
    worst = metrics.detection_metrics([2, 3], [0, 1])
    assert (worst["FPR95"], worst["AUROC"]) == (1.0, 0.0)


def test_constant_scores_are_chance():
    measured = metrics.detection_metrics(np.zeros(50), np.zeros(10))
    assert measured == {"FPR95": 1.0, "AUROC": 0.5, "AUPR": pytest.approx(10 / 60)}


def test_one_example_of_each_kind_is_defined():
    assert metrics.detection_metrics([0.2], [0.7]) == {"FPR95": 0.0, "AUROC": 1.0, "AUPR": 1.0}


def test_the_fpr_key_names_the_true_positive_rate():
    assert list(metrics.detection_metrics([0.0], [1.0], tpr=0.9)) == ["FPR90", "AUROC", "AUPR"]


def test_detection_metrics_agree_with_the_single_metrics():
    generator = np.random.default_rng(1)
    scores = generator.integers(0, 9, 40), generator.integers(3, 12, 15)
    measured = metrics.detection_metrics(*scores)
    assert measured["AUROC"] == metrics.auroc(*scores)
    assert measured["AUPR"] == metrics.aupr(*scores)
    assert measured["FPR95"] == metrics.fpr_at_tpr(*scores)


def test_float32_and_float64_scores_are_compared_in_float64():
    # 0.1 in float32 is a little more than 0.1 in float64, so this is no tie.
    assert metrics.auroc(np.array([0.1]), np.array([0.1], dtype=np.float32)) == 1.0


def test_whole_number_scores_of_any_size_keep_their_order():
    assert metrics.auroc(np.array([0, 200], np.uint8), np.array([255, 201], np.uint8)) == 1.0


@settings(max_examples=200, deadline=None)
@given(SCORES)
def test_the_area_below_the_roc_curve_is_the_auroc(scores):
    fpr, tpr = metrics.roc_curve(*scores)
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert np.all(np.diff(fpr) >= 0) and np.all(np.diff(tpr) >= 0)
    assert np.trapezoid(tpr, fpr) == pytest.approx(metrics.auroc(*scores), abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(SCORES)
def test_the_area_below_the_precision_recall_steps_is_the_aupr(scores):
    recall, precision = metrics.precision_recall_curve(*scores)
    assert (recall[0], recall[-1]) == (0, 1)
    assert np.dot(np.diff(recall), precision[1:]) == pytest.approx(metrics.aupr(*scores), abs=1e-12)


def test_every_roc_corner_lies_on_scikit_learns_curve():
    generator = np.random.default_rng(2)
    scores = generator.integers(0, 20, 60), generator.integers(5, 25, 30)
    fpr, tpr, _ = sk.roc_curve(*labelled(*scores), drop_intermediate=False)
    points = set(zip(fpr.round(12), tpr.round(12), strict=True))
    assert {tuple(corner) for corner in np.column_stack(metrics.roc_curve(*scores)).round(12)} <= points


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (([], [1.0]), "in_scores is empty"),
        (([1.0], []), "out_scores is empty"),
        (([1.0, np.nan, np.nan], [1.0]), r"in_scores holds 2 NaN or infinite of 3 scores \(the first is at index 1\)"),
        (([1.0], [1.0, -np.inf]), r"out_scores holds 1 NaN or infinite of 2 scores \(the first is at index 1\)"),
        ((np.zeros((3, 1)), [1.0]), r"in_scores must be 1-d, one score per example, got the shape \(3, 1\)"),
        (([1.0], 3.0), r"out_scores must be 1-d, one score per example, got the shape \(\)"),
        ((["a"], [1.0]), "in_scores must hold real numbers"),
        (([1.0], [True]), "out_scores must hold real numbers, got the type bool"),
    ],
)
@pytest.mark.parametrize("metric", [metrics.auroc, metrics.aupr, metrics.fpr_at_tpr, metrics.detection_metrics])
def test_what_is_no_score_is_refused_by_name(metric, scores, message):
    with pytest.raises(ValueError, match=message):
        metric(*scores)


@pytest.mark.parametrize("tpr", [0, 95, -0.5, np.nan])
def test_a_true_positive_rate_outside_its_range_is_refused(tpr):
    with pytest.raises(ValueError, match=r"must lie in \(0, 1\]; 95 % is written 0.95"):
        metrics.fpr_at_tpr([0.0], [1.0], tpr)


def test_an_unknown_rule_lists_the_known_ones():
    with pytest.raises(ValueError, match="rule='first' is unknown; choose one of nearest, at_or_above"):
        metrics.fpr_at_tpr([0.0], [1.0], rule="first")
