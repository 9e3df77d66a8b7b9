"""Which genuine files each split of the catalog is read from, and by which reader."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from oe_core.data.image_set import ImageSet
from oe_core.data.readers.arrays import read_idx, read_svhn
from oe_core.data.readers.cifar import read_cifar
from oe_core.data.readers.lsun import read_lsun
from oe_core.data.readers.pictures import read_chars74k, read_flat_tar, read_omniglot, read_textures
from oe_core.data.readers.places import read_places365_train, read_places365_val
from oe_core.data.readers.tiny_imagenet import read_tiny_imagenet
from oe_core.data.readers.tiny_images import read_300k, read_tiny_images

PLACES_LISTS = "filelist_places365-standard.tar"
FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
LSUN_SCENES = (
    *("bedroom", "bridge", "church_outdoor", "classroom", "conference_room"),
    *("dining_room", "kitchen", "living_room", "restaurant", "tower"),
)


@dataclass(frozen=True)
class Source:
    """How one split is read: `read(paths, size)` gets the paths of `files`, in that order.

    decodes: it holds encoded pictures, so that decoding them takes long enough to be worth keeping the result.
    """

    files: tuple[str, ...]
    read: Callable[[Sequence[Path], int], ImageSet]
    decodes: bool = True


def _one(file: str, reader: Callable[..., ImageSet], decodes: bool = True, **settings) -> Source:
    return Source((file,), lambda paths, size: reader(paths[0], size=size, **settings), decodes)


def _both(reader: Callable[[str], Source]) -> dict[str, Source]:
    return {split: reader(split) for split in ("train", "test")}


def _cifar(file: str, name: str) -> dict[str, Source]:
    return _both(lambda split: _one(file, read_cifar, decodes=False, split=split, name=name))


def _idx(prefix: str, name: str, classes: tuple[str, ...] = tuple("0123456789")) -> Source:
    files = (f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz")
    return Source(files, lambda paths, size: read_idx(paths[0], paths[1], size, name, classes), decodes=False)


# The sets without a row here (Places69, Icons-50, ImageNet-800, ImageNet-22K) come as the reader's own image folders.
SOURCES: dict[str, dict[str, Source]] = {
    "svhn": {
        "train": Source(("train_32x32.mat", "extra_32x32.mat"), read_svhn, decodes=False),
        "test": Source(("test_32x32.mat",), read_svhn, decodes=False),
    },
    "cifar10": _cifar("cifar-10-binary.tar.gz", "cifar10"),
    "cifar100": _cifar("cifar-100-binary.tar.gz", "cifar100"),
    "tiny-imagenet": _both(lambda split: _one("tiny-imagenet-200.zip", read_tiny_imagenet, split=split)),
    "places365": {
        "train": Source(
            ("train_256_places365standard.tar", PLACES_LISTS), lambda paths, size: read_places365_train(*paths, size)
        ),
        "test": Source(("val_256.tar", PLACES_LISTS), lambda paths, size: read_places365_val(*paths, size)),
    },
    "lsun": {"test": Source(("test_lmdb.zip",), read_lsun)},
    "lsun-val": {
        "test": Source(tuple(f"{scene}_val_lmdb.zip" for scene in LSUN_SCENES), partial(read_lsun, name="lsun-val"))
    },
    "textures": {"test": _one("dtd-r1.0.1.tar.gz", read_textures)},
    "chars74k": {"test": _one("EnglishImg.tgz", read_chars74k)},
    "imagenet-1k": {"test": _one("ILSVRC2012_img_val.tar", read_flat_tar, name="imagenet-1k")},
    "tiny-images-80m": {"train": _one("tiny_images.bin", read_tiny_images)},
    "tiny-images-300k": {"train": _one("300K_random_images.npy", read_300k, decodes=False)},
    "mnist": {"train": _idx("train", "mnist"), "test": _idx("t10k", "mnist")},
    "fashion-mnist": {
        "train": _idx("train", "fashion-mnist", FASHION_CLASSES),
        "test": _idx("t10k", "fashion-mnist", FASHION_CLASSES),
    },
    "notmnist": {
        "test": Source(
            ("t10k-images-idx3-ubyte.gz",),
            lambda paths, size: read_idx(paths[0], None, size, "notmnist", ("unlabelled",)),
            decodes=False,
        )
    },
    "omniglot": {"test": _one("images_background.zip", read_omniglot)},
}
