"""Bring your own pictures: `OE_DATA/<name>/<split>` as class folders, as one flat folder or as `images.npz`.

Pictures are read by their content, whatever their endings: a file is one when its name ends as a picture's
does, or when it begins as one. What is neither is left out, counted and said; hidden files and folders are not.
"""

import logging
import os
from dataclasses import replace
from pathlib import Path

import torch

from oe_core.data.catalog.row import DataSet
from oe_core.data.examples import UNLABELLED, ImageSet
from oe_core.data.readers.arrays import npz_labels, read_npz
from oe_core.data.readers.class_names import composed, numbered
from oe_core.data.readers.lines import is_text, without_endings
from oe_core.data.readers.pixels import (
    FORMATS,
    TO_CONVERT,
    FormatError,
    Picture,
    decode_all,
    holds_picture,
    is_picture,
)
from oe_core.errors import printable
from oe_core.scales import data_root
from oe_core.wording import several

logger = logging.getLogger(__name__)
LeftOut = dict[tuple[str, str], list[Path]]  # what is no picture, by what it is

IMAGE_SPLITS = ("train", "test")
TRAINING, OTHER_SPLITS = ("train", "training"), ("dev", "val", "valid", "validation", "test", "testing")
NOT_SETS = ("downloads",)
NPZ = "images.npz"
LAYOUTS = f"class folders of pictures, one flat folder of pictures, or {NPZ}"


def folder_names() -> tuple[str, ...]:
    """Names of the reader's own data sets under OE_DATA, images or text, sorted."""
    root = data_root()
    found = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return tuple(name for name in found if name not in NOT_SETS and not name.startswith("."))


def folder_splits(name: str) -> tuple[str, ...]:
    """Those of "train" and "test" that the folder of `name` holds as images; () when there is no such folder."""
    home = data_root() / name
    return tuple(split for split in IMAGE_SPLITS if _holds_images(home / split)) if name in folder_names() else ()


def read_folder(name: str, split: str, size: int, row: DataSet | None = None) -> ImageSet:
    """The reader's own `OE_DATA/<name>/<split>` as an ImageSet of origin "folder" with pictures of size x size.

    row: of the catalog, if it knows the name: whether to squash, and classes to leave out. Pictures are turned as their
    EXIF orientation says. Classes are numbered by name over both splits, so that one missing from a split, or another
    order, moves no label. Raises FileNotFoundError listing the splits that are there, and FormatError naming folder or
    file when its layout is unclear, a class folder is empty or a picture cannot be read.
    """
    folder = data_root() / name / split
    if split not in folder_splits(name):
        present = ", ".join(folder_splits(name)) or "none"
        raise FileNotFoundError(f"{folder}: no images there; splits of {name} that are: {present}. Expected {LAYOUTS}")
    return read_pictures(folder, size, name, row, _classes_over_splits(name, row))


def read_pictures(
    folder: Path, size: int, name: str, row: DataSet | None = None, classes: tuple[str, ...] | None = None
) -> ImageSet:
    """Any folder that holds LAYOUTS as an ImageSet of origin "folder" with pictures of size x size.

    classes: in their order; None: names of the class folders, sorted, or those of the .npz. Errors as `read_folder`.
    """
    left_out: LeftOut = {}
    pictures = _pictures_of(folder, row, left_out)
    _say(folder, left_out)
    _say_level(folder, pictures)
    squash = row is not None and row.squash
    if pictures:
        images, names = decode_all(pictures, size, squash, total=len(pictures), upright=True)
        flat = pictures[0].encoded.parent == folder
        return ImageSet(name, images, *numbered(names, (UNLABELLED,) if flat else classes), "folder")
    images = read_npz(folder / NPZ, size, name, squash)
    flat = images.classes == (UNLABELLED,)
    return images if classes is None or flat else _renumbered(images, classes, folder)


