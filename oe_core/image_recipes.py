"""Recipes of image classifiers: alone, with other objectives, with a confidence branch, beside a GAN.

Settings: Hendrycks et al. 2019, section 4.3 and appendix B; where the text is silent, hendrycks/outlier-exposure
(`CIFAR/`, `SVHN/`, `TinyImageNet/`), as noted beside each value.
"""

from dataclasses import dataclass
from typing import ClassVar

from oe_core.recipe import Recipe

SCALINGS = ("unit", "cifar", "imagenet")
OBJECTIVES = ("uniform", "hard-outliers", "class-prior", "reject-class", "multilabel", "energy")


@dataclass(frozen=True)
class ImageRecipe(Recipe):
    """One image classifier to train; the defaults are the paper's for CIFAR."""

    model: str = "wrn-40-2"
    epochs: int = 100
    learning_rate: float = 0.1
    batch_size: int = 128
    size: int = 32  # pixels, height and width of every image
    scaling: str = "cifar"  # input range, see data/batches.py
    momentum: float = 0.9  # Nesterov
    weight_decay: float = 5e-4
    dropout: float = 0.3
    crop_padding: int = 4  # pixels on each side before the random crop, 0: no crop
    flip: bool = True
    outlier_crop_padding: int = 4
    outlier_flip: bool = True
    weights_file: str | None = None  # start from this download of in_dist (with epochs=0: as it is)

    TUNING = {"epochs": 10, "learning_rate": 0.001, "weights_file": None}  # appendix B
    INHERITED = ("model", "size")

    def __post_init__(self):
        super().__post_init__()
        self._one_of("scaling", SCALINGS)
        if self.parent is not None and self.weights_file is not None:
            raise ValueError(f"weights_file={self.weights_file!r} and a parent: start from one of them")
        if self.weights_file is not None and self.model != "resnet18":
            raise ValueError(f"weights_file={self.weights_file!r} holds a resnet18, not model={self.model!r}")
        self._at_least(1, "size")
        for field in ("crop_padding", "outlier_crop_padding", "weight_decay"):
            self._not_negative(field)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout} must be in [0, 1)")

    def _least_epochs(self) -> int:
        return 0 if self.weights_file else 1

    @property
    def reading(self) -> tuple:
        """(size,)"""
        return (self.size,)

    @property
    def signed(self) -> bool:
        """Whether inputs are standardised, so that generated anomalies lie in [-1, 1] instead of [0, 1]."""
        return self.scaling != "unit"


@dataclass(frozen=True)
class ObjectiveRecipe(ImageRecipe):
    """An image classifier whose outliers teach it something else than the uniform posterior, see `oe_core.objectives`.

    It starts from an ordinary classifier where its outputs mean the same, else from one of its own objective.
    """

    objective: str = "uniform"
    hard_share: float = 0.32  # of a batch's outliers: 32 of 100 in hendrycks/outlier-exposure MNIST/oe_scratch.py
    energy_margins: tuple[float, float] = (-23.0, -5.0)  # of inliers and outliers; wetliu/energy_ood, for CIFAR-10

    OWN_PARENT = ("reject-class", "multilabel")  # an ordinary classifier's outputs mean something else

    def __post_init__(self):
        super().__post_init__()
        self._one_of("objective", OBJECTIVES)
        object.__setattr__(self, "energy_margins", tuple(self.energy_margins))  # JSON has lists only
        if not 0 < self.hard_share <= 1:
            raise ValueError(f"hard_share={self.hard_share} must be in (0, 1]")
        if len(self.energy_margins) != 2 or not self.energy_margins[0] < self.energy_margins[1]:
            raise ValueError(f"energy_margins={self.energy_margins} must be two, the inliers' below the outliers'")
        theirs = getattr(self.parent, "objective", "uniform")
        if self.parent and self.objective in self.OWN_PARENT and theirs != self.objective:
            raise ValueError(f"objective={self.objective!r} cannot start from parent {self.parent.name!r}, which has "
                             f"objective={theirs!r}: its outputs mean something else")  # fmt: skip


@dataclass(frozen=True)
class BranchRecipe(ImageRecipe):
    """One image classifier with a confidence branch (section 4.3; uoguelph-mlrg/confidence_estimation `train.py`)."""

    model: str = "wrn-40-4"
    epochs: int = 200
    dropout: float = 0.0
    milestones: tuple[int, ...] = (60, 120, 160)  # epochs after which the rate falls; empty: a cosine per step
    drop: float = 0.2  # factor of the rate at each milestone
    cutout: int = 16  # pixels a side of the hole in every other training image, outliers' too; 0: no holes
    confidence_weight: float = 0.1  # the first lambda of the confidence penalty
    budget: float = 0.3  # nats of confidence penalty that lambda steers for
    hints: bool = True  # half of the inliers may ask for their label

    TUNING = ImageRecipe.TUNING | {"milestones": ()}  # not published: as the other images' fine-tuning

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "milestones", tuple(self.milestones))  # JSON has lists only
        if list(self.milestones) != sorted({m for m in self.milestones if 0 < m < self.epochs}):
            raise ValueError(f"milestones={self.milestones} must ascend within the epochs 1 to {self.epochs - 1}")
        if not 0 < self.drop <= 1:
            raise ValueError(f"drop={self.drop} must be in (0, 1]")
        for field in ("cutout", "budget"):
            self._not_negative(field)
        if not self.confidence_weight > 0:
            raise ValueError(f"confidence_weight={self.confidence_weight} must be positive: it changes by factors")


@dataclass(frozen=True)
class GanRecipe(Recipe):
    """One classifier to train, beside a GAN where `beta` is positive; the defaults are Lee et al.'s (Table 4).

    Source: alinlab/Confident_classifier `src/run_joint_confidence.py`, `src/run_cross_entropy.py`, with the network of
    Hendrycks et al. 2019, section 4.3.
    """

    model: str = "wrn-40-4"
    epochs: int = 100
    learning_rate: float = 2e-4  # Adam's, of classifier, generator and discriminator
    batch_size: int = 128
    size: int = 32  # pixels, height and width of every image
    dropout: float = 0.3
    rate_drop: float = 0.1  # factor of the learning rate after `drop_after` epochs
    drop_after: int = 60
    beta: float = 0.0  # weight of the uniform posterior on generated images; 0: the classifier alone
    latent: int = 100  # numbers in a code
    filters: int = 64  # the generator has 8, 4 and 2 times as many, the discriminator 2, 4 and 8 times
    joint_pass: bool = True  # real and generated images go through the classifier together; False: one after another

    # Not published. As many epochs as in appendix B, at the rate that the training beside the GAN ended with.
    TUNING = {"epochs": 10, "learning_rate": 2e-5, "beta": 0.0}
    INHERITED = ("model", "size")

    scaling: ClassVar[str] = "unit"  # what a generator can make: pixels in [0, 1], not standardised
    signed: ClassVar[bool] = False

    def __post_init__(self):
        super().__post_init__()
        self._not_negative("beta")
        self._at_least(1, "latent", "filters", "drop_after")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout} must be in [0, 1)")
        if not 0 < self.rate_drop <= 1:
            raise ValueError(f"rate_drop={self.rate_drop} must be in (0, 1]")
        if self.beta and self.outliers is not None:
            raise ValueError(
                f"beta={self.beta} and outliers={self.outliers!r}: the GAN rests beside real outliers; set beta=0"
            )

    @property
    def reading(self) -> tuple:
        """(size,)"""
        return (self.size,)
