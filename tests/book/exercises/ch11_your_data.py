"""Answers to chapter 11's exercises: a right one each, and typical wrong ones with words that tell where they err."""

from types import SimpleNamespace

import pandas as pd
from scipy import stats

from oe_core.detector.checks import Finding
from oe_core.detector.given import Files

CLASSES = ("a", "b", "c", "d")
NEAR = {"mixed": 91.0, "speckle": 84.0, "jigsaw": 97.0}
AREAS = pd.Series({("yours", "unplanned"): 90.0, **{("near", name): area for name, area in NEAR.items()}, ("far", "noise"): 99.0})


def _evaluated(*areas):
    left = {f"{name}, left out": area for name, area in zip(CLASSES, areas, strict=False)}
    return pd.DataFrame({"set": [*NEAR, *left], "AUROC": [*NEAR.values(), *left.values()]})


def _detector(holds, inliers=40, classes=CLASSES):
    findings = [Finding(name, name in holds, "") for name in ("accuracy", "outliers", "files", "loss")]
    return SimpleNamespace(classes=classes, findings=findings, data=SimpleNamespace(inliers=range(inliers)))


PNG, JPEG, BETTER = Files(16, "PNG"), Files(16, "JPEG", 1.0, {0: [80] * 64}), Files(16, "JPEG", 1.0, {0: [8] * 64})
TRAP, MENDED = _detector({"accuracy", "outliers", "loss"}), _detector({"accuracy", "files", "loss"})
TURNED = {"outliers", "files"}

RINGS = pd.Series({(drift, severity): start + step * severity for drift, start, step in (("blur", 5, 1), ("brightness", 5, 4))
                   for severity in range(6)})  # fmt: skip
RATE, HIGH = 0.05, 0.08


def _days(explained=HIGH, level=0.01, unit=100):
    ringing = RINGS.unstack() / 100
    most = stats.binom.ppf(1 - level, 100, explained)
    return pd.DataFrame(unit * stats.binom.sf(most, 100, ringing), ringing.index, ringing.columns)


WATCHED = (RINGS, HIGH, RATE)
RIGHT = {
    "forgotten": (_evaluated(90.0), ["mixed", "jigsaw"], AREAS, CLASSES),
    "one_in_a_thousand": (999, 5118),
    "out_of_the_trap": (MENDED, JPEG, TURNED, TRAP, JPEG),
    "watched": (_days(), *WATCHED),
}
WRONG = {
    "forgotten": [
        ((_evaluated(90.0, 80.0, 85.0), ["mixed", "jigsaw"], AREAS, CLASSES), "3 classes were left out"),
        ((_evaluated(), [], AREAS, CLASSES), "no class was left out"),
        ((_evaluated(90.0), ["speckle"], AREAS, CLASSES), "names the harder ones"),
        ((_evaluated(90.0), ["mixed", "jigsaw", "noise"], AREAS, CLASSES), "['noise'] in easier is none of the near sets"),
        ((_evaluated(90.0), ["mixed"], AREAS, CLASSES), "all those sets, and only those"),
    ],
    "one_in_a_thousand": [
        ((1000, 5118), "mind the n + 1"),
        ((998, 5118), "k of 11.6 is 0"),
        ((999, 1900), "but not with 1999, which are more"),
        ((999, 4499), "but not with 4999, which are more"),
        ((999, 1500), "the interval ends above twice the rate"),
        ((999, 20_000), "from 19999 on"),
        ((999, 5), "cannot be below at_least"),
    ],
    "out_of_the_trap": [
        ((MENDED, PNG, TURNED, TRAP, JPEG), "your inliers are stored as PNG"),
        ((MENDED, BETTER, TURNED, TRAP, JPEG), "of another quality"),
        ((_detector({"files"}, classes=("mended",)), JPEG, TURNED, TRAP, JPEG), "the folder of its own class"),
        ((_detector({"files"}, inliers=80), JPEG, TURNED, TRAP, JPEG), "files of an earlier try"),
        ((MENDED, JPEG, {"accuracy", "loss"}, TRAP, JPEG), "it is to name those that hold for only one"),
        ((MENDED, JPEG, {"files"}, TRAP, JPEG), "those that held before"),
    ],
    "watched": [
        ((_days(RATE), *WATCHED), "the rate that was asked for"),
        ((_days(unit=1), *WATCHED), "give percent"),
        ((100 - _days(), *WATCHED), "the days without warning"),
        ((RINGS.unstack(), *WATCHED), "how many pictures ring"),
        ((_days().T, *WATCHED), "no row ['blur']"),
        ((_days(level=0.2), *WATCHED), "99 of 100 days"),
    ],
}
