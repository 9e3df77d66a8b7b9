"""The recipe of a text classifier.

Settings: Hendrycks et al. 2019, section 4.3; where the text is silent, hendrycks/outlier-exposure
`NLP_classification/`, as noted beside each value.
"""

from dataclasses import dataclass

from oe_core.recipe import Recipe


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
    reads_padding: bool = False  # what fills a batch in front of its shorter texts is read; see `settings`

    KIND = "text"
    TUNING = {"epochs": 2}  # section 4.3
    INHERITED = ("model", "vocabulary", "length", "lower_inliers", "reads_padding")
    LATER = ("reads_padding",)

    def __post_init__(self):
        super().__post_init__()
        self._at_least(1, "vocabulary")
        if self.length is not None:
            self._at_least(1, "length")
