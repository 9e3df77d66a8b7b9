"""The confidence branch's experiments as data: Table 3.

What the paper prints: a WRN-40-4 trained with the branch's public code (uoguelph-mlrg/confidence_estimation), and the
term of section 4.3 while fine-tuning. Of the three in-distributions the code knows CIFAR-10 alone, which its README
trains with crop, flip and Cutout; CIFAR-100 gets the same. Fine-tuning is as for the other images of the paper.
"""

from collections.abc import Sequence
from dataclasses import replace

from oe_core.experiments import DRAWS, SEEDS, Experiment, check_choice, image_sets
from oe_core.recipes import BranchRecipe, fine_tuned
from oe_core.scales import check_scale

IN_DISTS = {
    "smoke": ("digits",),
    "demo": ("digits",),
    "course": ("cifar10",),
    "paper": ("cifar10", "cifar100", "tiny-imagenet"),
}
# What the paper leaves open, each another way: changes of both networks, and changes of the fine-tuned one alone.
VARIANTS = {
    "paper": ({}, {}),
    "tuned-without-hints": ({}, {"hints": False}),
    "other-cutout": ({"cutout": lambda recipe: 0 if recipe.cutout else recipe.size // 2}, {}),
    "small-budget": ({"budget": 0.01}, {}),
    "cheap-hints": ({"confidence_weight": 0.003}, {}),
}


def branch_experiment(
    in_dist: str,
    scale: str,
    *,
    outliers: str = "",
    out_dists: Sequence[str] = (),
    variant: str = "paper",
) -> Experiment:
    """The experiment of one in-distribution at one scale; `outliers` and `out_dists` replace the paper's when given.

    An in-distribution that the paper does not have gets the CIFAR-10 settings. variant: "paper" as far as the paper
    goes; the others change one thing, see VARIANTS ("other-cutout": holes where there are none, else none).
    Raises ValueError for unknown scales, data sets or variants, listing the known ones.
    """
    check_scale(scale)
    check_choice("variant", variant, VARIANTS)
    outliers, out_dists = image_sets(in_dist, outliers, out_dists)
    baseline, tuning = _recipes(in_dist, scale)
    both, tuned = VARIANTS[variant]
    changes = {field: value(baseline) if callable(value) else value for field, value in both.items()}
    baseline = replace(baseline, **changes)
    exposed = fine_tuned(baseline, outliers, **tuning, **tuned)
    return Experiment(scale, baseline, exposed, out_dists, SEEDS[scale], DRAWS[scale])


def _recipes(in_dist: str, scale: str) -> tuple[BranchRecipe, dict]:
    """The baseline, and what fine-tuning changes."""
    paper, tuning = BranchRecipe(f"{in_dist}-branch", in_dist), {}
    if in_dist == "tiny-imagenet":
        # Not published; a hole of the same share of the image, and the outliers of the other experiments with this set.
        paper = replace(paper, size=64, scaling="imagenet", crop_padding=8, cutout=32)
        tuning = {"outlier_batch_size": 180, "outlier_crop_padding": 0, "outlier_flip": False,
                  "outlier_order": "shuffled"}  # fmt: skip
    if scale == "paper":
        return paper, tuning
    if in_dist == "digits":
        return _digits(paper, small=scale == "smoke")
    if scale == "course":
        return _course(paper, tuning)
    return _laptop(paper, tuning, scale)


def _digits(paper: BranchRecipe, small: bool) -> tuple[BranchRecipe, dict]:
    """Handwritten digits at 16 px, with the schedules of chapter 2; a hole of 8 px hides most of a digit."""
    baseline = replace(
        paper, model="wrn-10-1", size=16, scaling="unit", epochs=1 if small else 15, milestones=(), crop_padding=1,
        flip=False, cutout=0, limit=256 if small else None,
    )  # fmt: skip
    return baseline, {"epochs": 1 if small else 20, "learning_rate": 0.02, "outlier_batch_size": 128,
                      "outlier_crop_padding": 0, "outlier_order": "shuffled"}  # fmt: skip


def _course(paper: BranchRecipe, tuning: dict) -> tuple[BranchRecipe, dict]:
    """Shortened training that a patient CPU can do: network and schedule of chapter 2, too short for holes.

    Fine-tuning at chapter 2's rate of 0.05 cost 12 points of accuracy (runs/reference/branch-cifar10-fast); here it is
    a tenth of that.
    """
    if paper.size != 32:
        return replace(paper, limit=20_000), tuning
    short = replace(paper, model="fast-48", epochs=8, milestones=(), learning_rate=0.2, cutout=0, holdout=5_000)
    return short, {**tuning, "epochs": 4, "learning_rate": 0.005, "outlier_batch_size": 128,
                   "outlier_order": "shuffled"}  # fmt: skip


def _laptop(paper: BranchRecipe, tuning: dict, scale: str) -> tuple[BranchRecipe, dict]:
    """The reader's own data (or the paper's) on a laptop's CPU: a small net on at most 2,000 images."""
    epochs, limit = (1, 256) if scale == "smoke" else (5, 2_000)
    small = replace(paper, model="wrn-10-1", size=32, epochs=epochs, milestones=(), limit=limit,
                    cutout=min(paper.cutout, 16), crop_padding=min(paper.crop_padding, 4))  # fmt: skip
    return small, {**tuning, "epochs": max(1, epochs // 2), "learning_rate": 0.01, "outlier_limit": 10 * limit}
