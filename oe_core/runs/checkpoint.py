"""The state of an unfinished training on disk."""

import io
import logging
from pathlib import Path

import torch

from oe_core.atomic import DamagedFileError, of_types, read_sealed, set_aside, understood, write_sealed
from oe_core.runs.provenance import now

logger = logging.getLogger(__name__)


class FileCheckpoint:
    """Where `train.fit` leaves its state: one sealed file, with what it belongs to.

    identity: of the run. initial_sha256: of the weights that the training started from. resumptions: how often the
    training was taken up again; started: when it first began (UTC).
    """

    def __init__(self, path: Path, identity: str, initial_sha256: str | None):
        self.path, self.identity, self.initial_sha256 = path, identity, initial_sha256
        self.resumptions, self.started = 0, now()

    def load(self) -> dict | None:
        """The last state that was saved, None when there is none that can be used."""
        try:
            found = read(self.path)
            if found and found["identity"] != self.identity:
                raise DamagedFileError(self.path, f"belongs to another run, of identity {found['identity'][:12]}...")
        except DamagedFileError as damage:
            set_aside(damage)
            return None
        if found is None:
            return None
        if found["initial_sha256"] != self.initial_sha256:
            logger.warning("%s started from other weights of its parent; training starts again", self.path)
            return None
        self.resumptions, self.started = found["resumptions"] + 1, found["started"]
        logger.info("training goes on from %s", self.path)
        return found["state"]

    def save(self, state: dict) -> None:
        """Replace the last state by `state`, a nested dict of tensors and plain values."""
        buffer = io.BytesIO()
        facts = {"identity": self.identity, "initial_sha256": self.initial_sha256, "resumptions": self.resumptions,
                 "started": self.started}  # fmt: skip
        torch.save({**facts, "state": state}, buffer)
        write_sealed(self.path, buffer.getvalue())


def read(path: Path) -> dict | None:
    """What a checkpoint holds: identity, initial_sha256, resumptions, started, state; None when there is no such file.

    Raises DamagedFileError for a broken seal, and for a whole file that is no checkpoint.
    """
    payload = read_sealed(path)
    if payload is None:
        return None
    with understood(path, "is no checkpoint of this version"):
        found = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
        facts = of_types(found, identity=str, initial_sha256=str | None, resumptions=int, started=str, state=dict)
        if facts["resumptions"] < 0:
            raise ValueError(f"resumptions are {facts['resumptions']}")
        return facts
