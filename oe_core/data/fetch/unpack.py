"""Unpack a verified archive without letting it write anywhere but into its own new folder."""

import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from gzip import BadGzipFile
from lzma import LZMAError
from pathlib import Path, PurePosixPath, PureWindowsPath
from stat import S_IFMT, S_ISDIR, S_ISLNK, S_ISREG
from typing import BinaryIO

from filelock import FileLock

SUFFIXES = (".tar.gz", ".tgz", ".tar.xz", ".tar", ".zip")
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, BadGzipFile, zlib.error, LZMAError, EOFError)

# name, whether it is a folder, bytes, and how to open it
Member = tuple[str, bool, int, Callable[[], BinaryIO]]


class UnpackError(RuntimeError):
    """An archive is unsafe or damaged; the message names it and the member. Nothing of it is left behind."""


def unpacked_folder(archive: Path) -> Path:
    """Where `archive` unpacks to: its own path without the suffix. ValueError when it is no known kind of archive."""
    for suffix in SUFFIXES:
        if archive.name.endswith(suffix):
            return archive.with_name(archive.name.removesuffix(suffix))
    raise ValueError(f"archive={str(archive)!r} is no archive that the book unpacks; allowed are {', '.join(SUFFIXES)}")


def unpack(archive: Path) -> Path:
    """Unpack `archive` (tar, tar.gz, tar.xz or zip) into `unpacked_folder(archive)` unless that is there; return it.

    Every member is looked at before the first is written: absolute paths, `..`, links, devices and names given twice
    are refused. The folder appears only when it is complete. Raises UnpackError, ValueError.
    """
    folder = unpacked_folder(archive)
    if not folder.is_dir():
        with FileLock(folder.with_name(f".{folder.name}.unpack.lock")):
            if not folder.is_dir():  # another process may have unpacked it meanwhile
                _unpack_into(folder, archive)
    return folder


def _unpack_into(folder: Path, archive: Path) -> None:
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    beside.chmod(0o755)  # mkdtemp's folders are private, a data folder is often shared
    try:
        opened = zipfile.ZipFile(archive) if archive.name.endswith(".zip") else tarfile.open(archive)
        with opened:
            members = list(_zip_members(opened) if isinstance(opened, zipfile.ZipFile) else _tar_members(opened))
            _check_members(archive, members, shutil.disk_usage(beside).free)
            for member in members:
                _write(member, beside)
        os.replace(beside, folder)
    except DAMAGE as damage:
        raise UnpackError(f"{archive} is damaged ({damage}); remove it and fetch it again") from damage
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _tar_members(opened: tarfile.TarFile) -> Iterator[Member]:
    for member in opened:
        if not (member.isfile() or member.isdir()):
            kind = "link" if member.issym() or member.islnk() else "device"
            raise UnpackError(f"{opened.name} holds the {kind} {member.name!r}; only files and folders are unpacked")
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
    seen = set()
    for name, is_folder, _, _ in members:
        path = PurePosixPath(name)
        if path.is_absolute() or PureWindowsPath(name).anchor or ".." in path.parts or "\\" in name:
            raise UnpackError(f"{archive} holds {name!r}, which leads out of its folder; nothing was unpacked")
        if path in seen and not is_folder:
            raise UnpackError(f"{archive} holds {name!r} twice; nothing was unpacked")
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
