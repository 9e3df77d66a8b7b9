"""Parts of the paper's image sets, at 32 px, that take their places under their own names: folders of the reader's."""

from oe_core.data.catalog.photographs import PHOTOGRAPHS
from oe_core.data.catalog.row import DataSet

_WHOLE = {row.key: row for row in PHOTOGRAPHS}


def _part(key: str, part_of: str, title: str, splits: dict, by_hand: str, note: str = "") -> DataSet:
    whole = _WHOLE[part_of]
    return DataSet(
        key, key, title, "by-hand", "images", splits, whole.terms, by_hand, whole.citation, note, in_paper=False,
        part_of=part_of, subject=whole.subject,
    )  # fmt: skip


# fmt: off
PARTS = (
    _part("svhn-10k", "svhn", "10,000 of SVHN's test digits", {"train": 7500, "test": 2500},
          "put the first 7,500 of SVHN's test digits as class folders into OE_DATA/svhn-10k/train, the next 2,500 "
          "into OE_DATA/svhn-10k/test",
          "no digit of SVHN's own training set is in it"),
    _part("tiny-imagenet-32", "tiny-imagenet", "Tiny ImageNet at 32x32", {"train": 100000, "test": 10000},
          "put Tiny ImageNet's train and val pictures as class folders into OE_DATA/tiny-imagenet-32, train and test",
          "a quarter of the paper's pixels, so another experiment than the paper's"),
    _part("tiny-imagenet-32-no-cifar10", "tiny-imagenet", "Tiny ImageNet at 32x32, without classes like CIFAR-10's",
          {"train": None}, "put Tiny ImageNet's train pictures of the other classes as class folders into "
          "OE_DATA/tiny-imagenet-32-no-cifar10/train"),
    _part("places-mini", "places365", "MiniPlaces, 100 of the categories of Places", {"train": None, "test": 10000},
          "put the train and val pictures of the MiniPlaces Challenge as class folders into OE_DATA/places-mini, train "
          "and test"),
    _part("lsun-categories", "places365", "LSUN's scene categories in MiniPlaces", {"test": None},
          "put MiniPlaces' train pictures of LSUN's categories as class folders into OE_DATA/lsun-categories/test",
          "train pictures, so that none is in places-mini's test; nothing may train on places-mini beside it"),
)
# fmt: on
