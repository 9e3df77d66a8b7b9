"""The experiments as data: which network meets which outliers, and which anomalies it is tested on.

One `Experiment` is one in-distribution's block of rows in a table of the paper; those here are the images' (Tables 1, 7
and 10) and MNIST's (section 5), `text_experiments` has the texts'. The paper's settings come from section 4.3 and
appendices A and B, MNIST's from hendrycks/outlier-exposure `MNIST/`; smaller scales shorten them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from oe_core.data.anomalies import ANOMALIES
from oe_core.data.derived import DERIVED
from oe_core.data.images import known_names
from oe_core.recipes import ImageRecipe, Recipe, fine_tuned, from_scratch
from oe_core.scales import check_scale

IN_DISTS = {
    "smoke": ("digits",),
    "demo": ("digits",),
    "course": ("cifar10",),
    "paper": ("svhn", "cifar10", "cifar100", "tiny-imagenet", "places365"),
}
SEEDS = {"smoke": 1, "demo": 3, "course": 1, "paper": 1}  # the paper trained each network once
DRAWS = {"smoke": 2, "demo": 10, "course": 10, "paper": 10}
VARIANTS = ("paper", "code")
NETWORKS = ("usual", "allconv")
ALL_CONV_WIDTH = {"smoke": 4, "demo": 8, "course": 24, "paper": 96}

_STANDARDISED = ("gaussian", "rademacher", "blobs", "textures", "svhn", "places365", "lsun")
OUT_DISTS = {
    "svhn": ("gaussian", "bernoulli", "blobs", "icons", "textures", "places365", "lsun", "cifar10", "chars74k"),
    "cifar10": (*_STANDARDISED, "cifar100"),
    "cifar100": (*_STANDARDISED, "cifar10"),
    "tiny-imagenet": (*_STANDARDISED, "imagenet-800"),
    "places365": ("gaussian", "rademacher", "blobs", "icons", "textures", "svhn", "imagenet-1k", "places69"),
    "digits": ("gaussian", "bernoulli", "blobs", "photo-flower", "font-letters"),
    "mnist": ("gaussian", "bernoulli", "cifar10", "icons", "fashion-mnist", "negative", "notmnist", "omniglot"),
}
OUTLIERS = {
    "svhn": "tiny-images-80m",
    "cifar10": "tiny-images-80m",
    "cifar100": "tiny-images-80m",
    "tiny-imagenet": "imagenet-22k",
    "places365": "imagenet-22k",
    "digits": "photo-china",
    "mnist": "tiny-images-80m",
}


@dataclass(frozen=True)
class Experiment:
    """A baseline, the same network with Outlier Exposure, and the anomalies that test both.

    seeds: trainings of each; draws: redraws of every test subset (the paper's "10 runs"). test_limit: test on that many
    images of every set, the first of a seeded order; None: on all of them. between: further networks of the comparison
    by what they are called in `oe_core.domains`. in_place_of: the paper's in-distribution for which ours stands in.
    """

    scale: str
    baseline: Recipe
    exposed: Recipe
    out_dists: tuple[str, ...]
    seeds: int
    draws: int
    test_limit: int | None = None
    between: Mapping[str, Recipe] = field(default_factory=dict)
    in_place_of: str = ""

    @property
    def networks(self) -> dict[str, Recipe]:
        """Every recipe that is trained, by its role."""
        return {"baseline": self.baseline, **self.between, "exposed": self.exposed}


def experiment(
    in_dist: str,
    scale: str,
    *,
    outliers: str = "",
    out_dists: Sequence[str] = (),
    variant: str = "paper",
    network: str = "usual",
    in_place_of: str = "",
) -> Experiment:
    """The experiment of one in-distribution at one scale; `outliers` and `out_dists` replace the paper's when given.

    An in-distribution that the paper does not have (a folder of the reader's own) gets the CIFAR-10 settings, or all of
    the experiment of `in_place_of`. variant: "paper" follows the text where paper and official code disagree, "code"
    follows the code. network: "usual", or "allconv" for the All Convolutional Network of table 9 on the same schedule.
    MNIST has a third network, trained with outliers from its first step.
    Raises ValueError for unknown scales, data sets, variants or networks, listing the known ones.
    """
    check_scale(scale)
    check_choice("variant", variant, VARIANTS)
    check_choice("network", network, NETWORKS)
    if in_place_of:
        check_choice("in_place_of", in_place_of, OUT_DISTS)
    like = in_place_of or _known(in_dist)
    outliers, out_dists = image_sets(in_dist, outliers, out_dists, like)
    baseline, exposed, between = _recipes(in_dist, like, outliers, scale, variant)
    if network == "allconv":
        baseline = _all_conv(baseline, like, scale)
        exposed = replace(exposed, name=f"{baseline.name}-oe", model=baseline.model, dropout=baseline.dropout,
                          weights_file=None, parent=baseline)  # fmt: skip
    return Experiment(scale, baseline, exposed, out_dists, SEEDS[scale], DRAWS[scale],
                      between=between, in_place_of=in_place_of)  # fmt: skip


def image_sets(
    in_dist: str, outliers: str, out_dists: Sequence[str], like: str = ""
) -> tuple[str, tuple[str, ...]]:
    """Outliers and out-distributions of an experiment with images: those given, else those of `like`, checked.

    like: an in-distribution of the paper; "" takes `in_dist`, or CIFAR-10 where the paper does not have it. Errors as
    `check_names`.
    """
    like = like or _known(in_dist)
    outliers, out_dists = outliers or OUTLIERS[like], tuple(out_dists) or OUT_DISTS[like]
    check_names(in_dist, outliers, out_dists, image_names())
    return outliers, out_dists


def image_names() -> set[str]:
    """Every name that a role in an experiment with images may have."""
    return {*known_names(), *ANOMALIES, *DERIVED}


def _known(in_dist: str) -> str:
    return in_dist if in_dist in OUT_DISTS else "cifar10"


def check_choice(argument: str, value: str, known: Iterable[str]) -> None:
    """Raise a ValueError that lists the `known` values unless `value` is one of them."""
    known = tuple(known)
    if value not in known:
        raise ValueError(f"{argument}={value!r} is unknown; choose one of {', '.join(known)}")


def check_names(in_dist: str, outliers: str, out_dists: Sequence[str], known: set[str]) -> None:
    """Raise a ValueError for a name outside `known`, listing them, and for a data set that plays two roles."""
    for argument, name in [("in_dist", in_dist), ("outliers", outliers), *(("out_dists", key) for key in out_dists)]:
        if name not in known:
            raise ValueError(f"{argument}: {name!r} is unknown; known are {', '.join(sorted(known))}, "
                             f"or put a folder at OE_DATA/{name}/")  # fmt: skip
    if in_dist in out_dists or outliers in out_dists or in_dist == outliers:
        raise ValueError(
            f"in_dist={in_dist!r}, outliers={outliers!r} and out_dists={list(out_dists)} must be different data sets: "
            "a detector is tested on anomalies that it never saw"
        )


def _recipes(
    in_dist: str, like: str, outliers: str, scale: str, variant: str
) -> tuple[ImageRecipe, ImageRecipe, dict[str, ImageRecipe]]:
    """Baseline, exposed, and the networks between them."""
    if like == "digits":
        return *_digits(in_dist, outliers, scale), {}
    if like == "mnist":
        return _grey(in_dist, outliers, scale, variant)
    baseline, tuning = _paper_settings(in_dist, like, variant)
    if scale == "course":
        baseline, tuning = _course(baseline, tuning)
    elif scale in ("smoke", "demo"):
        baseline, tuning = _laptop(baseline, tuning, scale)
    return baseline, fine_tuned(baseline, outliers, **tuning), {}


def _paper_settings(in_dist: str, like: str, variant: str) -> tuple[ImageRecipe, dict]:
    """Baseline and the changes that fine-tuning makes to it, as printed in section 4.3 and appendix B for `like`."""
    if like == "svhn":
        # Dropout 0.4 stands in hendrycks/outlier-exposure SVHN/baseline.py alone; the text fine-tunes for 10 epochs
        # from 0.001, the code for 5 from 0.0001.
        baseline = ImageRecipe(in_dist, in_dist, model="wrn-16-4", scaling="unit", epochs=20, learning_rate=0.01,
                          dropout=0.4, crop_padding=0, flip=False)  # fmt: skip
        schedule = {"epochs": 5, "learning_rate": 1e-4} if variant == "code" else {}
        return baseline, {"outlier_crop_padding": 0, **schedule}
    if like == "tiny-imagenet":
        # 180 outliers a batch, unaugmented: TinyImageNet/oe_tune.py. Its loader never shuffles, so every epoch sees
        # the same first classes; the book shuffles.
        baseline = ImageRecipe(in_dist, in_dist, size=64, scaling="imagenet", crop_padding=8)
        order = "contiguous" if variant == "code" else "shuffled"
        return baseline, {"outlier_batch_size": 180, "outlier_crop_padding": 0, "outlier_flip": False,
                          "outlier_order": order}  # fmt: skip
    if like == "places365":
        # Batch, crop and weight decay are not published; those of the other experiments serve.
        baseline = ImageRecipe(in_dist, in_dist, model="resnet18", size=224, scaling="imagenet", epochs=0, dropout=0,
                          crop_padding=0, weights_file="resnet18_places365.pth.tar")  # fmt: skip
        return baseline, {"epochs": 5, "learning_rate": 1e-4, "outlier_batch_size": 512, "outlier_crop_padding": 0,
                          "outlier_order": "shuffled"}  # fmt: skip
    return ImageRecipe(in_dist, in_dist), {}


def _digits(in_dist: str, outliers: str, scale: str) -> tuple[ImageRecipe, ImageRecipe]:
    """Handwritten digits at 16 px stand in for SVHN: 13 s for both networks on one core.

    Fine-tuning was chosen on validation distributions with 400 digits held out, 3 seeds: 5 epochs from 0.01 lost 1.4
    points of accuracy, 20 from 0.02 none, and mean FPR95 was 45 after the former and 35 after the latter (baseline 54).
    """
    small = scale == "smoke"
    baseline = ImageRecipe(in_dist, in_dist, model="wrn-10-1", size=16, scaling="unit", epochs=1 if small else 15,
                      learning_rate=0.1, dropout=0, crop_padding=1, flip=False,
                      limit=256 if small else None)  # fmt: skip
    return baseline, fine_tuned(baseline, outliers, epochs=1 if small else 20, learning_rate=0.02,
                                outlier_batch_size=128, outlier_crop_padding=0, outlier_order="shuffled")  # fmt: skip


def _grey(in_dist: str, outliers: str, scale: str, variant: str) -> tuple[ImageRecipe, ImageRecipe, dict]:
    """MNIST's baseline, its fine-tuned copy, and the same from scratch; scale `course` is the paper's as well.

    The code reads outliers in the order of their file; sets that are stored class by class had better be shuffled.
    """
    baseline = ImageRecipe(in_dist, in_dist, model="grey-conv", size=28, scaling="unit", precision="float32", epochs=10,
                           learning_rate=0.01, batch_size=50, weight_decay=0, dropout=0.5, crop_padding=0, flip=False,
                           outlier_batch_size=100, outlier_crop_padding=0)  # fmt: skip
    exposure, tuning = {"outlier_order": "contiguous" if variant == "code" else "shuffled"}, 5
    if scale in ("smoke", "demo"):
        # Few steps: a higher rate, so that they suffice.
        limit, epochs, tuning = (256, 1, 1) if scale == "smoke" else (5_000, 10, 5)
        baseline = replace(baseline, limit=limit, epochs=epochs, learning_rate=0.05)
        exposure["outlier_limit"] = 10 * limit
    exposed = fine_tuned(baseline, outliers, epochs=tuning, learning_rate=0.01, **exposure)
    return baseline, exposed, {"scratch": from_scratch(baseline, outliers, **exposure)}


def _all_conv(baseline: ImageRecipe, like: str, scale: str) -> ImageRecipe:
    """Appendix D; ReLU for Tiny ImageNet and dropout from the official code. Thin networks do without dropout."""
    if baseline.weights_file:
        raise ValueError(f"network='allconv': {baseline.in_dist} starts from a downloaded network; choose 'usual'")
    if baseline.grey:
        raise ValueError(f"network='allconv': {baseline.in_dist} is learned by a grey network; choose 'usual'")
    width, kind = ALL_CONV_WIDTH[scale], "allconv-relu" if like == "tiny-imagenet" else "allconv"
    return replace(baseline, name=f"{baseline.name}-allconv", model=f"{kind}-{width}",
                   dropout=0.5 if scale == "paper" else 0.0)  # fmt: skip


def _course(baseline: ImageRecipe, tuning: dict) -> tuple[ImageRecipe, dict]:
    """Shortened training that a patient CPU can do; how it was chosen is in runs/reference/cifar10-course."""
    if baseline.weights_file or baseline.size != 32:
        return replace(baseline, limit=20_000), tuning
    short = replace(baseline, model="fast-48", dropout=0, epochs=8, learning_rate=0.2, holdout=5_000)
    return short, {**tuning, "epochs": 4, "learning_rate": 0.05, "outlier_batch_size": 128,
                   "outlier_order": "shuffled"}  # fmt: skip


def _laptop(baseline: ImageRecipe, tuning: dict, scale: str) -> tuple[ImageRecipe, dict]:
    """The reader's own data (or the paper's) on a laptop's CPU: a small net on at most 2,000 images."""
    epochs, limit = (1, 256) if scale == "smoke" else (5, 2_000)
    small = replace(baseline, model="wrn-10-1", size=32, dropout=0, epochs=epochs, learning_rate=0.1, limit=limit,
                    crop_padding=min(baseline.crop_padding, 4), weights_file=None)  # fmt: skip
    return small, {**tuning, "epochs": max(1, epochs // 2), "learning_rate": 0.01, "outlier_limit": 10 * limit}
