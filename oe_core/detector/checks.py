"""What the result of a training has to show before it is believed; what does not hold is said, with what to do."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from oe_core.data.examples import Examples, ImageSet
from oe_core.detector.given import Files
from oe_core.detector.traces import changed, cut_like, stored_like

LOG = logging.getLogger("oe_core")
SURE = 0.01  # level of the tests
RATE = 0.05  # of the held-out inliers that ring, where a check needs alarms
ROLES = ("inliers", "outliers")
MOST_SHARED = 0.01  # of the held-out examples, that may occur among the others


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. holds: whether the result can be believed in it. says: with numbers. advice."""

    check: str
    holds: bool
    says: str
    advice: str = ""

    def __str__(self) -> str:
        return self.says if self.holds or not self.advice else f"{self.says}. {self.advice}"


def learned_classes(right: np.ndarray, labels: np.ndarray, usual: int) -> Finding:
    """Held-out accuracy against guessing, by a binomial test.

    Guessing names the class `usual`, the most frequent in training, or any class of those held out, if that is right
    more often. right: bool (n,); labels: int64 (n,).
    """
    from scipy import stats  # takes a second, which asking can do without

    n, correct = len(labels), int(right.sum())
    chance = max(float((labels == usual).mean()), 1 / len(np.unique(labels)))
    above = chance < 1 and stats.binomtest(correct, n, chance, alternative="greater").pvalue < SURE
    says = f"it gets {100 * correct / n:.1f} % of {n} held-out examples right, guessing {100 * chance:.1f} %"
    if chance**n > SURE:  # not even with all of them right
        advice = "So few, of so few classes, tell nothing of whether it learned them: hold out more (held_out=)"
        return Finding("accuracy", False, says, advice)
    advice = (
        "That is no better than guessing, and what it says of anomalies is worth no more: give more examples or more "
        "steps (steps=), and look whether the labels belong to the examples"
    )
    return Finding("accuracy", bool(above), says, advice)


def loss_fell(log: list[dict], classes: int) -> Finding:
    """The inliers' loss of the last epoch, against the first one's and that of guessing."""
    first, last = log[0]["inlier_loss"], log[-1]["inlier_loss"]
    guessing = math.log(classes)
    says = f"its loss went from {first:.3f} to {last:.3f} (guessing: {guessing:.3f})"
    advice = "It did not learn: try a lower learning_rate=, more steps=, or other labels"
    return Finding("loss", last < min(guessing, first if len(log) > 1 else guessing), says, advice)


def told_outliers(in_scores: np.ndarray, out_scores: np.ndarray, shown: int) -> Finding:
    """Whether outliers like the `shown` ones outscore held-out inliers, by the rank test of Mann and Whitney.

    Neither was trained on: a network that learned its outliers by heart has learned nothing of them.
    """
    from scipy import stats

    if math.comb(len(in_scores) + len(out_scores), len(out_scores)) < 1 / SURE:
        says = f"{len(out_scores)} outliers beside {len(in_scores)} inliers that were kept from training tell nothing"
        return Finding("outliers", False, says, "Give more of both: whether it learned its outliers is not known")
    test = stats.mannwhitneyu(out_scores, in_scores, alternative="greater")
    share = test.statistic / (len(in_scores) * len(out_scores))
    rings = (out_scores > np.quantile(in_scores, 1 - RATE)).mean()
    says = (
        f"outliers like those that it was shown outscore inliers, all new to it, in {100 * share:.1f} % of the pairs, "
        f"and {100 * rings:.0f} % of them ring where {100 * RATE:.0f} % of the inliers do"
    )
    advice = (
        f"It did not learn what they have in common: {shown} may be too few, or too much like the inliers; give more, "
        "or others, or more steps (steps=)"
    )
    return Finding("outliers", bool(test.pvalue < SURE), says, advice)


def not_by_files(
    inliers: Examples, outliers: Examples, files: tuple[Files, Files], scores: Callable[[Examples], np.ndarray]
) -> Finding:
    """Whether inliers ring once they are stored as outliers are, or outliers no longer once stored as inliers are.

    inliers: held out. files: of the inliers and of the outliers; of texts the lengths count. scores: examples -> (n,).
    """
    limit = np.quantile(scores(inliers), 1 - RATE)
    if isinstance(inliers, ImageSet):
        cue, remedy, own = "file", "bring both to one format and size", "stored as the inliers are"
        like = [partial(stored_like, files=one) for one in files]
        sizes = [f"{one.codec or 'no codec'}, {one.side or '?'} px" for one in files]
        how = [f"stored as the {role} are ({size})" for role, size in zip(ROLES, sizes, strict=True)]
    else:
        cue, remedy, own = "length", "cut both to one length", "as long as the inliers"
        like = [partial(cut_like, others=one) for one in (inliers, outliers)]
        how = [f"as long as the {role} are" for role in ROLES]
    rings = lambda examples: scores(examples) > limit  # noqa: E731
    found = []
    if shares := changed(outliers, like[0], rings, into=False):
        found.append(f"of the outliers {_went(shares)} once they are {how[0]}")
    if shares := changed(inliers, like[1], rings, into=True):
        found.append(f"of held-out inliers {_went(shares)} once they are {how[1]}")
    says = " and ".join(found) or f"{cue}s as the others' make no difference to inliers or outliers"
    if outliers.origin != "folder":
        remedy = f"give outliers of your own, {own}"  # nobody can change those of the package
    advice = f"It learned the {cue} instead of the content: {remedy}, and train again"
    return Finding("files", not found, says, advice)


def _went(shares: tuple[float, float]) -> str:
    return "{:.0f} % ring, and {:.0f} %".format(*(100 * share for share in shares))


def apart(overlaps: list[dict]) -> Finding:
    """What `evaluation.roles.overlaps` found of inliers, outliers and the held-out part."""
    said = [f"{one['shared']} of {one['of']} examples of {one['roles'][1]} are also in {one['roles'][0]}"
            for one in overlaps]  # fmt: skip
    matters = any(one["shared"] > MOST_SHARED * one["of"] for one in overlaps)
    advice = "Accuracy and threshold are better than they will be: remove the copies, and keep each example in one role"
    return Finding("overlap", not matters, "; ".join(said) or "no example plays two roles", advice)


def say(findings: list[Finding]) -> None:
    """What does not hold, to the log."""
    for finding in findings:
        if not finding.holds:
            LOG.warning("%s: %s", finding.check, finding)
