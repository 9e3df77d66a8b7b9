"""Files that are whole or absent, whose damage is noticed when they are read, and that one process writes at a time."""

import errno
import glob
import hashlib
import json
import logging
import os
import platform
import re
import secrets
import stat
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from types import UnionType

from filelock import FileLock, SoftFileLease, Timeout

from oe_core.errors import PrintableError

logger = logging.getLogger(__name__)

# Names the file to which every write is reported: the build of the book learns from it what a chapter made.
JOURNAL = "OE_JOURNAL"
OWNER = re.compile(r"([0-9a-f]{8})-(\d+)-[0-9a-f]{8}")
SECONDS_UNTIL_STALE = 24 * 3600
NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
LEASE_SECONDS = 60.0  # without renewal, after which a lease is another process's
ADVICE = "make room or give access there, or choose another place (of runs: OE_RUNS); what was finished before is kept"


class DamagedFileError(PrintableError):
    """A file is missing or its content is not what was written; `path` is that file, the message says what is wrong."""

    def __init__(self, path: Path, problem: str):
        super().__init__(f"{path} {problem}")
        self.path, self.problem = path, problem


def digest_of(payload: bytes) -> str:
    """The sha256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(payload).hexdigest()


@contextmanager
def _naming(action: str, path: Path) -> Iterator[None]:
    """Name `path` in an OSError: the system's own one for a full disk or a failed lock names no file."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"cannot {action} ({reason}): {ADVICE}", str(path)) from error


def owned_name() -> str:
    """A name that no other writer uses and that tells which process of which machine it belongs to."""
    return f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"


def _machine() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


