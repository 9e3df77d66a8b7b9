"""What a training will take: time from finished ones on such a device, else from its operations; memory and disk."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from oe_core.atomic import DamagedFileError, read_record, understood
from oe_core.data.batches import Resident
from oe_core.data.streams import AnyExamples
from oe_core.detectors.registry import kind_of, recipe_from_json
from oe_core.recipe import Recipe
from oe_core.runs.provenance import device_facts
from oe_core.runs.store import STAMP, Load, Store, training_sets
from oe_core.train import Training

# Operations a second where nothing was measured yet: of a core, of a GPU. Good to a factor of three, and as if ranks
# waited for nothing.
NOMINAL = {"cpu": 2e10, "cuda": 5e13}
TRIED = 8  # inliers of the step whose operations are counted, and its outliers in proportion
COPIES = 4  # of the parameters: weights, gradients and up to two moments


@dataclass(frozen=True)
class Estimate:
    """Of one training: seconds, bytes of memory (without the program's own) and on disk. measured: by finished ones.

    Where several ranks share it, seconds are those that they take together, and memory is what each needs.
    """

    seconds: float
    memory: float
    disk: float
    measured: bool


@dataclass(frozen=True)
class Work:
    """What a training does: operations in all; bytes of its data, of what a step keeps, and of its parameters."""

    operations: float
    data: float
    activations: float
    parameters: float


class Estimates:
    """Estimates for the device of a store, or for several `ranks` on such ones, from the runs that it holds."""

    def __init__(self, store: Store, ranks: int = 1):
        self.store, self.device, self.ranks = store, store.device, ranks
        self.works: dict[str, Work] = {}

    @cached_property
    def finished(self) -> list[tuple[str, float]]:
        """Of every run of so many ranks on such a device its recipe's digest, whatever the seed, and its seconds."""
        return list(self._on_such_a_device())

    def _on_such_a_device(self) -> Iterator[tuple[str, float]]:
        wanted = device_facts(self.device) | {"ranks": self.ranks}
        for path in sorted(self.store.trained.glob(f"*/{STAMP}")):
            with suppress(DamagedFileError), understood(path):  # what is damaged is told by the training that mends it
                stamp = read_record(path)
                facts = {"ranks": 1} | stamp["device"]
                if all(facts.get(fact) == wanted.get(fact) for fact in ("name", "threads", "ranks")):
                    yield _unseeded(recipe_from_json(stamp["recipe"])), float(stamp["seconds"])

    def of(self, recipe: Recipe, load: Load) -> Estimate:
        """What `recipe` will take; load: as in `Store.run`."""
        digest = _unseeded(recipe)
        if digest not in self.works:
            self.works[digest] = _work(recipe, *training_sets(recipe, load))
        work = self.works[digest]
        # Each rank holds all of the data and of the parameters, and its part of a batch.
        memory = work.data + work.activations / self.ranks + COPIES * work.parameters
        disk = (1 + COPIES) * work.parameters
        if same := [seconds for other, seconds in self.finished if other == digest]:
            return Estimate(median(same), memory, disk, measured=True)
        units = self.ranks * (torch.get_num_threads() if self.device.type == "cpu" else 1)
        return Estimate(work.operations / (units * NOMINAL[self.device.type]), memory, disk, measured=False)


def _unseeded(recipe: Recipe) -> str:
    return recipe.with_seed(0).digest


def _work(recipe: Recipe, inliers: AnyExamples, outliers: AnyExamples | None) -> Work:
    """Counted in one real step with few examples."""
    tried = min(TRIED, recipe.batch_size)
    tried_outside = -(-tried * recipe.outlier_batch_size // recipe.batch_size)
    # One that comes trained has no epoch, and the step is its first.
    few = replace(recipe, batch_size=tried, outlier_batch_size=tried_outside, epochs=max(1, recipe.epochs))
    cpu, task, kept = torch.device("cpu"), kind_of(recipe).task, []
    with torch.random.fork_rng([]):
        training = Training(task, few, task.batches(few, inliers, outliers, cpu), inliers, None, cpu)
        batch = next(training.batches.epoch())

        def keep(tensor: Tensor) -> Tensor:
            kept.append(tensor.numel() * tensor.element_size())
            return tensor

        with FlopCounterMode(display=False) as counter, saved_tensors_hooks(keep, lambda tensor: tensor):
            training.update(batch)
    parameters = sum(tensor.numel() * tensor.element_size() for tensor in training.model.parameters())
    more = recipe.batch_size / tried
    steps = recipe.epochs * -(-len(training.batches.inliers) // recipe.batch_size)
    data = sum(_bytes(part) for part in (training.batches.inliers, training.batches.outliers) if part is not None)
    return Work(steps * more * counter.get_total_flops(), data, more * sum(kept), parameters)


def _bytes(resident: Resident) -> float:
    """Of resident examples, as long as the first one each."""
    one = resident.batch(torch.zeros(1, dtype=torch.int64), resident.draw(1, torch.Generator()))
    return len(resident) * one.numel() * one.element_size()
