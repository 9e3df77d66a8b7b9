"""Carry runs from one machine to another, in archives of at most a given size: `python -m oe_core.runs.carry`.

An archive is a tar file of slices of files, with a `manifest.json` that says what they are. Nothing in it is trusted:
what is taken in has the hashes that the manifest and the runs' own stamps give, and lies in the folder of a run.
"""

import argparse
import io
import json
import re
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from itertools import product
from pathlib import Path

from oe_core.atomic import (
    DamagedFileError,
    digest_of,
    exclusive,
    owned_name,
    read_record,
    read_whole,
    understood,
    write_whole,
)  # fmt: skip
from oe_core.runs import checkpoint
from oe_core.runs.store import CHECKPOINT, STAMP, WEIGHTS, lock_path
from oe_core.scales import SCALES, check_scale, runs_root

MANIFEST = "manifest.json"
PER_SLICE = 2_048  # bytes of a tar file beside the slice: its header, padding and line of the manifest
LEAST = 2**20  # bytes of an archive
PLACE = re.compile(r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]*/(run\.json|weights\.safetensors|checkpoint\.pt|"
                   r"scores/[^/\\\x00-\x1f]+\.(json|safetensors))")  # fmt: skip
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


class CarryError(ValueError):
    """An archive that cannot be used; the message names it, and what is wrong."""


@dataclass(frozen=True)
class Slice:
    """A part of a file.

    path: of the file, below the trained runs; whole, whole_sha256: its bytes and their sha256 (hex). start, bytes,
    sha256: where the part begins, and the same of the part. member: its name in the archive.
    """

    path: str
    whole: int
    whole_sha256: str
    start: int
    bytes: int
    sha256: str
    member: str


def pack(trained: Path, runs: Sequence[str], target: Path, most: int) -> list[Path]:
    """Write the runs named (folders of `trained`), finished or not, into archives of at most `most` bytes each.

    Returns the archives, `target`/runs-0001.tar and so on. Raises ValueError for an unknown run, a damaged one, or
    none, for too small a `most`, and for a `target` that holds archives: those of two packings do not fit together.
    """
    there = known(trained)
    if not runs or set(runs) - set(there):
        raise ValueError(f"runs={list(runs)}: choose from {', '.join(there) or f'none, {trained} holds no run'}")
    if most < LEAST:
        raise ValueError(f"most={most} bytes are too few for an archive; give {LEAST} or more")
    if old := sorted(target.glob("*.tar")):
        raise ValueError(f"target={str(target)!r} holds {old[0].name} already; choose an empty folder")
    for name in runs:  # what is damaged here would be refused there
        _ = _stamp(trained / name) or _begun(trained / name)
    archives, members, free = [], {}, most - 10 * PER_SLICE
    for path in (path for name in runs for path in _files(trained / name)):
        content, start = read_whole(path), 0
        whole = path.relative_to(trained).as_posix(), len(content), digest_of(content)
        while start < len(content) or start == 0:
            if free < 2 * PER_SLICE:
                archives.append(_write(target, len(archives) + 1, members))
                members, free = {}, most - 10 * PER_SLICE
            part = content[start : start + free - PER_SLICE]
            members[Slice(*whole, start, len(part), digest_of(part), f"{len(members):06}")] = part
            start, free = start + max(1, len(part)), free - PER_SLICE - len(part)
    return [*archives, _write(target, len(archives) + 1, members)]


def known(trained: Path) -> list[str]:
    """The runs under `trained`, finished or begun."""
    return sorted(
        path.name for path in trained.glob("*") if any((path / name).exists() for name in (STAMP, CHECKPOINT))
    )


def _files(run: Path) -> Iterator[Path]:
    """A finished run's weights, stamp and scores, or an unfinished one's checkpoint."""
    if not (run / STAMP).exists():
        yield run / CHECKPOINT
        return
    yield run / WEIGHTS
    yield run / STAMP
    yield from sorted(path for path in (run / "scores").glob("*.*") if path.suffix in (".json", ".safetensors"))


def _write(target: Path, number: int, members: dict[Slice, bytes]) -> Path:
    manifest = json.dumps([asdict(part) for part in members]).encode()
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, payload in [(MANIFEST, manifest), *((part.member, payload) for part, payload in members.items())]:
            info = tarfile.TarInfo(name)
            info.size = len(payload)
            archive.addfile(info, io.BytesIO(payload))
    path = target / f"runs-{number:04}.tar"
    write_whole(path, content.getvalue())
    return path


def unpack(archives: Sequence[Path], trained: Path) -> dict[str, str]:
    """Take the runs of all `archives` of one packing into `trained`; as `take_in`."""

    def write(staging: Path) -> None:
        for path, parts in _parts(archives).items():
            _assemble(staging / path, path, parts)

    return take_in(write, trained)


def take_in(write: Callable[[Path], None], trained: Path) -> dict[str, str]:
    """Take the runs that `write` puts into the folder that it is given into `trained`; {run: what became of it}.

    A run is verified as a whole before any of it is moved. What is there already stays: a finished run is never
    replaced, an unfinished one by a finished one or a further one only, and then kept aside. Raises CarryError.
    """
    staging = trained / f".unpack-{owned_name()}"
    try:
        write(staging)
        return {run.name: _taken(run, trained / run.name) for run in sorted(staging.glob("*"))}
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _parts(archives: Sequence[Path]) -> dict[str, list[tuple[Slice, Path]]]:
    """Every file in the archives, with its slices and where they are."""
    found = {}
    for archive in archives:
        for part in _manifest(archive):
            if not PLACE.fullmatch(part.path):
                raise CarryError(
                    f"{archive}: {part.path!r} is no file of a run; this archive was not made by `make pack`"
                )
            found.setdefault(part.path, []).append((part, archive))
    return found


