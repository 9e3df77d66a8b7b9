"""What a file leaves in its content: size and codec of a picture, length of a text.

If all outliers come as large JPEG files and all inliers as small PNG files, a network can tell them apart without
looking at what they show. Whether it does is measured: inliers are stored as the outliers are, outliers as the inliers
are, and whoever then rings, or no longer rings, was told by the file.
"""

import io
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from oe_core.data.examples import Examples, ImageSet, TextSet
from oe_core.data.readers.pixels import fit
from oe_core.detector.given import Files
from oe_core.parts import limited

SAMPLE = 200  # examples of each side
SURE, MATERIAL = 0.01, 0.1  # level of the test; share of the examples below which a change does not matter
LOSSY = {"JPEG": {"subsampling": 2}, "WEBP": {}, "GIF": {}, "AVIF": {}}  # how to save what loses something


def stored_like(pictures: ImageSet, files: Files) -> ImageSet:
    """`pictures` as they would be if they had come in `files`: brought to their side, if known, saved, read again."""
    return ImageSet(
        pictures.name, torch.from_numpy(np.stack([_stored(image, files) for image in pictures.images])),
        pictures.labels, pictures.classes, pictures.origin,
    )  # fmt: skip


def _stored(image: torch.Tensor, files: Files) -> np.ndarray:
    side = image.shape[-1]
    picture = Image.fromarray(image.permute(1, 2, 0).numpy())
    picture = picture.resize((files.side or side,) * 2, Image.Resampling.BILINEAR)
    if files.codec in LOSSY:
        options, file = dict(LOSSY[files.codec]), io.BytesIO()
        if files.quantisation:
            options["qtables"] = files.quantisation
        picture.save(file, files.codec, **options)
        picture = Image.open(file)
    return fit(picture, side)


def cut_like(texts: TextSet, others: TextSet) -> TextSet:
    """`texts` cut to as many tokens as the middle one of `others` has."""
    length = max(1, int(np.median([len(text.split()) for text in others.texts])))
    cut = tuple(" ".join(text.split()[:length]) for text in texts.texts)
    return TextSet(texts.name, cut, texts.labels, texts.classes, texts.origin)


def changed(
    examples: Examples, disguise: Callable[[Examples], Examples], rings: Callable[[Examples], np.ndarray], into: bool
) -> tuple[float, float] | None:
    """Shares of `examples` that ring as they are and disguised, where more ring (`into`), or fewer, than by chance.

    rings: examples -> bool (n,). None where there is no such change, by McNemar's test, or one that does not matter.
    """
    taken = limited(examples, SAMPLE)
    before, after = rings(taken), rings(disguise(taken))
    moved, back = ((after & ~before), (before & ~after)) if into else ((before & ~after), (after & ~before))
    if not moved.sum() or (moved.sum() - back.sum()) / len(taken) < MATERIAL:
        return None
    from scipy import stats  # takes a second, which asking can do without

    test = stats.binomtest(int(moved.sum()), int(moved.sum() + back.sum()), 0.5, alternative="greater")
    return (float(before.mean()), float(after.mean())) if test.pvalue < SURE else None
