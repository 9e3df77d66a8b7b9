"""What the last build of a chapter was made from, how it ended and what it made: one record beside its notebook.

Every file that a chapter made is known from the journal of its own writes and kept with its sha256, so that a file
which is gone, damaged or another's is noticed.
"""

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chapters import Chapter, tree_sha256

from oe_core.atomic import (
    DamagedFileError,
    digest_of,
    exclusive,
    read_journal,
    read_record,
    read_whole,
    understood,
    write_record,
)  # fmt: skip
from oe_core.scales import data_root

MADE_FOLDERS = ("tables", "figures", "records")
FINISHED = "run.json"  # what the store writes last of a training; its module would load torch
# What a write that was killed left over, and what was found damaged: neither is a result.
LEFTOVER = re.compile(r"\..*|.*\.part|.*\.damaged-\d+")


def notebook_path(out: Path, name: str) -> Path:
    """Return where the executed notebook of a chapter lies below `out`, the folder of one scale."""
    return out / "notebooks" / f"{name}.ipynb"


def stamp_path(out: Path, name: str) -> Path:
    """Return where a chapter's stamp lies."""
    return out / "notebooks" / f"{name}.json"


def lock_path(out: Path, name: str) -> Path:
    """Return the lock that a process holds while it builds a chapter."""
    return out / "notebooks" / ".locks" / f"{name}.lock"


def read_stamp(out: Path, name: str) -> dict:
    """Return the stamp of a chapter's last build that ended, {} when there is none, "damaged" when it is unreadable."""
    try:
        return _stamp(out, name) or {}
    except (DamagedFileError, OSError) as error:
        return {"status": "damaged", "error": str(error)}


def write_stamp(out: Path, name: str, stamp: dict) -> None:
    """Write a chapter's stamp, whole or not at all."""
    write_record(stamp_path(out, name), stamp)


def _stamp(out: Path, name: str) -> dict | None:
    """The stamp of a chapter, None when there is none. Raises DamagedFileError, also for another chapter's."""
    path = stamp_path(out, name)
    stamp = read_record(path)
    if stamp:
        with understood(path):
            files = {**stamp["outputs"], **stamp["pages"]}
            if stamp["status"] not in ("done", "failed") or not all(isinstance(part, str) for part in files.values()):
                raise ValueError(f"its status is {stamp['status']}")
            dict.values(stamp["made_from"])
        if other := sorted({Path(page).stem for page in stamp["pages"]} - {name}):
            raise DamagedFileError(path, f"belongs to chapter {other[0]}")
    return stamp


@dataclass(frozen=True)
class Verdict:
    """Why a chapter has to be built, None when it is up to date; and those of its files that are gone or damaged."""

    reason: str | None
    damages: list[DamagedFileError] = field(default_factory=list)


def judge(out: Path, name: str, made_from: dict) -> Verdict:
    """Compare a chapter's stamp with what it would be `made_from` now and with the files that it names."""
    try:
        stamp = _stamp(out, name)
    except DamagedFileError as damage:
        return Verdict(f"damaged: {damage.path.name}", [damage])
    if not stamp:
        return Verdict("no finished build found")
    damages = _damages(out, {**stamp["outputs"], **stamp["pages"]})
    if stamp["status"] != "done":
        return Verdict("it failed the last time", damages)
    changed = [part for part, value in made_from.items() if stamp["made_from"].get(part) != value]
    if changed:
        return Verdict(f"changed: {', '.join(changed)}", damages)
    words = {word: [] for word in ("gone", "damaged")}
    for damage in damages:
        words["damaged" if os.path.lexists(damage.path) else "gone"].append(damage.path.name)
    return Verdict("; ".join(f"{word}: {', '.join(names)}" for word, names in words.items() if names) or None, damages)


def _damages(out: Path, files: dict[str, str]) -> list[DamagedFileError]:
    found = []
    for file, sha256 in files.items():
        try:
            read_whole(out / file, sha256)
        except DamagedFileError as damage:
            found.append(damage)
    return found


def damaged_outputs(out: Path, names: Iterable[str]) -> list[DamagedFileError]:
    """What is gone or damaged of the files that finished builds of the chapters `names` made."""
    found = []
    for name in names:
        outputs = read_stamp(out, name).get("outputs", {})
        if _damages(out, outputs):
            with exclusive(lock_path(out, name), f"building {name}"):  # it may just be replacing them
                found += _damages(out, read_stamp(out, name).get("outputs", {}))
    return found


def sound_files(out: Path, name: str) -> list[str]:
    """Return what a chapter's last build made, without its notebook. Raises DamagedFileError for what is not so now."""
    stamp = _stamp(out, name) or {"outputs": {}, "pages": {}}
    for damage in _damages(out, {**stamp["outputs"], **stamp["pages"]}):
        raise damage
    return list(stamp["outputs"])


def journalled(journal: Path, out: Path, folders: Iterable[str] = MADE_FOLDERS) -> dict[str, str]:
    """Return the files of `folders` below `out` that were written under `journal` and stayed, with hashes."""
    found = {}
    for text, sha256 in read_journal(journal).items():
        path = Path(text)
        if path.is_relative_to(out) and path.relative_to(out).parts[0] in folders and path.exists():
            found[path.relative_to(out).as_posix()] = sha256
    return dict(sorted(found.items()))


def trained(journal: Path, out: Path) -> list[str]:
    """Return the folders' names of the networks that were trained under `journal`."""
    files = map(Path, journalled(journal, out, ["trained"]))
    return [file.parent.name for file in files if file.name == FINISHED]


def sha256_of(path: Path) -> str:
    """Return the sha256 (hex) of a file's content."""
    return digest_of(path.read_bytes())


def pages(out: Path, name: str) -> dict[str, str]:
    """Return the notebook of a chapter, if it exists, with its hash."""
    path = notebook_path(out, name)
    return {path.relative_to(out).as_posix(): sha256_of(path)} if path.exists() else {}


def made_files(out: Path) -> list[str]:
    """Return the tables, figures and records that lie below `out`, without leftovers."""
    found = (path.relative_to(out) for folder in MADE_FOLDERS for path in sorted((out / folder).rglob("*")))
    return [
        path.as_posix() for path in found if not any(map(LEFTOVER.fullmatch, path.parts)) and (out / path).is_file()
    ]


def library_sha256(package: Path, book: Path) -> str:
    """Return the hash of the code that every chapter of `book` runs with: the package and the exercises' checks."""
    return tree_sha256(package, book / "exercises")


def made_from(chapter: Chapter, parameters: dict, library: str) -> dict:
    """Return what a chapter is made from, as its stamp will hold it: tuples become lists."""
    return {
        "chapter": chapter.sha256,
        "parameters": json.loads(json.dumps(parameters)),
        "library": library,
        "data location": str(data_root()),
    }


def readable(reference: Path, out: Path) -> dict[str, str]:
    """Return what a chapter can read of others: the files of `reference` and those made below `out`, with hashes."""
    files = [path for path in sorted(reference.rglob("*")) if path.is_file()]
    found = {f"reference/{path.relative_to(reference).as_posix()}": path for path in files}
    found |= {name: out / name for name in made_files(out)}
    hashes = {}
    for name, path in found.items():
        with suppress(FileNotFoundError):  # another build may just have set it aside
            hashes[name] = sha256_of(path)
    return hashes


def state_sha256(files: dict[str, str], own: dict[str, str]) -> str:
    """Return one hash of the `readable` files but those that are a chapter's `own`."""
    others = {name: sha256 for name, sha256 in files.items() if name not in own}
    return digest_of(json.dumps(others, sort_keys=True).encode())
