"""Density estimators: Table 5 and Figure 2."""

import math
from dataclasses import replace

import numpy as np

from oe_core.data.examples import ImageSet
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.density.scores import DENSITY_SCORES
from oe_core.detectors.density.settings import SETTINGS
from oe_core.detectors.density.training import TASK, load, predict
from oe_core.detectors.images import IMAGES
from oe_core.detectors.kind import before_after


def _bits_per_dimension(losses: np.ndarray, test: ImageSet) -> float:
    return float(losses.mean()) / math.log(2)


DENSITY = replace(
    IMAGES, recipe=DensityRecipe, task=TASK, predict=predict, load=load, settings=SETTINGS, features=None,
    scores=lambda recipe: DENSITY_SCORES, columns=before_after(5, "BPP"),
    quality=("bits per dimension", _bits_per_dimension),
)  # fmt: skip
