"""The recipe of a classifier beside a GAN."""

from dataclasses import dataclass
from typing import ClassVar

from oe_core.arguments import ArgumentError, check_numbers
from oe_core.recipe import Recipe


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

    KIND = "gan"
    # Not published. As many epochs as in appendix B, at the rate that the training beside the GAN ended with.
    TUNING = {"epochs": 10, "learning_rate": 2e-5, "beta": 0.0}
    INHERITED = ("model", "size")
    LOADED = ("size",)
    IN_EPOCHS = ("epochs", "drop_after")

    scaling: ClassVar[str] = "unit"  # what a generator can make: pixels in [0, 1], not standardised
    signed: ClassVar[bool] = False

    def __post_init__(self):
        super().__post_init__()
        self._at_least(0, "beta")
        self._at_least(1, "latent", "filters", "drop_after")
        self._at_least(0, "dropout", below=1)
        check_numbers(above=0, most=1, rate_drop=self.rate_drop)
        if self.beta and self.outliers is not None:
            both = f"beta={self.beta} and outliers={self.outliers!r}"
            raise ArgumentError(f"{both}: the GAN rests beside real outliers; set beta=0")
