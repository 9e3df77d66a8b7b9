"""The confidence branch's experiments, as data: Table 3.

What the paper prints: a WRN-40-4 trained with the branch's public code (uoguelph-mlrg/confidence_estimation), and the
term of section 4.3 while fine-tuning. Of the three in-distributions the code knows CIFAR-10 alone, which its README
trains with crop, flip and Cutout; CIFAR-100 gets the same. Fine-tuning is as for the other images of the paper.
"""

from oe_core.detectors.branch.recipe import BranchRecipe
from oe_core.detectors.images import settings as images
from oe_core.experiments import Settings, row

ROWS = (
    row({"name": "{in_dist}-branch"}),
    # Not published; a hole of the same share of the image, and the outliers of the other experiments with this set.
    row(images.TINY_IMAGENET | {"cutout": 32}, images.TINY_IMAGENET_TUNING, in_dist="tiny-imagenet"),
    *(row(*changes, in_dist=part) for part, changes in images.PARTS.items()),
    # The branch's code for SVHN.
    row({"epochs": 160, "learning_rate": 0.01, "milestones": (80, 120), "drop": 0.1}, in_dist="svhn-10k"),
    *(row(images.LAPTOP | images.LAPTOP_OF[scale] | {"milestones": (), "cutout": 16, "crop_padding": 4},
          images.LAPTOP_TUNING[scale], scale=scale) for scale in images.SMALL),
    # Network and schedule of the other images, too short for holes. Fine-tuning at their rate of 0.05 cost 12 points of
    # accuracy (runs/reference/branch-cifar10-fast); here it is a tenth of that.
    row(images.COURSE | {"milestones": (), "cutout": 0}, images.COURSE_TUNING | {"learning_rate": 0.005},
        scale="course", in_dist=tuple(name for name in images.OUTLIERS if name not in ("tiny-imagenet", "digits"))),
    row(images.FEW, images.FEW_TUNING, in_dist="svhn-10k", scale="course"),
    row({"limit": 20_000}, scale="course", in_dist="tiny-imagenet"),
    # The schedules of the other images; a hole of 8 px would hide most of a digit. The code's first price of 0.1 has no
    # time to fall in so few steps: nobody asks for hints, and the branch collapses. Chosen on the validation
    # distributions of 300 held-out digits, seed 0: at 0.02 AUROC of the branch 78.1 (0.03: 76.1, 0.05: 71.0, 0.1: 72.0)
    # and accuracy 97.0 (98.3, 98.0, 98.0). At 0.03 one of two trainings on all digits still collapsed.
    # While fine-tuning, outliers drag the inliers along until they lie at the clamp. After 10 epochs accuracy is 92.3
    # and 73.3 (seeds 0 and 1), AUROC of the branch 85.0 and 78.8; after 20 97.3 and 89.7, 89.8 and 78.6; after 30 98.7
    # and 96.7, 88.6 and 81.9. Smaller rates, and no hints meanwhile, do not mend it.
    row(images.DIGITS | {"milestones": (), "cutout": 0, "limit": None, "confidence_weight": 0.02},
        images.DIGITS_TUNING | {"epochs": 30, "outlier_limit": None}, in_dist="digits", scale=images.NOT_PAPER),
    row(images.DIGITS_SMOKE, images.DIGITS_SMOKE_TUNING, in_dist="digits", scale="smoke"),
    # What the paper leaves open, each another way; "other-cutout": holes where there are none, else none.
    row(exposed={"hints": False}, variant="tuned-without-hints"),
    row({"budget": 0.01}, variant="small-budget"),
    row({"confidence_weight": 0.003}, variant="cheap-hints"),
    row({"cutout": 0}, variant="other-cutout"),
    row({"cutout": 16}, variant="other-cutout", scale="course"),
    row({"cutout": 0}, variant="other-cutout", scale="course", in_dist="tiny-imagenet"),
    row({"cutout": 8}, variant="other-cutout", scale=images.NOT_PAPER, in_dist="digits"),
)  # fmt: skip
SETTINGS = Settings(
    BranchRecipe, ROWS, default="cifar10", outliers=images.OUTLIERS, out_dists=images.OUT_DISTS,
    sources=images.IMAGES, made=images.MADE, seeds=images.SETTINGS.seeds | {"demo": 1},
    in_dists=images.SETTINGS.in_dists | {"paper": ("cifar10", "cifar100", "tiny-imagenet")},
    options={"variant": ("paper", "tuned-without-hints", "other-cutout", "small-budget", "cheap-hints")},
)  # fmt: skip
