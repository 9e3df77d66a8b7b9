"""One rank of trainings; tests start as many as they want, and let the last one kill itself."""

import os
import signal
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
from tqdm import tqdm

from bench.comparisons import random_images
from oe_core import train
from oe_core.detectors.registry import kind_of
from oe_core.recipe import Recipe
from oe_core.runs.checkpoint import FileCheckpoint

Planned = tuple[Recipe, int, int | None]  # with how many random inliers and outliers


class Deadly(nullcontext):
    """In the place of a bar: kills its process after so many steps."""

    def __init__(self, killed_after: int, **settings):
        super().__init__()
        self.left = killed_after

    def set_postfix(self, **losses):
        pass

    def update(self):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)


def fit(planned: Planned, checkpoint: Path | None = None, killed_after: int = 0) -> train.Trained:
    """Train on the CPU in this process, which may be a rank; checkpoints, if wanted, at every step."""
    recipe, *counts = planned
    progress = partial(Deadly, killed_after) if killed_after else partial(tqdm, disable=True)
    return kind_of(recipe).fit(
        recipe, *(count and random_images("random", count, recipe.size) for count in counts),
        checkpoint=checkpoint and FileCheckpoint(checkpoint, "", None), device=torch.device("cpu"), progress=progress,
    )  # fmt: skip


def main(folder: Path, plan: Sequence[Planned], number: int, ranks: int, killed_after: int) -> None:
    """As rank `number` of `ranks`, train one after the other; what `fit` returns goes to `<folder>/<number>.pt`.

    The last rank dies after `killed_after` steps, 0: never.
    """
    torch.set_num_threads(1)
    train.CHECKPOINT_SECONDS = 0
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=number, world_size=ranks)
    trained = []
    for planned in plan:
        checkpoint = None if number else folder / "checkpoint.pt"
        trained.append(fit(planned, checkpoint, killed_after if number == ranks - 1 else 0))
        if checkpoint:
            checkpoint.unlink()
    torch.save([vars(one) for one in trained], folder / f"{number}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*ARGUMENTS)  # noqa: F821  given by runpy
