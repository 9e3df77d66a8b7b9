"""The recipe of an image classifier.

Settings: Hendrycks et al. 2019, section 4.3 and appendix B; where the text is silent, hendrycks/outlier-exposure
(`CIFAR/`, `SVHN/`, `TinyImageNet/`), as noted beside each value.
"""

from dataclasses import dataclass

from oe_core.arguments import ArgumentError
from oe_core.recipe import Recipe

SCALINGS = ("unit", "cifar", "imagenet")


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

    KIND = "images"
    TUNING = {"epochs": 10, "learning_rate": 0.001, "weights_file": None}  # appendix B
    INHERITED = ("model", "size")
    LOADED = ("size",)

    def __post_init__(self):
        super().__post_init__()
        self._one_of("scaling", SCALINGS)
        if self.parent is not None and self.weights_file is not None:
            raise ArgumentError(f"weights_file={self.weights_file!r} and a parent: start from one of them")
        if self.weights_file is not None and self.model != "resnet18":
            raise ArgumentError(f"weights_file={self.weights_file!r} holds a resnet18, not model={self.model!r}")
        self._at_least(1, "size")
        self._at_least(0, "crop_padding", "outlier_crop_padding", "weight_decay")
        self._at_least(0, "dropout", "momentum", below=1)

    def _least_epochs(self) -> int:
        return 0 if self.weights_file else 1

    @property
    def signed(self) -> bool:
        """Whether inputs are standardised, so that generated anomalies lie in [-1, 1] instead of [0, 1]."""
        return self.scaling != "unit"
