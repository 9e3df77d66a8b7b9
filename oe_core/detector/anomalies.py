"""Anomalies that every detector is tested on, made without any data but its own inliers.

Near ones are made of inliers: corrupted copies (the validation distributions of appendix A), texts of their words in
another order. Far ones have nothing of them: noise, letters at random.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from oe_core.data.anomalies import FAR, NEAR, VALIDATION, anomalies, validation_anomalies
from oe_core.data.examples import Examples, ImageSet, TextSet

COUNT = 500  # examples of noise, or of words at random
LETTERS = "letters at random"
NOISES = ("gaussian", "bernoulli", "blobs")
CORRUPTIONS = tuple(name for name in VALIDATION if name != "uniform-noise")


def synthetic(inliers: Examples) -> Iterator[tuple[str, str, Examples]]:
    """(group, name, examples) of every set of synthetic anomalies; inliers: held-out ones."""
    if isinstance(inliers, TextSet):
        yield from ((group, name, _texts(name, make(inliers))) for (group, name), make in TEXTS.items())
        return
    yield from noises(inliers.size)
    for name in CORRUPTIONS:
        if name != "jigsaw" or inliers.size % 4 == 0:
            yield NEAR, name, _images(name, validation_anomalies(name, inliers.images, seed=0))


def noises(size: int) -> Iterator[tuple[str, str, Examples]]:
    """Those of `synthetic` for which no picture is needed."""
    for name in NOISES:
        yield FAR, name, _images(name, anomalies(name, COUNT, size, signed=False, seed=0))


def words_at_random(tokens: Sequence[str], length: int) -> Iterator[tuple[str, str, Examples]]:
    """As `noises` of pictures: texts of up to `length` of the known tokens, and of letters in their place."""
    rng = np.random.default_rng(0)
    name = "words of the vocabulary"
    words = _texts(name, [" ".join(rng.choice(tokens, count)) for count in rng.integers(1, length + 1, COUNT)])
    yield NEAR, name, words
    yield FAR, LETTERS, _texts(LETTERS, _letters(words))


def without_class(inliers: Examples, label: int) -> tuple[Examples, Examples]:
    """The examples of all classes but one, numbered anew, and those of that one."""
    others, left = ((inliers.labels == label) == wanted for wanted in (False, True))
    part = inliers.take(others.nonzero()[:, 0])
    labels = part.labels - (part.labels > label).long()
    classes = inliers.classes[:label] + inliers.classes[label + 1 :]
    name = f"{inliers.name} without {inliers.classes[label]}"
    return replace(part, name=name, labels=labels, classes=classes), inliers.take(left.nonzero()[:, 0])


def _images(name: str, unit: Tensor) -> ImageSet:
    """Floats in [0, 1] as pictures of 256 values, such as a camera gives."""
    pixels = (255 * unit).round().to(torch.uint8)
    return ImageSet(name, pixels, torch.zeros(len(pixels), dtype=torch.int64), (name,), "generated")


def _texts(name: str, texts: list[str]) -> TextSet:
    return TextSet(name, tuple(texts), torch.zeros(len(texts), dtype=torch.int64), (name,), "generated")


def _other_order(inliers: TextSet) -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.permutation(text.split())) for text in inliers.texts]


def _words_of_all(inliers: TextSet) -> list[str]:
    rng, words = np.random.default_rng(0), [text.split() for text in inliers.texts]
    every = [token for text in words for token in text]
    return [" ".join(rng.choice(every, len(text))) for text in words]


def _letters(inliers: TextSet) -> list[str]:
    rng, letters = np.random.default_rng(0), list("abcdefghijklmnopqrstuvwxyz")
    return [" ".join("".join(rng.choice(letters, len(token))) for token in text.split()) for text in inliers.texts]


TEXTS: dict[tuple[str, str], Callable[[TextSet], list[str]]] = {
    (NEAR, "words in another order"): _other_order,
    (NEAR, "words of all inliers"): _words_of_all,
    (FAR, LETTERS): _letters,
}