def is_stale(path: Path) -> bool:
    """Whether a file or folder with an `owned_name` in its name was left by a process that is gone.

    Of another machine's process, on a shared disk, nothing is known: what it made is stale after a day.
    """
    owner = OWNER.search(path.name)
    try:
        if owner and owner[1] != _machine():
            return time.time() - path.stat().st_mtime > SECONDS_UNTIL_STALE
        if owner:
            os.kill(int(owner[2]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass
    return False


def write_whole(path: Path, payload: bytes) -> str:
    """Write `payload` beside `path`, then rename: `path` holds the old content or the new, at any moment.

    Returns the payload's sha256 (hex), which is also noted in the journal where there is one (`JOURNAL`). Raises
    OSError naming `path` when the disk is full or access is refused; the old content then stays.
    """
    part, sha256 = path.with_name(f".{path.name}.{owned_name()}.part"), digest_of(payload)
    try:
        with _naming("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_stale_parts(path)
            with part.open("xb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            if path.is_dir():
                discard(path)
            os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink()
    _note(path, sha256)
    return sha256


def discard(path: Path) -> None:
    """Remove a file, if there is one; what stands in its place, such as a folder, is set aside."""
    if path.is_dir() and not path.is_symlink():
        set_aside(DamagedFileError(path, "is no file"))
    with _naming("remove", path):
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> str:
    """`write_whole` of `text` in UTF-8, its line ends as they are."""
    return write_whole(path, text.encode())


def _remove_stale_parts(path: Path) -> None:
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if is_stale(part):
            part.unlink(missing_ok=True)


def _note(path: Path, sha256: str) -> None:
    if journal := os.environ.get(JOURNAL):
        line = json.dumps({"path": os.path.abspath(path), "sha256": sha256}) + "\n"
        # Unbuffered, so that it is one call: lines of several processes never mix.
        with _naming("note what was written", Path(journal)), open(journal, "ab", buffering=0) as file:
            if file.write(line.encode()) < len(line):  # json.dumps gives ASCII
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_journal(journal: Path) -> dict[str, str]:
    """What was written while the environment named `journal`: absolute path -> sha256 (hex) of the last write."""
    content = _content(journal) or b""
    with understood(journal):
        return {entry["path"]: entry["sha256"] for entry in map(json.loads, content.decode().splitlines())}


@contextmanager
def understood(path: Path, wrong: str = "is damaged, or of another version") -> Iterator[None]:
    """Where the content of `path` is taken apart: whatever goes wrong there becomes a DamagedFileError.

    A file can have its right hash and still not be what this version reads; `wrong` says so.
    """
    try:
        yield
    except (DamagedFileError, OSError, MemoryError):
        raise
    except Exception as error:
        reason = re.split(r"[.:]\s", str(error).strip())[0][:200]  # the rest is advice to programmers
        raise DamagedFileError(path, f"{wrong} ({type(error).__name__}: {reason})") from error


def of_types(values: Mapping, **kinds: type | UnionType) -> dict:
    """Those of `values` that are named, or a TypeError for one of another type; a truth value is no number."""
    for name, kind in kinds.items():
        if not isinstance(values[name], kind) or (isinstance(values[name], bool) and kind is not bool):
            raise TypeError(f"{name} is of the type {type(values[name]).__name__}")
    return {name: values[name] for name in kinds}


def _content(path: Path) -> bytes | None:
    """All bytes of a file, None when there is nothing."""
    with _naming("read", path):
        return path.read_bytes() if is_there(path) else None


def is_there(path: Path) -> bool:
    """Whether there is a file. Raises DamagedFileError for a folder, a link to nothing, or a file on the way there.

    Any other OSError, such as for want of access, says nothing about the file.
    """
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return True
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise
    there = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if there.is_symlink() and not there.exists():
        raise DamagedFileError(there, "is a link that leads nowhere")
    if there == path:
        raise DamagedFileError(path, "is no file")
    if not there.is_dir():
        raise DamagedFileError(there, "is no folder")
    return False


def read_whole(path: Path, sha256: str | None = None) -> bytes:
    """The content of `path`, or DamagedFileError when it is missing, no file, or its sha256 (hex) is another."""
    payload = _content(path)
    if payload is None:
        raise DamagedFileError(path, "is missing")
    found = digest_of(payload)
    if sha256 is not None and found != sha256:
        raise DamagedFileError(path, f"is damaged: its sha256 is {found[:12]}..., it was written as {sha256[:12]}...")
    return payload


def write_sealed(path: Path, payload: bytes) -> None:
    """`write_whole` with the sha256 as first line: for files rewritten often, where a separate record could lag."""
    write_whole(path, f"sha256 {digest_of(payload)}\n".encode() + payload)


def read_sealed(path: Path) -> bytes | None:
    """The payload of a sealed file, None when there is no such file. Raises DamagedFileError."""
    content = _content(path)
    if content is None:
        return None
    seal, _, payload = content.partition(b"\n")
    if seal != f"sha256 {digest_of(payload)}".encode():
        raise DamagedFileError(path, "is damaged: its content does not have the sha256 of its first line")
    return payload


def _record_sha256(values: dict) -> str:
    return digest_of(json.dumps(values, sort_keys=True).encode())


def write_record(path: Path, values: dict) -> None:
    """Write `values` as readable JSON that carries its own hash under "record_sha256"."""
    write_whole(path, json.dumps({**values, "record_sha256": _record_sha256(values)}, indent=2).encode())


def read_record(path: Path) -> dict | None:
    """The values of a record, None when there is no such file. Raises DamagedFileError."""
    content = _content(path)
    if content is None:
        return None
    with understood(path):
        values = json.loads(content)
        sealed = isinstance(values, dict) and values.pop("record_sha256", None) == _record_sha256(values)
    if not sealed:
        raise DamagedFileError(path, "is damaged: its values do not have the hash that was written with them")
    return values


def set_aside(damage: DamagedFileError) -> None:
    """Rename the damaged file to `<file>.damaged-<n>`, the first n that is free, and say so. A missing one is named."""
    path = damage.path
    if not os.path.lexists(path):
        logger.warning("%s; it is made again", damage)
        return
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    kept = next(name for name in names if not os.path.lexists(name))
    with _naming("set aside the damaged file", path):
        path.rename(kept)
    logger.warning("%s; it is set aside as %s and made again", damage, kept.name)


@contextmanager
def exclusive(path: Path, purpose: str) -> Iterator[None]:
    """Hold the lock file `path`; when another process holds it, say so and wait. It is free again when that one dies.

    Where the file system knows no locks (or OE_LOCKS=lease says that they do not reach other machines), the holder has
    a lease that it renews; a process that was stopped for longer than LEASE_SECONDS loses it. purpose: what the holder
    does, for the message. Raises OSError naming `path` when it cannot be made.
    """
    with _naming("lock", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        leased = os.environ.get("OE_LOCKS") == "lease" or not _knows_locks(path.parent)
        lock = SoftFileLease(f"{path}.lease", lease_duration=LEASE_SECONDS) if leased else FileLock(path)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            logger.warning("another process is %s; waiting for it (lock %s)", purpose, path)
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


@cache
def _knows_locks(folder: Path) -> bool:
    """Whether the file system of `folder` can lock a file; network file systems often cannot."""
    probe = folder / f".{owned_name()}.probe"
    try:
        with FileLock(probe, fallback_to_soft=False):
            return True
    except OSError as error:
        if error.errno in NO_LOCKS:
            return False
        raise
    finally:
        with suppress(OSError):
            probe.unlink()
