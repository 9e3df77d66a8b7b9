"""What the last build of a chapter was made from, how it ended and what it made: one small JSON beside its notebook."""

import hashlib
import json
from pathlib import Path

MADE_FOLDERS = ("tables", "figures", "records")


def notebook_path(out: Path, name: str) -> Path:
    """Return where the executed notebook of a chapter lies below `out`, the folder of one scale."""
    return out / "notebooks" / f"{name}.ipynb"


def html_path(out: Path, name: str) -> Path:
    """Return where the rendering of a chapter's notebook lies."""
    return out / "notebooks" / f"{name}.html"


def stamp_path(out: Path, name: str) -> Path:
    """Return where a chapter's stamp lies."""
    return out / "notebooks" / f"{name}.json"


def read_stamp(out: Path, name: str) -> dict:
    """Return the stamp of a chapter's last build that ended, or {} when there is none that can be read."""
    try:
        return json.loads(stamp_path(out, name).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def write_stamp(out: Path, name: str, stamp: dict) -> None:
    """Write a chapter's stamp, whole or not at all."""
    path = stamp_path(out, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".json.part")
    beside.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)


def why_build(out: Path, name: str, made_from: dict) -> str | None:
    """Return why a chapter has to be built, or None when its last build was made from the same and is all there."""
    stamp = read_stamp(out, name)
    if not stamp:
        return "no finished build found"
    if stamp["status"] != "done":
        return "it failed the last time"
    changed = [part for part, value in made_from.items() if stamp["made_from"].get(part) != value]
    if changed:
        return f"changed: {', '.join(changed)}"
    made = [notebook_path(out, name), html_path(out, name), *(out / file for file in stamp["outputs"])]
    gone = [path.name for path in made if not path.exists()]
    return f"gone: {', '.join(gone)}" if gone else None


def made_files(out: Path) -> dict[str, tuple[int, int]]:
    """Return the tables, figures and records below `out`, each with its time in ns and its size in bytes."""
    files = (path for folder in MADE_FOLDERS for path in sorted((out / folder).rglob("*")) if path.is_file())
    return {path.relative_to(out).as_posix(): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def state_sha256(reference: Path, out: Path, own: set[str]) -> str:
    """Return one hash of what can be read of others: all files of `reference`, and those made below `out` but `own`."""
    files = sorted(path for path in reference.rglob("*") if path.is_file())
    states = {path.relative_to(reference).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    made = {name: state for name, state in made_files(out).items() if name not in own}
    return hashlib.sha256(json.dumps([states, made], sort_keys=True).encode()).hexdigest()
