"""The density estimators' experiments, as data: Table 5 and Figure 2.

The paper's settings come from section 4.4; the code of this experiment is not published, so that everything else is
what the public implementations of PixelCNN++ do.
"""

from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.images import settings as images
from oe_core.experiments import SEEDS, Settings, row

# The text is silent on the margin's unit and on whether the likelihood is trained on beside it; each named alternative.
VARIANTS = {
    "paper": {},  # outliers cost one bit a sub-pixel more, beside the likelihood of the inliers
    "bits-pixels": {"margin_count": "pixels"},
    "nats-sub-pixels": {"margin_unit": "nats"},
    "nats-pixels": {"margin_unit": "nats", "margin_count": "pixels"},
    "margin-alone": {"inlier_likelihood": False},
}
# Few steps: a higher rate that falls by a factor of about twenty over them, and nothing to regularise.
SHORT = {"blocks": 1, "mixtures": 5, "dropout": 0.0, "batch_size": 32, "outlier_batch_size": 32, "learning_rate": 0.003}

# Inputs lie in [-1, 1], where the noise of 0 and 1 is one of -1 and 1.
OUT_DISTS = {
    in_dist: tuple("rademacher" if name == "bernoulli" else name for name in images.OUT_DISTS[in_dist])
    for in_dist in ("cifar10", "cifar100", *images.PARTS)
}

ROWS = (
    row({"name": "{in_dist}-density"}),
    row(SHORT, {"learning_rate": 0.001}, scale=("smoke", "demo", "course")),
    row({"filters": 24, "epochs": 6, "limit": 20_000, "rate_decay": 0.9992}, {"limit": 10_000}, scale="course"),
    row({"size": 16, "filters": 16, "epochs": 2, "limit": 3_200, "rate_decay": 0.992}, {"epochs": 1, "limit": 2_400},
        scale="demo"),
    row({"size": 8, "filters": 4, "epochs": 1, "limit": 64, "rate_decay": 0.995}, {"epochs": 1, "outlier_limit": 64},
        scale="smoke"),
    *(row(exposed=changes, variant=name) for name, changes in VARIANTS.items()),
)  # fmt: skip
SETTINGS = Settings(
    DensityRecipe, ROWS, default="cifar10", sources=images.IMAGES, made=images.MADE, seeds=SEEDS,
    in_dists={"smoke": ("photo-china",), "demo": ("photo-china",), "course": ("cifar10",), "paper": ("cifar10",)},
    outliers={"photo-china": "font-letters"} | {in_dist: images.OUTLIERS[in_dist] for in_dist in OUT_DISTS},
    out_dists=OUT_DISTS | {"photo-china": ("gaussian", "rademacher", "blobs", "photo-flower", "digits")},
    options={"variant": tuple(VARIANTS)},
    test_limit={"smoke": 40, "demo": 400, "course": 2_000},  # all but the paper's scale test on a part of every set
)  # fmt: skip
