"""Recipes: all that determines one trained network, as frozen data. Every kind, and how one is made of another."""

from dataclasses import dataclass, fields, replace

from oe_core.image_recipes import OBJECTIVES, BranchRecipe, GanRecipe, ImageRecipe, ObjectiveRecipe
from oe_core.recipe import Recipe
from oe_core.text_recipes import LanguageRecipe, TextRecipe

__all__ = [
    "OBJECTIVES",
    "BranchRecipe",
    "DensityRecipe",
    "GanRecipe",
    "ImageRecipe",
    "LanguageRecipe",
    "ObjectiveRecipe",
    "Recipe",
    "TextRecipe",
    "fine_tuned",
    "from_scratch",
    "recipe_from_json",
    "with_objective",
]
MARGIN_UNITS = ("bits", "nats")
MARGIN_COUNTS = ("sub-pixels", "pixels")


@dataclass(frozen=True)
class DensityRecipe(Recipe):
    """One density estimator to train: PixelCNN++ (section 4.4). The authors' code for it is not published.

    Network and optimiser are those of openai/pixel-cnn, rate and batch those of its port pclucas14/pixel-cnn-pp.
    """

    model: str = "pixelcnn"
    epochs: int = 200  # not published
    learning_rate: float = 2e-4  # Adam's
    batch_size: int = 64
    outlier_batch_size: int = 64
    oe_weight: float = 1.0
    outlier_order: str = "shuffled"
    size: int = 32  # pixels, height and width of every image
    filters: int = 160
    blocks: int = 5  # gated blocks of each stage and stream
    mixtures: int = 10  # logistics of a pixel
    dropout: float = 0.5
    rate_decay: float = 0.999995  # factor of the learning rate, per step
    polyak: float = 0.0  # decay of the weights' running average that the training ends with; 0: the last weights
    margin_unit: str = "bits"  # of the likelihoods in the margin loss
    margin_count: str = "sub-pixels"  # what its num_pixels counts: 3 h w, or "pixels", h w
    inlier_likelihood: bool = True  # with outliers: go on maximising the inliers' likelihood beside the margin

    TUNING = {"epochs": 2}  # section 4.4
    INHERITED = ("model", "size", "filters", "blocks", "mixtures")

    def __post_init__(self):
        super().__post_init__()
        self._one_of("margin_unit", MARGIN_UNITS)
        self._one_of("margin_count", MARGIN_COUNTS)
        self._at_least(1, "filters", "blocks", "mixtures")
        if self.size < 4 or self.size % 4:
            raise ValueError(f"size={self.size} must be divisible by 4: the network halves it twice")
        if self.outliers is not None and self.outlier_batch_size != self.batch_size:
            raise ValueError(
                f"outlier_batch_size={self.outlier_batch_size} must equal batch_size={self.batch_size}: "
                "the margin loss compares pairs"
            )
        for field in ("dropout", "polyak"):
            if not 0 <= getattr(self, field) < 1:
                raise ValueError(f"{field}={getattr(self, field)} must be in [0, 1)")
        if not 0 < self.rate_decay <= 1:
            raise ValueError(f"rate_decay={self.rate_decay} must be in (0, 1]")

    @property
    def reading(self) -> tuple:
        """(size,)"""
        return (self.size,)

    @property
    def signed(self) -> bool:
        """True: generated anomalies lie in [-1, 1], as all images do for the likelihood."""
        return True


def fine_tuned(parent: Recipe, outliers: str, **changes) -> Recipe:
    """`parent` fine-tuned with Outlier Exposure, as its kind's TUNING says unless `changes` say otherwise."""
    settings = {"name": f"{parent.name}-oe", **parent.TUNING, **changes}
    return replace(parent, outliers=outliers, parent=parent, **settings)


def from_scratch(baseline: Recipe, outliers: str, **changes) -> Recipe:
    """`baseline` trained with Outlier Exposure from its first step (appendix C)."""
    return replace(baseline, outliers=outliers, **{"name": f"{baseline.name}-oe-scratch", **changes})


def with_objective(recipe: ImageRecipe, objective: str, **changes) -> ObjectiveRecipe:
    """`recipe` with another objective, named after both; errors as `ObjectiveRecipe`."""
    settings = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    return ObjectiveRecipe(**settings | {"name": f"{recipe.name}-{objective}", "objective": objective, **changes})


def recipe_from_json(values: dict) -> Recipe:
    """The inverse of `Recipe.to_json`, of the kind whose fields they are; an unknown field raises ValueError."""
    kinds = {"unit": LanguageRecipe, "vocabulary": TextRecipe, "mixtures": DensityRecipe, "objective": ObjectiveRecipe,
             "budget": BranchRecipe, "latent": GanRecipe}  # fmt: skip
    kind = next((kind for field, kind in kinds.items() if field in values), ImageRecipe)
    unknown = sorted(set(values) - {field.name for field in fields(kind)})
    if unknown:
        raise ValueError(f"{kind.__name__} has unknown fields {unknown}")
    parent = values.get("parent")
    return kind(**{**values, "parent": recipe_from_json(parent) if parent else None})
