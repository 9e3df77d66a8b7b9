"""Image sets made of others: what section 5 varies about outliers and inliers, and negatives as anomalies.

Each function returns a new `ImageSet` whose name says what was done; all random choices are seeded.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from oe_core.data.examples import Examples, ImageSet
from oe_core.data.sources import load_images


def random_part(images: ImageSet, count: int, seed: int = 0) -> ImageSet:
    """`count` images drawn without replacement, in random order. Raises ValueError for more than there are, or none."""
    if not 1 <= count <= len(images):
        raise ValueError(f"count={count}: {images.name} has {len(images)} images; take 1 to {len(images)}")
    return replace(images.take(_shuffled(len(images), seed)[:count]), name=f"{images.name}, {count} images")


def of_classes(images: ImageSet, num_classes: int, count: int, seed: int = 0) -> ImageSet:
    """`count` images of `num_classes` random classes, which nest: those of fewer classes are among those of more.

    The same number of images of every class, but for a remainder. Raises ValueError for more classes than there are, or
    for a `count` that one of the chosen classes has too few images for.
    """
    if not 1 <= num_classes <= len(images.classes):
        raise ValueError(f"num_classes={num_classes}: {images.name} has {len(images.classes)} classes; take 1 to all")
    chosen = _shuffled(len(images.classes), seed)[:num_classes].tolist()
    shares = [count // num_classes + (place < count % num_classes) for place in range(num_classes)]
    picked = []
    for label, share in zip(chosen, shares, strict=True):
        mine = (images.labels == label).nonzero().flatten()
        if not 1 <= share <= len(mine):
            raise ValueError(
                f"count={count}: {share} images of each of {num_classes} classes, but {images.name} has {len(mine)} of "
                f"{images.classes[label]!r}; take 1 to {len(mine) * num_classes}"
            )
        picked.append(mine[_shuffled(len(mine), seed + label)[:share]])
    together = torch.cat(picked)
    mixed = together[_shuffled(len(together), seed)]
    return replace(images.take(mixed), name=f"{images.name}, {num_classes} classes, {count} images")


def with_noise(images: ImageSet, sigma: float, seed: int = 0) -> ImageSet:
    """Every image under Gaussian noise of standard deviation `sigma` (of the range 0 to 1), clipped. Section 5.

    The text does not say which sigma. Raises ValueError unless it is positive.
    """
    if not sigma > 0:
        raise ValueError(f"sigma={sigma} must be positive, a share of the range from black to white")
    noise = torch.randn(images.images.shape, generator=torch.Generator().manual_seed(seed)) * (255 * sigma)
    noisy = (images.images.float() + noise).round_().clamp_(0, 255).to(torch.uint8)
    return replace(images, images=noisy, name=f"{images.name} with noise of {sigma:g}")


def long_tailed(images: ImageSet, ratio: float, seed: int = 0) -> ImageSet:
    """Class c of k keeps the share ratio^(-c / (k - 1)) of its images: the last has 1 / `ratio` of the first's.

    Raises ValueError for a ratio below 1 or one that leaves a class empty.
    """
    if ratio < 1:
        raise ValueError(f"ratio={ratio} must be at least 1, the first class's size in terms of the last's")
    kept = []
    for label, name in enumerate(images.classes):
        mine = (images.labels == label).nonzero().flatten()
        share = int(len(mine) * ratio ** (-label / max(1, len(images.classes) - 1)))
        if share == 0:
            raise ValueError(f"ratio={ratio} leaves no image of class {name!r}, of {len(mine)}; take a smaller one")
        kept.append(mine[_shuffled(len(mine), seed + label)[:share]])
    together = torch.cat(kept)
    return replace(images.take(together[_shuffled(len(together), seed)]), name=f"{images.name}, long tail of {ratio:g}")


def negative(images: ImageSet) -> ImageSet:
    """The photographic negative: the same images with every value v as 255 - v."""
    return replace(images, name=f"negative-{images.name}", images=255 - images.images)


# What the in-distribution's own test images are turned into, by the word that stands before its name.
DERIVED: Mapping[str, Callable[[ImageSet], ImageSet]] = {"negative": negative}


def loader(made: Mapping[str, Callable[..., Examples]], load: Callable[..., Examples] = load_images) -> Callable:
    """A loader (name, split, *reading) -> examples that also knows the training sets in `made`, {name: reading -> set}.

    load: for all others. The reading of images is their size; texts have none.
    """

    def load_any(name: str, split: str, *reading) -> Examples:
        return made[name](*reading) if name in made and split == "train" else load(name, split, *reading)

    return load_any


def _shuffled(count: int, seed: int) -> torch.Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
