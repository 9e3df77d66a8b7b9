"""Which of a training set's examples a recipe trains on, which it holds out, and a seeded part of any set."""

from typing import TypeVar

import torch
from torch import Tensor

from oe_core.data.examples import ImageSet, TextSet
from oe_core.data.streams import Stream
from oe_core.recipe import Recipe

AnySet = TypeVar("AnySet", ImageSet, TextSet, Stream)


def training_part(inliers: AnySet, recipe: Recipe) -> AnySet:
    """The examples that a recipe trains on: those of `training_rows`, copied."""
    return inliers.take(training_rows(inliers, recipe))


def training_rows(inliers: AnySet, recipe: Recipe) -> Tensor:
    """Which examples a recipe trains on, int64 (n,): all but its hold-out, at most its `limit`.

    The hold-out is the end of the stored order (hendrycks/outlier-exposure CIFAR/baseline.py); sets that are stored
    class by class are therefore mixed first, by a permutation that is the same for every seed.
    """
    if recipe.holdout >= len(inliers):
        raise ValueError(f"holdout={recipe.holdout} leaves nothing of {inliers.name}'s {len(inliers)} examples")
    return _mixed(inliers)[: len(inliers) - recipe.holdout][: recipe.limit]


def held_out_part(inliers: AnySet, recipe: Recipe) -> AnySet:
    """The last `holdout` examples of the order of `training_rows`: never trained on."""
    return inliers.take(_mixed(inliers)[len(inliers) - recipe.holdout :])


def limited(examples: AnySet, limit: int | None) -> AnySet:
    """The first `limit` examples of a seeded order; all of them where there are no more, or `limit` is None."""
    if limit is None or len(examples) <= limit:
        return examples
    return examples.take(_mixed(examples)[:limit])


def mixed(examples: AnySet) -> AnySet:
    """All examples in a seeded order: sets are often stored class by class."""
    return examples.take(_mixed(examples))


def _mixed(inliers: AnySet) -> Tensor:
    return torch.randperm(len(inliers), generator=torch.Generator().manual_seed(0))
