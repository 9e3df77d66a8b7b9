"""Answers to chapter 0's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import numpy as np
import torch

from oe_core.scores import msp

generator = np.random.default_rng(0)
SCORED = {"MSP": (generator.normal(-0.9, 0.05, 200), generator.normal(-0.85, 0.05, 100)),
          "+OE": (generator.normal(-0.9, 0.05, 200), generator.normal(-0.7, 0.05, 100))}  # fmt: skip


def _begins(values):
    doubted = np.flatnonzero(values > -0.9)
    return 100 * doubted[0] / (len(values) - 1) if doubted.size else None


def _network(sharpness):
    """The brighter an image, the surer of the first class."""
    return lambda images: torch.cat([sharpness * images.float().mean(dim=(1, 2, 3))[:, None] / 255,
                                     torch.zeros(len(images), 3)], dim=1)  # fmt: skip


NETWORKS = {"baseline": _network(4.0), "exposed": _network(1.0)}


def _blank(*greys, sign=1):
    images = torch.tensor(greys, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 8, 8)
    return {name: sign * msp(network(images)) for name, network in NETWORKS.items()}


def _curves(rings=np.greater_equal, first=0, unit=1):
    curves = {}
    for name, pair in SCORED.items():
        thresholds = np.linspace(-1.2, -0.4, 101)[:, None]
        shares = [unit * np.mean(rings(scores, thresholds), axis=1) for scores in pair]
        curves[name] = (shares[first], shares[1 - first])
    return curves


RIGHT = {
    "another_digit": (_begins,),
    "blank_image": (_blank(0, 255), NETWORKS, 8),
    "price_of_the_threshold": (_curves(), SCORED),
}
WRONG = {
    "another_digit": [
        ((lambda values: 100 * np.argmax(values > -0.9) / (len(values) - 1),), "stays below -0.9 all along never doubts"),
        ((lambda values: next(iter(np.flatnonzero(values > -0.9)), None),), "percent of the way"),
        ((lambda values: None if values.max() < -0.9 else 100 * np.flatnonzero(values > -0.9)[-1] / (len(values) - 1),),
         "the first step doubts from 0 % on"),
    ],
    "blank_image": [
        ((_blank(255, 0), NETWORKS, 8), "does black come first"),
        ((_blank(0, 1), NETWORKS, 8), "what number is white in a uint8 image"),
        ((_blank(0, 255, sign=-1), NETWORKS, 8), "confidence has its sign turned"),
    ],
    "price_of_the_threshold": [
        ((_curves(first=1), SCORED), "do the inliers come first"),
        ((_curves(np.less), SCORED), "does a high score ring"),
        ((_curves(unit=100), SCORED), "counts, or percent"),
        (({"MSP": (0.05, 0.2), "+OE": (0.05, 0.9)}, SCORED), "many thresholds"),
    ],
}  # fmt: skip
