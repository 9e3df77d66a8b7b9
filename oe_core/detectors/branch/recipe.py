"""The recipe of an image classifier with a confidence branch."""

from dataclasses import dataclass

from oe_core.arguments import ArgumentError, check_numbers
from oe_core.detectors.images.recipe import ImageRecipe


@dataclass(frozen=True)
class BranchRecipe(ImageRecipe):
    """One image classifier with a confidence branch (section 4.3; uoguelph-mlrg/confidence_estimation `train.py`)."""

    model: str = "wrn-40-4"
    epochs: int = 200
    dropout: float = 0.0
    # Epochs after which the rate falls; empty: a cosine per step. The code says 60, 120 and 160 and counts from 0.
    milestones: tuple[int, ...] = (61, 121, 161)
    drop: float = 0.2  # factor of the rate at each milestone
    cutout: int = 16  # pixels a side of the hole in every other training image, outliers' too; 0: no holes
    confidence_weight: float = 0.1  # the first lambda of the confidence penalty
    budget: float = 0.3  # nats of confidence penalty that lambda steers for
    hints: bool = True  # half of the inliers may ask for their label

    KIND = "branch"
    TUNING = ImageRecipe.TUNING | {"milestones": ()}  # not published: as the other images' fine-tuning
    IN_EPOCHS = ("epochs", "milestones")

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "milestones", tuple(self.milestones))  # JSON has lists only
        if list(self.milestones) != sorted({m for m in self.milestones if 0 < m < self.epochs}):
            raise ArgumentError(f"milestones={self.milestones} must ascend within the epochs 1 to {self.epochs - 1}")
        check_numbers(above=0, most=1, drop=self.drop)
        self._at_least(0, "cutout", "budget")
        if not self.confidence_weight > 0:
            raise ArgumentError(f"confidence_weight={self.confidence_weight} must be positive: it changes by factors")
