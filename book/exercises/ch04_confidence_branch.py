"""The checks of chapter 4's exercises."""

import numpy as np

from exercises.answers import close, exercise, need, number, table
from oe_core.detectors.branch.scores import BRANCH_SCORES
from oe_core.evaluation import metrics


@exercise(1)
def cheapest_confidence(cheapest):
    """A function of the posterior of the true class and of the price of a hint."""
    for p_y, price in ((0.3, 0.1), (0.6, 0.05), (0.9, 0.2), (0.97, 0.1), (0.5, 1.0)):
        b = number(cheapest(p_y, price), f"cheapest({p_y}, {price})")
        need(0 < b <= 1, f"cheapest({p_y}, {price}) is {b:.3g}, and a confidence lies between 0 and 1; what is cheapest where the derivative has no zero there?")
        grid = np.linspace(1e-4, 1, 20_001)
        losses = [-0.5 * np.log(at * p_y + 1 - at) - price * np.log(at) for at in (b, grid)]
        need(losses[0] < losses[1].min() + 1e-6,
             f"at p_y = {p_y} and a price of {price} another confidence costs less, by {losses[0] - losses[1].min():.2g}; "
             "the hint is given half of the time, the price is paid always")  # fmt: skip


@exercise(2)
def its_errors(knows_errors, first):
    """A table of percent: rows of `BRANCH_SCORES`, columns baseline and exposed; and the chapter's evaluation."""
    for label, method in {"baseline": "Branch", "exposed": "+OE"}.items():
        outputs = first.asked[method, 0].outputs(first.tests.inside)
        wrong = outputs[:, :-1].argmax(axis=1) != first.test.labels.numpy()
        if not wrong.any() or wrong.all():
            continue
        found = table(knows_errors, "knows_errors", BRANCH_SCORES, [label])[label]
        need(found.max() > 1, "the values are shares of one; give percent")
        for name, score in BRANCH_SCORES.items():
            right, turned = (100 * metrics.auroc(score(outputs)[~one], score(outputs)[one]) for one in (wrong, ~wrong))
            need(close(found[name], right, 0.06) or not close(found[name], turned, 0.06),
                 f"{name} of the {label} network: here what is wrong takes the part of the anomalies, and what is right that of the inliers")  # fmt: skip
            need(close(found[name], right, 0.06), f"{name} of the {label} network is another number; "
                 "which columns of the outputs are classes, and are these the outputs for the test inliers?")  # fmt: skip


@exercise(3)
def slopes(slope_paper, slope_logistic):
    """Two functions of the confidence."""
    z, step = np.array([-4.0, -1.0, 0.0, 2.5]), 1e-5

    def b_of(z):
        return 1 / (1 + np.exp(-z))

    for name, slope, term in (("slope_paper", slope_paper, lambda b: np.log(b)), ("slope_logistic", slope_logistic, lambda b: -np.log(1 - b))):
        right = (term(b_of(z + step)) - term(b_of(z - step))) / (2 * step)
        found = np.array([number(slope(b), f"{name}({b:.2f})") for b in b_of(z)])
        need(not close(found, -right, 1e-4), f"{name} has the wrong sign: both terms are minimised, and both fall as z falls")
        need(not close(found, right / (b_of(z) * (1 - b_of(z))), 1e-4), f"{name} is the slope in b; z comes before the sigmoid")
        need(close(found, right, 1e-4), f"{name} is not what a small step in z changes; try one at b = 0.5")
