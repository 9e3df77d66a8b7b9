"""Image classifiers that outliers teach something else than the uniform posterior: the further losses of section 5."""

from dataclasses import replace

from oe_core.detectors.images import IMAGES
from oe_core.detectors.kind import Column
from oe_core.detectors.objectives.losses import OBJECTIVES as ROWS
from oe_core.detectors.objectives.recipe import ObjectiveRecipe
from oe_core.detectors.objectives.training import TASK

OWN = "own score"
# No table of the paper has them; the rows stand in the form of Table 7. Their experiments are those of the images with
# `recipe.with_objective`.
OBJECTIVES = replace(
    IMAGES, recipe=ObjectiveRecipe, task=TASK, settings=None, features=None,
    scores=lambda recipe: {OWN: ROWS[recipe.objective].score},
    columns=(Column(7, OWN, "baseline", OWN), Column(7, "+OE", "exposed", OWN)),
)  # fmt: skip
