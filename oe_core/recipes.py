"""Recipes: everything that determines one trained network, as frozen data.

Settings: Hendrycks et al. 2019, section 4.3 and appendix B; where the text is silent, hendrycks/outlier-exposure
(`CIFAR/`, `SVHN/`, `TinyImageNet/`, `NLP_classification/`, `NLP_language_modeling/`), as noted beside each value.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from oe_core.data.streams import UNITS
from oe_core.recipe import Recipe

SCALINGS = ("unit", "cifar", "imagenet")
OPTIMISERS = ("asgd", "adam")
MARGIN_UNITS = ("bits", "nats")
MARGIN_COUNTS = ("sub-pixels", "pixels")


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
class TextRecipe(Recipe):
    """One text classifier to train; the defaults are the paper's (section 4.3; NLP_classification/train.py)."""

    model: str = "gru"
    epochs: int = 5
    learning_rate: float = 0.01  # Adam's, the same for all steps of an epoch
    batch_size: int = 64
    outlier_batch_size: int = 64
    oe_weight: float = 1.0
    outlier_order: str = "shuffled"
    precision: str = "float32"  # a GRU's small products gain nothing from bfloat16
    vocabulary: int = 10_000  # most frequent tokens of the training texts
    length: int | None = None  # keep the first `length` tokens of a text; None: all of them
    lower_inliers: bool = True  # outliers and anomalies are always lower-cased

    TUNING = {"epochs": 2}  # section 4.3
    INHERITED = ("model", "vocabulary", "length", "lower_inliers")

    def __post_init__(self):
        super().__post_init__()
        self._at_least(1, "vocabulary")
        if self.length is not None:
            self._at_least(1, "length")


@dataclass(frozen=True)
class LanguageRecipe(Recipe):
    """One language model to train; the defaults are the paper's for words (section 4.4; NLP_language_modeling/)."""

    model: str = "qrnn"
    epochs: int = 300
    optimiser: str = "asgd"  # SGD at one rate, then averaged (NT-ASGD); "adam" on a cosine suits a short training
    learning_rate: float = 30.0
    batch_size: int = 20  # segments
    outlier_batch_size: int = 20
    oe_weight: float = 1.0
    outlier_order: str = "shuffled"
    unit: str = "words"
    vocabulary: int = 10_000  # most frequent tokens of the training text
    length: int = 70  # tokens of a segment, which starts with a new hidden state
    lower_others: bool = False  # outliers, and the anomalies that the exposed model is tested on, in lower case
    embedding: int = 400
    hidden: int = 1550
    layers: int = 4
    embedding_dropout: float = 0.1
    input_dropout: float = 0.4
    hidden_dropout: float = 0.3
    output_dropout: float = 0.4
    weight_dropout: float = 0.1
    clip: float = 0.2  # largest norm of the whole gradient
    weight_decay: float = 1.2e-6
    activation_penalty: float = 2.0  # alpha of the losses' `activation_penalty`
    slowness_penalty: float = 1.0  # beta of the losses' `slowness_penalty`
    patience: int = 5  # of asgd: validations without a gain before the weights are averaged

    TUNING = {"epochs": 5}
    INHERITED = ("model", "unit", "vocabulary", "length", "embedding", "hidden", "layers")

    def __post_init__(self):
        super().__post_init__()
        self._one_of("unit", UNITS)
        self._one_of("optimiser", OPTIMISERS)
        self._at_least(1, "length", "embedding", "hidden", "layers", "patience")
        self._at_least(3, "vocabulary")
        for field in ("weight_decay", "activation_penalty", "slowness_penalty"):
            self._not_negative(field)
        if self.holdout:
            raise ValueError(f"holdout={self.holdout}: the validation part of a language model comes with its text")
        if not self.clip > 0:
            raise ValueError(f"clip={self.clip} must be positive")
        for field in (f"{part}_dropout" for part in ("embedding", "input", "hidden", "output", "weight")):
            if not 0 <= getattr(self, field) < 1:
                raise ValueError(f"{field}={getattr(self, field)} must be in [0, 1)")

    @property
    def reading(self) -> tuple:
        """(unit,)"""
        return (self.unit,)

    @property
    def other_reading(self) -> tuple:
        """(unit, lower)"""
        return (self.unit, self.lower_others)


@dataclass(frozen=True)
class DensityRecipe(Recipe):
    """One density estimator to train: PixelCNN++ (section 4.4). The authors' code for it is not published.

    Network and optimiser are those of openai/pixel-cnn, rate and batch those of its port pclucas14/pixel-cnn-pp.
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
    rate_decay: float = 0.999995  # factor of the learning rate, per step
    polyak: float = 0.0  # decay of the weights' running average that the training ends with; 0: the last weights
    margin_unit: str = "bits"  # of the likelihoods in the margin loss
    margin_count: str = "sub-pixels"  # what its num_pixels counts: 3 h w, or "pixels", h w
    inlier_likelihood: bool = True  # with outliers: go on maximising the inliers' likelihood beside the margin

    TUNING = {"epochs": 2}  # section 4.4
    INHERITED = ("model", "size", "filters", "blocks", "mixtures")

    def __post_init__(self):
        super().__post_init__()
        self._one_of("margin_unit", MARGIN_UNITS)
        self._one_of("margin_count", MARGIN_COUNTS)
        self._at_least(1, "filters", "blocks", "mixtures")
        if self.size < 4 or self.size % 4:
            raise ValueError(f"size={self.size} must be divisible by 4: the network halves it twice")
        if self.outliers is not None and self.outlier_batch_size != self.batch_size:
            raise ValueError(
                f"outlier_batch_size={self.outlier_batch_size} must equal batch_size={self.batch_size}: "
                "the margin loss compares pairs"
            )
        for field in ("dropout", "polyak"):
            if not 0 <= getattr(self, field) < 1:
                raise ValueError(f"{field}={getattr(self, field)} must be in [0, 1)")
        if not 0 < self.rate_decay <= 1:
            raise ValueError(f"rate_decay={self.rate_decay} must be in (0, 1]")

    @property
    def reading(self) -> tuple:
        """(size,)"""
        return (self.size,)

    @property
    def signed(self) -> bool:
        """True: generated anomalies lie in [-1, 1], as all images do for the likelihood."""
        return True


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


def fine_tuned(parent: Recipe, outliers: str, **changes) -> Recipe:
    """`parent` fine-tuned with Outlier Exposure, as its kind's TUNING says unless `changes` say otherwise."""
    settings = {"name": f"{parent.name}-oe", **parent.TUNING, **changes}
    return replace(parent, outliers=outliers, parent=parent, **settings)


def from_scratch(baseline: Recipe, outliers: str, **changes) -> Recipe:
    """`baseline` trained with Outlier Exposure from its first step (appendix C)."""
    return replace(baseline, outliers=outliers, **{"name": f"{baseline.name}-oe-scratch", **changes})


def recipe_from_json(values: dict) -> Recipe:
    """The recipe that `to_json` gave, of the kind whose fields they are; errors as `Recipe.from_json`."""
    kinds = {"unit": LanguageRecipe, "vocabulary": TextRecipe, "mixtures": DensityRecipe, "latent": GanRecipe}
    return next((kind for field, kind in kinds.items() if field in values), ImageRecipe).from_json(values)
