"""The calibration experiments as data: Tables 12 and 13 and Figure 3.

The networks of Table 7, trained again on less: a part of the training set is held out, on which temperatures are
fitted. Recipes are otherwise those of `experiments`; where a recipe holds the same part out already, the networks are
the same. Source: Hendrycks et al. 2019, appendix G.2; hendrycks/outlier-exposure `*/baseline.py` with `-c`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from oe_core.calibration import CODE_BOUNDS
from oe_core.experiments import Experiment, experiment

IN_DISTS = {
    "smoke": ("digits",),
    "demo": ("digits",),
    "course": ("cifar10",),
    "paper": ("svhn", "cifar10", "cifar100", "tiny-imagenet"),
}
# Examples kept out of training. The code takes the end of the files for the CIFARs and for SVHN (there: of "extra"),
# and a seeded permutation for Tiny ImageNet; the book takes the end of one seeded order (train.held_out_part).
HOLDOUT = {"svhn": 5_000, "cifar10": 5_000, "cifar100": 5_000, "tiny-imagenet": 10_000, "digits": 400}


@dataclass(frozen=True)
class Reading:
    """How networks that are trained and asked already are measured, where text and code disagree.

    ratio: inliers to one anomaly in a sample. last_bin: whether the most confident bin counts. bounds: of the
    temperature, as in `calibration.fit_temperature`.
    """

    ratio: int
    last_bin: bool
    bounds: tuple[float, float] | None = None

    def __str__(self) -> str:
        bins = "all bins" if self.last_bin else "without the most confident bin"
        bounds = "any temperature" if self.bounds is None else "temperatures from {} to {}".format(*self.bounds)
        return f"{self.ratio} inlier(s) to one anomaly, {bins}, {bounds}"


SMOKE_LIMIT = 1_500  # all of the embedded digits, a small part of any other set
READINGS = {
    "paper": Reading(ratio=1, last_bin=True),
    "code-ratio": Reading(ratio=5, last_bin=True),
    "code-bins": Reading(ratio=1, last_bin=False),
    "code": Reading(ratio=5, last_bin=False, bounds=CODE_BOUNDS),
}


def calibration_experiment(
    in_dist: str,
    scale: str,
    *,
    holdout: int = 0,
    outliers: str = "",
    out_dists: Sequence[str] = (),
    variant: str = "paper",
) -> Experiment:
    """The experiment of one in-distribution at one scale, with `holdout` examples kept out of both trainings.

    holdout: 0 takes the paper's, from HOLDOUT. The other arguments and errors as `experiments.experiment`; also raises
    ValueError for a holdout below 0, without one for a data set that HOLDOUT does not know, and for a network that
    comes trained, from whose training nothing can be held out.
    """
    if holdout < 0:
        raise ValueError(f"holdout={holdout} must be a number of examples, or 0 for the paper's")
    plan = experiment(in_dist, scale, outliers=outliers, out_dists=out_dists, variant=variant)
    if plan.baseline.weights_file is not None:
        raise ValueError(f"in_dist={in_dist!r} starts from {plan.baseline.weights_file}, trained on all images; "
                         f"choose one of {', '.join(HOLDOUT)}")  # fmt: skip
    if not holdout and in_dist not in HOLDOUT:
        raise ValueError(f"holdout=0, but the paper holds out nothing of {in_dist!r}; say how many examples to hold "
                         f"out, about a tenth of the training set (known are {', '.join(HOLDOUT)})")  # fmt: skip
    baseline, exposed = (replace(r, holdout=holdout or HOLDOUT[in_dist]) for r in (plan.baseline, plan.exposed))
    if scale == "smoke":
        # After the few steps of the other smoke recipes a network is no better than guessing, and has no temperature.
        baseline, exposed = replace(baseline, limit=SMOKE_LIMIT, epochs=6), replace(exposed, limit=SMOKE_LIMIT)
    exposed = replace(exposed, parent=baseline)
    return replace(plan, baseline=baseline, exposed=exposed)
