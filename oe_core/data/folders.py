"""Bring your own data: `OE_DATA/<name>/<split>` as pictures or `images.npz`, or `<split>.tsv` or `.txt` as text.

A folder's pictures are read by their content, whatever their endings: a file is one when its name ends as a picture's
does, or when it begins as one. What is neither is left out, counted and said; hidden files and folders are not.
"""

import logging
import os
from dataclasses import replace
from pathlib import Path

import torch

from oe_core.data.catalog.row import DataSet
from oe_core.data.examples import ImageSet, TextSet
from oe_core.data.readers.arrays import npz_labels, read_npz
from oe_core.data.readers.lines import UNLABELLED, labelled_lines, labelled_set, own_bytes, read_lines, shown
from oe_core.data.readers.pixels import FORMATS, FormatError, Picture, decode_all, holds_picture, is_picture, numbered
from oe_core.errors import printable
from oe_core.scales import data_root

logger = logging.getLogger(__name__)

IMAGE_SPLITS = ("train", "test")
TEXT_SPLITS = ("train", "dev", "valid", "test")
TRAINING, OTHER_SPLITS = ("train", "training"), ("dev", "val", "valid", "validation", "test", "testing")
TEXT_SUFFIXES = (".tsv", ".txt", ".tsv.gz", ".txt.gz")
NOT_SETS = ("downloads",)
NPZ = "images.npz"
LAYOUTS = f"class folders of pictures, one flat folder of pictures, or {NPZ}"
TEXT_LAYOUTS = "<split>.tsv (label<TAB>text in each line) or <split>.txt (one example a line), or either as .gz"
LABEL_HEADINGS = {"label", "labels", "class", "category", "target", "tag", "y"}
TEXT_HEADINGS = {"text", "texts", "sentence", "question", "review", "content", "comment", "message", "document"}
TSV_LINE = "label<TAB>text in each line"
FEW_LINES = 10  # too few to tell labels from texts by how often they repeat


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
    left_out: dict[str, list[Path]] = {}
    pictures = _pictures_of(folder, row, left_out)
    _say(folder, left_out)
    squash = row is not None and row.squash
    if pictures:
        images, names = decode_all(pictures, size, squash, total=len(pictures), upright=True)
        flat = pictures[0].encoded.parent == folder
        return ImageSet(name, images, *numbered(names, (UNLABELLED,) if flat else classes), "folder")
    images = read_npz(folder / NPZ, size, name, squash)
    return images if classes is None else _renumbered(images, classes, folder)


def pictures_below(folder: Path) -> list[Path]:
    """Every picture in a folder and in its folders, sorted; what is none is counted and said, and none at all refused.

    Raises FormatError naming the folder.
    """
    left_out: dict[str, list[Path]] = {}
    found = _pictures_in(folder, left_out, deep=True)
    _say(folder, left_out)
    if not found:
        raise FormatError(f"{folder}: holds no picture; expected {', '.join(FORMATS)}")
    return found


def _pictures_of(folder: Path, row: DataSet | None, left_out: dict[str, list[Path]]) -> list[Picture]:
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
        raise FormatError(f"{folder}: holds no picture; expected {LAYOUTS}")
    pictures = [Picture(UNLABELLED, str(path), path) for path in flat]
    for class_name in named:
        inside = _pictures_in(folder / class_name, left_out, deep=True)
        if not inside:
            raise FormatError(f"{folder / class_name}: holds no picture; expected those of its class, {FORMATS}")
        pictures += [Picture(class_name, str(path), path) for path in inside]
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
            _, found[split], named = npz_labels(folder / NPZ)
            kinds[split] = "names" if named else "numbers"
        elif names := tuple(class_folders(folder)):
            found[split], kinds[split] = names, "folders"
    if {"names", "numbers"} <= set(kinds.values()):
        lists = " and ".join(f"{split} has {', '.join(names[:20])}" for split, names in found.items())
        raise FormatError(f"{data_root() / name}: {lists}; expected `classes` in both {NPZ} or in none of them")
    classes = dict.fromkeys(one for names in found.values() for one in names if _keeps(row, one))
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


def _pictures_in(folder: Path, left_out: dict[str, list[Path]], deep: bool = False) -> list[Path]:
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


def _no_picture(path: Path) -> str:
    """What a path is that is no picture; "" for one."""
    if path.is_dir():
        return "linked folder(s)"  # they may lead in a circle
    if not path.is_file():
        return "dangling link(s)" if path.is_symlink() else "special file(s)"
    if is_picture(path.name) or holds_picture(path):
        return ""
    return f"file(s) ending in {path.suffix}" if path.suffix else "file(s) without ending"


def _say(folder: Path, left_out: dict[str, list[Path]]) -> None:
    if left_out:
        some = ((kind, len(paths)) for kind, paths in sorted(left_out.items()))
        kinds = ", ".join(f"{count} {kind}".replace("(s)", "s" * (count != 1), 1) for kind, count in some)
        first = min(path for paths in left_out.values() for path in paths)
        said = f"{folder}: left out {kinds}, no pictures; the first is {first.relative_to(folder)}"
        logger.warning("%s", printable(said))


