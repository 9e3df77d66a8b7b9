"""What a scale needs, what of it is there, and how to get the rest.

`python -m oe_core.data.fetch.inventory --scale course` prints it; with `--fetch` it fetches what may be fetched.
"""

import argparse
import sys
from dataclasses import dataclass

from oe_core.data.catalog import CATALOG, DataFile, DataSet, dataset
from oe_core.data.catalog.image_readers import SOURCES, Source
from oe_core.data.catalog.text_readers import TEXT_SOURCES, TextSource
from oe_core.data.embedded.images import EMBEDDED
from oe_core.data.fetch.download import (
    DamagedFileError,
    DownloadError,
    download_folder,
    fetch,
    how_to_get,
    size_text,
    verify,
)
from oe_core.data.fetch.unpack import UnpackError, unpack
from oe_core.data.text_folders import text_splits
from oe_core.scales import SCALES, check_scale, data_root

STATES = {
    "present": "Present",
    "damaged": "Damaged",
    "fetchable": "Fetchable",
    "by hand": "To be supplied by hand",
    "withdrawn": "Withdrawn, never fetched",
}
INDENT = " " * 20


def _sources(key: str) -> dict[str, Source] | dict[str, TextSource]:
    """Split -> what it is read from; {} for a set that comes as the reader's own folders."""
    return TEXT_SOURCES.get(key) or SOURCES.get(key, {})


def _everything(key: str) -> tuple[str, ...]:
    """Every split that can be read from the files of `key`; of a set that comes as image folders, every file."""
    return tuple(_sources(key)) or tuple(file.name for file in CATALOG[key].files)


# UD's part of the Web Treebank serves; the file of the LDC release, read as "dev", is paid.
WEB_TREEBANK = {key: ("test",) for key in CATALOG if key.startswith("ewt-")}


# scale -> key -> what it takes of that set: splits, and files that belong to no split
SCALE_NEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "smoke": {},
    "demo": {},
    "course": {
        "cifar10": ("train", "test"),
        "cifar100": ("train", "test"),
        "svhn": ("test",),
        "tiny-imagenet": ("train", "test"),
        "textures": ("test",),
        "places365": ("test",),
        "lsun-val": ("test",),
        "chars74k": ("test",),
        "icons": (),
        "tiny-images-80m": ("train",),
        "mnist": ("train", "test"),
        "fashion-mnist": ("test",),
        "notmnist": ("test",),
        "omniglot": ("test",),
        "20newsgroups": ("train", "test"),
        "trec": ("train", "test"),
        "sst": ("train", "dev", "test"),
        "wikitext-2": ("train",),
        "ptb": ("train", "valid", "test"),
        **WEB_TREEBANK,
        **{key: ("test",) for key in ("snli", "imdb", "multi30k", "wmt16", "yelp")},
    },
    "paper": {key: _everything(key) for key, row in CATALOG.items() if row.in_paper}
    | {"places365": ("train", "test", "resnet18_places365.pth.tar"), "fashion-mnist": ("test",)}
    | WEB_TREEBANK,
}


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
    wanted = SCALE_NEEDS[check_scale(scale)]
    if only:
        wanted = {dataset(only).key: wanted.get(only, _everything(only))}
    return [_need(row, wanted[key]) for key, row in CATALOG.items() if key in wanted]


def _need(row: DataSet, parts: tuple[str, ...]) -> Need:
    sources, own = _sources(row.key), _own_splits(row)
    parts = tuple(part for part in parts if part not in own)
    if own and not (sources and parts):
        return Need(row, "present", remark="your folder")
    names = dict.fromkeys(name for part in parts for name in (sources[part].files if part in sources else (part,)))
    there = [name for name in names if (download_folder(row.key) / name).is_file()]
    missing = tuple(row.file(name) for name in names if name not in there)
    try:
        for name in there:
            verify(download_folder(row.key) / name, row.file(name))
    except DamagedFileError as damage:
        return Need(row, "damaged", tuple(row.file(name) for name in names), str(damage))
    if sources and not missing:
        return Need(row, "present")
    if row.access == "withdrawn":
        return Need(row, "withdrawn", missing)
    return Need(row, "fetchable" if sources and any(map(row.fetchable, missing)) else "by hand", missing)


def _own_splits(row: DataSet) -> tuple[str, ...]:
    """The splits for which the reader has brought a folder of images, or a file of text."""
    if row.kind == "text":
        return text_splits(row.key)
    return tuple(split for split in ("train", "test") if (data_root() / row.key / split).is_dir())


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
        lines += [
            "",
            f"Fetchable in all: {known}{more} in {len(fetchable)} file(s). FETCH=1 (or --fetch) fetches them.",
        ]
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
        lines += [f"{INDENT}its place: {download_folder(row.key)}/"] if _sources(row.key) else []
    if row.stand_ins:
        lines.append(f"{INDENT}stand-ins: {', '.join(map(_stand_in, row.stand_ins))}")
    return lines


def _file_line(row: DataSet, file: DataFile) -> str:
    if row.fetchable(file):
        return f"{file.name}, {size_text(file.bytes)}"
    why = "no hash is published" if file.hash is None else "the book holds no address"
    return f"{file.name}, {size_text(file.bytes)}, not fetched: {why}"


def _stand_in(key: str) -> str:
    if key in EMBEDDED:
        return f"{key} (embedded)"
    if key in CATALOG:
        present = _need(CATALOG[key], _everything(key)).state == "present"
    else:
        present = (data_root() / key).is_dir()
    return f"{key} (present)" if present else key


def fetch_all(found: list[Need]) -> list[str]:
    """Fetch, and unpack where a reader needs it, all that may be fetched; return one message for each failure."""
    failures = []
    for need in found:
        for file in filter(need.row.fetchable, need.missing):
            print(f"{need.row.key}: {file.name}, {size_text(file.bytes)}", flush=True)
            try:
                path = fetch(need.row.key, file.name)
                if file.unpack:
                    unpack(path)
            except (DownloadError, UnpackError) as failure:
                failures.append(str(failure))
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
