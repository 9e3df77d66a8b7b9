"""The checks of chapter 11's exercises."""

import numpy as np
import pandas as pd
from scipy import stats

from exercises.answers import exercise, need, need_close, number, table

RATE = 0.001  # of exercise 2
A_DAY, LEVEL = 100, 0.01  # pictures, and level of the test in exercise 4


@exercise(1)
def forgotten(left_out, easier, areas, classes):
    """The table of `evaluate`, and names of near sets; areas: AUROC in percent by group and set, of all classes."""
    rows = left_out[left_out["set"].str.endswith("left out")]
    wanted = min(1, max(0, len(classes) - 2))  # of two classes none can be left out
    need(len(rows) >= wanted, "in left_out no class was left out; which argument says how many are?")
    need(len(rows) == wanted, f"in left_out {len(rows)} classes were left out, one after the other; one is enough")
    near, limit = areas["near"].dropna(), rows["AUROC"].max()
    given, right = set(easier), set(near.index[near > limit])
    need(given <= set(near.index), f"{sorted(given - set(near.index))[:1]} in easier is none of the near sets of 11.4")
    need(given == right or given != set(near.index) - right, "easier names the harder ones; a high AUROC means that anomalies are told well")
    need(given == right, "easier is to have all those sets, and only those, whose AUROC in 11.4 lies above that of the forgotten class in left_out")


def _rank(n):
    """k of 11.6."""
    return np.floor(RATE * (n + 1) + 1e-9)


def _ends_in_time(n):
    """Whether the interval of 11.6 ends within twice the rate; n: whole numbers (m,)."""
    return stats.beta.ppf(0.975, _rank(n), n + 1 - _rank(n)) <= 2 * RATE


@exercise(2)
def one_in_a_thousand(at_least, enough):
    """Two numbers of held-out inliers."""
    least, many = number(at_least, "at_least"), number(enough, "enough")
    need(least == int(least) and many == int(many), "both are numbers of pictures, and so whole ones")
    need(_rank(least) >= 1, f"of {least:.0f} held-out inliers none may ring at this rate: k of 11.6 is 0")
    need(_rank(least - 1) < 1, "with one inlier less than your at_least k of 11.6 would not yet be 0; mind the n + 1 in it")
    need(many > least, "enough is a number of held-out inliers, and cannot be below at_least")
    more = np.arange(many, many + 10 * least)
    need(_ends_in_time(more[:1]).all(), f"with {many:.0f} held-out inliers the interval ends above twice the rate; is it the upper end, of an interval of 95 %, that you look at?")
    late = more[~_ends_in_time(more)]
    need(not len(late), f"with {many:.0f} the interval ends in time, but not with {late.min(initial=np.inf):.0f}, which are more: where k rises by one, the end leaps up")
    need(not _ends_in_time(np.array([many - 1])).all(), f"from {many - 1:.0f} on the interval ends in time, too; how far down did you look?")


@exercise(3)
def out_of_the_trap(mended, stored, turned, trap, outliers):
    """Two detectors; how the files of inliers and outliers are stored; and names of findings."""
    need(stored.codec == outliers.codec, f"your inliers are stored as {stored.codec or 'nothing that is known'}, and the outliers as {outliers.codec}")
    need(stored.quantisation == outliers.quantisation, f"both sides are {stored.codec}, but of another quality, which leaves other traces")
    need(set(mended.classes) == set(trap.classes), f"mended knows the classes {list(mended.classes)[:3]}..., the detector of 11.5 others; each inlier belongs into the folder of its own class")
    sizes = [len(one.data.inliers) for one in (mended, trap)]
    need(sizes[0] == sizes[1], f"mended was given {sizes[0]} inliers, and the detector of 11.5 {sizes[1]}; only the format is to change. Are there files of an earlier try in the folder?")
    in_trap, in_mended = ({finding.check for finding in one.findings if finding.holds} for one in (trap, mended))
    need(set(turned) == in_trap ^ in_mended or set(turned) != in_trap & in_mended, "turned names the findings that hold for both; it is to name those that hold for only one")
    need(set(turned) == in_trap ^ in_mended, "turned is not the set of findings that hold for one of the two detectors only; does it have those that hold now, and those that held before?")


@exercise(4)
def watched(found_on, rings, high, asked_for):
    """A table of percents; rings: by drift and severity, in percent; high: end of the interval; asked_for: its rate."""
    ringing = rings.unstack() / 100
    given = table(found_on, "found_on", ringing.index, ringing.columns)

    def days(explained):
        """With warning, in percent, where chance explains this rate of alarms."""
        most = stats.binom.ppf(1 - LEVEL, A_DAY, explained)
        return pd.DataFrame(100 * stats.binom.sf(most, A_DAY, ringing), ringing.index, ringing.columns)

    right = days(high)
    need_close(given, right, 6, "found_on is not how often more alarms come than 99 of 100 days have, when pictures ring at the rate `high`",
               [(right / 100, "the values are shares of one; give percent"),
                (100 - right, "found_on tells the days without warning"),
                (100 * ringing, "found_on tells how many pictures ring, and not on how many days too many do"),
                (days(asked_for), "you test against the rate that was asked for; the true one may be as high as `high`, without any drift")])  # fmt: skip
