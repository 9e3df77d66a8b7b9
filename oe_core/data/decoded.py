"""The catalog's downloads as images; what took decoding is kept beside them, and found again by hashes and size."""

import hashlib
import io
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from oe_core.atomic import write_whole
from oe_core.data.catalog.row import DataSet
from oe_core.data.examples import ImageSet
from oe_core.data.fetch.download import download_folder, downloaded
from oe_core.data.readers.arrays import read_npz

DECODING = 2  # raise it when decoding or resizing changes, so that what earlier versions kept is made again


def read_downloads(row: DataSet, split: str, size: int) -> ImageSet:
    """The images of a split whose files are among the downloads, at size x size pixels.

    Raises DamagedFileError for a file that is not the published one, FormatError for damage inside it.
    """
    source, files = row.sources[split], downloaded(row)
    paths = [files[file] for file in source.files]
    if not source.decodes:
        return source.read(paths, name=row.key, size=size)
    kept = download_folder(row) / f"decoded-{split}-{size}px-{_digest(row, source.files, paths)}.npz"
    if kept.exists():
        return read_npz(kept, size, row.key, origin="catalog")
    images = source.read(paths, name=row.key, size=size)
    try:
        write_whole(kept, _as_npz(images))
    except OSError as refusal:
        warnings.warn(
            f"{kept} could not be written ({refusal}); {row.key} will be decoded again next time", stacklevel=3
        )
    return images


def _digest(row: DataSet, files: Iterable[str], paths: Iterable[Path]) -> str:
    """12 hexadecimal digits for what the decoded pixels depend on: published hashes, else length and time of change."""
    parts = [str(DECODING)]
    for file, path in zip(files, paths, strict=True):
        stat = path.stat()
        parts.append(f"{file} {row.file(file).hash or (stat.st_size, stat.st_mtime_ns)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _as_npz(images: ImageSet) -> bytes:
    buffer = io.BytesIO()
    pixels = images.images.permute(0, 2, 3, 1).numpy()
    np.savez(buffer, images=pixels, labels=images.labels.numpy(), classes=np.array(images.classes))
    return buffer.getvalue()
