"""Pictures as another day, lens or camera would have taken them: what was learned, seen worse, at five severities.

Constants: CIFAR-10-C (Hendrycks and Dietterich, ICLR 2019), hendrycks/robustness `ImageNet-C/create_c/make_cifar_c.py`.
They are for pictures as small as a network of this book sees them; a blur is measured in their pixels. Values are
rounded here, where that code cuts them off.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image

from oe_core.data.derived import with_noise
from oe_core.data.examples import ImageSet

SEVERITIES = range(1, 6)


@dataclass(frozen=True)
class Corruption:
    """One way in which pictures get worse. apply: (images, amount) -> images. amounts: one a severity, from 1 on."""

    apply: Callable[[ImageSet, float], ImageSet]
    amounts: Sequence[float]


def corrupted(images: ImageSet, name: str, severity: int) -> ImageSet:
    """`images` under the corruption `name` of CORRUPTIONS, from severity 1 (weak) to 5 (strong); seeded.

    Raises ValueError for an unknown name or severity.

    >>> from oe_core import load_images
    >>> digits = load_images("digits", "test", 16)
    >>> blurred = corrupted(digits, "gaussian-blur", severity=5)
    >>> bool(blurred.images.float().std() < digits.images.float().std())
    True
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"name={name!r} is no corruption; choose one of {', '.join(CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise ValueError(f"severity={severity!r} must be a whole number from {SEVERITIES[0]} to {SEVERITIES[-1]}")
    corruption = CORRUPTIONS[name]
    worse = corruption.apply(images, corruption.amounts[severity - 1])
    return replace(worse, name=f"{images.name} under {name} {severity}")


def _brighter(images: ImageSet, amount: float) -> ImageSet:
    """A higher value in HSV, which the largest channel is; the ratio of the channels, hue and saturation, stays."""
    unit = images.images.float() / 255
    value = unit.amax(dim=1, keepdim=True)
    # Black has no hue: it becomes a grey.
    lit = torch.where(value > 0, unit / value.clamp(min=1e-9), 1.0) * (value + amount).clamp(max=1)
    return _of_unit(images, lit)


def _flatter(images: ImageSet, amount: float) -> ImageSet:
    unit = images.images.float() / 255
    means = unit.mean(dim=(2, 3), keepdim=True)
    return _of_unit(images, (unit - means) * amount + means)


def _blurred(images: ImageSet, sigma: float) -> ImageSet:
    from scipy.ndimage import gaussian_filter

    unit = images.images.float().numpy() / 255
    return _of_unit(images, torch.from_numpy(gaussian_filter(unit, (0, 0, sigma, sigma), mode="nearest")))


def _compressed(images: ImageSet, quality: int) -> ImageSet:
    def saved(picture: Image.Image) -> Image.Image:
        picture.save(file := io.BytesIO(), "JPEG", quality=quality)
        return Image.open(file)

    return _each(images, saved)


def _pixelated(images: ImageSet, share: float) -> ImageSet:
    small, box = (max(1, int(images.size * share)),) * 2, Image.Resampling.BOX
    return _each(images, lambda picture: picture.resize(small, box).resize(picture.size, box))


def _redder(images: ImageSet, amount: float) -> ImageSet:
    """More red and less blue, as a white balance for another light gives."""
    gains = torch.tensor([1 + amount, 1, 1 - amount]).view(1, 3, 1, 1)
    return _of_unit(images, images.images.float() / 255 * gains)


def _of_unit(images: ImageSet, unit: torch.Tensor) -> ImageSet:
    return replace(images, images=(255 * unit).round().clamp(0, 255).to(torch.uint8))


def _each(images: ImageSet, change: Callable[[Image.Image], Image.Image]) -> ImageSet:
    pictures = map(Image.fromarray, images.images.permute(0, 2, 3, 1).numpy())
    changed = np.stack([np.asarray(change(picture)) for picture in pictures])
    return replace(images, images=torch.from_numpy(changed).permute(0, 3, 1, 2).contiguous())


def _photographed_again(images: ImageSet, amounts: tuple[float, float, int]) -> ImageSet:
    """A colour cast, a coarser sensor and a stronger compression at once."""
    cast, share, quality = amounts
    return _compressed(_pixelated(_redder(images, cast), share), quality)


LIGHT, SENSOR, FILE = (0.05, 0.1, 0.15, 0.2, 0.3), (0.95, 0.9, 0.85, 0.75, 0.65), (80, 65, 58, 50, 40)
CORRUPTIONS = {
    "brightness": Corruption(_brighter, LIGHT),
    "contrast": Corruption(_flatter, (0.75, 0.5, 0.4, 0.3, 0.15)),
    "gaussian-noise": Corruption(with_noise, (0.04, 0.06, 0.08, 0.09, 0.1)),
    "gaussian-blur": Corruption(_blurred, (0.4, 0.6, 0.7, 0.8, 1.0)),
    "pixelate": Corruption(_pixelated, SENSOR),
    "jpeg": Corruption(_compressed, FILE),
    # Not of CIFAR-10-C: three of its changes at once, the light's amounts as a cast.
    "another-camera": Corruption(_photographed_again, tuple(zip(LIGHT, SENSOR, FILE, strict=True))),
}
