"""The run store: a recipe's trained network and what it says of data sets, found again or made once.

    <root>/trained/<recipe name>-<identity>/
        weights.safetensors
        run.json                 the stamp, written last: without it the run is not finished
        checkpoint.pt            only while training
        scores/<set>-<hash>.safetensors and .json

The identity is a hash over the recipe and over the pixels and labels that it trains on (and the file of weights that it
starts from), its parents' included: the same recipe on other data is another run beside the first.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch
from torch import Tensor, nn
from tqdm import tqdm

from oe_core import ranks
from oe_core.atomic import (
    DamagedFileError,
    discard,
    exclusive,
    of_types,
    read_record,
    read_whole,
    set_aside,
    understood,
    write_record,
    write_whole,
)
from oe_core.data.streams import AnyExamples
from oe_core.detectors.registry import kind_of
from oe_core.devices import default_device
from oe_core.recipe import Recipe
from oe_core.runs.checkpoint import FileCheckpoint
from oe_core.runs.provenance import environment, now

WEIGHTS, STAMP, CHECKPOINT = "weights.safetensors", "run.json", "checkpoint.pt"
HASH_DIGITS = 12  # of identities and fingerprints in names of folders and files; the records hold them whole

LONGEST_LABEL = 100  # bytes of a name that says what a hash identifies

Load = Callable[..., AnyExamples]  # (key, split, *recipe.load_options or recipe.other_load_options)
Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Run:
    """A finished training: `weights` on the CPU and the `stamp` (run.json) that says how they were made.

    fresh: it was trained for the one who asked, and not found.
    """

    recipe: Recipe
    folder: Path
    stamp: dict
    weights: dict[str, Tensor]
    fresh: bool = False

    @property
    def identity(self) -> str:
        """sha256 (hex) over recipe and training data, the parents' included."""
        return self.stamp["identity"]

    @property
    def weights_sha256(self) -> str:
        """sha256 (hex) of the weights' file; everything derived from the weights is filed with it."""
        return self.stamp["files"][WEIGHTS]["sha256"]

    @property
    def log(self) -> list[dict]:
        """One row per epoch, as `train.fit` wrote it."""
        return self.stamp["log"]

    @property
    def origin(self) -> str:
        """In words whether it was trained or found, and what the training took."""
        took = f"in {self.stamp['seconds']:.0f} s"
        return f"trained {took}" if self.fresh else f"found, as trained {took} on {self.stamp['finished'][:10]}"


def network(run: Run, device: torch.device | None = None) -> nn.Module:
    """The trained network of a run, ready to be asked; device: None takes the first GPU, else the CPU."""
    num_classes = run.stamp["data"]["inliers"]["num_classes"]
    return kind_of(run.recipe).network(run.recipe, run.weights, num_classes, device or default_device())


def predict(run: Run, inputs: Tensor, device: torch.device | None = None) -> Tensor:
    """What a run's network says of uint8 images, floats fed as they are, token ids or segments: float32 (n, numbers).

    The numbers are a classifier's logits, and losses of the others, as the `predict` of each kind gives them.
    """
    return kind_of(run.recipe).predict(network(run, device), inputs, run.recipe)


