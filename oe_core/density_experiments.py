"""The density estimators' experiments as data: Table 5 and Figure 2.

The paper's settings come from section 4.4; the code of this experiment is not published, so that everything else is
what the public implementations of PixelCNN++ do.
"""

from collections.abc import Sequence
from dataclasses import replace

from oe_core.experiments import DRAWS, Experiment, check_choice, check_names, image_names
from oe_core.recipes import DensityRecipe, fine_tuned
from oe_core.scales import check_scale

IN_DISTS = {"smoke": ("photo-china",), "demo": ("photo-china",), "course": ("cifar10",), "paper": ("cifar10",)}
OUT_DISTS = ("gaussian", "rademacher", "blobs", "textures", "svhn", "places365", "lsun", "cifar100")
EMBEDDED_OUT_DISTS = ("gaussian", "rademacher", "blobs", "photo-flower", "digits")
TEST_LIMIT = {"smoke": 40, "demo": 400, "course": 2_000, "paper": None}
# The text is silent on the margin's unit and on whether the likelihood is trained on beside it; each named alternative.
VARIANTS = {
    "paper": {},
    "bits-pixels": {"margin_count": "pixels"},
    "nats-sub-pixels": {"margin_unit": "nats"},
    "nats-pixels": {"margin_unit": "nats", "margin_count": "pixels"},
    "margin-alone": {"inlier_likelihood": False},
}


def density_experiment(
    in_dist: str,
    scale: str,
    *,
    outliers: str = "",
    out_dists: Sequence[str] = (),
    variant: str = "paper",
) -> Experiment:
    """The experiment of one in-distribution at one scale; `outliers` and `out_dists` replace the paper's when given.

    variant: "paper" asks that outliers cost one bit a sub-pixel more, beside the likelihood of the inliers; the others
    are the further readings of section 4.4 in VARIANTS. All but the paper's scale test on a part of every set.
    Raises ValueError for unknown scales, data sets or variants, listing the known ones.
    """
    check_scale(scale)
    check_choice("variant", variant, VARIANTS)
    embedded = in_dist == "photo-china"
    out_dists = tuple(out_dists) or (EMBEDDED_OUT_DISTS if embedded else OUT_DISTS)
    outliers = outliers or ("font-letters" if embedded else "tiny-images-80m")
    check_names(in_dist, outliers, out_dists, image_names())
    baseline, tuning = _recipes(in_dist, scale)
    exposed = fine_tuned(baseline, outliers, **tuning, **VARIANTS[variant])
    return Experiment(scale, baseline, exposed, out_dists, 1, DRAWS[scale], TEST_LIMIT[scale])


def _recipes(in_dist: str, scale: str) -> tuple[DensityRecipe, dict]:
    """The baseline, and what fine-tuning changes."""
    paper = DensityRecipe(f"{in_dist}-density", in_dist)
    if scale == "paper":
        return paper, {}
    # Few steps: a higher rate that falls by a factor of about twenty over them, and nothing to regularise.
    small = replace(paper, blocks=1, mixtures=5, dropout=0.0, batch_size=32, outlier_batch_size=32, learning_rate=0.003)
    if scale == "course":
        return replace(small, filters=24, epochs=6, limit=20_000, rate_decay=0.9992), {
            "limit": 10_000,
            "learning_rate": 0.001,
        }
    tiny = replace(small, size=16, filters=16, epochs=2, limit=5_000, rate_decay=0.995)
    tuning = {"epochs": 1, "learning_rate": 0.001}
    if scale == "smoke":
        return replace(tiny, size=8, filters=4, limit=64, epochs=1), {**tuning, "outlier_limit": 64}
    return tiny, {**tuning, "limit": 4_000}
