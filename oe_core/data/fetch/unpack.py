"""Unpack an archive without letting it write anywhere but into its own new folder, and open archives within bounds."""

import bz2
import gzip
import lzma
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath, PureWindowsPath
from stat import S_IFMT, S_ISDIR, S_ISLNK, S_ISREG
from typing import BinaryIO

from filelock import FileLock

from oe_core.errors import PrintableError

SUFFIXES = (".tar.gz", ".tgz", ".tar.xz", ".tar", ".zip")
# Real data unpack to 2 to 30 times their size; what is beyond FLOOR and RATIO was made to fill memory or disk.
FLOOR, RATIO = 1 << 26, 100
HEADER_RATIO = 5  # of a tar's headers alone, which take time: in real ones they are not more than the content
MOST_UNPACKED = 100_000  # members that become files
MOST_DIRECTORY = 1 << 26  # bytes of a zip's list of members, some 800,000 of them
MOST_EXTENSION = 1 << 16  # bytes of a long name or a pax header in a tar
EXTENSIONS = (b"x", b"g", b"X", b"L", b"K")  # the types of members that are such
DECOMPRESSORS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}

# name, whether it is a folder, bytes, and how to open it
Member = tuple[str, bool, int, Callable[[], BinaryIO]]


class UnpackError(PrintableError, RuntimeError):
    """An archive is unsafe or damaged; the message names it and the member. Nothing of it is left behind."""


class TooLargeError(Exception):
    """A small file would become a large one; the message says how large and what is allowed, its catcher which file."""


def most_bytes(path: Path, ratio: int) -> int:
    """The most that a file may unpack to: `ratio` times its own size."""
    return max(FLOOR, ratio * path.stat().st_size)


def check_size(found: int, path: Path, ratio: int | None = None) -> None:
    """Raise TooLargeError when `found` bytes are more than `path` may unpack to."""
    if found > (most := most_bytes(path, ratio or RATIO)):
        raise TooLargeError(
            f"unpacks to {found:,} bytes or more; expected at most {most:,}, as it has {path.stat().st_size:,}. "
            "If you trust it, put it there with its content not compressed"
        )


def whole_bytes(path: Path) -> bytes:
    """The content of a file, unzipped where its name ends in .gz. Raises TooLargeError and what gzip raises."""
    if path.suffix.lower() != ".gz":
        return path.read_bytes()
    with gzip.open(path) as opened:
        content = opened.read(most_bytes(path, RATIO) + 1)
    check_size(len(content), path)
    return content


class _Header(tarfile.TarInfo):
    """A header of a tar. Its extensions are bounded, as tarfile reads them whole before it gives a member."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0 or (header.type in EXTENSIONS and header.size > MOST_EXTENSION):
            raise tarfile.ReadError(f"a header claims {header.size:,} bytes, allowed are 0 to {MOST_EXTENSION:,}")
        return header


@contextmanager
def open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar, compressed or not, for `tar_headers`; read forwards, it is decompressed once.

    tarfile's own streams ("r|*") copy all that they hold for each header: minutes for a small file of many.
    """
    with open(path, "rb") as file:
        start = file.read(6)
    opener = next((known for magic, known in DECOMPRESSORS.items() if start.startswith(magic)), open)
    with opener(path, "rb") as content, tarfile.open(fileobj=content, mode="r:", tarinfo=_Header) as archive:
        yield archive


