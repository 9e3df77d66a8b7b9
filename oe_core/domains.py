"""What images, texts and running text differ in when networks are tested on them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from oe_core import density, image_classifier, language_model, text_classifier
from oe_core.data.catalog import printed_name
from oe_core.data.door import Door
from oe_core.data.image_set import ImageSet
from oe_core.data.images import IMAGES
from oe_core.data.streams import Stream, printed_stream_name
from oe_core.data.text_set import TextSet
from oe_core.data.texts import TEXTS
from oe_core.recipes import DensityRecipe, ImageRecipe, LanguageRecipe, Recipe, TextRecipe
from oe_core.scores import DENSITY_SCORES, LANGUAGE_SCORES, SCORES

Examples = ImageSet | TextSet | Stream


@dataclass(frozen=True)
class Domain:
    """How one kind of data is tested.

    door: where its sets are. load: (name, split, *recipe.reading) -> examples. inputs: (examples, recipe, training) ->
    what the network takes, where training() gives the in-distribution's training examples.
    printed: (name, recipe) -> the name of a set in the paper's tables. table: the paper's table with one row an
    out-distribution. scores_table: its table that compares two scores of the exposed network, None where there is none.
    tpr: share of the anomalies at which the FPR is read. scores: by name; the first is the table's, and its name is the
    paper's word for the network without Outlier Exposure. quality: how well a network does its own task, and what the
    network says of the test examples -> its value.
    """

    door: Door
    load: Callable[..., Examples]
    inputs: Callable[[Examples, Recipe, Callable[[], Examples]], Tensor]
    printed: Callable[[str, Recipe], str]
    table: int
    scores_table: int | None
    tpr: float
    scores: Mapping[str, Callable[[np.ndarray], np.ndarray]]
    quality: tuple[str, Callable[[np.ndarray, Examples], float]]

    @property
    def baseline(self) -> str:
        """The paper's method word for the network without Outlier Exposure."""
        return next(iter(self.scores))


def _pixels(images: ImageSet, recipe: ImageRecipe | DensityRecipe, training: Callable[[], ImageSet]) -> Tensor:
    return images.images


def _token_ids(texts: TextSet, recipe: TextRecipe, training: Callable[[], TextSet]) -> Tensor:
    return text_classifier.token_ids(texts, text_classifier.vocabulary_of(training(), recipe), recipe)


def _segments(stream: Stream, recipe: LanguageRecipe, training: Callable[[], Stream]) -> Tensor:
    return language_model.segments_of(stream, training(), recipe)


def _stream_name(name: str, recipe: LanguageRecipe) -> str:
    return printed_stream_name(name, recipe.unit if name == recipe.in_dist else "")


def _accuracy(logits: np.ndarray, test: ImageSet | TextSet) -> float:
    return 100 * float((logits.argmax(axis=1) == test.labels.numpy()).mean())


def _perplexity(losses: np.ndarray, test: Stream) -> float:
    return math.exp(float(losses[:, 0].mean()))


def _bits_per_dimension(losses: np.ndarray, test: ImageSet) -> float:
    return float(losses.mean()) / math.log(2)


_CLASSIFIED = {"scores": SCORES, "quality": ("accuracy", _accuracy), "printed": lambda name, recipe: printed_name(name)}

DOMAINS: dict[type[Recipe], Domain] = {
    ImageRecipe: Domain(IMAGES, image_classifier.load, _pixels, table=7, scores_table=10, tpr=0.95, **_CLASSIFIED),
    TextRecipe: Domain(TEXTS, text_classifier.load, _token_ids, table=8, scores_table=None, tpr=0.90, **_CLASSIFIED),
    LanguageRecipe: Domain(
        TEXTS, language_model.load, _segments, table=11, scores_table=None, tpr=0.90, scores=LANGUAGE_SCORES,
        quality=("perplexity", _perplexity), printed=_stream_name,
    ),
    DensityRecipe: Domain(
        IMAGES, density.load, _pixels, table=5, scores_table=None, tpr=0.95, scores=DENSITY_SCORES,
        quality=("bits per dimension", _bits_per_dimension), printed=lambda name, recipe: printed_name(name),
    ),
}  # fmt: skip
