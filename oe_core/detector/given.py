"""What somebody gives to learn from: a folder, a file, an array, texts, a table or a name; what is in it, and how.

Nothing is read before the size of the network's pictures is known; the readers are those of `oe_core.data`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from os.path import exists, isfile
from pathlib import Path
from statistics import median_low

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from oe_core.arguments import ArgumentError, expanded
from oe_core.data import folders, text_folders
from oe_core.data.catalog import CATALOG
from oe_core.data.examples import UNLABELLED, Examples, ImageSet, TextSet
from oe_core.data.readers.arrays import colour, in_memory, npz_labels, npz_side, read_npz, resized_each
from oe_core.data.readers.class_names import composed, numbered
from oe_core.data.readers.lines import is_text
from oe_core.data.readers.pixels import FormatError, Picture, decode_all, is_picture, resized
from oe_core.data.sources import IMAGES, TEXTS, Sources, load_images, load_texts
from oe_core.detector.tables import column, columns_of, is_missing, is_table, is_table_file, read_table
from oe_core.errors import printable, shown
from oe_core.scales import data_root

LOG = logging.getLogger("oe_core")
ARRAYS = ".npz"  # the ending of a file, in any case
BESIDE = " (outliers)"  # behind the name of outliers that are named like the inliers
LOOKED_AT = 64  # pictures of a source whose size and format are looked at
WAYS = (
    "a folder of class folders with pictures, a .tsv, .txt, .csv or .npz, an array (n, height, width, 3), a list of "
    "texts, of paths or of pictures in memory, a table with the columns label and path or text, or the name of a data "
    "set"
)


@dataclass(frozen=True)
class Files:
    """How the pictures of a source are stored, as far as is known.

    side: the usual shorter side, pixels; None where it is not known. codec: the usual format as Pillow names it, ""
    where pictures come as arrays. share: the part of those looked at that has it. quantisation: the tables of a JPEG.
    """

    side: int | None = None
    codec: str = ""
    share: float = 1.0
    quantisation: Mapping[int, list[int]] | None = None


@dataclass(frozen=True)
class Given:
    """Examples that are not read yet. kind: "images" or "text". files: of pictures. load: (name, *size) -> examples."""

    name: str
    kind: str
    load: Callable[..., Examples]
    files: Files = field(default_factory=Files)


def given(source: object, argument: str, labels: Sequence | None = None) -> Given:
    """Whatever a user gives as `argument`, one of WAYS. labels: of arrays and lists, one an example, of any type.

    Raises ValueError naming the argument for what is none of WAYS, FileNotFoundError for a path to nothing, and as the
    readers do.
    """
    if isinstance(source, ImageSet | TextSet):
        _no_labels(labels, argument, "examples that have their own")
        return _of_examples(source)
    if isinstance(source, str | Path) and (isinstance(source, Path) or looks_like_a_path(source)):
        return _of_path(expanded(source), labels)
    if isinstance(source, str):
        _no_labels(labels, source, "a data set, which has its own")
        return named(source)
    if isinstance(source, Set) and labels is not None:
        raise ArgumentError(f"{argument} is a {type(source).__name__}, which has no order for labels; give a list")
    if isinstance(source, np.ndarray | Tensor) and len(source.shape) >= 3:
        return _of_array(np.asarray(source), argument, labels)
    if is_table(source):
        return _of_table(source, argument, labels)
    if isinstance(source, Collection) and len(source):
        return _of_list(list(source), argument, labels)
    what = f"{'an empty ' if isinstance(source, Collection) else ''}{type(source).__name__}"
    raise ArgumentError(f"{argument} is {what}; expected {WAYS}")


def _no_labels(labels: Sequence | None, source: object, what: str) -> None:
    if labels is not None:
        raise ArgumentError(f"labels has {len(labels)} entries, but {source} is {what}; leave labels out")


def looks_like_a_path(text: str) -> bool:
    """A name is a name unless something lies under it here, or only a path is spelled like it."""
    known = text in IMAGES.known_names() or text in TEXTS.known_names()
    return exists(expanded(text)) or (not known and ("/" in text or "." in text))


def _of_examples(examples: Examples) -> Given:
    if isinstance(examples, TextSet):
        return Given(examples.name, "text", lambda name: replace(examples, name=name))
    arrays = examples.images.permute(0, 2, 3, 1).numpy()
    return _pictures(
        examples.name, Files(examples.size), lambda size: resized(arrays, size), examples.labels, examples.classes
    )


def _of_path(path: Path, labels: Sequence | None) -> Given:
    name = path.resolve().name
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is nothing there; expected {WAYS}")
    if path.is_dir():
        part = folders.training_part(path) or path
        _say_beside(part, path)
        if part.is_dir():
            _no_labels(labels, path, "a folder, whose class folders are its labels")
        return _of_folder(part, name) if part.is_dir() else _of_path(part, labels)
    if is_text(path):
        return Given(name, "text", lambda name: _relabelled(_texts(path, name), labels))
    if path.suffix.lower() == ARRAYS:
        if npz_labels(path)[1] != (UNLABELLED,):
            _no_labels(labels, path, "a file that has its own")
        load = lambda name, size: _relabelled(read_npz(path, size, name), labels)  # noqa: E731
        return Given(name, "images", load, Files(npz_side(path)))
    if is_table_file(path):
        return _of_table(read_table(path), str(path), labels, path.parent)
    what = "is a picture; put it into a folder" if is_picture(path.name) else "is not read"
    raise FormatError(f"{path}: {what}; expected {WAYS}")


def _say_beside(part: Path, path: Path) -> None:
    """Which other splits a folder holds, that are not read."""
    kind = Path.is_dir if part.is_dir() else is_text
    others = sorted(one.name for one in path.glob("[!.]*") if one != part and kind(one)) if part != path else []
    if others:
        LOG.warning("%s", printable(f"{path.name}: {part.name} is read, and {', '.join(others)} is not"))


def _of_folder(folder: Path, name: str) -> Given:
    npz = folder / folders.NPZ
    files = Files(npz_side(npz)) if npz.exists() else looked_at(folders.pictures_of(folder))
    return Given(name, "images", lambda name, size: folders.read_pictures(folder, size, name), files)


def named(name: str) -> Given:
    """A set of the book, whatever lies in the working folder: pictures where there are any under it, else texts."""
    name = name.removesuffix(BESIDE)
    if name not in CATALOG and name in folders.folder_names():
        return _of_path(data_root() / name, None)
    if name in CATALOG and CATALOG[name].kind == "text":
        return Given(name, "text", lambda _: load_texts(name, "train"))
    check_known(name, IMAGES)
    return Given(name, "images", lambda _, size: load_images(name, "train", size))


def check_known(name: str, sources: Sources) -> None:
    """Refuse what is neither in the working folder nor a set of the book, which a mistyped path is."""
    try:
        sources.check_name(name)
    except ArgumentError as unknown:
        raise ArgumentError(f"{Path.cwd()} holds no {name!r}, and {unknown}") from None


def _of_array(images: np.ndarray, argument: str, labels: Sequence | None) -> Given:
    images = colour(images, argument)
    files = Files(min(images.shape[1:3]))
    return _pictures(argument, files, lambda size: resized(images, size), *_numbers(labels, len(images), argument))


def _of_table(table, argument: str, labels: Sequence | None, beside: Path = Path()) -> Given:
    """beside: the folder from which its paths lead."""
    content, items = column(table, argument)
    labels = list(table["label"]) if labels is None and "label" in columns_of(table) else labels
    return _of_list([beside / item for item in items] if content == "path" else items, argument, labels)


def _of_list(items: list, argument: str, labels: Sequence | None) -> Given:
    """Texts, pictures or their paths: `Path`s, or strings of which one is that of a picture, or most end like one."""
    if not all(isinstance(item, str | Path) for item in items):
        return _of_pictures(items, argument, labels)
    numbers, classes = _numbers(labels, len(items), argument)
    if not _are_paths(items):
        if set(items) <= {*IMAGES.known_names(), *TEXTS.known_names()}:
            raise ArgumentError(f"{argument} holds names of data sets, such as {items[0]!r}; give one of them")
        if all(map(isfile, items)):
            raise ArgumentError(f"{argument} holds names of files, such as {items[0]!r}; give one file, or the texts")
        texts = TextSet(argument, tuple(map(str, items)), numbers, classes, "folder")
        return Given(argument, "text", lambda name: replace(texts, name=name))
    paths = [expanded(item) for item in items]
    decoded = partial(decode_all, [Picture("", str(path), path) for path in paths], total=len(paths), upright=True)
    return _pictures(argument, looked_at(paths), lambda size: decoded(size)[0], numbers, classes)


def _of_pictures(items: list, argument: str, labels: Sequence | None) -> Given:
    """Pictures in memory, each of its own size."""
    pictures = {f"{argument}[{number}]": in_memory(item, f"{argument}[{number}]") for number, item in enumerate(items)}
    # Stacking would turn the bytes of one into the floats of another.
    if len({(picture.shape, picture.dtype) for picture in pictures.values()}) == 1:
        return _of_array(np.stack(list(pictures.values())), argument, labels)
    files = Files(median_low(min(picture.shape[:2]) for picture in pictures.values()))
    return _pictures(argument, files, partial(resized_each, pictures), *_numbers(labels, len(pictures), argument))


def _are_paths(items: list) -> bool:
    if any(isinstance(item, Path) for item in items):
        return True
    like = [item for item in items if is_picture(item)]
    return 2 * len(like) > len(items) or any(isfile(expanded(item)) for item in like)


def _pictures(name: str, files: Files, load: Callable[[int], Tensor], labels: Tensor, classes) -> Given:
    return Given(name, "images", lambda name, size: ImageSet(name, load(size), labels, classes, "folder"), files)


def _texts(path: Path, name: str) -> TextSet:
    texts = text_folders.read_text_file(path, name)
    if 2 * len(named := [text for text in texts.texts if is_picture(text)]) > len(texts):
        raise FormatError(f"{path}: its texts are names of pictures, such as {shown(named[0])}; put them into a .csv "
                          "with the columns label and path")  # fmt: skip
    return texts


def _relabelled(examples: Examples, labels: Sequence | None) -> Examples:
    if labels is None:
        return examples
    numbers, classes = _numbers(labels, len(examples), examples.name)
    return replace(examples, labels=numbers, classes=classes)


def _numbers(labels: Sequence | None, count: int, argument: str) -> tuple[Tensor, tuple[str, ...]]:
    """Labels of any type as numbers int64 (count,), and their names."""
    if labels is None:
        return torch.zeros(count, dtype=torch.int64), (UNLABELLED,)
    labels = labels.tolist() if hasattr(labels, "tolist") else labels
    if labels and isinstance(labels[0], list):
        raise ArgumentError(f"labels[0] is a list of {len(labels[0])}; expected one label for each of {argument}")
    if len(labels) != count:
        raise ArgumentError(f"labels has {len(labels)} entries, {argument} {count} examples; expected one each")
    if missing := [place for place, label in enumerate(labels) if is_missing(label)]:
        raise ArgumentError(f"labels[{missing[0]}] is missing, of {len(missing)} that are; leave those examples out")
    return numbered([composed(str(label).strip()) for label in labels])


def looked_at(paths: Sequence[Path]) -> Files:
    """Usual side and format of pictures, from LOOKED_AT of them; what cannot be opened is left to the reader."""
    sides, codecs, tables = [], [], {}
    for path in filter(Path.is_file, paths[:: -(-len(paths) // LOOKED_AT)]):
        try:
            with Image.open(path) as opened:
                sides.append(min(opened.size))
                codecs.append(opened.format)
                tables[opened.format] = getattr(opened, "quantization", None)
        except Exception:  # Pillow raises any kind of error on what is no picture
            continue
    if not sides:
        return Files()
    codec, times = Counter(codecs).most_common(1)[0]
    return Files(median_low(sides), codec, times / len(codecs), tables[codec])
