"""Answers to chapter 1's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import numpy as np
from scipy import stats

from oe_core.evaluation import metrics

generator = np.random.default_rng(0)
INS, OUTS = generator.normal(size=400), generator.normal(1.5, 1, 80)
TRANSFORMS = {"s": lambda s: s, "exp(s)": np.exp, "s^3": lambda s: s**3, "s^2": np.square}


def _by_transform(of_inliers, of_anomalies, unit=100):
    columns = {name: metrics.detection_metrics(of_inliers(f)(INS), of_anomalies(f)(OUTS)) for name, f in TRANSFORMS.items()}
    return {metric: {name: unit * row[metric] for name, row in columns.items()} for metric in ("AUROC", "AUPR", "FPR95")}


def _same(f):
    return f


def _left_out(f):
    return TRANSFORMS["s"]


def precision_at(tpr, fpr, ratio):
    return tpr / (tpr + ratio * fpr)


def _areas(levels, unit=100):
    recall, precision = metrics.precision_recall_curve(levels(INS), levels(OUTS))
    return unit * np.dot(np.diff(recall), precision[1:]), unit * np.trapezoid(precision, recall)


def _to_levels(scores):
    return np.clip(scores.round(), 0, 2)


STEPS, LINES = _areas(_to_levels)


def _safe_k(n, alpha, sure=0.95):
    ranks = np.arange(1, int(alpha * (n + 1)) + 1)
    return ranks[stats.beta.ppf(sure, ranks, n + 1 - ranks) <= alpha].max()


MEASURED = {"AUROC": 0.951, "AUPR": 0.93, "FPR95": 0.48}
RIGHT = {
    "only_the_order_counts": (_by_transform(_same, _same), INS, OUTS),
    "precision": (precision_at, 0.00095),
    "blind_spot": ({"AUROC": 95, "FPR95": 50}, MEASURED),
    "trapezoids": (STEPS, LINES, INS, OUTS),
    "guarantee": (_safe_k,),
}
WRONG = {
    "only_the_order_counts": [
        ((_by_transform(_left_out, _same), INS, OUTS), "do inliers and anomalies both go through this function"),
        ((_by_transform(_same, _same, 1), INS, OUTS), "shares of one"),
        (({"AUROC": {"s": 85.0}}, INS, OUTS), "no row ['exp(s)']"),
    ],
    "precision": [
        ((lambda tpr, fpr, ratio: tpr / (tpr + fpr), 0.00095), "How many inliers stand beside one anomaly"),
        ((lambda tpr, fpr, ratio: 1 / (1 + ratio), 0.00095), "without any false alarm"),
        ((precision_at, 95), "is a share"),
        ((precision_at, 1 / 1000), "your own function has a precision of"),
        ((lambda tpr, fpr: tpr / (tpr + 5 * fpr), 0.00095), "TypeError"),
    ],
    "blind_spot": [
        (({"AUROC": 90, "FPR95": 50}, MEASURED), "counts duels"),
        (({"AUROC": 95, "FPR95": 5}, MEASURED), "nine tenths of the anomalies are not yet 95 %"),
        (({"AUROC": 0.95, "FPR95": 0.5}, MEASURED), "give percent"),
        (({"AUROC": 95, "FPR95": 50}, {"AUROC": 0.5, "FPR95": 0.5}), "does a tenth of the anomalies"),
        (({"AUROC": 95, "FPR95": 50}, {"AUROC": 95.0, "FPR95": 50.0}), "give shares of one"),
        (({"AUROC": 95, "FPR95": 50}, {"AUROC": 0.95, "FPR95": 0.05}), "outside the blind spot"),
    ],
    "trapezoids": [
        ((LINES, STEPS, INS, OUTS), "not below your straight lines"),
        ((*_areas(lambda scores: scores.round(1)), INS, OUTS), "rounded to 0, 1 or 2"),
    ],
    "guarantee": [
        ((lambda n, alpha: int(alpha * (n + 1)),), "with a probability of"),
        ((lambda n, alpha: _safe_k(n, alpha) - 1,), "a larger rank would keep it"),
        ((lambda n, alpha: _safe_k(n, alpha) / n,), "a whole number"),
    ],
}
