"""Classifiers with a confidence branch: Table 3."""

from dataclasses import replace

from oe_core.detectors.branch.recipe import BranchRecipe
from oe_core.detectors.branch.scores import BRANCH_SCORES
from oe_core.detectors.branch.settings import SETTINGS
from oe_core.detectors.branch.training import TASK
from oe_core.detectors.images import IMAGES
from oe_core.detectors.kind import Column

BRANCH = replace(
    IMAGES, recipe=BranchRecipe, task=TASK, settings=SETTINGS, features=None, scores=lambda recipe: BRANCH_SCORES,
    columns=(
        Column(3, "MSP", "baseline", "MSP"), Column(3, "Branch", "baseline", "Branch"),
        Column(3, "+OE", "exposed", "Branch"),
    ),
)  # fmt: skip
