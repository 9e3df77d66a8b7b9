"""Answers to chapter 10's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import pandas as pd

from oe_core.paper import grades

LEVELS = (0.5, 0.8, 0.95, 0.999)
COUNTS = {0.5: (90, 9), 0.8: (80, 6), 0.95: (70, 5), 0.999: (40, 0)}
WITHOUT = [27, 32]


def directions_at(level):
    agrees, against = COUNTS[level]
    found = {grades.AGREES: agrees, grades.AGAINST: against, grades.UNDECIDED: 100 - agrees - against}
    return pd.Series({direction: count for direction, count in found.items() if count})


def _by_level(first, second, at=lambda level: level):
    return pd.DataFrame({level: directions_at(at(level)) for level in LEVELS}).T.fillna(0)[[first, second]].set_axis(
        [grades.AGREES, grades.AGAINST], axis=1
    )


RIGHT = {
    "stricter_rule": (_by_level(grades.AGREES, grades.AGAINST), directions_at),
    "by_chance": (9, 4.5, 180, 360, 0.95),
    "own_errata": (32, "05_gan", WITHOUT),
}
WRONG = {
    "stricter_rule": [
        ((_by_level(grades.AGAINST, grades.AGREES), directions_at), "changed their places"),
        ((_by_level(grades.AGREES, grades.AGAINST, lambda level: 0.95), directions_at), "every row is that of one level"),
        ((_by_level(grades.AGREES, grades.AGAINST) / 100, directions_at), "whole numbers"),
    ],
    "by_chance": [
        ((171, 85.5, 180, 360, 0.95), "is decided where it does not"),
        ((9, 90, 180, 360, 0.95), "not all would be decided"),
        ((0.05, 0.025, 180, 360, 0.95), "how many comparisons is it"),
        ((18, 9, 180, 360, 0.95), "comparisons of one training, too"),
    ],
    "own_errata": [
        ((1, "02_vision_msp", WITHOUT), "has a number already"),
        ((32, "07_language_models", WITHOUT), "is that what 07_language_models trains"),
        ((27, "9", WITHOUT), "give its whole name"),
    ],
}
