"""The checks of chapter 12's exercises."""

import numpy as np
import pandas as pd
from scipy import stats

from exercises.answers import exercise, need, need_close, number, table


@exercise(1)
def the_same_order(order, areas):
    """A correlation; areas: mean AUROCs by detector, a column a network."""
    both = areas["baseline"], areas["exposed"]
    need_close(number(order, "order"), stats.spearmanr(*both).statistic, 0.01, "order is not the rank correlation of the two columns of AUROCs",
               [(-stats.spearmanr(*both).statistic, "order has the other sign; are both columns ranked in the same direction?"),
                (stats.pearsonr(*both).statistic, "order correlates the AUROCs themselves; only their order is asked for"),
                (stats.kendalltau(*both).statistic, "order is Kendall's rank correlation; Spearman's is asked for")])  # fmt: skip


@exercise(2)
def its_own_kind(flattered_by, judged, largest):
    """Points by source; judged: by source and size, with and without the two means."""
    rows = judged.xs(largest, level="size")
    given = table({"points": pd.Series(flattered_by)}, "flattered_by", rows.index, ["points"])["points"]
    right = rows["with means"] - rows["validation"]
    need_close(given, right, 0.05, "flattered_by is not how far each source rises by the two means",
               [(-right, "flattered_by has the other sign: a source that rises when the means count is flattered"),
                (rows["test"] - rows["validation"], "you compare with the test sets; both numbers are of validation distributions"),
                (rows["with means"], "flattered_by has the AUROC with the means; how far is it above that without them?")])  # fmt: skip


def _limit(sets, rate):
    candidates = np.unique(np.concatenate(sets))
    return min(score for score in candidates if np.mean([np.mean(one > score) for one in sets]) <= rate)


@exercise(3)
def pooled(pooled_limit):
    """A function of arrays of scores and a rate."""
    rng = np.random.default_rng(0)
    sets, rate = [rng.normal(0, 1, 400), rng.normal(1, 1, 50), rng.normal(3, 1, 100)], 0.1003  # no share is that large, to the last digit
    given = number(pooled_limit(sets, rate), "what pooled_limit returns")
    together = np.concatenate(sets)
    need_close(given, _limit(sets, rate), 1e-9, "at the limit the mean share above it is not the largest one that is allowed",
               [(_limit([together], rate), "each set is to count the same; yours counts each score the same, and so long sets more"),
                (_limit(sets, 1 - rate), "so many lie below your limit as may lie above it"),
                (_limit(sets[:1], rate), "yours is the limit of the first set alone"),
                (max(_limit([one], rate) for one in sets), "you keep to the rate in the worst set; the mean over the sets is to keep to it")])  # fmt: skip
    ties = [np.array([0.0, 1, 1, 1]), np.array([0.0, 0, 0, 1])]
    need_close(number(pooled_limit(ties, 0.55), "what pooled_limit returns"), 0, 1e-9, "where scores tie it errs; above a limit lie only scores that are larger, not equal ones")


TABLE = pd.DataFrame(
    {"validation": [90.0, 95.2, 96.0, 88.0, 95.5, 95.0], "with means": 99.0, "test": [99.0, 80.0, 85.0, 98.0, 97.0, 96.0]},
    index=pd.MultiIndex.from_product([["a", "b"], [5, 50, 500]], names=["source", "size"]),
)


@exercise(4)
def as_few_as_will_do(fewest):
    """A function of the table of 12.3 and of a number of points."""
    found = tuple(fewest(TABLE, 1))
    need(found in list(TABLE.index), f"fewest returns {found}; it is to be a key of the table, a source and a size")
    need(found[1] != 5, "with one point allowed it takes networks that are more than one point below the best one; or is it the test that you look at?")
    need(found[1] != 500, "there are networks with fewer outliers within one point of the best")
    need(found == ("b", 50), "of two networks with as few outliers it does not take the one with the higher validation AUROC")
    need(tuple(fewest(TABLE, 0)) == ("a", 500), "with nothing to give away only the best network is left")
    need(tuple(fewest(TABLE, 10)) == ("a", 5), "within ten points the one with five outliers, and the better validation, is enough")
