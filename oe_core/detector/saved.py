"""A detector as a folder: weights.safetensors, held_out.safetensors and card.json, which comes last and seals them.

Nothing in it is ever unpickled. The card is readable JSON: recipe (size, scaling, network), classes, vocabulary,
threshold with its evidence, what was checked, and the whole stamp of the run: hashes of the data, how, where and with
which packages it was trained. Card and weights together are that run, as `pretrained` gives it to a store.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy
import safetensors.torch
from torch import Tensor

from oe_core.arguments import ArgumentError
from oe_core.atomic import discard, read_record, read_whole, understood, write_record, write_whole

FORMAT = 1  # raise it when a card of this version would be misread by an earlier one
CARD, WEIGHTS, HELD_OUT_FILE = "card.json", "weights.safetensors", "held_out.safetensors"


def check_place(folder: Path) -> None:
    """Raise a ValueError for a folder that holds anything but a detector: nothing is written among other files."""
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(f"{folder} is no folder; a detector is saved as one of its own")
    held = sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []
    # Of a detector's files the card comes last, so that one alone is something else's.
    if others := [name for name in held if name not in (CARD, WEIGHTS, HELD_OUT_FILE) or held == [CARD]]:
        what = f"holds {others[0]}, which is no part of a detector"
        raise ArgumentError(f"{folder} {what}; choose a new folder, or remove it")


def write(folder: Path, card: Mapping, weights: Mapping[str, Tensor], held_out: Mapping[str, np.ndarray]) -> None:
    """Save all parts; until the card is there, there is no detector. Errors as `check_place` and OSError.

    Of a detector that is there with the same weights and scores the card alone is written, in one step.
    """
    check_place(folder)
    json.dumps(card)  # what cannot be written is said before anything is removed
    # A copy each: safetensors refuses tensors that share memory.
    files = {
        WEIGHTS: safetensors.torch.save({name: tensor.clone() for name, tensor in weights.items()}),
        HELD_OUT_FILE: safetensors.numpy.save(dict(held_out)),
    }
    sealed = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    if any(not _holds(folder / name, content) for name, content in files.items()):
        discard(folder / CARD)
        for name, content in files.items():
            write_whole(folder / name, content)
    write_record(folder / CARD, {"format": FORMAT} | card | {"format": FORMAT, "files": sealed})


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def read_card(folder: Path) -> dict:
    """The card of a saved detector.

    Raises FileNotFoundError where there is none, DamagedFileError for another content than was written, and ValueError
    for a card of a newer version.
    """
    card = read_record(folder / CARD)
    if card is None:
        what = "was not finished: it has no card.json" if (folder / WEIGHTS).exists() else "holds no detector"
        ours = "those that come with the package are Detector.from_pretrained(NAME), or pretrained:NAME in a shell"
        raise FileNotFoundError(f"{folder} {what}; expected a folder that `save` or `oe train` has made; {ours}")
    with understood(folder / CARD):
        number = int(card["format"])
    if number > FORMAT:
        made_by = card.get("made_by", "a newer version")
        raise ArgumentError(
            f"{folder / CARD} has the format {number}, of {made_by}; this version reads {FORMAT}: update"
        )
    return card


def read(folder: Path) -> tuple[dict, dict[str, Tensor], dict[str, np.ndarray]]:
    """Card, weights and held-out scores of a saved detector, verified; errors as `read_card`."""
    card = read_card(folder)
    with understood(folder / CARD):
        sealed = {name: card["files"][name] for name in (WEIGHTS, HELD_OUT_FILE)}
    content = {name: read_whole(folder / name, sha256) for name, sha256 in sealed.items()}
    with understood(folder / WEIGHTS):
        weights = safetensors.torch.load(content[WEIGHTS])
    with understood(folder / HELD_OUT_FILE):
        held_out = safetensors.numpy.load(content[HELD_OUT_FILE])
    return card, weights, held_out
