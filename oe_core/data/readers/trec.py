"""TREC question classification: lines `COARSE:fine question` in latin-1."""

import re
from pathlib import Path

from oe_core.data.readers.lines import file_bytes, shown, text_lines, text_set
from oe_core.data.readers.pixels import FormatError
from oe_core.data.text_set import TextSet

FINE = {
    "ABBR": "abb exp",
    "DESC": "def desc manner reason",
    "ENTY": "animal body color cremat currency dismed event food instru lang letter other plant product religion sport "
    "substance symbol techmeth termeq veh word",
    "HUM": "desc gr ind title",
    "LOC": "city country mount other state",
    "NUM": "code count date dist money ord other perc period speed temp volsize weight",
}
TREC_CLASSES = tuple(f"{coarse}:{fine}" for coarse, names in FINE.items() for fine in names.split())
QUESTION = re.compile(r"(\S+) (.*\S)\s*")


def read_trec(path: Path, name: str = "trec") -> TextSet:
    """train_5500.label or TREC_10.label: questions as they are spelled, with the 50 fine labels of the train part.

    The test part holds 42 of them; both are numbered alike. The original has one byte that is no ASCII (0xF0), so it
    is read as latin-1. Raises FormatError naming file and line for a label outside the 50 or a line without question.
    """
    labels, texts = [], []
    for number, line in text_lines(file_bytes(path), str(path), "latin-1"):
        parts = QUESTION.fullmatch(line)
        if not parts or parts[1] not in TREC_CLASSES:
            raise FormatError(
                f"{path} line {number} is {shown(line)}; expected `COARSE:fine question` with one of the "
                f"{len(TREC_CLASSES)} labels {TREC_CLASSES[0]} to {TREC_CLASSES[-1]}"
            )
        labels.append(parts[1])
        texts.append(parts[2])
    return text_set(name, texts, str(path), "`COARSE:fine question` in each line", labels, TREC_CLASSES)
