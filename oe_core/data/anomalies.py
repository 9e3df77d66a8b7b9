"""Synthetic anomalies and the validation distributions of appendix A, as network inputs.

All images of one call come from one seeded stream in order, so the first k do not depend on how many are asked for.
Source: hendrycks/outlier-exposure `CIFAR/test.py`, `SVHN/test.py` and `MNIST/test.py`; the text gives neither the
noise's sigma nor the blobs' recipe.
"""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from oe_core.data.catalog import subject_of
from oe_core.data.derived import DERIVED, SIGN

ANOMALY_NAMES = {"gaussian": "Gaussian", "rademacher": "Rademacher", "bernoulli": "Bernoulli", "blobs": "Blobs"}
ANOMALIES = frozenset(ANOMALY_NAMES)
VALIDATION = {
    "uniform-noise": "Uniform Noise",
    "arithmetic-mean": "Arithmetic Mean",
    "geometric-mean": "Geometric Mean",
    "jigsaw": "Jigsaw",
    "speckle": "Speckle",
    "pixelate": "Pixelate",
    "rgb-ghost": "RGB Ghost",
    "inversion": "Inversion",
}
JIGSAWS = ("text", "code")
DISTANCES = NEAR, FAR, YOURS = "near", "far", "yours"
BLOCK = 64  # images drawn at a time; bounds the memory, does not change the numbers


def distance(out_dist: str, in_dist: str) -> str:
    """How far anomalies lie from inliers, both by the names of their sets.

    NEAR: made of the inliers, or of the same subject; FAR: noise, or of another subject; YOURS: of a set of the
    reader's, or beside one, of which that is not known. For CIFAR these are the near and far sets of Zhang et al. 2023,
    OpenOOD v1.5.
    """
    inside, outside = (subject_of(name.partition(SIGN)[0]) for name in (in_dist, out_dist))
    if out_dist in ANOMALIES or out_dist in DERIVED:
        return FAR if out_dist in ANOMALIES else NEAR
    return YOURS if "" in (inside, outside) else NEAR if inside == outside else FAR


def anomalies(
    name: str, count: int, size: int, signed: bool, seed: int, *, grey: bool = False, across_channels: bool = True
) -> Tensor:
    """`count` synthetic images, float32 (count, 3, size, size), fed to the network as they are.

    signed=False: in [0, 1], for networks whose inputs are pixels / 255. signed=True: in [-1, 1], for networks with
    standardised inputs; the paper's code does not standardise them. Per pixel and channel, [0, 1] form | [-1, 1] form:
      gaussian    N(0.5, 0.5^2) clipped | N(0, 0.5^2) clipped
      bernoulli   0 or 1, p = 0.5 | -
      rademacher  - | -1 or 1, p = 0.5
      uniform     U[0, 1] | U[-1, 1] (a validation distribution)
      blobs       Bernoulli(0.7) under a Gaussian blur of sigma 1.5 (2 above 32 pixels), below 0.75 set to 0 | 2 x - 1
    grey: one channel, three times. The luminance of three independent ones would be another noise, of two thirds the
    spread, and no longer 0 or 1.
    across_channels: blur the colour axis too, as the paper's numbers were made; False keeps the channels independent.
    Raises ValueError for an unknown name, a form that the name does not have, or a negative count or seed.

    >>> anomalies("rademacher", count=2, size=4, signed=True, seed=0).unique().tolist()
    [-1.0, 1.0]
    """
    _check(name, count, size, signed, seed)
    rng = np.random.default_rng(seed)
    images = np.empty((count, 3, size, size), np.float32)
    for start in range(0, count, BLOCK):
        block = images[start : start + BLOCK]
        shape = (len(block), 1 if grey else 3, size, size)
        block[...] = _draw(name, shape, signed, rng, across_channels)
    return torch.from_numpy(images)


def _check(name: str, count: int, size: int, signed: bool, seed: int) -> None:
    if name not in ANOMALIES and name != "uniform":
        raise ValueError(f"name={name!r} is unknown; choose one of {', '.join(ANOMALY_NAMES)}, uniform")
    if name == "rademacher" and not signed:
        raise ValueError("name='rademacher' is -1 or 1, no input in [0, 1]; with signed=False use 'bernoulli'")
    if name == "bernoulli" and signed:
        raise ValueError("name='bernoulli' is 0 or 1, the form for inputs in [0, 1]; with signed=True use 'rademacher'")
    if size < 1:
        raise ValueError(f"size={size} must be at least 1 pixel")
    _check_not_negative(count=count, seed=seed)


def _check_not_negative(**arguments: int) -> None:
    for argument, value in arguments.items():
        if value < 0:
            raise ValueError(f"{argument}={value} must not be negative")


def _draw(name: str, shape: tuple[int, ...], signed: bool, rng: np.random.Generator, across_channels: bool):
    if name == "gaussian":
        noise = 0.5 * rng.standard_normal(shape, np.float32)
        return noise.clip(-1, 1) if signed else (noise + 0.5).clip(0, 1)
    if name == "blobs":
        unit = _blobs(shape, rng, across_channels)
    else:
        unit = rng.random(shape, np.float32)
        unit = unit if name == "uniform" else (unit < 0.5).astype(np.float32)
    return 2 * unit - 1 if signed else unit


