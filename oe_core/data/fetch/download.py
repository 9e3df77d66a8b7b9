"""Fetch the catalog's files, and hold every file against its published size and hash before anything opens it."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from oe_core.atomic import DamagedFileError, exclusive, write_whole
from oe_core.data.catalog.row import DataFile, DataSet
from oe_core.scales import data_root
from oe_core.wording import size_text

AGENT = "outlier-exposure-book (Python urllib)"
BROWSER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class DownloadError(RuntimeError):
    """A file could not be fetched; the message lists every address with its failure, and the way by hand."""


def download_folder(row: DataSet) -> Path:
    """Where the row's files belong: `OE_DATA/downloads/<key>/`, whether fetched or put there by hand."""
    return data_root() / "downloads" / row.key


def downloaded(row: DataSet, names: Iterable[str]) -> list[Path]:
    """Where the files `names` of the row are, each of them verified; [] unless all are there.

    A file without a published hash, which only its reader can have put there, is held against its size alone. Others
    of the row are not looked at: a split is read without the gigabytes of another.
    Raises DamagedFileError naming a file that is not the one that its owner publishes, and the difference.
    """
    paths = {name: download_folder(row) / name for name in names}
    if not all(path.is_file() for path in paths.values()):
        return []
    for name, path in paths.items():
        verify(path, row.file(name))
    return list(paths.values())


def verify(path: Path, file: DataFile) -> None:
    """Raise DamagedFileError unless `path` has the size and the hash of `file`.

    A match is remembered beside the file until its size or time of change differs: hashing 26 GB takes minutes.
    """
    if file.hash is None or not _remembered(path, file):
        check(path, file)
        _remember(path, file)


def check(path: Path, file: DataFile) -> None:
    """As `verify`, but always reads the whole file; the size first, most damaged files are cut off or error pages."""
    size = path.stat().st_size
    if file.bytes is not None and size != file.bytes:
        raise _damage(path, file, f"{size:,} bytes instead of {file.bytes:,}")
    if file.hash is not None:
        algorithm, digits = file.hash
        with open(path, "rb") as opened:
            found = hashlib.file_digest(opened, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
        if found != digits:
            raise _damage(path, file, f"the {algorithm} {found} instead of {digits}")


def fetch(row: DataSet, file: DataFile) -> Path:
    """The verified `file` of `row`, fetched if it is not there yet; it appears under its name only when whole.

    Raises DownloadError when it may not be fetched, when OE_OFFLINE is set, or when every address failed.
    """
    path = download_folder(row) / file.name
    with exclusive(path.with_name(f".{file.name}.lock"), f"fetching {file.name}"):
        if not (path.is_file() and _is_whole(path, file)):
            _refuse(row, file)
            _fetch_from_any(row, file, path)
    return path


def how_to_get(row: DataSet) -> str:
    """One paragraph: fetch it, put it there by hand, or take a stand-in; with addresses and terms."""
    lines = [f"{row.title} ({row.citation}): {row.access}. Terms: {row.terms}."]
    if any(row.fetchable(file) for file in row.files):
        lines.append(f"Fetch it with `python -m oe_core.data.fetch.inventory --fetch --only {row.key}`.")
    lines.append(f"By hand: {row.by_hand}.")
    if row.files:
        lines.append(f"Its files go, as they are, into {download_folder(row)}/:")
        lines.extend(f"  {', '.join((file.name, size_text(file.bytes), *file.addresses[:1]))}" for file in row.files)
    if row.note:
        lines.append(f"Note: {row.note}.")
    own = data_root() / row.key
    place = f"A folder {own}/<split>/" if row.kind == "images" else f"A file {own}/<split>.txt (or .tsv)"
    lines.append(f"{place} with your own copy as {row.kind} takes precedence.")
    if row.stand_ins:
        lines.append(f"Stand-ins, the best first: {', '.join(row.stand_ins)}.")
    return "\n".join(lines)


def _is_whole(path: Path, file: DataFile) -> bool:
    try:
        verify(path, file)
    except DamagedFileError as damage:
        print(f"{damage}\nIt is fetched again.", flush=True)
        return False
    return True


def _refuse(row: DataSet, file: DataFile) -> None:
    if row.fetchable(file) and os.environ.get("OE_OFFLINE", "0") in ("", "0"):
        return
    if row.access == "withdrawn":
        reason = "the data set was withdrawn"
    elif not file.addresses:
        reason = "the catalog holds no address of it"
    elif file.hash is None:
        reason = "no hash of it is published, so that nothing could prove what arrives"
    else:
        reason = f"OE_OFFLINE={os.environ['OE_OFFLINE']} forbids the network"
    raise DownloadError(f"{row.key}: {file.name} is not fetched: {reason}.\n{_without_fetching(row, file)}")


def _fetch_from_any(row: DataSet, file: DataFile, path: Path) -> None:
    # Here, because only fetching needs the network's modules and tqdm: a machine that trains has torch and little else.
    from oe_core.data.fetch.http import TransferError

    part = path.with_name(f"{path.name}.part")
    if path.is_dir():
        raise DownloadError(f"{row.key}: {path} is a folder in the place of a file; move it, and fetch again")
    failures = []
    for address in file.addresses:
        try:
            _fetch_part(address, part, file, BROWSER_AGENT if row.browser_agent else AGENT)
        except (TransferError, DamagedFileError) as failure:
            failures.append(f"  {address}: {failure}")
        else:
            os.replace(part, path)
            _remember(path, file)
            return
    raise DownloadError(
        "\n".join([f"{row.key}: {file.name} could not be fetched:", *failures, _without_fetching(row, file)])
    )


def _fetch_part(address: str, part: Path, file: DataFile, agent: str) -> None:
    from oe_core.data.fetch.http import transfer

    resumed = part.exists()
    transfer(address, part, file.bytes, agent)
    try:
        check(part, file)
    except DamagedFileError:
        part.unlink()
        if not resumed:
            raise
        _fetch_part(address, part, file, agent)  # the old bytes may be to blame: once more from the first byte


def _seal(path: Path, file: DataFile) -> str:
    stat, (algorithm, digits) = path.stat(), file.hash
    return f"{algorithm} {digits} {stat.st_size} {stat.st_mtime_ns}\n"


def _seal_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.verified")


def _remembered(path: Path, file: DataFile) -> bool:
    return _seal_path(path).is_file() and _seal_path(path).read_bytes() == _seal(path, file).encode()


def _remember(path: Path, file: DataFile) -> None:
    if file.hash is None:
        return
    try:
        write_whole(_seal_path(path), _seal(path, file).encode())
    except OSError:  # a shared, read-only data folder: its files are hashed again next time
        pass


def _damage(path: Path, file: DataFile, difference: str) -> DamagedFileError:
    with open(path, "rb") as opened:
        looks = " (it looks like a web page)" if opened.read(64).lstrip().startswith(b"<") else ""
    way_out = f"remove it, then fetch {file.name} again or put a whole copy there"
    return DamagedFileError(path, f"has {difference}{looks}; {way_out}")


def _without_fetching(row: DataSet, file: DataFile) -> str:
    stand_ins = f" Stand-ins, the best first: {', '.join(row.stand_ins)}." if row.stand_ins else ""
    return f"By hand: {row.by_hand}. Its place is {download_folder(row) / file.name}.{stand_ins}"
