"""The checks of chapter 9's exercises."""

import numpy as np
import pandas as pd

from exercises.answers import exercise, need, need_close, number, numbers
from oe_core.evaluation.ablations import summary

NOISES = (0.05, 0.8)


@exercise(1)
def more_noise(share_of_gain, measured):
    """A dict of percents by the amount of noise; the values that `tested("noise")` keeps."""
    need(measured is not None, 'nothing is measured yet: tested("noise") trains and measures what you need')
    aurocs = summary(measured)["AUROC"]
    before, real, gains = aurocs["without"], aurocs["real"] - aurocs["without"], {}
    for noise in NOISES:
        auroc = aurocs[f"noise {noise}"]
        gains[noise] = 100 * (auroc - before) / real
        need_close(number(share_of_gain[noise], f"share_of_gain of {noise}"), gains[noise], 0.5,
                   f"share_of_gain of {noise} is not how much of the gain by real outliers this noise reaches",
                   [(gains[noise] / 100, "these are shares of one; give percent"),
                    (auroc - before, "this is a gain in points of AUROC; the question is for its part of the gain by real outliers"),
                    (100 * auroc / aurocs["real"], "you divide one AUROC by another; what the network had without any outliers was gained by neither")])  # fmt: skip


@exercise(2)
def which_sets_moved(moved, measured):
    """The change of AUROC by out-distribution, in points; the values that 9.4 keeps."""
    means = measured[measured["metric"] == "AUROC"].groupby(["out_dist", "setting"])["value"].mean().unstack()
    right = means["noisy inliers"] - means["without"]
    given = numbers([moved[name] for name in right.index], "moved", len(right))
    need_close(given, right, 0.06, "moved is not the change of each set's AUROC from the baseline to the network that met noisy inliers",
               [(-right, "your changes have the other sign; a gain is above 0"),
                (means["all outliers"] - means["without"], "these are the changes by real outliers"),
                (np.full(len(right), right.mean()), "this is the mean over all sets; give each by itself")])  # fmt: skip


@exercise(3)
def choose_within(choose):
    """A function of a table as `curve` of 9.3, and of how many points of error may be lost; it names a weight."""
    columns = {"validation": [40.0, 30.0, 20.0, 25.0], "test": [10.0, 50.0, 60.0, 5.0], "test error": [5.0, 4.0, 9.0, 4.5]}
    curve = pd.DataFrame(columns, index=["0.1", "0.5", "2", "1"])
    need(choose(curve, 100) != "1", "your choice looks at the test distributions, which nobody may; the validation ones decide")
    need(choose(curve, 100) == "2", "where any error is allowed, the validation distributions alone decide, and the lower FPR95 is the better one")
    need(choose(curve, 1) != "2", "a weight is chosen that costs more error than is allowed")
    need(choose(curve, 0.4) in curve.index, "your function gives no weight where only that with the smallest error is allowed")
    need(choose(curve, 0.4) == "0.5", "with little to lose, the smallest error of the table decides which weights are left; from which one do you count?")
    need(choose(curve, 1) == "1", "among the weights whose error is near the smallest one, the validation distributions would choose another one")
    need(choose(curve.iloc[::-1], 1) == "1", "your choice depends on the order of the rows")