def _way_out(folder: Path) -> str:
    """What to do with a folder that holds texts, or pictures of other formats, in place of pictures that are read."""
    held = list(folder.rglob("*"))
    if any(is_text(path) for path in held):
        return "; texts go into one .tsv, label<TAB>text in each line"
    other = next((path for path in held if _to_convert(path)), None)
    return f"; convert {other.name} and what is like it" if other else ""


def _to_convert(path: Path) -> bool:
    return path.name.lower().endswith(TO_CONVERT)


def pictures_of(folder: Path) -> list[Path]:
    """The pictures that `read_pictures` would read of a folder without an .npz, in its order; says nothing."""
    return [picture.encoded for picture in _pictures_of(folder, None, {})]


def pictures_below(folder: Path) -> list[Path]:
    """Every picture in a folder and in its folders, sorted; what is none is counted and said, and none at all refused.

    Raises FormatError naming the folder.
    """
    left_out: LeftOut = {}
    found = _pictures_in(folder, left_out, deep=True)
    _say(folder, left_out)
    if not found:
        raise FormatError(f"{folder}: holds no picture; expected {', '.join(FORMATS)}{_way_out(folder)}")
    return found


def _pictures_of(folder: Path, row: DataSet | None, left_out: LeftOut) -> list[Picture]:
    """The pictures of a split with their classes, in the order of their names; none where it is an .npz."""
    named = [class_name for class_name in class_folders(folder) if _keeps(row, class_name)]
    flat = _pictures_in(folder, left_out)
    if (folder / NPZ).exists():
        if named or flat:
            raise FormatError(f"{folder}: holds {NPZ} beside other pictures; expected only one of {LAYOUTS}")
        left_out.clear()
        return []
    if named and flat:
        raise FormatError(f"{folder}: holds {flat[0].name} beside the class folder {named[0]}; expected only one kind")
    if not named and not flat:
        raise FormatError(f"{folder}: holds no picture; expected {LAYOUTS}{_way_out(folder)}")
    pictures = [Picture(UNLABELLED, str(path), path) for path in flat]
    for class_name in named:
        inside = _pictures_in(folder / class_name, left_out, deep=True)
        if not inside:
            expected = f"those of its class, {', '.join(FORMATS)}{_way_out(folder / class_name)}"
            raise FormatError(f"{folder / class_name}: holds no picture; expected {expected}")
        pictures += [Picture(composed(class_name), str(path), path) for path in inside]
    return pictures


def class_folders(folder: Path) -> list[str]:
    """Names of the folders in `folder`, sorted, hidden ones left out."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not _hidden(path.name))


def _hidden(folder_name: str) -> bool:
    return folder_name.startswith((".", "__"))


def _keeps(row: DataSet | None, class_name: str) -> bool:
    return row is None or class_name not in row.left_out


def _classes_over_splits(name: str, row: DataSet | None) -> tuple[str, ...]:
    """The classes of both splits: named ones of .npz files in their order, the train split's first, else sorted."""
    found, kinds = {}, {}
    for split in folder_splits(name):
        folder = data_root() / name / split
        if (folder / NPZ).exists():
            _, held, named = npz_labels(folder / NPZ)
            if held != (UNLABELLED,):
                found[split], kinds[split] = held, "names" if named else "numbers"
        elif names := tuple(class_folders(folder)):
            found[split], kinds[split] = names, "folders"
    numbered_only = {split for split, kind in kinds.items() if kind == "numbers"}
    others = {one for split, names in found.items() if split not in numbered_only for one in names}
    if others and any(set(found[split]) - others for split in numbered_only):  # numbers may be names of folders, too
        lists = " and ".join(f"{split} has {', '.join(names[:20])}" for split, names in found.items())
        raise FormatError(f"{data_root() / name}: {lists}; expected names of the classes in both, for {NPZ} `classes`")
    classes = dict.fromkeys(one for names in found.values() for one in map(composed, names) if _keeps(row, one))
    if "names" in kinds.values():
        return tuple(classes)
    return tuple(sorted(classes, key=int if set(kinds.values()) == {"numbers"} else None))


