"""Answers to chapter 9's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import pandas as pd


def _values(**settings):
    """Measured values as `ablate` gives them: an AUROC for each of two sets, and an error, by setting."""
    rows = [
        {"setting": setting, "out_dist": name, "metric": "AUROC", "seed": 0, "draw": 0, "value": value}
        for setting, values in settings.items() for name, value in zip(("Gaussian", "Textures"), values, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


NOISE = _values(**{"without": (60, 70), "noise 0.05": (55, 65), "noise 0.8": (80, 70), "real": (95, 85)})
OUTLIERS = _values(**{"without": (60, 70), "noisy inliers": (90, 68), "all outliers": (95, 85)})


def choose(curve, most):
    allowed = curve[curve["test error"] <= curve["test error"].min() + most]
    return allowed["validation"].idxmin()


def _from_first(curve, most):
    return curve[curve["test error"] <= curve["test error"].iloc[0] + most]["validation"].idxmin()


RIGHT = {
    "more_noise": ({0.05: -20.0, 0.8: 40.0}, NOISE),
    "which_sets_moved": ({"Gaussian": 30.0, "Textures": -2.0}, OUTLIERS),
    "choose_within": (choose,),
}
WRONG = {
    "more_noise": [
        (({0.05: -0.2, 0.8: 0.4}, NOISE), "give percent"),
        (({0.05: -5.0, 0.8: 10.0}, NOISE), "a gain in points of AUROC"),
        (({0.05: 100 * 60 / 90, 0.8: 100 * 75 / 90}, NOISE), "you divide one AUROC by another"),
        (({0.05: -20.0, 0.8: 40.0}, None), "nothing is measured yet"),
    ],
    "which_sets_moved": [
        (({"Gaussian": -30.0, "Textures": 2.0}, OUTLIERS), "the other sign"),
        (({"Gaussian": 35.0, "Textures": 15.0}, OUTLIERS), "by real outliers"),
        (({"Gaussian": 14.0, "Textures": 14.0}, OUTLIERS), "each by itself"),
    ],
    "choose_within": [
        ((lambda curve, most: curve["test"].idxmin(),), "which nobody may"),
        ((lambda curve, most: curve["validation"].idxmin(),), "costs more error than is allowed"),
        ((lambda curve, most: curve["validation"].idxmax(),), "the lower FPR95 is the better one"),
        ((_from_first,), "from which one do you count"),
    ],
}
