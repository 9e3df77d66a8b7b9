"""Bring your own text: `OE_DATA/<name>/<split>` as .tsv (label<TAB>text) or .txt (one example a line), or gzipped."""

from pathlib import Path

from oe_core.data.folders import TEXT_SUFFIXES, text_files
from oe_core.data.readers.lines import labelled_lines, read_lines, text_set
from oe_core.data.readers.pixels import FormatError
from oe_core.data.text_set import TextSet
from oe_core.scales import data_root

TEXT_LAYOUTS = "<split>.tsv (label<TAB>text in each line) or <split>.txt (one example a line), or either as .gz"


def text_splits(name: str) -> tuple[str, ...]:
    """Splits of `name` that its folder holds as text, sorted; () when there is no such folder."""
    return tuple(sorted({_split(path) for path in text_files(name)}))


def read_text_folder(name: str, split: str) -> TextSet:
    """The reader's own `OE_DATA/<name>/<split>.tsv` or `.txt` (or gzipped) as a TextSet of origin "folder".

    Texts are as they are spelled, lines of blanks alone are dropped. The classes of a .tsv are numbered in sorted order
    over all .tsv splits, so that one missing from a split moves no label; a .txt is unlabelled.
    Raises FileNotFoundError listing the splits that are there, and FormatError naming file and line for a line without
    label or text, an empty file, text that is no UTF-8, and two files for one split.
    """
    path = _file_of(name, split)
    if _is_txt(path):
        return read_lines(path, name, origin="folder")
    rows = {one: _labelled(_file_of(name, one)) for one in text_splits(name) if not _is_txt(_file_of(name, one))}
    classes = tuple(sorted({label for labels, _ in rows.values() for label in labels}))
    labels, texts = rows[split]
    return text_set(name, texts, str(path), "label<TAB>text in each line", labels, classes, origin="folder")


def _split(path: Path) -> str:
    return path.name.removesuffix(next(suffix for suffix in TEXT_SUFFIXES if path.name.endswith(suffix)))


def _is_txt(path: Path) -> bool:
    return path.name.endswith((".txt", ".txt.gz"))


def _file_of(name: str, split: str) -> Path:
    found = [path for path in text_files(name) if _split(path) == split]
    if not found:
        present = ", ".join(text_splits(name)) or "none"
        raise FileNotFoundError(
            f"{data_root() / name}: no text of the split {split!r} there; splits of {name} that are: {present}. "
            f"Expected {TEXT_LAYOUTS}"
        )
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise FormatError(f"{data_root() / name}: holds {names} for the split {split}; expected only one of them")
    return found[0]


def _labelled(path: Path) -> tuple[list[str], list[str]]:
    """Labels and texts of a .tsv."""
    rows = labelled_lines(path)
    if empty := [number for number, _, text in rows if not text.strip()]:
        raise FormatError(f"{path} line {empty[0]} has no text after its label; expected label<TAB>text")
    return [label for _, label, _ in rows], [text for _, _, text in rows]
