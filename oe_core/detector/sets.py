"""The sets that a detector was trained on and checked with: as they were given, or read again."""

from collections.abc import Sequence
from typing import NamedTuple

from oe_core.arguments import ArgumentError
from oe_core.data.examples import Examples
from oe_core.detector.given import given, named
from oe_core.evaluation.roles import HELD_OUT, LEARNED, OUTLIERS
from oe_core.parts import held_out_part, mixed, training_part
from oe_core.recipe import Recipe
from oe_core.runs.store import Load


class GivenSets(NamedTuple):
    """What a detector was trained on and checked with; kept as long as it is not saved and loaded."""

    inliers: Examples
    outliers: Examples | None
    held_out: Examples

    def roles(self, recipe: Recipe) -> dict[str, Examples]:
        """What each set is to a training by `recipe`, which holds some of the inliers out, or none."""
        sets = {LEARNED: training_part(self.inliers, recipe), OUTLIERS: self.outliers, HELD_OUT: self.held_out}
        return {role: examples for role, examples in sets.items() if examples is not None}


def in_memory(recipe: Recipe, inliers: Examples, outliers: Examples) -> Load:
    """What loads the two sets that `recipe` learns from, which are there."""
    held = {recipe.in_dist: inliers, recipe.outliers: outliers}
    return lambda name, split, *options: held[name]


def read_again(detector, in_dist: object, outliers: object, labels: Sequence | None, left_out: int) -> GivenSets:
    """What a detector was trained on, read again; the outliers only where classes are left out.

    Arguments and errors as `Detector.evaluate`.
    """
    size, data = [detector.recipe.size] if detector.vocabulary is None else [], detector.card["run"]["data"]
    inside = given(in_dist, "in_dist", labels)
    inliers = inside.load(inside.name, *size)
    if inliers.fingerprint != data["inliers"]["fingerprint"]:
        raise ArgumentError(f"in_dist: {inliers.name} is not what the detector was trained on; for other inliers, "
                            "ask `score` or `predict`")  # fmt: skip
    if not detector.recipe.holdout:
        raise ArgumentError("in_dist: the detector was checked with a held-out set of its own, which is not saved")
    held_out, others = held_out_part(inliers, detector.recipe), None
    if left_out:
        if detector.recipe.parent or not detector.recipe.outliers:
            raise ArgumentError(f"left_out={left_out}: only for a detector that learned outliers from its first "
                                "step, as one of `fit`, others are trained without a class; choose 0")  # fmt: skip
        if outliers is None and data["outliers"]["origin"] == "folder":
            raise ArgumentError(f"outliers: to leave classes out takes those that the detector was trained with, "
                                f"{detector.recipe.outliers}; give them, or left_out=0 (--left-out 0)")  # fmt: skip
        outside = named(detector.recipe.outliers) if outliers is None else given(outliers, "outliers")
        others = mixed(outside.load(outside.name, *size))
        if others.fingerprint != data["outliers"]["fingerprint"]:
            raise ArgumentError(f"outliers: {outside.name} is not what the detector was trained with, "
                                f"{detector.recipe.outliers}; give that, or left_out=0 (--left-out 0)")  # fmt: skip
    return GivenSets(inliers, others, held_out)
