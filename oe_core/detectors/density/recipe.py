"""The recipe of a density estimator."""

from dataclasses import dataclass
from typing import ClassVar

from oe_core.arguments import ArgumentError, check_numbers
from oe_core.recipe import Recipe

MARGIN_UNITS = ("bits", "nats")
MARGIN_COUNTS = ("sub-pixels", "pixels")


@dataclass(frozen=True)
class DensityRecipe(Recipe):
    """One density estimator to train: PixelCNN++ (section 4.4). The authors' code for it is not published.

    The network, how it starts and how its rate falls are those of openai/pixel-cnn; Adam, its rate and the batch, and
    that training ends with the last weights, those of its port pclucas14/pixel-cnn-pp, which the authors have named as
    what they used. (openai's Adam has betas of 0.95 and 0.9995 and a rate of 0.001, and ends with averages: `polyak`
    0.9995.)
    """

    model: str = "pixelcnn"
    epochs: int = 200  # not published
    learning_rate: float = 2e-4  # Adam's
    batch_size: int = 64
    outlier_batch_size: int = 64
    oe_weight: float = 1.0
    outlier_order: str = "shuffled"
    size: int = 32  # pixels, height and width of every image
    filters: int = 160
    blocks: int = 5  # gated blocks of each stage and stream
    mixtures: int = 10  # logistics of a pixel
    dropout: float = 0.5
    rate_decay: float = 0.999995  # factor of the learning rate, per step; in the port per epoch
    polyak: float = 0.0  # decay of the weights' running average that the training ends with; 0: the last weights
    margin_unit: str = "bits"  # of the likelihoods in the margin loss
    margin_count: str = "sub-pixels"  # what its num_pixels counts: 3 h w, or "pixels", h w
    inlier_likelihood: bool = True  # with outliers: go on maximising the inliers' likelihood beside the margin

    KIND = "density"
    TUNING = {"epochs": 2}  # section 4.4
    INHERITED = ("model", "size", "filters", "blocks", "mixtures")
    LOADED = ("size",)

    signed: ClassVar[bool] = True  # generated anomalies lie in [-1, 1], as all images do for the likelihood

    def __post_init__(self):
        super().__post_init__()
        self._one_of("margin_unit", MARGIN_UNITS)
        self._one_of("margin_count", MARGIN_COUNTS)
        self._at_least(1, "filters", "blocks", "mixtures")
        if self.size < 4 or self.size % 4:
            raise ArgumentError(f"size={self.size} must be divisible by 4: the network halves it twice")
        if self.outliers is not None and self.outlier_batch_size != self.batch_size:
            sizes = f"outlier_batch_size={self.outlier_batch_size} must equal batch_size={self.batch_size}"
            raise ArgumentError(f"{sizes}: the margin loss compares pairs")
        self._at_least(0, "dropout", "polyak", below=1)
        check_numbers(above=0, most=1, rate_decay=self.rate_decay)