def _holds_images(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    files = (path for path in folder.iterdir() if not path.name.startswith("."))
    return (folder / NPZ).exists() or bool(class_folders(folder)) or any(not _no_picture(path) for path in files)


def text_splits(name: str) -> tuple[str, ...]:
    """Splits of `name` that its folder holds as text, sorted; () when there is no such folder."""
    return tuple(sorted({_split_of(path) for path in _text_files(name)}))


def read_text_folder(name: str, split: str) -> TextSet:
    r"""The reader's own `OE_DATA/<name>/<split>.tsv` or `.txt` (or gzipped) as a TextSet of origin "folder".

    Texts are as they are spelled, lines of blanks alone are dropped; a line ends in \n, \r\n or \r. The classes of a
    .tsv are numbered in sorted order over all .tsv splits, so that one missing from a split moves no label; a .txt is
    unlabelled. Raises FileNotFoundError listing the splits that are there, and FormatError naming file and line for a
    line without label or text, a heading, columns that look swapped, an empty file, text that is no UTF-8, and two
    files for one split.
    """
    path = _text_file(name, split)
    if is_txt(path):
        return read_text_file(path, name)
    paths = {one: _text_file(name, one) for one in text_splits(name)}
    rows = {one: _labelled(path, one) for one, path in paths.items() if not is_txt(path)}
    classes = tuple(sorted({label for of_split in rows.values() for label, _ in of_split}))
    return labelled_set(name, rows[split], str(path), TSV_LINE, classes, origin="folder")


def read_text_file(path: Path, name: str) -> TextSet:
    """One file of text, its name ending in one of TEXT_SUFFIXES, wherever it lies; as `read_text_folder`."""
    if is_txt(path):
        return read_lines(path, name, origin="folder")
    rows = _labelled(path, "train")
    return labelled_set(name, rows, str(path), TSV_LINE, tuple(sorted({label for label, _ in rows})), origin="folder")


def training_part(folder: Path) -> Path | None:
    """The one in TRAINING of a folder of splits and of nothing else, folder or file, in any case; None for others."""
    splits = {name.lower(): folder / name for name in class_folders(folder)}
    if set(splits) <= {*TRAINING, *OTHER_SPLITS} and (named := [splits[one] for one in TRAINING if one in splits]):
        return named[0]
    texts = (path for path in sorted(folder.iterdir()) if is_text(path) and path.is_file())
    return next((path for path in texts if _split_of(path) in TRAINING), None)


def _text_files(name: str) -> list[Path]:
    """The .tsv and .txt files (gzipped or not) of the reader's folder `name` that are named like a split."""
    paths = (data_root() / name).iterdir() if name in folder_names() else ()
    return sorted(path for path in paths if is_text(path) and _split_of(path) in TEXT_SPLITS)


def _split_of(path: Path) -> str:
    return path.name.lower().removesuffix(".gz").removesuffix(".tsv").removesuffix(".txt")


def is_text(path: Path) -> bool:
    """Whether a file's name is that of one of texts."""
    return path.name.lower().endswith(TEXT_SUFFIXES)


def is_txt(path: Path) -> bool:
    """Whether a file of text holds no labels."""
    return path.name.lower().endswith((".txt", ".txt.gz"))


def _text_file(name: str, split: str) -> Path:
    found = [path for path in _text_files(name) if _split_of(path) == split]
    if not found:
        present = ", ".join(text_splits(name)) or "none"
        raise FileNotFoundError(
            f"{data_root() / name}: no text of the split {split!r} there; splits of {name} that are: {present}. "
            f"Expected {TEXT_LAYOUTS}"
        )
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise FormatError(f"{data_root() / name}: holds {names} for the split {split}; expected only one of them")
    return found[0]


def _labelled(path: Path, split: str) -> list[tuple[str, str]]:
    """Labels and texts of a .tsv."""
    rows = labelled_lines(path, own_bytes)
    if empty := [number for number, _, text in rows if not text.strip()]:
        raise FormatError(f"{path} line {empty[0]} has no text after its label; expected label<TAB>text")
    found = [(label, text) for _, label, text in rows]
    for first, second in ((LABEL_HEADINGS, TEXT_HEADINGS), (TEXT_HEADINGS, LABEL_HEADINGS)):
        if rows and found[0][0].lower() in first and found[0][1].strip().lower() in second:
            raise FormatError(f"{path} line {rows[0][0]} looks like a heading; expected label<TAB>text from there on")
    _check_columns(path, split, found)
    return found


def _check_columns(path: Path, split: str, found: list[tuple[str, str]]) -> None:
    """Refuse a .tsv in which nearly every line has a label of its own."""
    num_labels, num_texts = len({label for label, _ in found}), len({text for _, text in found})
    if len(found) < FEW_LINES or 2 * num_labels <= len(found) or (split != "train" and num_texts >= num_labels):
        return
    looks = "its columns look swapped" if num_texts < num_labels else "its labels look like numbers of the lines"
    raise FormatError(
        f"{path}: has {num_labels} different labels in {len(found)} lines, one is {shown(found[0][0])}; {looks}, "
        "expected label<TAB>text with few labels"
    )