def _blobs(shape: tuple[int, ...], rng: np.random.Generator, across_channels: bool) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    sigma = 1.5 if shape[-1] <= 32 else 2.0
    spots = (rng.random(shape, np.float32) < 0.7).astype(np.float32)
    # Edges repeat the nearest pixel: the default of scikit-image, which the paper's code blurs with.
    blurred = gaussian_filter(spots, (0, sigma if across_channels else 0, sigma, sigma), mode="nearest")
    blurred[blurred < 0.75] = 0
    return blurred


def validation_anomalies(name: str, images: Tensor, seed: int, *, jigsaw: str = "text") -> Tensor:
    """Corrupted copies of uint8 images (n, 3, height, width): float32, same shape, in [0, 1]. Appendix A.

    arithmetic-mean, geometric-mean: (a + b) / 2 and sqrt(a b) of each image and another one; these need n >= 2.
    jigsaw: 16 equal patches in a random order (height and width divisible by 4). With jigsaw="code" every image is cut
    as in the official code: its left quadrants make the upper half and its right ones the lower half, and two of
    them are cut once more, the top left one's upper and lower half and the top right one's sides changing places.
    speckle: x + x N(0, 1), clipped.
    pixelate: to a fifth of the side and back, boxes averaged. rgb-ghost: the channels become (mirrored G, B, R).
    inversion: 1 - x in G and B. "uniform-noise" needs no images: see `anomalies`, name "uniform".
    Raises ValueError for an unknown name or jigsaw, or images that do not fit the corruption.
    """
    if jigsaw not in JIGSAWS:
        raise ValueError(f"jigsaw={jigsaw!r} is unknown; choose one of {', '.join(JIGSAWS)}")
    if name not in _CORRUPTIONS:
        way_out = "; uniform noise needs no images: anomalies('uniform', ...)" if name == "uniform-noise" else ""
        raise ValueError(f"name={name!r} is no corruption; choose one of {', '.join(_CORRUPTIONS)}{way_out}")
    if images.dtype != torch.uint8 or images.dim() != 4 or images.shape[1] != 3:
        raise ValueError(f"images must be uint8 (n, 3, height, width), got {images.dtype} {tuple(images.shape)}")
    _check_not_negative(seed=seed)
    corrupt = _swapped_blocks if (name, jigsaw) == ("jigsaw", "code") else _CORRUPTIONS[name]
    corrupted = corrupt(images.cpu().numpy(), np.random.default_rng(seed))
    return torch.from_numpy(np.ascontiguousarray(corrupted, np.float32))


def _unit(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float32) / np.float32(255)


def _with_others(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    count = len(pixels)
    if count < 2:
        raise ValueError(f"images: a mean of two images needs at least 2 of them, got {count}")
    others = (np.arange(count) + rng.integers(1, count, count)) % count
    return _unit(pixels), _unit(pixels[others])


def _arithmetic_mean(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    one, other = _with_others(pixels, rng)
    return (one + other) / 2


def _geometric_mean(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    one, other = _with_others(pixels, rng)
    return np.sqrt(one * other)


def _jigsaw(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _rearranged(pixels, rng.permuted(np.tile(np.arange(16), (len(pixels), 1)), axis=1))


def _swapped_blocks(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """hendrycks/outlier-exposure `CIFAR/test.py`, which has this at 32 pixels; nothing in it is random."""
    return _rearranged(pixels, np.array([[4, 5, 8, 9, 0, 1, 12, 13, 10, 11, 3, 2, 14, 15, 7, 6]]))


def _rearranged(pixels: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The 4 x 4 patches of each image, numbered row by row, in its `order` (n, 16), or in one for all (1, 16)."""
    count, channels, height, width = pixels.shape
    if height % 4 or width % 4:
        raise ValueError(f"images: jigsaw cuts 4 x 4 equal patches, which {height} x {width} pixels do not allow")
    patches = pixels.reshape(count, channels, 4, height // 4, 4, width // 4)
    patches = patches.transpose(0, 2, 4, 1, 3, 5).reshape(count, 16, channels, height // 4, width // 4)
    patches = patches[np.arange(count)[:, None], order].reshape(count, 4, 4, channels, height // 4, width // 4)
    return _unit(patches.transpose(0, 3, 1, 4, 2, 5).reshape(pixels.shape))


def _speckle(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    clean = _unit(pixels)
    return (clean + clean * rng.standard_normal(clean.shape, np.float32)).clip(0, 1)


def _pixelate(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = pixels.shape[2:]
    small = (max(1, width // 5), max(1, height // 5))
    box = Image.Resampling.BOX
    rows = [
        np.asarray(Image.fromarray(image).resize(small, box).resize((width, height), box))
        for image in pixels.transpose(0, 2, 3, 1)
    ]
    return _unit(np.stack(rows).transpose(0, 3, 1, 2))


def _rgb_ghost(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    red, green, blue = pixels[:, 0], pixels[:, 1], pixels[:, 2]
    return _unit(np.stack([green[..., ::-1], blue, red], axis=1))


def _inversion(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    inverted = pixels.copy()
    inverted[:, 1:] = 255 - pixels[:, 1:]
    return _unit(inverted)


_CORRUPTIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "arithmetic-mean": _arithmetic_mean,
    "geometric-mean": _geometric_mean,
    "jigsaw": _jigsaw,
    "speckle": _speckle,
    "pixelate": _pixelate,
    "rgb-ghost": _rgb_ghost,
    "inversion": _inversion,
}
