"""Image data: the reader's own folder, what the packages carry, or the catalog's files."""

import hashlib
import os
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from oe_core.data.catalog import CATALOG
from oe_core.data.catalog.image_readers import SOURCES, Source
from oe_core.data.door import Door, MissingDataError
from oe_core.data.embedded.images import EMBEDDED
from oe_core.data.fetch.download import download_folder, downloaded
from oe_core.data.folders import LAYOUTS, folder_splits, read_folder, text_files
from oe_core.data.image_set import ImageSet
from oe_core.data.readers.arrays import read_npz
from oe_core.scales import data_root

__all__ = ["IMAGES", "MissingDataError", "available", "known_names", "load_images", "resolve"]

SPLITS = ("train", "test")
EMBEDDED_SPLITS = {"digits": SPLITS, "photo-china": SPLITS, "photo-flower": ("test",), "font-letters": SPLITS}
DECODING = 1  # raise it when decoding or resizing changes, so that what earlier versions kept is made again


def _stray(name: str) -> str:
    texts = text_files(name)
    return f"{data_root() / name} holds text ({texts[0].name}), which is not read as images." if texts else ""


IMAGES = Door(
    kind="images", splits=SPLITS, folder_splits=folder_splits, embedded=EMBEDDED_SPLITS, sources=SOURCES,
    layouts=f"{LAYOUTS} at {{folder}}/{{split}}/", stray=_stray,
)  # fmt: skip
known_names, available, resolve = IMAGES.known_names, IMAGES.available, IMAGES.resolve


def load_images(name: str, split: str, size: int, stand_in_for: str = "") -> ImageSet:
    """The images of `name`, split "train" or "test", at size x size pixels.

    size: pixels; other sizes are made by bilinear resizing of the shorter side and a centre crop (icons: squashed).
    stand_in_for: the paper's name of the set that this one replaces, as `resolve` may have decided.
    Raises MissingDataError saying how to get it, ValueError for an unknown name, split or size, FormatError for damage.
    """
    if size < 1:
        raise ValueError(f"size={size} of {name} must be at least 1 pixel")
    origin = IMAGES.origin(name, split)
    if origin == "folder":
        images = read_folder(name, split, size)
    elif origin == "embedded":
        images = EMBEDDED[name](split, size)
    else:
        images = _from_catalog(name, split, size)
    return replace(images, stand_in_for=stand_in_for) if stand_in_for else images


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
