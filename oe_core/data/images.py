"""The one door to image data: the reader's own folder, what the packages carry, or the catalog's files."""

import hashlib
import os
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from oe_core.data.catalog import CATALOG
from oe_core.data.download import download_folder, downloaded, how_to_get
from oe_core.data.embedded import EMBEDDED
from oe_core.data.folders import LAYOUTS, folder_names, folder_splits, read_folder, text_files
from oe_core.data.formats import SOURCES, Source
from oe_core.data.formats_arrays import read_npz
from oe_core.data.image_set import ImageSet
from oe_core.scales import data_root

SPLITS = ("train", "test")
EMBEDDED_SPLITS = {"digits": SPLITS, "photo-china": ("train",), "photo-flower": ("test",), "font-letters": ("test",)}
DECODING = 1  # raise it when decoding or resizing changes, so that what earlier versions kept is made again


class MissingDataError(FileNotFoundError):
    """A known data set is not on this machine; the message says how to get it."""


def known_names() -> tuple[str, ...]:
    """Every name that `load_images` knows here: the reader's folders, the embedded sets and the catalog, sorted."""
    return tuple(sorted({*folder_names(), *EMBEDDED, *CATALOG}))


def available(name: str, split: str) -> str:
    """Where `load_images` would take `name` from: "folder", "embedded", "catalog", or "" when it is not there.

    Reads no pixels, though new downloads are held against their hashes. split: "train" or "test", else ValueError.
    """
    _check_split(name, split)
    if split in folder_splits(name):
        return "folder"
    if split in EMBEDDED_SPLITS.get(name, ()):
        return "embedded"
    source = SOURCES.get(name, {}).get(split)
    return "catalog" if source and set(source.files) <= set(downloaded(name)) else ""


def resolve(name: str, split: str, without: Iterable[str] = ()) -> str:
    """`name` itself when it is available, else the first available stand-in that the catalog names for it.

    without: names that may not stand in, because the experiment uses them already.
    Raises MissingDataError saying how to get it when neither is there, ValueError when the name is unknown.
    """
    _check_name(name)
    stand_ins = CATALOG[name].stand_ins if name in CATALOG else ()
    for candidate in (name, *(key for key in stand_ins if key not in set(without))):
        if available(candidate, split):
            return candidate
    raise MissingDataError(_how_to_get(name, split))


def load_images(name: str, split: str, size: int, stand_in_for: str = "") -> ImageSet:
    """The images of `name`, split "train" or "test", at size x size pixels.

    size: pixels; other sizes are made by bilinear resizing of the shorter side and a centre crop (icons: squashed).
    stand_in_for: the paper's name of the set that this one replaces, as `resolve` may have decided.
    Raises MissingDataError saying how to get it, ValueError for an unknown name, split or size, FormatError for damage.
    """
    _check_name(name)
    if size < 1:
        raise ValueError(f"size={size} of {name} must be at least 1 pixel")
    origin = available(name, split)
    if origin == "folder":
        images = read_folder(name, split, size)
    elif origin == "embedded":
        images = EMBEDDED[name](split, size)
    elif origin == "catalog":
        images = _from_catalog(name, split, size)
    else:
        raise MissingDataError(_how_to_get(name, split))
    return replace(images, stand_in_for=stand_in_for) if stand_in_for else images


def _check_split(name: str, split: str) -> None:
    if split not in SPLITS:
        raise ValueError(f"split={split!r} of {name} is unknown; choose one of {', '.join(SPLITS)}")


def _check_name(name: str) -> None:
    if name not in known_names():
        raise ValueError(
            f"data set {name!r} is unknown; known are {', '.join(known_names())}; or put a folder of your own at "
            f"{data_root() / str(name)}/ with train and test in it"
        )


def _from_catalog(name: str, split: str, size: int) -> ImageSet:
    """Read the downloads; what took decoding is kept beside them, and found again by the files' hashes and the size."""
    source, files = SOURCES[name][split], downloaded(name)
    paths = [files[file] for file in source.files]
    if not source.decodes:
        return source.read(paths, size)
    kept = download_folder(name) / f"decoded-{split}-{size}px-{_digest(name, source, paths)}.npz"
    if kept.exists():
        return read_npz(kept, size, name, origin="catalog")
    images = source.read(paths, size)
    try:
        _keep(kept, images)
    except OSError as refusal:
        warnings.warn(f"{kept} could not be written ({refusal}); {name} will be decoded again next time", stacklevel=3)
    return images


def _digest(name: str, source: Source, paths: Iterable[Path]) -> str:
    """12 hexadecimal digits for what the decoded pixels depend on: published hashes, else length and time of change."""
    parts = [str(DECODING)]
    for file, path in zip(source.files, paths, strict=True):
        stat = path.stat()
        parts.append(f"{file} {CATALOG[name].file(file).hash or (stat.st_size, stat.st_mtime_ns)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _keep(kept: Path, images: ImageSet) -> None:
    """Write beside and rename, so that a reader meets the whole file or none."""
    pixels = images.images.permute(0, 2, 3, 1).numpy()
    handle, beside = tempfile.mkstemp(prefix=f".{kept.stem}.", dir=kept.parent)
    try:
        with open(handle, "wb") as file:
            np.savez(file, images=pixels, labels=images.labels.numpy(), classes=np.array(images.classes))
        os.replace(beside, kept)
    finally:
        Path(beside).unlink(missing_ok=True)


def _how_to_get(name: str, split: str) -> str:
    """Every way to `name`, one a line."""
    own = data_root() / name / split
    lines = [f"{name}: its {split} images are not on this machine."]
    if texts := text_files(name):
        lines.append(f"{data_root() / name} holds text ({texts[0].name}), which is not read as images.")
    if present := folder_splits(name):
        lines.append(f"{data_root() / name} has no {split}; it has {' and '.join(present)}.")
    if name in EMBEDDED:
        lines.append(f"The embedded set {name} has no {split}; it has {' and '.join(EMBEDDED_SPLITS[name])}.")
    row = CATALOG.get(name)
    if row and split not in row.splits:
        lines.append(f"{row.title} has no {split}; it has {' and '.join(row.splits)}.")
    elif row:
        lines.append(how_to_get(row))
    lines.append(f"Your own: put {LAYOUTS} at {own}/.")
    return "\n".join(lines)
