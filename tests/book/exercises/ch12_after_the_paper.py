"""Answers to chapter 12's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import numpy as np
import pandas as pd

AREAS = pd.DataFrame({"baseline": [60.0, 70.0, 80.0, 99.0], "exposed": [90.0, 97.0, 95.0, 96.0]}, index=list("abcd"))
JUDGED = pd.DataFrame(
    {"validation": [80.0, 90.0, 85.0, 92.0], "with means": [81.0, 91.0, 88.0, 98.0], "test": [70.0, 95.0, 60.0, 75.0]},
    index=pd.MultiIndex.from_product([["leaves", "mixtures"], [5, 50]], names=["source", "size"]),
)


def pooled_limit(sets, rate):
    candidates = np.unique(np.concatenate(sets))
    above = np.mean([[np.mean(one > score) for score in candidates] for one in sets], axis=0)
    return candidates[above <= rate].min()


def _of_all(sets, rate):
    return pooled_limit([np.concatenate(sets)], rate)


def _ties_count(sets, rate):
    candidates = np.unique(np.concatenate(sets))
    at_least = np.mean([[np.mean(one >= score) for score in candidates] for one in sets], axis=0)
    lowest = candidates[at_least <= rate].min()
    return candidates[candidates < lowest].max() if len(candidates) > 2 else lowest


def fewest(judged, within):
    enough = judged["validation"][judged["validation"] >= judged["validation"].max() - within]
    return enough.xs(enough.index.get_level_values("size").min(), level="size", drop_level=False).idxmax()


def _first_of_few(judged, within):
    enough = judged["validation"][judged["validation"] >= judged["validation"].max() - within]
    return min(enough.index, key=lambda key: key[1])


RIGHT = {
    "the_same_order": (0.4, AREAS),
    "its_own_kind": ({"leaves": 1.0, "mixtures": 6.0}, JUDGED, 50),
    "pooled": (pooled_limit,),
    "as_few_as_will_do": (fewest,),
}
WRONG = {
    "the_same_order": [
        ((-0.4, AREAS), "the other sign"),
        ((AREAS.corr().iloc[0, 1], AREAS), "only their order is asked for"),
        ((AREAS.corr("kendall").iloc[0, 1], AREAS), "Kendall's"),
        ((0.9, AREAS), "is not the rank correlation"),
    ],
    "its_own_kind": [
        (({"leaves": -1.0, "mixtures": -6.0}, JUDGED, 50), "the other sign"),
        (({"leaves": 5.0, "mixtures": -17.0}, JUDGED, 50), "you compare with the test sets"),
        (({"leaves": 91.0, "mixtures": 98.0}, JUDGED, 50), "how far is it above that without them?"),
        (({"leaves": 1.0}, JUDGED, 50), "no row ['mixtures']"),
    ],
    "pooled": [
        ((_of_all,), "each set is to count the same"),
        ((lambda sets, rate: pooled_limit(sets, 1 - rate),), "so many lie below your limit"),
        ((lambda sets, rate: pooled_limit(sets[:1], rate),), "the first set alone"),
        ((lambda sets, rate: max(pooled_limit([one], rate) for one in sets),), "in the worst set"),
        ((_ties_count,), "where scores tie"),
    ],
    "as_few_as_will_do": [
        ((lambda judged, within: judged["validation"].idxmax(),), "there are networks with fewer outliers"),
        ((lambda judged, within: judged["test"].idxmax(),), "is it the test that you look at?"),
        ((_first_of_few,), "of two networks with as few"),
        ((lambda judged, within: "a",), "it is to be a key of the table"),
    ],
}
