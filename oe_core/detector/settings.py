"""How a detector is trained, as data: what follows from how many examples there are, and of what size.

A detector learns with Outlier Exposure from its first step (appendix C). The book's settings for CIFAR-10 at scale
course (runs/reference/cifar10-course) stand in the row for the largest sets; smaller ones get a smaller network, and as
many steps as their fewer batches need, not as many epochs.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from oe_core.arguments import ArgumentError, check_choice, check_counts
from oe_core.data.examples import Examples, ImageSet
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.kind import Kind
from oe_core.detectors.registry import KINDS
from oe_core.recipe import Recipe

# Without a download. Patches of a photograph at many scales, and sentences of Python's standard library.
DEFAULT_OUTLIERS = {"images": "photo-china", "text": "docstrings-stdlib"}
HELD_OUT_SHARE, MOST_HELD_OUT = 0.2, 2_000  # share of the examples, and how many at most: they fix 5 % to within 1 %
UNSEEN = 0.1  # share of the outliers that are not shown, at most as many
FOR_FIVE_PERCENT, MOST_SHARE = 19, 1 / 3  # held out of fewer: what a threshold of 5 % takes, up to a third
SIZES = (16, 32)  # pixels that the networks see by themselves: the nearest below the pictures' own; size= for others
CROP = 1 / 8  # of the size: padding before the random crop
LONGEST = 0.95, 200  # texts are cut to the length that this share of them keeps to, at most to so many tokens
TWICE = 2  # a token is known that occurs at least twice: else no training text had an unknown one, and each new would


COMMON = {"outlier_order": "shuffled"}
# Settings that hold from so many examples on, over those of fewer.
# Mirrored letters are other letters, so that nothing is flipped unless it is asked for.
ROWS: dict[str, dict[int, dict[str, object]]] = {
    "images": {
        0: {"model": "fast-16", "learning_rate": 0.05, "batch_size": 32, "outlier_batch_size": 32, "steps": 300,
            "dropout": 0.0, "flip": False, "outlier_flip": False, "outlier_crop_padding": 0},
        1_000: {"batch_size": 64, "outlier_batch_size": 64, "learning_rate": 0.1, "steps": 600},
        5_000: {"model": "fast-24", "batch_size": 128, "outlier_batch_size": 128, "learning_rate": 0.2, "steps": 1_000},
        20_000: {"model": "fast-48", "steps": 4_000},
    },
    "text": {
        0: {"batch_size": 32, "outlier_batch_size": 32, "steps": 150, "learning_rate": 0.01},
        2_000: {"batch_size": 64, "outlier_batch_size": 64, "steps": 400, "learning_rate": 0.01},
        10_000: {"steps": 900},
    },
}  # fmt: skip
ASIDE = (*Recipe.LABELS, "in_dist", "outliers", "parent", "weights_file")  # a detector sets them itself


def pixels(side: int | None) -> int:
    """The size at which a network sees pictures whose usual shorter side is `side`; the largest where none is known."""
    return max((size for size in SIZES if side is None or size <= side), default=SIZES[0])


def check(kind: Kind, changes: Mapping[str, object]) -> None:
    """Raise a ValueError for a setting that there is not, listing the known ones, or that is of another type."""
    known = {field.name: field.type for field in fields(kind.recipe) if field.name not in ASIDE} | {"steps": int}
    for setting, value in changes.items():
        check_choice("setting", setting, known)
        if not isinstance(value, known[setting]) and not (known[setting] is float and isinstance(value, int)):
            wanted = getattr(known[setting], "__name__", known[setting])
            raise ArgumentError(f"{setting}={value!r} is of the type {type(value).__name__}; expected {wanted}")
    check_counts(**{name: changes[name] for name in ("size", "steps", "batch_size") if name in changes})
    if {"steps", "epochs"} <= set(changes):
        raise ArgumentError(f"steps={changes['steps']} and epochs={changes['epochs']} both say how long; give one")
    if "model" not in changes and changes.get("size", SIZES[0]) < SIZES[0]:
        raise ArgumentError(f"size={changes['size']} must be at least {SIZES[0]} for the network that follows from the "
                            "data; name another one (model=), such as wrn-10-1")  # fmt: skip


def recipe(name: str, inliers: Examples, outliers: str, held_out: bool, **changes) -> Recipe:
    """The recipe that fits the examples, called `name`.

    outliers: their name. held_out: whether a part is to be split off. changes: any field of the recipe, or `steps`,
    over what follows from the data, as `check` has them. Raises ValueError as the recipe does.
    """
    kind = KINDS["images" if isinstance(inliers, ImageSet) else "text"]
    if held_out and changes.get("holdout") == 0:
        raise ArgumentError("holdout=0 keeps no inlier to check and to set a threshold with; leave it out, or give "
                            "held_out")  # fmt: skip
    changes.setdefault("holdout", holdout(len(inliers)) if held_out else 0)
    count = len(inliers) - changes["holdout"]
    values = _of_size(kind, inliers) | COMMON | _of_number(kind, count) | changes
    steps = values.pop("steps")
    values.setdefault("epochs", max(1, round(steps / -(-max(1, count) // values["batch_size"]))))
    return kind.recipe(name=name, in_dist=name, outliers=outliers, **values)


def holdout(count: int) -> int:
    """How many of `count` examples are held out."""
    return min(MOST_HELD_OUT, max(round(HELD_OUT_SHARE * count), min(FOR_FIVE_PERCENT, int(MOST_SHARE * count))))


def check_learned(training: Examples) -> None:
    """Raise a ValueError naming the classes of which every example is held out, so that none is learned from."""
    counts = training.labels.bincount(minlength=len(training.classes)).tolist()
    if lost := [name for name, count in zip(training.classes, counts, strict=True) if not count]:
        what = f"all examples of {', '.join(lost[:5])} would be held out, of {len(lost)} classes nothing learned from"
        raise ArgumentError(f"{training.name}: {what}; give more examples of each, or a held-out set (held_out=)")


def shown(outliers: Examples, wanted: int | None) -> int:
    """How many of the outliers, from the first, are trained with: `wanted`, or all but a part to check with."""
    most = len(outliers) - min(MOST_HELD_OUT, max(1, round(UNSEEN * len(outliers))))
    if most < 1:
        raise ArgumentError(f"outliers: {outliers.name} holds one example; expected at least two, better thousands")
    return min(wanted or most, most)


def _of_number(kind: Kind, count: int) -> dict[str, object]:
    holding = [changes for least, changes in ROWS[kind.name].items() if least <= count]
    return dict(ChainMap(*reversed(holding)))


def _of_size(kind: Kind, inliers: Examples) -> dict[str, object]:
    if kind.recipe is ImageRecipe:
        return {"size": inliers.size, "crop_padding": round(CROP * inliers.size)}
    words = [text.lower().split() for text in inliers.texts]
    share, most = LONGEST
    counts = np.unique([token for text in words for token in text], return_counts=True)[1]
    return {
        "length": int(np.clip(np.quantile([len(text) for text in words], share), 1, most)),
        "vocabulary": int(np.clip((counts >= TWICE).sum(), 1, kind.recipe.vocabulary)),
    }
