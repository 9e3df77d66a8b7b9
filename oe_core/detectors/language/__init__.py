"""Language models: Tables 6 and 11."""

import math
from collections.abc import Callable

import numpy as np
from torch import Tensor

from oe_core.data.sources import LINES as SOURCES
from oe_core.data.streams import Stream, load_stream, printed_stream_name
from oe_core.detectors.kind import Kind, before_after
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.detectors.language.scores import LANGUAGE_SCORES
from oe_core.detectors.language.settings import SETTINGS
from oe_core.detectors.language.training import TASK, predict, segments_of


def _segments(stream: Stream, recipe: LanguageRecipe, training: Callable[[], Stream]) -> Tensor:
    return segments_of(stream, training(), recipe)


def _stream_name(name: str, recipe: LanguageRecipe) -> str:
    return printed_stream_name(name, recipe.unit if name == recipe.in_dist else "")


def _perplexity(losses: np.ndarray, test: Stream) -> float:
    return math.exp(float(losses[:, 0].mean()))


LANGUAGE = Kind(
    LanguageRecipe, TASK, predict, SOURCES, load_stream, _segments, printed=_stream_name,
    scores=lambda recipe: LANGUAGE_SCORES, columns=before_after(11, "BPC/BPW"), tpr=0.90,
    quality=("perplexity", _perplexity), settings=SETTINGS,
)  # fmt: skip
