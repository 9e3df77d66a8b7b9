"""LSUN: JPEG or WebP pictures as values of an LMDB, which lies in a zip archive."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from oe_core.data.examples import ImageSet
from oe_core.data.fetch.unpack import unpack
from oe_core.data.readers.archives import decode_members
from oe_core.data.readers.pixels import FormatError, Picture, damage_named, numbered


def read_lsun(paths: Sequence[Path], size: int, name: str = "lsun") -> ImageSet:
    """LSUN databases, each <scene>_lmdb.zip or the folder with its data.mdb, joined in the order given.

    A file is a class, named without "_lmdb". An LMDB must lie on disk to be opened, so a zip is unpacked beside itself.
    Raises FormatError or UnpackError naming the file when it is damaged or holds no data.mdb, FormatError naming the
    key of a picture that cannot be read.
    """
    pictures = (picture for path in paths for picture in _pictures(path))
    images, names = decode_members(paths[0], pictures, size, "any key")
    return ImageSet(name, images, *numbered(names), "catalog")


def _pictures(path: Path) -> Iterator[Picture]:
    import lmdb

    folder = path if path.is_dir() else unpack(path)
    databases = sorted(folder.rglob("data.mdb"))
    if len(databases) != 1:
        raise FormatError(f"{path}: holds {len(databases)} files data.mdb; expected one")
    database = databases[0]
    class_name = path.name.removesuffix(".zip").removesuffix("_lmdb")
    with damage_named(database, (lmdb.Error,), "an LMDB of pictures"):
        environment = lmdb.open(str(database.parent), readonly=True, lock=False, readahead=False)
    with environment, damage_named(database, (lmdb.Error,), "an LMDB of pictures"):
        _check_length(database, environment)
        with environment.begin(buffers=False) as transaction:
            for key, value in transaction.cursor():
                yield Picture(class_name, f"{database}: {key.decode('ascii', 'replace')}", value)


def _check_length(database: Path, environment) -> None:
    """Refuse a shortened file before its pages are touched: reading past the end of a mapped file kills the process."""
    expected = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    length = database.stat().st_size
    if length < expected:
        raise FormatError(f"{database}: truncated at {length} bytes; expected {expected}. Delete it and get it again")