def _manifest(archive: Path) -> list[Slice]:
    payload = _member(archive, MANIFEST)
    try:
        with understood(archive, "has no manifest that can be read"):
            found = [Slice(**values) for values in json.loads(payload)]
            for part, (name, kind) in product(found, Slice.__annotations__.items()):
                if not isinstance(getattr(part, name), kind):
                    raise TypeError(f"{name} is {getattr(part, name)!r}")
            return found
    except DamagedFileError as error:
        raise CarryError(f"{error}; carry it again") from error


def _member(archive: Path, name: str) -> bytes:
    try:
        with tarfile.open(archive, mode="r:") as opened:
            return opened.extractfile(name).read()
    except (OSError, KeyError, AttributeError, ValueError, tarfile.TarError) as error:
        raise CarryError(f"{archive}: {name} cannot be read ({error}); carry the archive again") from error


def _assemble(target: Path, path: str, parts: list[tuple[Slice, Path]]) -> None:
    """Write one file from its slices, in whatever order the archives came."""
    content, whole = bytearray(), parts[0][0]
    for part, archive in sorted(parts, key=lambda one: one[0].start):
        payload = _member(archive, part.member)
        if len(payload) != part.bytes or digest_of(payload) != part.sha256:
            raise CarryError(f"{archive}: its part of {path} is damaged; carry the archive again")
        if part.start == len(content):
            content += payload
    if len(content) != whole.whole or digest_of(content) != whole.whole_sha256:
        raise CarryError(f"{path}: {len(content)} of {whole.whole} bytes are in the archives given; give all of them")
    write_whole(target, bytes(content))


def _taken(new: Path, there: Path) -> str:
    """Move one verified run into its place, and say what became of it."""
    stamp = _stamp(new)
    identity = (stamp or _begun(new))["identity"]
    with exclusive(lock_path(there.parent, identity), f"taking in {new.name}"):
        own = _stamp(there)
        if own and stamp and own["files"] != stamp["files"]:
            return "left out: another result of the same run is here"
        if own and not stamp:
            return "left out: it is finished here"
        if not stamp and (there / CHECKPOINT).exists():
            return _further(new, there)
        for path in sorted(new.rglob("*.*"), key=lambda path: path.name == STAMP):  # the stamp vouches: last
            to = there / path.relative_to(new)
            if not to.exists():
                to.parent.mkdir(parents=True, exist_ok=True)
                path.replace(to)
        if stamp and not own and (there / CHECKPOINT).exists():
            _aside(there / CHECKPOINT)
        return "taken in" if not own else "already here"


def _stamp(run: Path) -> dict | None:
    """The stamp of a finished run whose weights are those it vouches for; None where it is not finished."""
    try:
        stamp = read_record(run / STAMP)
        if stamp:
            read_whole(run / WEIGHTS, stamp["files"][WEIGHTS]["sha256"])
        return stamp and {"identity": stamp["identity"], "files": stamp["files"]}
    except (DamagedFileError, KeyError, TypeError) as error:
        raise CarryError(f"{run.name}: {error}; carry it again, or ask for this run to mend what is here") from error


def _begun(run: Path) -> dict:
    """What a checkpoint says of itself: identity, epoch, step."""
    try:
        found = checkpoint.read(run / CHECKPOINT)
        return {"identity": found["identity"], "epoch": found["state"]["epoch"], "step": found["state"]["step"]}
    except (DamagedFileError, KeyError, TypeError) as error:  # whole, but not of a training
        raise CarryError(f"{run.name}: {error}; carry it again") from error


def _further(new: Path, there: Path) -> str:
    theirs, ours = _begun(new), _begun(there)
    if (theirs["epoch"], theirs["step"]) <= (ours["epoch"], ours["step"]):
        return "left out: it is as far here"
    kept = _aside(there / CHECKPOINT)
    (new / CHECKPOINT).replace(there / CHECKPOINT)
    return f"taken in: it is further than what was here, which is kept as {kept}"


def _aside(path: Path) -> str:
    number = 1
    while (kept := path.with_name(f"{path.name}.before-{number}")).exists():
        number += 1
    path.replace(kept)
    return kept.name


def size(text: str) -> int:
    """60M, 2G or a number of bytes. Raises ArgumentTypeError for anything else."""
    found = re.fullmatch(r"(\d+)([KMG]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 60M or 2G")
    return int(found[1]) * UNITS.get(found[2], 1)


def main(arguments: list[str] | None = None) -> int:
    """Pack or unpack runs of one scale; returns 0, or 2 for what cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m oe_core.runs.carry", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("pack", "unpack"))
    parser.add_argument("folder", type=Path, help="where the archives are, or are to be")
    parser.add_argument("--scale", default="demo", help=f"one of {', '.join(SCALES)} (default: %(default)s)")
    parser.add_argument("--run", dest="runs", action="append", help="pack this run only, a folder of trained/; may be "
                        "repeated, and hold * for any letters")  # fmt: skip
    parser.add_argument("--most", type=size, default="60M", help="bytes of an archive (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        trained = runs_root() / check_scale(options.scale) / "trained"
        if options.what == "pack":
            runs = [name for name in known(trained) if any(fnmatch(name, run) for run in options.runs or ["*"])]
            for path in pack(trained, runs, options.folder, options.most):
                print(path)
            print(f"packed: {', '.join(runs)}")
            return 0
        archives = sorted(options.folder.glob("*.tar"))
        if not archives:
            raise CarryError(f"{options.folder} holds no archive (*.tar)")
        for run, became in unpack(archives, trained).items():
            print(f"{run}: {became}")
        return 0
    except (ValueError, OSError, DamagedFileError) as error:
        print(f"carry: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