def _renumbered(images: ImageSet, classes: tuple[str, ...], folder: Path) -> ImageSet:
    """The examples whose class is one of `classes`, numbered by it."""
    place = {class_name: number for number, class_name in enumerate(classes)}
    labels = torch.tensor([place.get(class_name, -1) for class_name in images.classes])[images.labels]
    kept = (labels >= 0).nonzero()[:, 0]
    if not len(kept):
        raise FormatError(f"{folder}: {NPZ} holds only classes that {images.name} leaves out: {images.classes}")
    chosen = images if len(kept) == len(images) else images.take(kept)
    return replace(chosen, labels=labels[kept], classes=classes)


def _pictures_in(folder: Path, left_out: LeftOut, deep: bool = False) -> list[Path]:
    """The pictures of a folder, of its folders too if `deep`, sorted; what is none goes into `left_out` by its kind."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if deep and not _hidden(one)]
        linked = [Path(place, one) for one in folders if Path(place, one).is_symlink()]
        for path in (*linked, *(Path(place, one) for one in files if not one.startswith("."))):
            if kind := _no_picture(path):
                left_out.setdefault(kind, []).append(path)
            else:
                found.append(path)
    return sorted(found)


def _no_picture(path: Path) -> tuple[str, str] | None:
    """What a path is that is no picture: a noun, and what is said behind it; None for a picture."""
    if path.is_dir():
        return "linked folder", ""  # they may lead in a circle
    if not path.is_file():
        return "dangling link" if path.is_symlink() else "special file", ""
    if is_picture(path.name) or holds_picture(path):
        return None
    way_out = " (convert them to be read)" if _to_convert(path) else ""
    return "file", f" ending in {path.suffix}{way_out}" if path.suffix else " without ending"


def _say(folder: Path, left_out: LeftOut) -> None:
    if left_out:
        kinds = ", ".join(several(noun, len(paths)) + rest for (noun, rest), paths in sorted(left_out.items()))
        first = min(path for paths in left_out.values() for path in paths)
        said = f"{folder}: left out {kinds}, not read as pictures; the first is {first.relative_to(folder)}"
        logger.warning("%s", printable(said))


def _say_level(folder: Path, pictures: list[Picture]) -> None:
    """Whether the one class folder seems to hold those of the classes."""
    beside = class_folders(folder)
    only = folder / beside[0] if len(beside) == 1 else None
    if only and not any(one.encoded.parent == only for one in pictures) and len(deeper := class_folders(only)) > 1:
        said = f"{folder}: is read as one class, {only.name}; if the {len(deeper)} folders in that are the classes"
        logger.warning("%s", printable(f"{said} ({', '.join(deeper[:5])}), give {only}"))


def _holds_images(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    files = (path for path in folder.iterdir() if not path.name.startswith("."))
    return (folder / NPZ).exists() or bool(class_folders(folder)) or any(not _no_picture(path) for path in files)


def training_part(folder: Path) -> Path | None:
    """The one in TRAINING of a folder of splits and of nothing else, folder or file, in any case; None for others."""
    splits, known = {name.lower(): folder / name for name in class_folders(folder)}, {*TRAINING, *OTHER_SPLITS}
    if set(splits) <= known and (named := [splits[one] for one in TRAINING if one in splits]):
        return named[0]
    texts = (path for path in sorted(folder.iterdir()) if is_text(path) and path.is_file())
    text = next((path for path in texts if without_endings(path) in TRAINING), None)
    if text and splits:
        beside = min(splits.values()).name
        raise FormatError(f"{folder}: holds {text.name} beside the folder {beside}; give the one that is meant")
    if among := sorted(known & set(splits)):
        others = ", ".join(path.name for name, path in sorted(splits.items()) if name not in among) or "no train"
        said = f"{folder}: {splits[among[0]].name} is read as a class, as {others} is no name of a split"
        logger.warning("%s", printable(f"{said}; those are {', '.join((*TRAINING, *OTHER_SPLITS))}"))
    return text
