"""Text classifiers: Tables 2 and 8."""

from collections.abc import Callable

from torch import Tensor

from oe_core.data.catalog import printed_name
from oe_core.data.examples import TextSet
from oe_core.data.sources import TEXTS as SOURCES
from oe_core.data.sources import load_texts
from oe_core.detectors.kind import Kind, before_after
from oe_core.detectors.text.recipe import TextRecipe
from oe_core.detectors.text.settings import SETTINGS
from oe_core.detectors.text.training import TASK, predict, token_ids, vocabulary_of
from oe_core.scores import SCORES


def _token_ids(texts: TextSet, recipe: TextRecipe, training: Callable[[], TextSet]) -> Tensor:
    return token_ids(texts, vocabulary_of(training(), recipe), recipe)


TEXT = Kind(
    TextRecipe, TASK, predict, SOURCES, load_texts, _token_ids, printed=lambda name, recipe: printed_name(name),
    scores=lambda recipe: SCORES, columns=before_after(8, "MSP"), tpr=0.90, settings=SETTINGS,
)  # fmt: skip
