"""What a file of somebody's own may unpack to: a small one that would fill memory or disk is refused."""

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FLOOR, RATIO = 1 << 26, 100  # bytes, times its size: real data unpack to 2 to 30 times their size


class TooLargeError(Exception):
    """A small file would become a large one; the message says how large and what is allowed, its catcher which file."""


def most_bytes(path: Path) -> int:
    """The most that a file may unpack to."""
    return max(FLOOR, RATIO * path.stat().st_size)


def check_size(found: int, path: Path) -> None:
    """Raise TooLargeError when `found` bytes are more than `path` may unpack to."""
    if found > (most := most_bytes(path)):
        raise TooLargeError(
            f"unpacks to {found:,} bytes or more; expected at most {most:,}, as it has {path.stat().st_size:,}. "
            "If you trust it, put it there with its content not compressed"
        )


def whole_bytes(path: Path) -> bytes:
    """The content of a file, unzipped where its name ends in .gz. Raises TooLargeError and what gzip raises."""
    if path.suffix.lower() != ".gz":
        return path.read_bytes()
    with gzip.open(path) as opened:
        content = opened.read(most_bytes(path) + 1)
    check_size(len(content), path)
    return content


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip whose content is within bounds; raises TooLargeError."""
    with zipfile.ZipFile(path) as archive:
        check_size(sum(member.file_size for member in archive.infolist()), path)
        yield archive