class Store:
    """The runs under `root` (`oe_core.scales.runs_root() / scale`); any number of processes may share it.

    device: where recipes are trained and networks are asked; None takes the first GPU, else the CPU. progress: a tqdm
    class for the training's bar. Messages about waiting, resuming and damaged files go to the logger `oe_core`.
    """

    def __init__(self, root: Path, *, device: torch.device | None = None, progress: Callable[..., tqdm] = tqdm):
        self.trained = Path(root) / "trained"
        self.device, self.progress = device or default_device(), progress

    def run(self, recipe: Recipe, *, load: Load | None = None) -> Run:
        """The finished run of `recipe`: found and verified, or trained (parent first), going on where it was stopped.

        load: (key, split, *load_options) -> examples, called for the "train" split of `in_dist` (with
        `recipe.load_options`) and `outliers` (`recipe.other_load_options`) of the recipe and its parents; None: as its
        kind loads them. Raises OSError naming the file that cannot be written, and as `load` and `train.fit`.
        """
        load = cache(load or kind_of(recipe).load)
        identity, _ = self.place(recipe, load=load)
        return _made_once(
            lambda: finished(self._folder(recipe, identity), recipe, identity),
            lambda: self._train(recipe, identity, load),
            lock_path(self.trained, identity), f"training {self._folder(recipe, identity).name}",
        )  # fmt: skip

    def place(self, recipe: Recipe, *, load: Load | None = None) -> tuple[str, Path]:
        """The identity of the run of `recipe`, and the folder in which it is or will be; `load` as in `run`."""
        identity = _identity(recipe, load or kind_of(recipe).load)
        return identity, self._folder(recipe, identity)

    def logits(self, run: Run, key: str, inputs: Callable[[], Tensor], fingerprint: str) -> np.ndarray:
        """What `predict` gives of `run` for the data set `key`: computed once, stored, verified whenever read.

        inputs: gives the network's inputs, called only when they are needed. fingerprint: of what it gives, such as
        `ImageSet.fingerprint`, or the kind, number, size and seed of generated inputs; another one is another file.
        """
        return self.kept(run, key, fingerprint, lambda: predict(run, inputs(), self.device).numpy())

    def kept(self, run: Run, key: str, fingerprint: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """What `compute` gives of `run`, an array: computed once, stored, verified whenever read.

        key: in the file's name. fingerprint: what the values rest on beside the weights of `run`: the data, and every
        setting of `compute`; another fingerprint is another file.
        """
        short = hashlib.sha256(fingerprint.encode()).hexdigest()[:HASH_DIGITS]
        path = run.folder / "scores" / f"{_file_name(key)}-{short}.safetensors"
        expected = {"key": key, "fingerprint": fingerprint, "weights_sha256": run.weights_sha256}
        return _made_once(
            lambda: _stored(path, expected), lambda: _store(path, compute(), expected),
            lock_path(self.trained, run.identity + path.stem), f"scoring {key} with {run.folder.name}",
        )  # fmt: skip

    def _folder(self, recipe: Recipe, identity: str) -> Path:
        # A recipe's name is a label: the run may have been made under another one.
        short = identity[:HASH_DIGITS]
        made = sorted(self.trained.glob(f"*-{short}"))
        return made[0] if made else self.trained / f"{_file_name(recipe.name)}-{short}"

    def _train(self, recipe: Recipe, identity: str, load: Load) -> Run:
        parent = self.run(recipe.parent, load=load) if recipe.parent else None
        inliers, outliers = training_sets(recipe, load)
        folder = self._folder(recipe, identity)
        discard(folder / STAMP)  # it would vouch for files that are gone
        checkpoint, begun = FileCheckpoint(folder / CHECKPOINT, identity, parent and parent.weights_sha256), []

        def progress(**settings) -> tqdm:
            begun.append(True)
            return self.progress(**settings)

        try:
            _, initial = ranks.shared((recipe, parent.weights if parent else None))  # to the ranks that train along
            trained = kind_of(recipe).fit(
                recipe, inliers, outliers, initial=initial, checkpoint=checkpoint, device=self.device,
                progress=progress,
            )  # fmt: skip
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            if begun or not checkpoint.resumptions or isinstance(error, torch.OutOfMemoryError):
                raise
            # Whole and of this run, but of another version: what it holds could not be taken up.
            set_aside(DamagedFileError(checkpoint.path, f"cannot be taken up ({type(error).__name__}: {error})"))
            return self._train(recipe, identity, load)
        # A copy each: safetensors refuses tensors that share memory, such as tied embeddings.
        payload = safetensors.torch.save({name: tensor.clone() for name, tensor in trained.weights.items()})
        sha256 = write_whole(folder / WEIGHTS, payload)
        stamp = {
            "name": recipe.name, "identity": identity, "digest": recipe.digest, "seed": recipe.seed,
            "recipe": recipe.to_json(),
            "data": {"inliers": facts(inliers), "outliers": facts(outliers) if outliers else None},
            "parent": {"run": parent.folder.name, "weights_sha256": parent.weights_sha256} if parent else None,
            **environment(self.device),
            "started": checkpoint.started, "finished": now(), "seconds": trained.seconds,
            "resumptions": checkpoint.resumptions,
            "files": {WEIGHTS: {"sha256": sha256, "bytes": len(payload)}},
            "log": trained.log,
        }  # fmt: skip
        write_record(folder / STAMP, stamp)
        discard(checkpoint.path)
        return replace(finished(folder, recipe, identity), fresh=True)


def lock_path(trained: Path, identity: str) -> Path:
    """The lock of a run, or of one of its scores, in the folder of the trained runs."""
    return trained / ".locks" / f"{hashlib.sha256(identity.encode()).hexdigest()[:HASH_DIGITS]}.lock"


def _made_once(read: Callable[[], Found | None], make: Callable[[], Found], lock: Path, purpose: str) -> Found:
    """What `read` finds, else what `make` gives, one process at a time; a damaged file is set aside."""
    with suppress(DamagedFileError):  # read again under the lock: another process may be replacing it just now
        if (found := read()) is not None:
            return found
    with exclusive(lock, purpose):
        try:
            found = read()
        except DamagedFileError as damage:
            set_aside(damage)
            found = None
        return make() if found is None else found


def training_sets(recipe: Recipe, load: Load) -> tuple[AnyExamples, AnyExamples | None]:
    """The inliers and the outliers of a training, if it has any; `load` as in `Store.run`."""
    inliers = load(recipe.in_dist, "train", *recipe.load_options)
    return inliers, load(recipe.outliers, "train", *recipe.other_load_options) if recipe.outliers else None


def _identity(recipe: Recipe, load: Load) -> str:
    fingerprints = [images.fingerprint if images else None for images in training_sets(recipe, load)]
    parent = _identity(recipe.parent, load) if recipe.parent else None
    parts = [recipe.digest, fingerprints, parent, *kind_of(recipe).task.origins(recipe)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _file_name(text: str) -> str:
    """A label as part of a file's name, which has 255 bytes at most; a hash beside it tells names cut short apart."""
    return quote(text, safe=" ")[:LONGEST_LABEL]


def facts(examples: AnyExamples) -> dict:
    """What a stamp says of a set: name, origin, stand_in_for, n, num_classes, fingerprint."""
    return {
        "name": examples.name, "origin": examples.origin, "stand_in_for": examples.stand_in_for,
        "n": len(examples), "num_classes": len(examples.classes), "fingerprint": examples.fingerprint,
    }  # fmt: skip


def finished(folder: Path, recipe: Recipe, identity: str) -> Run | None:
    """The run of `recipe` in `folder`, verified; None where it is not finished. Raises DamagedFileError."""
    stamp = read_record(folder / STAMP)
    if stamp is None:
        return None
    with understood(folder / STAMP):
        sha256, num_classes = stamp["files"][WEIGHTS]["sha256"], stamp["data"]["inliers"]["num_classes"]
        if stamp["identity"] != identity:
            raise DamagedFileError(folder / STAMP, f"belongs to another run, of identity {stamp['identity'][:12]}...")
        of_types(stamp, seconds=int | float, log=list)
        run = Run(recipe, folder, stamp, {})
    payload = read_whole(folder / WEIGHTS, sha256)
    with understood(folder / WEIGHTS), torch.random.fork_rng([]):
        run = replace(run, weights=safetensors.torch.load(payload))
        kind_of(recipe).network(recipe, run.weights, num_classes, torch.device("cpu"))  # they fit the recipe
    return run


def _store(path: Path, values: np.ndarray, expected: dict) -> np.ndarray:
    record = path.with_suffix(".json")
    # Without its record a score file counts as not there, so a kill between the two writes is not taken for damage.
    discard(record)
    sha256 = write_whole(path, safetensors.numpy.save({"logits": np.ascontiguousarray(values)}))
    write_record(record, {**expected, "sha256": sha256, "shape": list(values.shape), "made": now()})
    return values


def _stored(path: Path, expected: dict) -> np.ndarray | None:
    file = path.with_suffix(".json")
    record = read_record(file)
    if record is None:
        return None
    with understood(file):
        sha256, shape = record["sha256"], record["shape"]
        strange = [field for field, value in expected.items() if record[field] != value]
    # Logits of other weights are no damage: the run was made again on a machine that does not repeat bit for bit.
    if strange == ["weights_sha256"]:
        return None
    if strange:
        raise DamagedFileError(file, f"belongs to other scores: {strange[0]} {record[strange[0]]}")
    payload = read_whole(path, sha256)
    with understood(path):
        values = safetensors.numpy.load(payload)["logits"]
        if list(values.shape) != shape:
            raise DamagedFileError(path, f"is damaged: its shape is {list(values.shape)}, it was written as {shape}")
    return values
