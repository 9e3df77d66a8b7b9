"""What the kinds of networks differ in when they are tested."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from oe_core import density, gan_classifier, image_classifier, language_model, text_classifier
from oe_core.data.catalog import printed_name
from oe_core.data.door import Door
from oe_core.data.image_set import ImageSet
from oe_core.data.images import IMAGES
from oe_core.data.streams import Stream, printed_stream_name
from oe_core.data.text_set import TextSet
from oe_core.data.texts import TEXTS
from oe_core.recipes import BranchRecipe, DensityRecipe, GanRecipe, ImageRecipe, LanguageRecipe, Recipe, TextRecipe
from oe_core.scores import BRANCH_SCORES, DENSITY_SCORES, LANGUAGE_SCORES, SCORES

Examples = ImageSet | TextSet | Stream


@dataclass(frozen=True)
class Column:
    """One method in a table of the paper: which network of an experiment is asked, and which of its scores is taken.

    method: the paper's word. network: a key of `Experiment.networks`. score: a key of `Domain.scores`.
    """

    table: int
    method: str
    network: str
    score: str


def before_after(table: int, score: str) -> tuple[Column, Column]:
    """One score without and with Outlier Exposure; the paper's word for the former is the name of the score."""
    return Column(table, score, "baseline", score), Column(table, "+OE", "exposed", score)


@dataclass(frozen=True)
class Domain:
    """How one kind of network is tested.

    door: where its sets are. load: (name, split, *recipe.reading) -> examples. inputs: (examples, recipe, training) ->
    what the network takes, where training() gives the in-distribution's training examples.
    printed: (name, recipe) -> the name of a set in the paper's tables. columns: what is measured; the table of the
    first is the main one, whose scores are kept for figures. tpr: share of the anomalies at which the FPR is read.
    scores: by name. quality: how well a network does its own task, and what the network says of the test examples ->
    its value.
    """

    door: Door
    load: Callable[..., Examples]
    inputs: Callable[[Examples, Recipe, Callable[[], Examples]], Tensor]
    printed: Callable[[str, Recipe], str]
    columns: tuple[Column, ...]
    tpr: float
    scores: Mapping[str, Callable[[np.ndarray], np.ndarray]]
    quality: tuple[str, Callable[[np.ndarray, Examples], float]]

    @property
    def main_columns(self) -> tuple[Column, ...]:
        """The columns of the main table."""
        return tuple(column for column in self.columns if column.table == self.columns[0].table)


def _pixels(images: ImageSet, recipe: Recipe, training: Callable[[], ImageSet]) -> Tensor:
    return images.images


def _token_ids(texts: TextSet, recipe: TextRecipe, training: Callable[[], TextSet]) -> Tensor:
    return text_classifier.token_ids(texts, text_classifier.vocabulary_of(training(), recipe), recipe)


def _segments(stream: Stream, recipe: LanguageRecipe, training: Callable[[], Stream]) -> Tensor:
    return language_model.segments_of(stream, training(), recipe)


def _stream_name(name: str, recipe: LanguageRecipe) -> str:
    return printed_stream_name(name, recipe.unit if name == recipe.in_dist else "")


def _accuracy(logits: np.ndarray, test: ImageSet | TextSet) -> float:
    return 100 * float((logits.argmax(axis=1) == test.labels.numpy()).mean())


def _branch_accuracy(outputs: np.ndarray, test: ImageSet) -> float:
    return _accuracy(outputs[:, :-1], test)


def _perplexity(losses: np.ndarray, test: Stream) -> float:
    return math.exp(float(losses[:, 0].mean()))


def _bits_per_dimension(losses: np.ndarray, test: ImageSet) -> float:
    return float(losses.mean()) / math.log(2)


_CLASSIFIED = {"scores": SCORES, "quality": ("accuracy", _accuracy), "printed": lambda name, recipe: printed_name(name)}

# Appendix C. No table of the paper has it; the rows stand in the form of Table 7.
_FROM_SCRATCH = Column(7, "+OE scratch", "scratch", "MSP")
_SYNTHETIC_THEN_REAL = tuple(
    Column(4, method, network, "MSP")
    for method, network in {"MSP": "baseline", "+GAN": "synthetic", "+OE": "exposed"}.items()
)

_EXPOSED_SCORES = tuple(Column(10, score, "exposed", score) for score in SCORES)

DOMAINS: dict[type[Recipe], Domain] = {
    ImageRecipe: Domain(
        IMAGES, image_classifier.load, _pixels, tpr=0.95,
        columns=(*before_after(7, "MSP"), _FROM_SCRATCH, *_EXPOSED_SCORES), **_CLASSIFIED,
    ),
    TextRecipe: Domain(
        TEXTS, text_classifier.load, _token_ids, tpr=0.90, columns=before_after(8, "MSP"), **_CLASSIFIED,
    ),
    LanguageRecipe: Domain(
        TEXTS, language_model.load, _segments, tpr=0.90, columns=before_after(11, "BPC/BPW"), scores=LANGUAGE_SCORES,
        quality=("perplexity", _perplexity), printed=_stream_name,
    ),
    DensityRecipe: Domain(
        IMAGES, density.load, _pixels, tpr=0.95, columns=before_after(5, "BPP"), scores=DENSITY_SCORES,
        quality=("bits per dimension", _bits_per_dimension), printed=lambda name, recipe: printed_name(name),
    ),
    BranchRecipe: Domain(
        IMAGES, image_classifier.load, _pixels, tpr=0.95,
        columns=(Column(3, "MSP", "baseline", "MSP"), Column(3, "Branch", "baseline", "Branch"),
                 Column(3, "+OE", "exposed", "Branch")),
        **_CLASSIFIED | {"scores": BRANCH_SCORES, "quality": ("accuracy", _branch_accuracy)},
    ),
    GanRecipe: Domain(
        IMAGES, gan_classifier.load, _pixels, tpr=0.95, columns=_SYNTHETIC_THEN_REAL, **_CLASSIFIED,
    ),
}  # fmt: skip
