"""What a scale needs, what of it is there, and how to get the rest.

`python -m oe_core.data.fetch.inventory --scale course` prints it; with `--fetch` it fetches what may be fetched.
"""

import argparse
import sys
from dataclasses import dataclass

from oe_core.atomic import DamagedFileError
from oe_core.data.catalog import CATALOG, DataFile, DataSet, dataset
from oe_core.data.fetch.download import DownloadError, download_folder, fetch, how_to_get, verify
from oe_core.data.folders import folder_splits
from oe_core.data.text_folders import text_splits
from oe_core.errors import printable
from oe_core.scales import SCALES, check_scale, data_root
from oe_core.wording import several, size_text

STATES = {
    "present": "Present",
    "damaged": "Damaged",
    "fetchable": "Fetchable",
    "by hand": "To be supplied by hand",
    "withdrawn": "Withdrawn, never fetched",
}
INDENT = " " * 20


@dataclass(frozen=True)
class Need:
    """One data set that a scale needs. state: a key of STATES; missing: its files that are not there."""

    row: DataSet
    state: str
    missing: tuple[DataFile, ...] = ()
    remark: str = ""


def needs(scale: str, only: str = "") -> list[Need]:
    """What `scale` needs, in the catalog's order; with `only`, that data set alone, whether the scale needs it or not.

    Raises ValueError listing the known names for an unknown scale or data set.
    """
    check_scale(scale)
    if only:
        wanted = dataset(only).needed(scale)
        return [_need(dataset(only), dataset(only).everything() if wanted is None else wanted)]
    return [_need(row, wanted) for row in CATALOG.values() if (wanted := row.needed(scale)) is not None]


def _need(row: DataSet, parts: tuple[str, ...]) -> Need:
    own = text_splits(row.key) if row.kind == "text" else folder_splits(row.key)
    parts = tuple(part for part in parts if part not in own)
    if row.access == "embedded" or (own and not (row.sources and parts)):
        return Need(row, "present", remark="your folder" if own else "embedded")
    names = dict.fromkeys(
        name for part in parts for name in (row.sources[part].files if part in row.sources else (part,))
    )
    there = [name for name in names if (download_folder(row) / name).is_file()]
    missing = tuple(row.file(name) for name in names if name not in there)
    try:
        for name in there:
            verify(download_folder(row) / name, row.file(name))
    except DamagedFileError as damage:
        return Need(row, "damaged", tuple(row.file(name) for name in names), str(damage))
    if row.sources and not missing:
        return Need(row, "present")
    if row.access == "withdrawn":
        return Need(row, "withdrawn", missing)
    return Need(row, "fetchable" if row.sources and any(map(row.fetchable, missing)) else "by hand", missing)


def report(scale: str, found: list[Need]) -> str:
    """The inventory as text: one paragraph a state, one entry a data set."""
    if not found:
        return f"Scale {scale} needs no files: its data come with the installed packages."
    lines = [f"Scale {scale}, data in {data_root()}"]
    for state, heading in STATES.items():
        entries = [line for need in found if need.state == state for line in _entry(need)]
        lines += ["", heading, *entries] if entries else []
    fetchable = [file for need in found for file in need.missing if need.row.fetchable(file)]
    if fetchable:
        known = size_text(sum(file.bytes or 0 for file in fetchable))
        unknown = sum(file.bytes is None for file in fetchable)
        more = f" and {unknown} of unpublished size" if unknown else ""
        all_of_them = f"{known}{more} in {several('file', len(fetchable))}"
        lines += ["", f"Fetchable in all: {all_of_them}. FETCH=1 (or --fetch) fetches them."]
    return "\n".join(lines)


def _entry(need: Need) -> list[str]:
    row = need.row
    head = f"  {row.key:18}{row.title}{' (text)' if row.kind == 'text' else ''}"
    if need.state == "present":
        return [f"{head} ({need.remark})" if need.remark else head]
    lines = [head, f"{INDENT}terms: {row.terms}"]
    if need.remark:
        lines.append(INDENT + need.remark)
    lines += [f"{INDENT}{_file_line(row, file)}" for file in need.missing if need.state != "withdrawn"]
    if not all(map(row.fetchable, need.missing)) or need.state == "by hand":
        lines.append(f"{INDENT}by hand: {row.by_hand}")
        lines += [f"{INDENT}its place: {download_folder(row)}/"] if row.sources else []
    if row.stand_ins:
        lines.append(f"{INDENT}stand-ins: {', '.join(map(_stand_in, row.stand_ins))}")
    return lines


def _file_line(row: DataSet, file: DataFile) -> str:
    if row.fetchable(file):
        return f"{file.name}, {size_text(file.bytes)}"
    why = "no hash is published" if file.hash is None else "the book holds no address"
    return f"{file.name}, {size_text(file.bytes)}, not fetched: {why}"


def _stand_in(key: str) -> str:
    row = CATALOG.get(key)
    if row and row.access == "embedded":
        return f"{key} (embedded)"
    present = _need(row, row.everything()).state == "present" if row else (data_root() / key).is_dir()
    return f"{key} (present)" if present else key


def fetch_all(found: list[Need]) -> list[str]:
    """Fetch all that may be fetched; return one message for each failure."""
    failures = []
    for need in found:
        for file in filter(need.row.fetchable, need.missing):
            print(f"{need.row.key}: {file.name}, {size_text(file.bytes)}", flush=True)
            try:
                fetch(need.row, file)
            except DownloadError as failure:
                failures.append(str(failure))
            except (DamagedFileError, OSError) as failure:  # such as a file in a folder's place
                failures.append(f"{need.row.key}: {file.name}: {printable(str(failure))}")
    return failures


def main(arguments: list[str] | None = None) -> int:
    """Print the inventory, fetch with `--fetch`. Exit status: 1 when something asked for was not got, 2 for usage."""
    about = __doc__.partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m oe_core.data.fetch.inventory", description=about)
    parser.add_argument("--scale", default="demo", help=", ".join(SCALES))
    parser.add_argument("--fetch", action="store_true", help="fetch what may be fetched")
    parser.add_argument("--only", default="", metavar="NAME", help="this data set alone, by its key in the catalog")
    options = parser.parse_args(arguments)
    try:
        found = needs(options.scale, options.only)
    except ValueError as mistake:
        parser.error(str(mistake))
    print(report(options.scale, found))
    if not options.fetch:
        return 0
    failures = fetch_all(found)
    found = needs(options.scale, options.only)
    if options.only and not failures and found[0].state != "present":
        failures = [f"{options.only} cannot be fetched.\n{how_to_get(found[0].row)}"]
    print("\n".join(["", report(options.scale, found), *(f"\nFAILED {failure}" for failure in failures)]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