def tar_headers(archive: tarfile.TarFile, path: Path) -> Iterator[tarfile.TarInfo]:
    """The members of the tar at `path` in their order, each before its content is read.

    Raises TooLargeError, and tarfile.ReadError for a tar without its end mark, a block of zeros: tarfile takes a cut
    between two members for the end.
    """
    total = 0
    while (member := archive.next()) is not None:
        # tarfile keeps every header with all that it says: a gigabyte for a million.
        archive.members.clear()
        archive.pax_headers.clear()
        member.pax_headers = {}
        total += member.size  # of a sparse member more than what lies in the archive
        check_size(max(total, archive.offset), path)
        check_size(archive.offset - total, path, HEADER_RATIO)
        yield member
    beyond = archive.fileobj.tell() - archive.offset
    if beyond != tarfile.BLOCKSIZE or archive.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError("no end mark after its last member")


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip whose list of members and whose content are within bounds; raises TooLargeError."""
    with open(path, "rb") as file:
        end = zipfile._EndRecData(file)  # no public way tells how much ZipFile is about to read
    if end and end[zipfile._ECD_SIZE] > MOST_DIRECTORY:
        raise TooLargeError(f"lists its members in {end[zipfile._ECD_SIZE]:,} bytes; allowed are {MOST_DIRECTORY:,}")
    with zipfile.ZipFile(path) as archive:
        check_size(sum(member.file_size for member in archive.infolist()), path)
        yield archive


def unpacked_folder(archive: Path) -> Path:
    """Where `archive` unpacks to: its own path without the suffix. ValueError when it is no known kind of archive."""
    for suffix in SUFFIXES:
        if archive.name.endswith(suffix):
            return archive.with_name(archive.name.removesuffix(suffix))
    raise ValueError(f"archive={str(archive)!r} is no archive that the book unpacks; allowed are {', '.join(SUFFIXES)}")


def unpack(archive: Path) -> Path:
    """Unpack `archive` (tar, tar.gz, tar.xz or zip) into `unpacked_folder(archive)` unless that is there; return it.

    Every member is looked at before the first is written: absolute paths, `..`, links, devices, names given twice, and
    more than MOST_UNPACKED members or `most_bytes` are refused. The folder appears only when it is complete. Raises
    UnpackError, ValueError for another kind of archive.
    """
    folder = unpacked_folder(archive)
    if not folder.is_dir():
        with FileLock(folder.with_name(f".{folder.name}.unpack.lock")):
            if not folder.is_dir():  # another process may have unpacked it meanwhile
                _unpack_into(folder, archive)
    return folder


def _unpack_into(folder: Path, archive: Path) -> None:
    if not archive.is_file():
        raise UnpackError(f"{archive} is no regular file; put the archive there")
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    beside.chmod(0o755)  # mkdtemp's folders are private, a data folder is often shared
    try:
        is_zip = archive.name.endswith(".zip")
        with open_zip(archive) if is_zip else open_tar(archive) as opened:
            found = _zip_members(opened) if is_zip else _tar_members(opened, archive)
            members = list(islice(found, MOST_UNPACKED + 1))
            _check_members(archive, members, shutil.disk_usage(beside).free)
            for member in members:
                _write(member, beside)
        os.replace(beside, folder)
    except UnpackError:
        raise
    except TooLargeError as refusal:
        raise UnpackError(f"{archive} {refusal}") from refusal
    except Exception as damage:  # what the libraries raise on damage has no common kind; encryption is among it
        found = f"{type(damage).__name__}: {damage}"
        raise UnpackError(f"{archive} is damaged or cannot be unpacked ({found}); fetch it again") from damage
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _tar_members(opened: tarfile.TarFile, path: Path) -> Iterator[Member]:
    for member in tar_headers(opened, path):
        if not (member.isfile() or member.isdir()):
            kind = "link" if member.issym() or member.islnk() else "device"
            raise UnpackError(f"{path} holds the {kind} {member.name!r}; only files and folders are unpacked")
        yield member.name, member.isdir(), member.size, lambda member=member: opened.extractfile(member)


def _zip_members(opened: zipfile.ZipFile) -> Iterator[Member]:
    for member in opened.infolist():
        mode = member.external_attr >> 16  # Unix mode; its kind is 0 where another system packed
        if S_IFMT(mode) and not (S_ISREG(mode) or S_ISDIR(mode)):
            kind = "link" if S_ISLNK(mode) else "device"
            raise UnpackError(
                f"{opened.filename} holds the {kind} {member.filename!r}; only files and folders are unpacked"
            )
        yield member.filename, member.is_dir(), member.file_size, lambda member=member: opened.open(member)


def _check_members(archive: Path, members: list[Member], free: int) -> None:
    if len(members) > MOST_UNPACKED:
        raise UnpackError(f"{archive} holds more than {MOST_UNPACKED:,} members; nothing was unpacked")
    seen = set()
    for name, is_folder, _, _ in members:
        path = PurePosixPath(name)
        if path.is_absolute() or PureWindowsPath(name).anchor or ".." in path.parts or "\\" in name:
            raise UnpackError(f"{archive} holds {name!r}, which leads out of its folder; nothing was unpacked")
        if not is_folder and (path in seen or not path.parts):
            what = "twice" if path.parts else "as a file, which is no name"
            raise UnpackError(f"{archive} holds {name!r} {what}; nothing was unpacked")
        seen.add(path)
    needed = sum(size for _, _, size, _ in members)
    if needed > free:
        raise UnpackError(f"{archive} unpacks to {needed:,} bytes, {free:,} are free")


def _write(member: Member, folder: Path) -> None:
    name, is_folder, size, open_member = member
    target = folder / PurePosixPath(name)
    if is_folder:
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_member() as source, open(target, "xb") as file:
        shutil.copyfileobj(source, file)
    if target.stat().st_size != size:
        raise EOFError(f"{name} ends after {target.stat().st_size:,} of {size:,} bytes")
