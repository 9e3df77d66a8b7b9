"""Sets made of others: what section 5 varies about outliers and inliers, and negatives as anomalies.

A derived set has a name, so that a recipe alone says what is learned and any process can load it: that of a set, and
after each `~` a way in which it is changed. `cifar10~noise=0.2` is CIFAR-10 under noise. All random choices are seeded.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from oe_core.arguments import ArgumentError, check_counts
from oe_core.data.examples import Examples, ImageSet, TextSet

SIGN = "~"
MOST_MADE = 100_000_000  # examples of a set, more than any has
SPLITS = ("train", "dev", "valid", "test")


def random_part(images: ImageSet, count: int, seed: int = 0) -> ImageSet:
    """`count` images drawn without replacement, in random order. Raises ValueError for more than there are, or none."""
    if not 1 <= count <= len(images):
        raise ArgumentError(f"count={count}: {images.name} has {len(images)} images; take 1 to {len(images)}")
    return images.take(_shuffled(len(images), seed)[:count])


def of_classes(images: ImageSet, num_classes: int, count: int, seed: int = 0) -> ImageSet:
    """`count` images of `num_classes` random classes, which nest: those of fewer classes are among those of more.

    The same number of images of every class, but for a remainder. Raises ValueError for more classes than there are, or
    for a `count` that one of the chosen classes has too few images for.
    """
    if not 1 <= num_classes <= len(images.classes):
        raise ArgumentError(
            f"num_classes={num_classes}: {images.name} has {len(images.classes)} classes; take 1 to all"
        )
    chosen = _shuffled(len(images.classes), seed)[:num_classes].tolist()
    shares = [count // num_classes + (place < count % num_classes) for place in range(num_classes)]
    picked = []
    for label, share in zip(chosen, shares, strict=True):
        mine = (images.labels == label).nonzero().flatten()
        if not 1 <= share <= len(mine):
            raise ArgumentError(
                f"count={count}: {share} images of each of {num_classes} classes, but {images.name} has {len(mine)} of "
                f"{images.classes[label]!r}; take {num_classes} to {len(mine) * num_classes}"
            )
        picked.append(mine[_shuffled(len(mine), seed + label)[:share]])
    together = torch.cat(picked)
    return images.take(together[_shuffled(len(together), seed)])


def with_noise(images: ImageSet, sigma: float, seed: int = 0) -> ImageSet:
    """Every image under Gaussian noise of standard deviation `sigma` (of the range 0 to 1), clipped. Section 5.

    The text does not say which sigma. Raises ValueError unless it is positive.
    """
    _check_sigma(sigma)
    noise = torch.randn(images.images.shape, generator=torch.Generator().manual_seed(seed)) * (255 * sigma)
    noisy = (images.images.float() + noise).round_().clamp_(0, 255).to(torch.uint8)
    return replace(images, images=noisy)


def _check_sigma(sigma: float) -> None:
    if not 0 < sigma < math.inf:
        raise ArgumentError(f"sigma={sigma} must be positive and finite, a share of the range from black to white")


def long_tailed(images: ImageSet, ratio: float, seed: int = 0) -> ImageSet:
    """Class c of k keeps the share ratio^(-c / (k - 1)) of its images: the last has 1 / `ratio` of the first's.

    Raises ValueError for a ratio below 1 or one that leaves a class empty.
    """
    _check_ratio(ratio)
    kept = []
    for label, name in enumerate(images.classes):
        mine = (images.labels == label).nonzero().flatten()
        kept_share = ratio ** (-label / max(1, len(images.classes) - 1))
        share = int(len(mine) * kept_share + 1e-9)  # 98 / 49 may be a little less than 2
        if share == 0:
            raise ArgumentError(f"ratio={ratio} leaves no image of class {name!r}, of {len(mine)}; take a smaller one")
        kept.append(mine[_shuffled(len(mine), seed + label)[:share]])
    together = torch.cat(kept)
    return images.take(together[_shuffled(len(together), seed)])


def _check_ratio(ratio: float) -> None:
    if not 1 <= ratio < math.inf:
        raise ArgumentError(f"ratio={ratio} must be a number of at least 1, the first class's size by the last's")


def mixtures(images: ImageSet, count: int, seed: int = 0) -> ImageSet:
    """`count` mixtures of two images of different classes, the first one's share, and its label, from 0.3 to 0.7.

    Source: Zhang et al. 2018, mixup: beyond empirical risk minimization, where they are inliers with two labels.
    Raises ValueError for a count below 1, and for images of one class.
    """
    if count < 1 or len(images.labels.unique()) < 2:
        kinds = len(images.labels.unique())
        raise ArgumentError(
            f"count={count} mixtures of {images.name}, which has {kinds} class(es); take 1 or more, of 2"
        )
    generator = torch.Generator().manual_seed(seed)
    first, second = torch.randint(len(images), (2, count), generator=generator)
    while (same := images.labels[first] == images.labels[second]).any():
        second[same] = torch.randint(len(images), (int(same.sum()),), generator=generator)
    share = 0.3 + 0.4 * torch.rand((count, 1, 1, 1), generator=generator)
    mixed = share * images.images[first].float() + (1 - share) * images.images[second].float()
    return replace(images.take(first), images=mixed.round_().to(torch.uint8))


def random_phases(images: ImageSet, seed: int = 0) -> ImageSet:
    """Every image as a texture: each frequency as strong as before, in all channels shifted as that of white noise is.

    Means stay but for clipping, edges go. Source: Galerne, Gousseau and Morel 2011, Random phase textures.
    """
    noise = torch.randn((len(images), 1, images.size, images.size), generator=torch.Generator().manual_seed(seed))
    shifts = torch.sgn(torch.fft.rfft2(noise))
    shifts[..., 0, 0] = 1  # the mean
    textures = torch.fft.irfft2(torch.fft.rfft2(images.images.float()) * shifts, s=noise.shape[-2:])
    return replace(images, images=textures.round_().clamp_(0, 255).to(torch.uint8))


def unprepared(texts: TextSet) -> TextSet:
    """Texts as their source has them, to be read with their capitals."""
    return replace(texts, keeps_case=True)


def negative(images: ImageSet) -> ImageSet:
    """The photographic negative: the same images with every value v as 255 - v."""
    return replace(images, name=f"negative-{images.name}", images=255 - images.images)


# What the in-distribution's own test images are turned into, by the word that stands before its name.
DERIVED: Mapping[str, Callable[[ImageSet], ImageSet]] = {"negative": negative}


@dataclass(frozen=True)
class Way:
    """One way to make a set of another.

    form: as it stands in a name, with <words> for numbers. make: (examples, *numbers) -> examples. number: what they
    are. check: refuses numbers that no set can be made with. splits: those that are changed; the others are those of
    the set itself. numbers: of a name, see `way_of`.
    """

    form: str
    make: Callable[..., Examples]
    number: type = int
    check: Callable[..., None] | None = None
    splits: tuple[str, ...] = SPLITS
    numbers: tuple[float, ...] = ()


RAW = Way("raw", unprepared)
OF_TEXTS = (RAW,)
OF_IMAGES = (
    Way("noise=<sigma>", with_noise, float, _check_sigma),
    Way("part=<count>", random_part),
    Way("classes=<number>,images=<count>", of_classes),
    Way("mixed=<count>", mixtures, splits=("train",)),
    Way("phases", random_phases),
    Way("tail=<ratio>", long_tailed, float, _check_ratio, ("train",)),  # a test set stays balanced
)


def way_of(text: str, ways: Sequence[Way]) -> Way:
    """The one of `ways` that `text` says, such as "noise=0.2", with its numbers. Raises ValueError listing them."""
    for way in ways:
        if found := re.fullmatch(re.sub("<[a-z]+>", r"([^,=]+)", way.form), text):
            try:
                numbers = tuple(map(way.number, found.groups()))
            except ValueError:
                continue
            if way.check:
                way.check(*numbers)
            else:
                check_counts(most=MOST_MADE, **dict(zip(re.findall(r"(\w+)=<", way.form), numbers, strict=True)))
            return replace(way, numbers=numbers)
    forms = ", ".join(way.form for way in ways) or "none"
    raise ArgumentError(f"{text!r} is no way to make a set of another; choose one of {forms}")


def made(examples: Examples, name: str, split: str, ways: Sequence[Way]) -> Examples:
    """What `ways`, one after the other, make of a split of a set, under the `name` asked for; errors as theirs."""
    for way in ways:
        examples = way.make(examples, *way.numbers) if split in way.splits else examples
    return replace(examples, name=name) if ways else examples


def _shuffled(count: int, seed: int) -> torch.Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
