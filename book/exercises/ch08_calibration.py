"""The checks of chapter 8's exercises."""

import numpy as np

from exercises.answers import close, exercise, need, need_close, number, table
from oe_core import base_rate_draws
from oe_core.evaluation import calibration

METRICS = ("RMS", "MAD", "SoftF1")
RATIOS = (1, 2, 5, 10, 50)


def _measured(confidence, correct):
    """The three metrics in percent."""
    return {metric: 100 * value for metric, value in calibration.calibration_metrics(confidence, correct).items()}


@exercise(1)
def best_for_the_mixture(best, best_rms, sample, right):
    """A temperature, and its RMS error in percent, on logits of which `right` says whether their answers are."""
    temperature, error = number(best, "best"), number(best_rms, "best_rms")
    need(temperature > 0, "a temperature is above 0")
    reached = _measured(calibration.confidences(sample, temperature), right)["RMS"]
    need_close(error, reached, 0.06, f"best_rms is not the RMS error of the sample at your temperature {temperature:.2f}",
               [(reached / 100, "best_rms is a share of one; give percent"),
                (_measured(calibration.confidences(sample, 1 / temperature), right)["RMS"],
                 "your best_rms belongs to one over your temperature: a temperature divides the logits")])  # fmt: skip
    others = {t: _measured(calibration.confidences(sample, t), right)["RMS"] for t in np.geomspace(0.2, 25, 40)}
    lowest = min(others, key=others.get)
    side = "hotter" if lowest > temperature else "colder"
    need(reached <= others[lowest] + 0.5, f"at your temperature the RMS error is {reached:.1f} %, and some {side} ones do better; how wide is your search?")


@exercise(2)
def equal_widths(ece):
    """A function of confidences, of whether each answer is right, and of the number of bins; its result in percent."""
    def error(claimed, hits):
        return number(ece(np.array(claimed), np.array(hits, dtype=bool), 5), "ece(...)")

    def size(*sample):
        return abs(error(*sample))  # whether signs cancel is asked last

    need(not close(size([0.9] * 4, [1, 1, 0, 0]), 0.4), "your error is a share of one; give percent")
    need(close(size([0.9] * 4, [1, 1, 0, 0]), 40), "four claims of 0.9, of which two are right, are off by another amount than yours")
    need(close(error([1.0] * 4, [1, 1, 1, 1]), 0) and close(size([1.0] * 4, [0, 0, 0, 0]), 100),
         "claims of exactly 1 get lost, or a bin of their own; they belong to the last bin")  # fmt: skip
    apart = error([0.3] * 2 + [0.9] * 8, [1, 1] + [1, 0] * 4)
    need(not close(apart, 55), "a bin with few examples counts as much as one with many; weigh each by its share of the examples")
    need(not close(abs(apart), 18), "bins that claim too much and bins that claim too little cancel out; take each bin's distance without its sign")
    need(close(apart, 46), "two bins, one claiming too much and one too little, give another error than yours; are all bins of equal width from 0 to 1?")


@exercise(3)
def coin(claims_a_half):
    """Three percents by the names of their metrics."""
    given = {metric: number(claims_a_half[metric], metric) for metric in METRICS}
    for metric in ("RMS", "MAD"):
        need(close(given[metric], 0, 0.01), f"{metric} compares the mean claim of a bin with its share of right answers; what are these two here?")
    need(not close(given["SoftF1"], 0.5, 0.01), "SoftF1 is a share of one; give percent")
    need(not close(given["SoftF1"], 0, 0.01), "SoftF1 is no error: half of all doubt meets a mistake here")
    need(close(given["SoftF1"], 50, 0.01), "for SoftF1 count, over 100 inliers and 100 anomalies, the doubt on mistakes, all the doubt, and all mistakes")


@exercise(4)
def more_of_one_kind(by_ratio, claimed, hits, anomalies):
    """A table of percents: a row for each number of inliers to one anomaly, a column for each metric."""
    given = table(by_ratio, "by_ratio", RATIOS, METRICS).to_numpy()

    def rows(wrong, swapped=False):
        for ratio in RATIOS:
            sizes = (len(anomalies), len(claimed)) if swapped else (len(claimed), len(anomalies))
            ins, outs = base_rate_draws(*sizes, 1, ratio)[0][:: -1 if swapped else 1]
            of = _measured(np.append(claimed[ins], anomalies[outs]), np.append(hits[ins], np.full(len(outs), wrong)))
            yield [of[metric] for metric in METRICS]

    right = np.array(list(rows(False)))
    need_close(given, right, 0.06, "the table is not that of the first draw of base_rate_draws with each ratio, inliers and anomalies together",
               [(right / 100, "the values are shares of one; give percent"),
                (np.array(list(rows(True))), "your anomalies count as answered rightly; no answer to an anomaly is"),
                (np.array(list(rows(False, swapped=True))), "your ratio is that of anomalies to one inlier")])  # fmt: skip
