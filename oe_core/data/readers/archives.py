"""Members of tar and zip archives, one at a time.

The catalog has a published hash of every tar, so that one is opened only when it is what its owner made.
"""

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path

from oe_core.data.examples import ImageSet
from oe_core.data.readers.bounds import open_zip
from oe_core.data.readers.class_names import numbered
from oe_core.data.readers.pixels import FormatError, Picture, damage_named, decode_all

TAR_DAMAGES = (tarfile.TarError, OSError, EOFError, ValueError, LZMAError, zlib.error)
# RuntimeError: an encrypted member, or one compressed in a way that zipfile does not know.
ZIP_DAMAGES = (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, struct.error, LZMAError, zlib.error)


def tar_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the plain files of a tar (compressed or not) that are `wanted`, in the archive's order."""
    with damage_named(path, TAR_DAMAGES, "a whole tar archive"), tarfile.open(path) as archive:
        while (member := archive.next()) is not None:
            if member.isfile() and wanted(member.name):
                yield member.name, archive.extractfile(member).read()
            archive.members.clear()  # tarfile keeps every header: a gigabyte for a million


def tar_member(path: Path, ending: str) -> bytes:
    """The first member of a tar whose path ends in `ending`; errors as `zip_member`."""
    for _, content in tar_members(path, lambda member: f"/{member}".endswith(f"/{ending}")):
        return content
    raise FormatError(f"{path}: has no member {ending}; expected the archive as its owner publishes it")


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive whose damage, found on opening or on reading a member, is named."""
    with damage_named(path, ZIP_DAMAGES, "a whole zip archive"), open_zip(path) as archive:
        yield archive


def zip_member(path: Path, ending: str) -> bytes:
    """The first member of a zip whose path ends in `ending`; FormatError naming the archive when there is none."""
    with opened_zip(path) as archive:
        for member in archive.namelist():
            if f"/{member}".endswith(f"/{ending}"):
                return archive.read(member)
    raise FormatError(f"{path}: has no member {ending}; expected the archive as its owner publishes it")


def picture_set(
    name: str, path: Path, pictures: Iterable[Picture], size: int, expected: str,
    classes: tuple[str, ...] | None = None, total: int | None = None,
) -> ImageSet:  # fmt: skip
    """The pictures of an archive, of `classes` or else of those that occur; FormatError when there is none."""
    images, class_names = decode_all(pictures, size, total=total)
    if not class_names:
        raise FormatError(f"{path}: holds no picture under {expected}")
    return ImageSet(name, images, *numbered(class_names, classes), "catalog")
