"""Classifiers trained beside a GAN whose images they must not be sure of: Table 4."""

from dataclasses import replace

from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.gan.settings import SETTINGS
from oe_core.detectors.gan.training import TASK
from oe_core.detectors.images import IMAGES
from oe_core.detectors.kind import Column

GAN = replace(
    IMAGES, recipe=GanRecipe, task=TASK, settings=SETTINGS, features=None,
    columns=tuple(
        Column(4, method, network, "MSP")
        for method, network in {"MSP": "baseline", "+GAN": "synthetic", "+OE": "exposed"}.items()
    ),
)  # fmt: skip
