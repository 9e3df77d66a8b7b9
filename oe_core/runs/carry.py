"""Carry runs from one machine to another, in archives of at most a given size: `python -m oe_core.runs.carry`.

The runs are one tar file, cut into archives, each of which is sealed and says which part it is. Nothing in them is
trusted: what is taken in has the hashes that the runs' own stamps give, and lies in the folder of a run.
"""

import argparse
import hashlib
import re
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryFile

from oe_core.atomic import (
    DamagedFileError,
    exclusive,
    is_stale,
    of_types,
    owned_name,
    read_record,
    read_sealed,
    read_whole,
    understood,
    write_sealed,
    write_whole,
)  # fmt: skip
from oe_core.errors import PrintableError, printable
from oe_core.runs import checkpoint
from oe_core.runs.store import CHECKPOINT, STAMP, WEIGHTS, lock_path
from oe_core.scales import SCALES, check_scale, runs_root

LEAST = 2**20  # bytes of an archive
HEAD = re.compile(rb"part (\d+) of (\d+) of ([0-9a-f]{64})")  # the last: sha256 of the whole
HEADS = 256  # bytes, at most, of the seal and the head
# Of a file of a run, whose name and whose scores' names have the letters that the store gives them.
PLACE = re.compile(r"[\w%~ -][\w.%~ -]*/(run\.json|weights\.safetensors|checkpoint\.pt|"
                   r"scores/[\w.%~ -]+\.(json|safetensors))", re.ASCII)  # fmt: skip
ARCHIVES, STAGING = "*.pack", ".unpack-"
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


class CarryError(PrintableError, ValueError):
    """An archive that cannot be used; the message names it, and what is wrong."""


def pack(trained: Path, runs: Sequence[str], target: Path, most: int) -> list[Path]:
    """Write the runs named (folders of `trained`), finished or not, into archives of at most `most` bytes each.

    Returns the archives, `target`/runs-0001.pack and so on. Raises ValueError for an unknown run, a damaged one, or
    none, for too small a `most`, and for a `target` that holds archives: those of two packings do not fit together.
    """
    there = known(trained)
    if not runs or set(runs) - set(there):
        raise ValueError(f"runs={list(runs)}: choose from {', '.join(there) or f'none, {trained} holds no run'}")
    if most < LEAST:
        raise ValueError(f"most={most} bytes are too few for an archive; give {LEAST} or more")
    if old := sorted(target.glob(ARCHIVES)):
        raise ValueError(f"target={str(target)!r} holds {old[0].name} already; choose an empty folder")
    for name in runs:  # what is damaged here would be refused there
        _ = _stamp(trained / name) or _begun(trained / name)
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=target) as whole:
        with tarfile.open(fileobj=whole, mode="w", dereference=True) as tar:
            for path in (path for name in runs for path in _files(trained / name)):
                tar.add(path, path.relative_to(trained).as_posix(), filter=_of_nobody)
        length, count = most - HEADS, -(-whole.tell() // (most - HEADS))
        whole.seek(0)
        digest = hashlib.file_digest(whole, "sha256").hexdigest()
        whole.seek(0)
        archives = [target / f"runs-{number:04}.pack" for number in range(1, count + 1)]
        for number, archive in enumerate(archives, 1):
            write_sealed(archive, f"part {number} of {count} of {digest}\n".encode() + whole.read(length))
    return archives


def _of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whose the files are stays here."""
    return member.replace(uid=0, gid=0, uname="", gname="", deep=False)


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


def unpack(archives: Sequence[Path], trained: Path) -> dict[str, str]:
    """Take the runs of all `archives` of one packing into `trained`; as `take_in`."""

    def write(staging: Path) -> None:
        with TemporaryFile(dir=trained) as whole:
            for part in _parts(sorted(archives)):
                whole.write(part)
            whole.seek(0)
            for member in (tar := tarfile.open(fileobj=whole, mode="r:")):
                # A sparse file of no bytes may claim to have any number.
                if not member.isfile() or member.issparse() or not PLACE.fullmatch(member.name):
                    raise CarryError(
                        f"{archives[0]}: {member.name!r} is no file of a run; this archive was not made by `make pack`"
                    )
                write_whole(staging / member.name, tar.extractfile(member).read())

    trained.mkdir(parents=True, exist_ok=True)
    try:
        return take_in(write, trained)
    except tarfile.TarError as error:  # a right seal around something else
        raise CarryError(f"{archives[0]}: holds no runs ({error}); carry it again") from error


def _parts(archives: Sequence[Path]) -> Iterator[bytes]:
    """What the archives hold, which are all of one packing, in order."""
    packing = None
    for number, archive in enumerate(archives, 1):
        try:
            head, _, part = (read_sealed(archive) or b"").partition(b"\n")
        except DamagedFileError as damage:
            raise CarryError(f"{damage}; carry the archive again") from damage
        if not (found := HEAD.fullmatch(head)):
            raise CarryError(f"{archive}: is no archive of `make pack`")
        packing = packing or found.groups()[1:]
        if found.groups() != (str(number).encode(), *packing):
            said = f"is part {found[1].decode()} of {found[2].decode()}, expected is part {number} of one packing"
            raise CarryError(f"{archive}: {said}; give all its archives, and no other")
        yield part
    if number != int(packing[0]):
        raise CarryError(f"{archives[-1].parent}: holds {number} of {packing[0].decode()} archives; give all of them")


def take_in(write: Callable[[Path], None], trained: Path) -> dict[str, str]:
    """Take the runs that `write` puts into the folder that it is given into `trained`; {run: what became of it}.

    A run is verified as a whole before any of it is moved. What is there already stays: a finished run is never
    replaced, an unfinished one by a finished one or a further one only, and then kept aside. Raises CarryError.
    """
    for left in filter(is_stale, trained.glob(f"{STAGING}*")):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    staging = trained / f"{STAGING}{owned_name()}"
    try:
        write(staging)
        return {run.name: _taken(run, trained / run.name) for run in sorted(staging.glob("*"))}
    finally:
        shutil.rmtree(staging, ignore_errors=True)


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
        if (stamp := read_record(run / STAMP)) is None:
            return None
        with understood(run / STAMP):
            found = of_types(stamp, identity=str, files=dict)
            weights = of_types(found["files"][WEIGHTS], sha256=str)
        read_whole(run / WEIGHTS, weights["sha256"])
        return found
    except DamagedFileError as error:
        raise CarryError(f"{run.name}: {error}; carry it again, or ask for this run to mend what is here") from error


def _begun(run: Path) -> dict:
    """What a checkpoint says of itself: identity, epoch, step."""
    try:
        if (found := checkpoint.read(run / CHECKPOINT)) is None:
            raise DamagedFileError(run / STAMP, f"is missing, and so is {CHECKPOINT}")
        with understood(run / CHECKPOINT):  # whole, but perhaps not of a training
            return {"identity": found["identity"], **of_types(found["state"], epoch=int, step=int)}
    except DamagedFileError as error:
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
        archives = sorted(options.folder.glob(ARCHIVES))
        if not archives:
            raise CarryError(f"{options.folder} holds no archive ({ARCHIVES})")
        for run, became in unpack(archives, trained).items():
            print(f"{run}: {became}")
        return 0
    except (ValueError, OSError, DamagedFileError) as error:
        print(f"carry: {printable(str(error))}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
