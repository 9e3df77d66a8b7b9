"""One file over HTTP, taken up where the last try stopped.

Written on urllib because pooch, which fetches and hashes, starts a broken transfer again from its first byte: of no use
for 26 GB from a server that goes down.
"""

import http.client
import re
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from oe_core.errors import SHOWN, PrintableError, shown

TRIES = 5
PAUSE = 1.0  # seconds between two tries
TIMEOUT = 60  # seconds without a byte
MOST = 1 << 30  # bytes of a file whose size nobody publishes; the largest of the catalog's has about 130 MB
CHUNK = 1 << 20  # bytes
SECONDS_BETWEEN_LINES = 10


class TransferError(PrintableError, RuntimeError):
    """An address did not deliver; the message says why."""


def transfer(address: str, part: Path, size: int | None, agent: str) -> None:
    """Bring `part` to the full length of the file at `address`, keeping the bytes that it holds already.

    size: published bytes, None if unknown; agent: the User-Agent to send. A broken connection is tried TRIES times in
    all; what has arrived stays in `part` for the next call. Raises TransferError.
    """
    if part.exists() and not part.is_file():
        raise TransferError(f"{part} is no regular file; remove it")
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        held = part.stat().st_size if part.exists() else 0
        if held and held == size:
            return
        try:
            _append(address, part, held, size, agent)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 416:
                raise TransferError(f"the server answers {error.code} {str(error.reason)[:SHOWN]}") from error
            if error.headers.get("Content-Range") == f"bytes */{held}":
                return
            part.unlink(missing_ok=True)  # what it holds is longer than the file: it belongs to another one
            broken = error
        except urllib.error.URLError as error:
            raise TransferError(f"no connection: {error.reason}") from error
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: sent on to no address
            broken = error
    raise TransferError(f"broke off {TRIES} times, last: {broken}; what has arrived is kept for the next call")


def _append(address: str, part: Path, held: int, size: int | None, agent: str) -> None:
    headers = {"User-Agent": agent, "Accept-Encoding": "identity"}
    if held:
        headers["Range"] = f"bytes={held}-"
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=TIMEOUT) as response:
        start, total = _announced(response, held)
        if None not in (size, total) and size != total:
            raise TransferError(f"the server offers {total:,} bytes instead of {size:,}, probably an error page")
        expected = total if total is not None else size
        if expected is not None and expected > (size or MOST):
            raise TransferError(f"the server offers {expected:,} bytes; without a published size {MOST:,} are allowed")
        most = MOST if expected is None else expected
        _check_room(part, (expected or 0) - start)
        end = start
        with open(part, "ab" if start else "wb") as file:
            for chunk in _shown(response, part.name.removesuffix(".part"), start, expected):
                end += file.write(chunk)
                if end > most:
                    raise TransferError(f"the server sends more than {most:,} bytes: not this file")
    if expected is not None and end < expected:  # read() does not report a connection that closed early
        raise ConnectionError(f"connection closed after {end:,} of {expected:,} bytes")


def _announced(response: http.client.HTTPResponse, held: int) -> tuple[int, int | None]:
    """Offset of the first byte that comes, and the length of the whole file, None if the server does not say."""
    if response.status != 206:
        length = response.headers.get("Content-Length")
        if length is not None and not re.fullmatch(r"\d{1,18}", length):
            raise TransferError(f"the server gives {shown(length)} as the length; expected a number of bytes")
        return 0, None if length is None else int(length)
    found = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != held:
        sent = response.headers.get("Content-Range")
        raise TransferError(f"asked for bytes from {held:,} on, the server sends {shown(sent)}")
    return held, None if found[2] == "*" else int(found[2])


def _check_room(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise TransferError(f"{part.parent} has {free:,} bytes free, {needed:,} are needed")


def _shown(response: http.client.HTTPResponse, label: str, start: int, total: int | None) -> Iterator[bytes]:
    """The response's chunks under a progress bar, or with a line now and then where the output is no terminal."""
    with tqdm(
        desc=label, initial=start, total=total, unit="B", unit_scale=True, disable=not sys.stderr.isatty()
    ) as bar:
        arrived, spoke = start, time.monotonic()
        while chunk := response.read(CHUNK):
            yield chunk
            arrived += len(chunk)
            bar.update(len(chunk))
            if bar.disable and time.monotonic() - spoke >= SECONDS_BETWEEN_LINES:
                spoke = time.monotonic()
                of_total = f" of {total:,}" if total else ""
                print(f"{label}: {arrived:,}{of_total} bytes", file=sys.stderr, flush=True)
