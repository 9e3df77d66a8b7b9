"""Places365: the val archive with its separate list of labels, and the train archive."""

from pathlib import Path
from posixpath import basename, dirname

import torch

from oe_core.data.examples import ImageSet
from oe_core.data.readers.archives import decode_members, tar_members
from oe_core.data.readers.pixels import FormatError, Picture, is_picture, numbered

PLACES365_CLASSES = 365


def read_places365_val(path: Path, lists: Path, size: int, name: str = "places365") -> ImageSet:
    """val_256.tar, in its own order, with labels from `lists`: places365_val.txt, or the file-list tar that holds it.

    Classes are named by categories_places365.txt where the tar of lists has it, else "0" to "364".
    Raises FormatError naming file and line or picture when a label is out of 0..364 or either side misses a picture.
    """
    if lists.suffix == ".tar":
        label_of, classes = _listed(lists, "places365_val.txt"), _classes(lists)
    else:
        label_of = _labels(str(lists), lists.read_bytes())
        classes = tuple(str(label) for label in range(PLACES365_CLASSES))
    members = tar_members(path, is_picture)
    pictures = (Picture(basename(member), f"{path}: {member}", raw) for member, raw in members)
    images, files = decode_members(path, pictures, size, "val_256", len(label_of))
    if odd := sorted(set(files) ^ set(label_of)):
        raise FormatError(f"{path}: {odd[0]} ({len(odd)} in all) is in only one of this archive and {lists}")
    return ImageSet(name, images, torch.tensor([label_of[file] for file in files]), classes, "catalog")


def read_places365_train(path: Path, lists: Path, size: int, name: str = "places365") -> ImageSet:
    """train_256_places365standard.tar, data_256/<class>/...; 1.8 million pictures are 22 GB in memory at 64x64.

    Classes as the file-list tar `lists` numbers them; FormatError naming the member when its class is none of them.
    """
    classes = _classes(lists)

    def pictures():
        for member, raw in tar_members(path, is_picture):
            class_name = dirname(member).partition("data_256/")[2]
            if class_name not in classes:
                raise FormatError(f"{path}: {member} is of no class that {lists} names; expected data_256/<class>/")
            yield Picture(class_name, f"{path}: {member}", raw)

    images, names = decode_members(path, pictures(), size, "data_256/<class>/")
    return ImageSet(name, images, *numbered(names, classes), "catalog")


def _classes(lists: Path) -> tuple[str, ...]:
    file = "categories_places365.txt"
    label_of = _listed(lists, file)
    if sorted(label_of.values()) != list(range(PLACES365_CLASSES)):
        raise FormatError(
            f"{lists}: {file} names {len(label_of)} classes; expected {PLACES365_CLASSES}, each number once"
        )
    return tuple(class_name.removeprefix("/") for class_name in sorted(label_of, key=label_of.get))


def _listed(lists: Path, file: str) -> dict[str, int]:
    """Name -> label in the member `file` of the file-list tar."""
    for _, raw in tar_members(lists, lambda member: basename(member) == file):
        return _labels(f"{lists}: {file}", raw)
    raise FormatError(f"{lists}: has no member {file}; expected the file lists of Places365-Standard")


def _labels(where: str, raw: bytes) -> dict[str, int]:
    """Name -> label of the lines "name label"."""
    labels = {}
    for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
        key, _, label = line.strip().rpartition(" ")
        if not key or not label.isdigit() or int(label) >= PLACES365_CLASSES:
            raise FormatError(
                f"{where} line {number} is {line!r}; expected a name and a label of 0 to {PLACES365_CLASSES - 1}"
            )
        labels[key] = int(label)
    return labels
