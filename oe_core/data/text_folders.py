"""Bring your own texts: `OE_DATA/<name>/<split>.tsv` with labels or `<split>.txt` without; either may be gzipped."""

from pathlib import Path

from oe_core.data.examples import TextSet
from oe_core.data.folders import folder_names
from oe_core.data.readers.lines import (
    is_text,
    is_txt,
    labelled_lines,
    labelled_set,
    own_bytes,
    read_lines,
    shown,
    without_endings,
)
from oe_core.data.readers.pixels import FormatError
from oe_core.scales import data_root

TEXT_SPLITS = ("train", "dev", "valid", "test")
TEXT_LAYOUTS = "<split>.tsv (label<TAB>text in each line) or <split>.txt (one example a line), or either as .gz"
LABEL_HEADINGS = {"label", "labels", "class", "category", "target", "tag", "y", "intent", "sentiment", "topic"}
TEXT_HEADINGS = {"text", "texts", "sentence", "question", "review", "content", "comment", "message", "document",
                 "utterance", "tweet", "query", "post", "title"}  # fmt: skip
TSV_LINE = "label<TAB>text in each line"
FEW_LINES = 10  # too few to tell labels from texts by how often they repeat


def text_splits(name: str) -> tuple[str, ...]:
    """Splits of `name` that its folder holds as text, sorted; () when there is no such folder."""
    return tuple(sorted({without_endings(path) for path in _text_files(name)}))


def read_text_folder(name: str, split: str) -> TextSet:
    r"""The reader's own `OE_DATA/<name>/<split>.tsv` or `.txt` (or gzipped) as a TextSet of origin "folder".

    Texts are as they are spelled, lines of blanks alone are dropped; a line ends in \n, \r\n or \r. The classes of a
    .tsv are numbered in sorted order over all .tsv splits, so that one missing from a split moves no label; a .txt is
    unlabelled. Raises FileNotFoundError listing the splits that are there, and FormatError naming file and line for a
    line without label or text, a heading, columns that look swapped, an empty file, text that is no UTF-8, and two
    files for one split.
    """
    path = _text_file(name, split)
    if is_txt(path):
        return read_text_file(path, name)
    paths = {one: _text_file(name, one) for one in text_splits(name)}
    rows = {one: _labelled(path, one) for one, path in paths.items() if not is_txt(path)}
    classes = tuple(sorted({label for of_split in rows.values() for label, _ in of_split}))
    return labelled_set(name, rows[split], str(path), TSV_LINE, classes, origin="folder")


def read_text_file(path: Path, name: str) -> TextSet:
    """One file of text, its name ending in one of TEXT_SUFFIXES, wherever it lies; as `read_text_folder`."""
    if is_txt(path):
        return read_lines(path, name, origin="folder")
    rows = _labelled(path, "train")
    return labelled_set(name, rows, str(path), TSV_LINE, tuple(sorted({label for label, _ in rows})), origin="folder")


def _text_files(name: str) -> list[Path]:
    """The .tsv and .txt files (gzipped or not) of the reader's folder `name` that are named like a split."""
    paths = (data_root() / name).iterdir() if name in folder_names() else ()
    return sorted(path for path in paths if is_text(path) and without_endings(path) in TEXT_SPLITS)


def _text_file(name: str, split: str) -> Path:
    found = [path for path in _text_files(name) if without_endings(path) == split]
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


def _labelled(path: Path, split: str) -> list[tuple[str, str]]:
    """Labels and texts of a .tsv."""
    rows = labelled_lines(path, own_bytes)
    if empty := [number for number, _, text in rows if not text.strip()]:
        raise FormatError(f"{path} line {empty[0]} has no text after its label; expected label<TAB>text")
    found = [(label, text) for _, label, text in rows]
    if rows and (is_heading(*found[0]) or _stands_alone(found)):
        raise FormatError(f"{path} line {rows[0][0]} looks like a heading; expected label<TAB>text from there on")
    _check_columns(path, split, found)
    return found


def is_heading(label: str, text: str) -> bool:
    """Whether a line of a .tsv names its columns, in either order."""
    names = label.strip(' "').lower(), text.strip(' "').lower()
    return any(one in LABEL_HEADINGS and other in TEXT_HEADINGS for one, other in (names, names[::-1]))


def _stands_alone(found: list[tuple[str, str]]) -> bool:
    """Whether the first line is a word for a class that no other line has, and a word for a text."""
    (label, text), others = found[0], {label for label, _ in found[1:]}
    return len(found) > FEW_LINES and label not in others and len(label.split()) == len(text.split()) == 1


def _check_columns(path: Path, split: str, found: list[tuple[str, str]]) -> None:
    """Refuse a .tsv in which nearly every line has a label of its own."""
    num_labels, num_texts = len({label for label, _ in found}), len({text for _, text in found})
    if len(found) < FEW_LINES or 2 * num_labels <= len(found) or (split != "train" and num_texts >= num_labels):
        return
    looks = "its columns look swapped" if num_texts < num_labels else "its labels look like numbers of the lines"
    raise FormatError(
        f"{path}: has {num_labels} different labels in {len(found)} lines, one is {shown(found[0][0])}; {looks}, "
        "expected label<TAB>text with few labels"
    )
