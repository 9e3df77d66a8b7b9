"""Image classifiers: Tables 1, 7, 9, 10, 12 and 13, and MNIST."""

from torch import Tensor

from oe_core.data.catalog import printed_name
from oe_core.data.examples import ImageSet
from oe_core.data.sources import IMAGES as SOURCES
from oe_core.data.sources import load_images
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.settings import SETTINGS
from oe_core.detectors.images.training import TASK, features, predict
from oe_core.detectors.kind import Column, Kind, before_after
from oe_core.recipe import Recipe
from oe_core.scores import SCORES


def pixels(images: ImageSet, recipe: Recipe, training) -> Tensor:
    """What every network of images takes: uint8 (n, 3, size, size)."""
    return images.images


IMAGES = Kind(
    ImageRecipe, TASK, predict, SOURCES, load_images, pixels,
    printed=lambda name, recipe: printed_name(name),
    scores=lambda recipe: SCORES,
    columns=(
        *before_after(7, "MSP"),
        Column(7, "+OE scratch", "scratch", "MSP"),  # appendix C, in the form of Table 7; no table of the paper has it
        Column(10, "MSP", "exposed", "MSP"), Column(10, "H(U;p)", "exposed", "H(U;p)"),
    ),
    tpr=0.95, settings=SETTINGS, features=features,
)  # fmt: skip
