"""The recipes that are tried on a GPU, small ones of every kind, and data for them that nobody has to download."""

from dataclasses import dataclass, replace

import torch

from bench import comparisons
from bench.comparisons import random_images, random_words
from oe_core.data.examples import TextSet
from oe_core.data.streams import AnyExamples
from oe_core.detectors.branch.recipe import BranchRecipe
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.detectors.objectives.losses import OBJECTIVES
from oe_core.detectors.objectives.recipe import ObjectiveRecipe
from oe_core.detectors.text.recipe import TextRecipe
from oe_core.recipe import Recipe

# Nothing that is random but crops, flips and holes, which are drawn on the CPU for every device.
_SMALL = {"in_dist": "random", "batch_size": 16, "outliers": "random", "outlier_batch_size": 16, "epochs": 2,
          "learning_rate": 1e-3}  # fmt: skip
_CLASSIFIER = _SMALL | {"model": "wrn-10-1", "size": 16, "dropout": 0.0, "crop_padding": 2}
SMALL: dict[str, Recipe] = {
    "images, wrn": ImageRecipe("wrn", **_CLASSIFIER),
    "images, allconv": ImageRecipe("allconv", **_CLASSIFIER | {"model": "allconv-8"}),
    "images, fast": ImageRecipe("fast", **_CLASSIFIER | {"model": "fast-8"}),
    "images, grey-conv": ImageRecipe("grey-conv", **_CLASSIFIER | {"model": "grey-conv", "size": 28}),
    # Of 32 pixels its last stage has one left, and rounding alone then moves a batch's statistics ten times as far.
    "images, resnet18": ImageRecipe("resnet18", **_CLASSIFIER | {"model": "resnet18", "size": 64}),
    **{f"objectives, {name}": ObjectiveRecipe(name, objective=name, **_CLASSIFIER) for name in OBJECTIVES},
    "branch": BranchRecipe("branch", **_CLASSIFIER, cutout=6, milestones=(), hints=False),
    "gan, baseline": GanRecipe("gan-outliers", **{k: v for k, v in _CLASSIFIER.items() if k != "crop_padding"}),
    "density": DensityRecipe(
        "density", **_SMALL, size=16, filters=8, blocks=1, mixtures=3, dropout=0.0
    ),
    "text": TextRecipe("text", **_SMALL, vocabulary=50),
    "language, asgd": LanguageRecipe(
        "asgd", **_SMALL | {"learning_rate": 1.0, "epochs": 4}, vocabulary=60, length=12, embedding=16, hidden=24,
        layers=2, embedding_dropout=0, input_dropout=0, hidden_dropout=0, output_dropout=0, weight_dropout=0,
        patience=1,
    ),
}  # fmt: skip
SMALL["language, adam"] = replace(SMALL["language, asgd"], name="adam", optimiser="adam", epochs=2)
# What is drawn on the device: no second device draws the same.
RANDOM: dict[str, Recipe] = {
    "images, dropout": replace(SMALL["images, wrn"], name="dropout", dropout=0.3),
    "branch, hints": replace(SMALL["branch"], name="hints", hints=True),
    "gan": replace(SMALL["gan, baseline"], name="gan", outliers=None, beta=0.1, filters=4, latent=8),
    "density, dropout and average": replace(SMALL["density"], name="average", dropout=0.5, polyak=0.9),
    "language, dropout": replace(SMALL["language, adam"], name="dropped", hidden_dropout=0.3, weight_dropout=0.1),
}


@dataclass(frozen=True)
class Timed:
    """A training of the paper whose steps are timed.

    steps: of an epoch of it. goals: (epochs, the seconds that so many should take on one H200).
    """

    name: str
    recipe: Recipe
    steps: int
    goals: tuple[tuple[int, float], ...]


_WRN, _QRNN, _PIXEL_CNN = comparisons.WRN, comparisons.QRNN, comparisons.PIXEL_CNN
_CHARACTERS = replace(_QRNN, unit="characters", length=150, vocabulary=50)
TIMED = (
    Timed("WRN-40-2 on CIFAR-10, baseline", replace(_WRN, outliers=None), 391, ((100, 66),)),
    Timed("WRN-40-2 on CIFAR-10, OE from scratch and fine-tuning", _WRN, 391, ((100, 156), (10, 20))),
    Timed("QRNN on PTB's words, OE", _QRNN, 664, ((1, 1.2),)),
    Timed("QRNN on PTB's characters, OE", _CHARACTERS, 1667, ((1, 5),)),
    Timed("PixelCNN++ 5 x 160 on CIFAR-10, baseline", replace(_PIXEL_CNN, outliers=None), 782, ((1, 30),)),
)


def data(recipe: Recipe, steps: int) -> tuple[AnyExamples, AnyExamples | None]:
    """Random inliers and outliers for `steps` steps an epoch of a recipe, the last of them with half a batch."""
    count = steps * recipe.batch_size - recipe.batch_size // 2
    outside = None if recipe.outliers is None else steps * recipe.outlier_batch_size

    def made(count: int) -> AnyExamples:
        if recipe.KIND == "text":
            return _random_texts(count)
        if recipe.KIND == "language":
            return random_words("random", count * recipe.length + 1, 40 * recipe.length + 1, recipe.vocabulary)
        return random_images("random", count, recipe.size)

    return made(count), outside and made(outside)


def _random_texts(count: int) -> TextSet:
    """Texts of three to twelve words, of which each class prefers another."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 4
    lengths = torch.randint(3, 13, (count,), generator=draw).tolist()
    words = [torch.randint(10, (length,), generator=draw).tolist() for length in lengths]
    texts = tuple(
        " ".join(f"w{4 * word + label}" for word in text) for text, label in zip(words, labels.tolist(), strict=True)
    )
    return TextSet("random", texts, labels, tuple("abcd"), "embedded")
