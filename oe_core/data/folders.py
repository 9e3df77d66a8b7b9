"""Bring your own images: `OE_DATA/<name>/<split>` as class folders, one flat folder, or `images.npz`."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from oe_core.data.image_set import ImageSet
from oe_core.data.readers.arrays import read_npz
from oe_core.data.readers.pictures import OMNIGLOT_LEFT_OUT
from oe_core.data.readers.pixels import FormatError, Picture, decode_all, is_picture, numbered
from oe_core.scales import data_root

TEXT_SUFFIXES = (".tsv", ".txt", ".tsv.gz", ".txt.gz")
NOT_SETS = ("downloads",)
UNLABELLED = "unlabelled"
LAYOUTS = "class folders of pictures, one flat folder of pictures, or images.npz"


@dataclass(frozen=True)
class Rule:
    """What a name asks of its pictures: to be squashed, not cropped; words whose classes are left out."""

    squash: bool = False
    left_out: tuple[str, ...] = ()

    def keeps(self, class_name: str) -> bool:
        """Whether no word of `left_out` is in the name of the class."""
        return not any(word in class_name for word in self.left_out)


PLAIN = Rule()
# Icons-50 is squashed to the size. Neither its keycap digits nor letters like digits are anomalies among digits
# (hendrycks/outlier-exposure SVHN/test.py, MNIST/test.py).
RULES = {"icons": Rule(squash=True, left_out=("numbers",)), "omniglot": Rule(left_out=OMNIGLOT_LEFT_OUT)}


def folder_names() -> tuple[str, ...]:
    """Names of the reader's own data sets under OE_DATA, images or text, sorted."""
    root = data_root()
    found = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return tuple(name for name in found if name not in NOT_SETS and not name.startswith("."))


def folder_splits(name: str) -> tuple[str, ...]:
    """Splits of `name` that its folder holds as images, sorted; () when there is no such folder."""
    home = data_root() / name
    if name not in folder_names():
        return ()
    return tuple(sorted(path.name for path in home.iterdir() if path.name[0] != "." and _holds_images(path)))


def text_files(name: str) -> tuple[Path, ...]:
    """The .tsv and .txt files (gzipped or not) of the reader's folder `name`: a set that has them holds text."""
    if name not in folder_names():
        return ()
    return tuple(sorted(path for path in (data_root() / name).iterdir() if path.name.endswith(TEXT_SUFFIXES)))


def read_folder(name: str, split: str, size: int) -> ImageSet:
    """The reader's own `OE_DATA/<name>/<split>` as an ImageSet of origin "folder" with pictures of size x size.

    Raises FileNotFoundError listing the splits that are there, and FormatError naming the folder or file when its
    layout is unclear, a class folder is empty or a picture cannot be read.
    """
    folder = data_root() / name / split
    if split not in folder_splits(name):
        present = ", ".join(folder_splits(name)) or "none"
        raise FileNotFoundError(f"{folder}: no images there; splits of {name} that are: {present}. Expected {LAYOUTS}")
    rule = RULES.get(name, PLAIN)
    if (folder / "images.npz").exists():
        if class_folders(folder) or _pictures_in(folder):
            raise FormatError(f"{folder}: holds images.npz beside other pictures; expected only one of {LAYOUTS}")
        return _kept(read_npz(folder / "images.npz", size, name, squash=rule.squash), rule, folder)
    return read_image_folder(folder, size, name, rule)


def _kept(images: ImageSet, rule: Rule, folder: Path) -> ImageSet:
    """The examples whose classes the rule keeps, those classes numbered anew."""
    kept = [label for label, class_name in enumerate(images.classes) if rule.keeps(class_name)]
    if len(kept) == len(images.classes):
        return images
    places = torch.isin(images.labels, torch.tensor(kept)).nonzero()[:, 0]
    if not len(places):
        raise FormatError(f"{folder}: images.npz holds only classes that {images.name} leaves out: {images.classes}")
    chosen = images.take(places)
    number = torch.full((len(images.classes),), -1)
    number[kept] = torch.arange(len(kept))
    return replace(chosen, labels=number[chosen.labels], classes=tuple(images.classes[label] for label in kept))


def read_image_folder(folder: Path, size: int, name: str, rule: Rule = PLAIN) -> ImageSet:
    """Class folders of pictures, at any depth below them, or one flat folder of pictures as the class "unlabelled".

    Classes are numbered in sorted order over train and test, so that one missing from a split moves no label.
    """
    named = [class_name for class_name in class_folders(folder) if rule.keeps(class_name)]
    flat = _pictures_in(folder)
    if named and flat:
        raise FormatError(f"{folder}: holds {flat[0].name} beside the class folder {named[0]}; expected only one kind")
    if not named and not flat:
        raise FormatError(f"{folder}: holds no picture; expected {LAYOUTS}")
    pictures = [Picture(UNLABELLED, str(path), path) for path in flat]
    for class_name in named:
        inside = _pictures_below(folder / class_name)
        if not inside:
            raise FormatError(f"{folder / class_name}: holds no picture; remove it or put the pictures of its class in")
        pictures += [Picture(class_name, str(path), path) for path in inside]
    images, names = decode_all(pictures, size, rule.squash, total=len(pictures))
    classes = _classes_of_all_splits(folder, rule) if named else (UNLABELLED,)
    return ImageSet(name, images, *numbered(names, classes), "folder")


def class_folders(folder: Path) -> list[str]:
    """Names of the folders in `folder`, sorted, hidden ones left out."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _classes_of_all_splits(folder: Path, rule: Rule) -> tuple[str, ...]:
    splits = [folder.parent / split for split in ("train", "test") if (folder.parent / split).is_dir()]
    names = {class_name for split in {folder, *splits} for class_name in class_folders(split)}
    return tuple(sorted(name for name in names if rule.keeps(name)))


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if is_picture(path.name) and path.is_file())


def _pictures_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_picture(path.name) and path.is_file())


def _holds_images(path: Path) -> bool:
    return path.is_dir() and ((path / "images.npz").exists() or bool(class_folders(path)) or bool(_pictures_in(path)))
