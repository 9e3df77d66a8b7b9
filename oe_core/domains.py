"""What images and texts differ in when networks are tested on them."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from oe_core import image_classifier, text_classifier
from oe_core.data.door import Door
from oe_core.data.image_set import ImageSet
from oe_core.data.images import IMAGES
from oe_core.data.text_set import TextSet
from oe_core.data.texts import TEXTS
from oe_core.recipes import ImageRecipe, Recipe, TextRecipe

Examples = ImageSet | TextSet


@dataclass(frozen=True)
class Domain:
    """How one kind of data is tested.

    door: where its sets are. load: (name, split, *recipe.reading) -> examples. inputs: (examples, recipe, training) ->
    what the network takes, where training() gives the in-distribution's training examples.
    table: the paper's table with one row an out-distribution. scores_table: its table that compares two scores of the
    exposed network, None where there is none. tpr: share of the anomalies at which the FPR is read.
    """

    door: Door
    load: Callable[..., Examples]
    inputs: Callable[[Examples, Recipe, Callable[[], Examples]], Tensor]
    table: int
    scores_table: int | None
    tpr: float


def _pixels(images: ImageSet, recipe: ImageRecipe, training: Callable[[], ImageSet]) -> Tensor:
    return images.images


def _token_ids(texts: TextSet, recipe: TextRecipe, training: Callable[[], TextSet]) -> Tensor:
    return text_classifier.token_ids(texts, text_classifier.vocabulary_of(training(), recipe), recipe)


DOMAINS: dict[type[Recipe], Domain] = {
    ImageRecipe: Domain(IMAGES, image_classifier.load, _pixels, table=7, scores_table=10, tpr=0.95),
    TextRecipe: Domain(TEXTS, text_classifier.load, _token_ids, table=8, scores_table=None, tpr=0.90),
}
