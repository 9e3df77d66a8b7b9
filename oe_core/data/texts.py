"""Text data: the reader's own folder, what the packages carry, or the catalog's files; as examples or as lines."""

from dataclasses import replace

import torch

from oe_core.data.catalog.text_readers import TEXT_SOURCES
from oe_core.data.door import Door
from oe_core.data.embedded.texts import EMBEDDED_RAW, EMBEDDED_TEXT, EMBEDDED_TEXT_SPLITS
from oe_core.data.fetch.download import downloaded
from oe_core.data.folders import folder_splits
from oe_core.data.sentences import sentences
from oe_core.data.text_folders import TEXT_LAYOUTS, read_text_folder, text_splits
from oe_core.data.text_set import TextSet
from oe_core.scales import data_root

SPLITS = ("train", "dev", "valid", "test")
# Running text, whose examples are its sentences; whether its end marks cling to the words.
RUNNING_TEXT = {"wikitext-2": False, "wikitext-103": False, "gutenberg": True}


def _stray(name: str) -> str:
    present = folder_splits(name)
    return f"{data_root() / name} holds images ({', '.join(present)}), which are not read as text." if present else ""


TEXTS = Door(
    kind="text", splits=SPLITS, folder_splits=text_splits, embedded=EMBEDDED_TEXT_SPLITS, sources=TEXT_SOURCES,
    layouts=f"{TEXT_LAYOUTS} into {{folder}}/, for the split {{split}}", stray=_stray,
)  # fmt: skip


def load_lines(name: str, split: str) -> TextSet:
    """The texts of `name` as their source divides them: WikiText's and Gutenberg's paragraphs, PTB's sentences.

    Raises MissingDataError saying how to get it, ValueError for an unknown name or split, FormatError for damage.
    """
    origin = TEXTS.origin(name, split)
    if origin == "folder":
        return read_text_folder(name, split)
    if origin == "embedded":
        return EMBEDDED_TEXT[name](split)
    source, files = TEXT_SOURCES[name][split], downloaded(name)
    return source.read([files[file] for file in source.files])


def load_texts(name: str, split: str, stand_in_for: str = "") -> TextSet:
    """The texts of `name` as examples of a classifier: as `load_lines`, running text divided into sentences.

    stand_in_for: the paper's name of the set that this one replaces, as `Door.resolve` may have decided.
    """
    lines = load_lines(name, split)
    if name in RUNNING_TEXT:
        found = tuple(sentences(lines.texts, clinging=RUNNING_TEXT[name]))
        lines = TextSet(name, found, torch.zeros(len(found), dtype=torch.int64), ("unlabelled",), lines.origin)
    return replace(lines, stand_in_for=stand_in_for) if stand_in_for else lines


def load_raw(name: str, split: str) -> TextSet:
    """The texts of `name` without any preparation: as `load_lines`, to be read with their capitals.

    WikiText's paragraphs with its headings, and a docstring's blocks with its lists and markup; nothing is divided into
    sentences or left out. Raises ValueError for an embedded set that has only its prepared form, and as `load_lines`.
    """
    if TEXTS.origin(name, split) != "embedded":
        raw = load_lines(name, split)
    elif name in EMBEDDED_RAW:
        raw = EMBEDDED_RAW[name](split)
    else:
        known = ", ".join(EMBEDDED_RAW)
        raise ValueError(f"name={name!r} has only its prepared form; of embedded texts choose {known}")
    return replace(raw, name=f"{name}, raw", keeps_case=True)
