"""Answers to chapter 6's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import numpy as np
import torch

LEVELS = range(0, 256, 32)
SIZE = 4
INLIER_BITS = np.linspace(4, 16, 25)
INLIERS = torch.randint(0, 256, (5, 3, SIZE, SIZE), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def bits(images, method="BPP"):
    """A network that reads rows from left to right, later columns and rows for more."""
    weights = torch.linspace(1, 3, SIZE) * torch.linspace(1, 2, SIZE)[:, None]
    return (images.float() * weights).mean(dim=(1, 2, 3)).numpy() / 32 + (2 if method == "+OE" else 3)


def _flat(value=lambda level: level, unit=1.0):
    images = torch.stack([torch.full((3, SIZE, SIZE), float(value(level))) for level in LEVELS])
    return {method: dict(zip(LEVELS, unit * bits(images, method), strict=True)) for method in ("BPP", "+OE")}


FLAT = _flat()
LIKELIER = {level: 100 * np.mean(INLIER_BITS > bpp) for level, bpp in FLAT["BPP"].items()}
KNOWN = (bits, INLIER_BITS, SIZE)
MIRRORED = bits(INLIERS.flip(3))
APART = np.abs(MIRRORED - bits(INLIERS)).mean()
OF_MEANS = abs(MIRRORED.mean() - bits(INLIERS).mean())
RIGHT = {
    "flat_images": (FLAT, LIKELIER, *KNOWN),
    "mirror": (MIRRORED, APART, INLIERS, bits),
    "bits_of_a_margin": (3072, 925),
}
WRONG = {
    "flat_images": [
        ((_flat(lambda level: level / 255), LIKELIER, *KNOWN), "as a whole number from 0 to 255"),
        (({**FLAT, "BPP": FLAT["BPP"] | {96: 999.0}}, LIKELIER, *KNOWN), "of the grey level 96"),
        ((_flat(unit=1 / 3), LIKELIER, *KNOWN), "a pixel has three"),
        ((FLAT, {level: 100 - value for level, value in LIKELIER.items()}, *KNOWN), "the other way round"),
        ((FLAT, {level: value / 100 for level, value in LIKELIER.items()}, *KNOWN), "give percent"),
    ],
    "mirror": [
        ((bits(INLIERS), APART, INLIERS, bits), "as they are"),
        ((bits(INLIERS.flip(2)), APART, INLIERS, bits), "upside down"),
        ((MIRRORED, OF_MEANS, INLIERS, bits), "the distance of two means"),
        ((MIRRORED, -APART, INLIERS, bits), "not negative"),
    ],
    "bits_of_a_margin": [
        ((1024, 309), "you count pixels"),
        ((3072, 1335), "a power of e"),
        ((3072, 3072), "not the number of decimal digits"),
    ],
}
