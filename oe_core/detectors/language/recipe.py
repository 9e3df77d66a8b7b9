"""The recipe of a language model.

Settings: Hendrycks et al. 2019, section 4.4; where the text is silent, hendrycks/outlier-exposure
`NLP_language_modeling/`, as noted beside each value.
"""

from dataclasses import dataclass

from oe_core.arguments import ArgumentError, check_numbers
from oe_core.data.streams import UNITS
from oe_core.recipe import Recipe

OPTIMISERS = ("asgd", "adam")
ORDERS = ("shuffled", "streams")


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
    order: str = "shuffled"  # of the segments; "streams": inliers and outliers in their own, as `StreamBatches`
    best_epoch: bool = False  # end with the weights of the best validation, not with the last ones
    unit: str = "words"
    vocabulary: int = 10_000  # most frequent tokens of the training text
    length: int = 70  # tokens of a segment, which starts with a new hidden state
    lower_others: bool = False  # outliers, and the anomalies that the exposed model is tested on, in lower case
    embedding: int = 400
    hidden: int = 1550
    layers: int = 4
    embedding_dropout: float = 0.1  # of whole tokens of the vocabulary
    input_dropout: float = 0.4  # of the embedded segment
    hidden_dropout: float = 0.3  # between layers
    output_dropout: float = 0.4  # before the last, linear layer
    weight_dropout: float = 0.1  # of the layers' weights (DropConnect)
    clip: float = 0.2  # largest norm of the whole gradient
    weight_decay: float = 1.2e-6
    activation_penalty: float = 2.0  # alpha of the losses' `activation_penalty`
    slowness_penalty: float = 1.0  # beta of the losses' `slowness_penalty`
    patience: int = 5  # of asgd: validations without a gain before the weights are averaged

    KIND = "language"
    TUNING = {"epochs": 5}
    INHERITED = ("model", "unit", "vocabulary", "length", "embedding", "hidden", "layers")
    LOADED = ("unit",)
    LATER = ("order", "best_epoch")

    def __post_init__(self):
        super().__post_init__()
        self._one_of("unit", UNITS)
        self._one_of("optimiser", OPTIMISERS)
        self._one_of("order", ORDERS)
        self._at_least(1, "length", "embedding", "hidden", "layers", "patience")
        self._at_least(3, "vocabulary")
        self._at_least(0, "weight_decay", "activation_penalty", "slowness_penalty")
        if self.holdout:
            raise ArgumentError(f"holdout={self.holdout}: the validation part of a language model comes with its text")
        check_numbers(above=0, clip=self.clip)
        dropouts = (f"{part}_dropout" for part in ("embedding", "input", "hidden", "output", "weight"))
        self._at_least(0, *dropouts, below=1)

    @property
    def other_load_options(self) -> tuple:
        """(unit, lower)"""
        return (self.unit, self.lower_others)
