"""The recipe of an image classifier that outliers teach something else than the uniform posterior."""

from dataclasses import dataclass, fields

from oe_core.arguments import ArgumentError, check_numbers
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.objectives.losses import OBJECTIVES


@dataclass(frozen=True)
class ObjectiveRecipe(ImageRecipe):
    """An image classifier whose outliers teach it something else than the uniform posterior, see `losses`.

    It starts from an ordinary classifier where its outputs mean the same, else from one of its own objective.
    """

    objective: str = "uniform"
    hard_share: float = 0.32  # of a batch's outliers: 32 of 100 in hendrycks/outlier-exposure MNIST/oe_scratch.py
    energy_margins: tuple[float, float] = (-23.0, -5.0)  # of inliers and outliers; wetliu/energy_ood, for CIFAR-10

    KIND = "objectives"
    OWN_PARENT = ("reject-class", "multilabel")  # an ordinary classifier's outputs mean something else

    def __post_init__(self):
        super().__post_init__()
        self._one_of("objective", OBJECTIVES)
        object.__setattr__(self, "energy_margins", tuple(self.energy_margins))  # JSON has lists only
        check_numbers(above=0, most=1, hard_share=self.hard_share)
        if len(self.energy_margins) != 2 or not self.energy_margins[0] < self.energy_margins[1]:
            raise ArgumentError(f"energy_margins={self.energy_margins} must be two, the inliers' below the outliers'")
        theirs = getattr(self.parent, "objective", "uniform")
        if self.parent and self.objective in self.OWN_PARENT and theirs != self.objective:
            raise ArgumentError(f"objective={self.objective!r} cannot start from parent {self.parent.name!r}, which "
                                f"has objective={theirs!r}: its outputs mean something else")  # fmt: skip


def with_objective(recipe: ImageRecipe, objective: str, **changes) -> ObjectiveRecipe:
    """`recipe` with another objective, named after both; errors as `ObjectiveRecipe`."""
    settings = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    return ObjectiveRecipe(**settings | {"name": f"{recipe.name}-{objective}", "objective": objective, **changes})
