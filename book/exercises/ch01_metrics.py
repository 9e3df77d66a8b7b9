"""The checks of chapter 1's exercises."""

import numpy as np
from scipy import stats

from exercises.answers import close, exercise, need, number, table
from oe_core.evaluation import metrics

TRANSFORMS = {"s": lambda s: s, "exp(s)": np.exp, "s^3": lambda s: s**3, "s^2": np.square}
METRICS = ("AUROC", "AUPR", "FPR95")


@exercise(1)
def only_the_order_counts(by_transform, in_scores, out_scores):
    """A table of percent: a row for each transform of the scores, a column for each metric."""
    given = table(by_transform, "by_transform", TRANSFORMS, METRICS)
    need(given.to_numpy().max() > 1, "the values are shares of one; give percent")
    for name, change in TRANSFORMS.items():
        right = metrics.detection_metrics(change(in_scores), change(out_scores))
        off = [metric for metric in METRICS if not close(given.loc[name, metric], 100 * right[metric], 0.06)]
        need(not off, f"the row {name} is not what {', '.join(off)} make of the scores of 1.1; "
                      f"do inliers and anomalies both go through this function, and in this order?")  # fmt: skip


@exercise(2)
def precision(precision_at, fpr_needed):
    """A function of TPR, FPR and ratio, all shares or counts; and a share."""
    for rate, ratio in ((0.3, 1), (0.3, 9), (0.8, 4)):
        need(close(precision_at(rate, rate, ratio), 1 / (1 + ratio)),
             "a detector whose two rates are equal rings at random, so its alarms are right as often as the base rate says; yours are not. "
             "How many inliers stand beside one anomaly, and what share of them rings?")  # fmt: skip
    need(close(precision_at(0.9, 0.0, 7), 1), "without any false alarm every alarm is an anomaly, whatever share of the anomalies rings")
    need(close(precision_at(0.9, 0.02, 10), precision_at(0.45, 0.01, 10)),
         "half of the hits and half of the false alarms leave the share of right alarms as it was; in your function they do not")  # fmt: skip
    needed = number(fpr_needed, "fpr_needed")
    need(0 < needed < 1, "fpr_needed is a share, so it lies between 0 and 1")
    reached = precision_at(0.95, needed, 1000)
    need(close(reached, 0.5, 1e-3), f"at 1:1000 your own function has a precision of {reached:.3f} with fpr_needed and a TPR of 0.95")


@exercise(3)
def blind_spot(predicted, measured_blind):
    """Two dicts from metric to value: predicted in percent, measured as shares of one."""
    auroc, fpr = (number(predicted[metric], f"the predicted {metric}") for metric in ("AUROC", "FPR95"))
    need(max(auroc, fpr) > 1, "the predictions are shares of one; give percent")
    need(close(auroc, 95, 0.5), "AUROC counts duels; nine tenths of the anomalies win all of theirs. How many do the others win?")
    need(close(fpr, 50, 2.5), "for FPR95: nine tenths of the anomalies are not yet 95 %. Which share of the others has to ring, "
                              "and who else has scores like theirs?")  # fmt: skip
    measured = [number(measured_blind[metric], f"the measured {metric}") for metric in ("AUROC", "FPR95")]
    need(max(measured) <= 1, "what was measured is percent; give shares of one, as detection_metrics does")
    need(close(measured[1], 0.5, 0.1), "the measured FPR95 is far from what the prediction says; does every anomaly outside the blind spot score high?")
    need(close(measured[0], 0.95, 0.02),
         "the measured AUROC is far from a detector like this; does a tenth of the anomalies get the scores of inliers?")  # fmt: skip


@exercise(4)
def trapezoids(by_steps, by_trapezoids, in_scores, out_scores):
    """Two areas in percent, of the scores of 1.1 rounded to the levels 0, 1 and 2."""
    coarse = [np.clip(scores.round(), 0, 2) for scores in (in_scores, out_scores)]
    recall, precision = metrics.precision_recall_curve(*coarse)
    steps, lines = number(by_steps, "by_steps"), number(by_trapezoids, "by_trapezoids")
    need(max(steps, lines) > 1, "the areas are shares of one; give percent")
    need(steps < lines, "a step holds the precision that is reached when a whole level has rung; your steps are not below your straight lines")
    need(close(steps, 100 * metrics.aupr(*coarse), 0.06), "by_steps is not the sum of 1.3 over three levels; "
         "is every score rounded to 0, 1 or 2, and does each step take the precision at its end?")  # fmt: skip
    need(close(lines, 100 * np.trapezoid(precision, recall), 0.06),
         "by_trapezoids is not the area under straight lines between the points; "
         "is the recall 0 among them, with the precision of the first level and not with 1?")  # fmt: skip


@exercise(5)
def guarantee(safe_k):
    """A function of the number of held-out inliers and of alpha."""
    for n, alpha in ((400, 0.05), (1600, 0.05), (1000, 0.1)):
        k = number(safe_k(n, alpha), f"safe_k({n}, {alpha})")
        need(k == int(k) and 1 <= k <= n, f"safe_k({n}, {alpha}) is to be a rank, a whole number from 1 to {n}")
        kept = [100 * stats.beta.cdf(alpha, rank, n + 1 - rank) for rank in (k, k + 1)]
        need(kept[0] >= 95, f"with safe_k({n}, {alpha}) the rate stays below {alpha} with a probability of {kept[0]:.0f} % only")
        need(kept[1] < 95, f"safe_k({n}, {alpha}) keeps the promise, but a larger rank would keep it, too")
