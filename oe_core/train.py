"""One training loop: baseline, OE fine-tuning and OE from scratch differ by their recipe only."""

import math
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from oe_core.data.batches import Augmented, JointBatches, network_inputs
from oe_core.data.catalog import dataset
from oe_core.data.download import download_folder, how_to_get
from oe_core.data.image_set import ImageSet
from oe_core.data.images import MissingDataError
from oe_core.losses import outlier_exposure
from oe_core.models import build
from oe_core.models.resnet18 import places365_weights
from oe_core.recipes import Recipe

FINAL_LEARNING_RATE = 1e-6  # hendrycks/outlier-exposure CIFAR/oe_tune.py
CHECKPOINT_SECONDS = 60.0
COMPILE_STEPS = 2000  # torch.compile takes about as long as this many eager steps


class NonFiniteLossError(ArithmeticError):
    """The loss became infinite or NaN; the message names step, rate and recipe."""


class Checkpoint(Protocol):
    """Where `fit` leaves its state and finds it again; the run store has the real one."""

    def load(self) -> dict | None: ...

    def save(self, state: dict) -> None: ...


@dataclass
class Trained:
    """What `fit` returns: weights on the CPU, one log row per epoch, seconds of training (over all resumptions)."""

    weights: dict[str, Tensor]
    log: list[dict] = field(default_factory=list)
    seconds: float = 0.0


def default_device() -> torch.device:
    """The first CUDA device when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware (emulation would be slower than float32)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """The autocast context of a recipe's `precision` on `device`."""
    wanted = precision == "bfloat16" or (precision == "auto" and computes_in_bfloat16(device))
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted)


def cosine(step: int, steps: int, initial: float) -> float:
    """Learning rate of update `step` in [0, steps): a half cosine from `initial` towards 1e-6, per step.

    The first update already uses the schedule's point 1, as in hendrycks/outlier-exposure, where the scheduler steps
    before the optimiser.
    """
    share = (1 + math.cos(math.pi * (step + 1) / steps)) / 2
    return FINAL_LEARNING_RATE + (initial - FINAL_LEARNING_RATE) * share


def training_part(inliers: ImageSet, recipe: Recipe) -> ImageSet:
    """The images that a recipe trains on: without its hold-out, at most its `limit`.

    The hold-out is the end of the stored order (hendrycks/outlier-exposure CIFAR/baseline.py); sets that are stored
    class by class are therefore mixed first, by a permutation that is the same for every seed.
    """
    if recipe.holdout >= len(inliers):
        raise ValueError(f"holdout={recipe.holdout} leaves nothing of {inliers.name}'s {len(inliers)} training images")
    order = torch.randperm(len(inliers), generator=torch.Generator().manual_seed(0))
    return inliers.take(order[: len(inliers) - recipe.holdout][: recipe.limit])


def held_out_part(inliers: ImageSet, recipe: Recipe) -> ImageSet:
    """The last `holdout` images of the order of `training_part`: never trained on."""
    order = torch.randperm(len(inliers), generator=torch.Generator().manual_seed(0))
    return inliers.take(order[len(inliers) - recipe.holdout :])


def _batches(recipe: Recipe, inliers: ImageSet, outliers: ImageSet | None, device: torch.device) -> JointBatches:
    if (outliers is None) != (recipe.outliers is None):
        raise ValueError(f"recipe {recipe.name!r} has outliers={recipe.outliers!r}, but was given {outliers}")
    part = training_part(inliers, recipe)
    for data in (part, outliers):
        if data is not None and data.size != recipe.size:
            raise ValueError(f"{data.name} is {data.size} px, recipe {recipe.name!r} wants {recipe.size} px")
    generator = torch.Generator().manual_seed(recipe.seed)
    inlier_images = Augmented(part.images.to(device), recipe.crop_padding, recipe.flip)
    if outliers is None:
        return JointBatches(inlier_images, part.labels.to(device), recipe.batch_size, generator)
    outlier_images = outliers.images[: recipe.outlier_limit].to(device)
    augmented = Augmented(outlier_images, recipe.outlier_crop_padding, recipe.outlier_flip)
    return JointBatches(
        inlier_images, part.labels.to(device), recipe.batch_size, generator,
        augmented, recipe.outlier_batch_size, recipe.outlier_order,
    )  # fmt: skip


@contextmanager
def _random_state(seed: int, device: torch.device):
    """Initialisation and dropout draw from torch's global generators: seeded here, given back afterwards."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


class _Training:
    """Network, optimiser and position of one training; everything that a checkpoint has to hold."""

    def __init__(self, recipe: Recipe, batches: JointBatches, num_classes: int, initial, device: torch.device):
        self.recipe, self.batches, self.device = recipe, batches, device
        model = build(recipe.model, num_classes, recipe.dropout)
        if initial is not None:
            model.load_state_dict(initial)
        self.model = model.to(device, memory_format=torch.channels_last).train()
        self.optimiser = torch.optim.SGD(
            self.model.parameters(), recipe.learning_rate, recipe.momentum,
            weight_decay=recipe.weight_decay, nesterov=recipe.momentum > 0, fused=True,
        )  # fmt: skip
        self.steps = recipe.epochs * len(batches)
        compiled = device.type == "cuda" and self.steps >= COMPILE_STEPS
        # Not dynamic: the two shapes of an epoch (its last batch is smaller) get a CUDA graph each.
        self.forward = torch.compile(self.model, mode="reduce-overhead", dynamic=False) if compiled else self.model
        self.epoch, self.step, self.log, self.seconds = 0, 0, [], 0.0
        self.epoch_losses = torch.zeros(len(batches), 2, device=device)
        self.generator_state = batches.generator.get_state()

    def update(self, batch) -> None:
        """One joint forward pass, one backward pass, one step of Nesterov SGD."""
        position = self.epoch * len(self.batches) + self.step
        for group in self.optimiser.param_groups:
            group["lr"] = cosine(position, self.steps, self.recipe.learning_rate)
        with autocast(self.recipe.precision, self.device):
            logits = self.forward(network_inputs(batch.images, self.recipe.scaling))
        loss, *parts = outlier_exposure(logits.float(), batch.labels, self.recipe.oe_weight)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.epoch_losses[self.step] = torch.stack(parts).detach()
        self.step += 1

    def check_finite(self) -> None:
        """Raise NonFiniteLossError for the first bad step of this epoch. Reads from the device, so not every step."""
        bad = ~torch.isfinite(self.epoch_losses[: self.step]).all(dim=1)
        if not bad.any():
            return
        step = int(bad.nonzero()[0])
        position = self.epoch * len(self.batches) + step
        rate = cosine(position, self.steps, self.recipe.learning_rate)
        raise NonFiniteLossError(
            f"recipe {self.recipe.name!r} (seed {self.recipe.seed}): the loss became non-finite in epoch "
            f"{self.epoch + 1}, step {step + 1}, at learning rate {rate:.3g} (initial "
            f"{self.recipe.learning_rate}); the last good checkpoint is kept. Try a lower learning_rate."
        )

    def end_epoch(self, seconds: float) -> dict:
        inlier_loss, outlier_loss = self.epoch_losses.mean(dim=0).tolist()
        row = {"epoch": self.epoch + 1, "inlier_loss": inlier_loss, "outlier_loss": outlier_loss, "seconds": seconds}
        self.log.append(row)
        self.epoch, self.step = self.epoch + 1, 0
        self.generator_state = self.batches.generator.get_state()
        return row

    def state(self) -> dict:
        """Nested dict of tensors and plain values, enough to go on to the same weights."""
        cuda = torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None
        return {
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
            "epoch": self.epoch, "step": self.step, "log": self.log, "seconds": self.seconds,
            "epoch_losses": self.epoch_losses, "generator": self.generator_state,
            "cpu_rng": torch.get_rng_state(), "cuda_rng": cuda,
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.step, self.log, self.seconds = (state[k] for k in ("epoch", "step", "log", "seconds"))
        self.epoch_losses = state["epoch_losses"].to(self.device)
        self.generator_state = state["generator"].cpu()
        self.batches.generator.set_state(self.generator_state)
        torch.set_rng_state(state["cpu_rng"].cpu())
        if state["cuda_rng"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"].cpu(), self.device)


def weights_path(recipe: Recipe) -> Path:
    """Where the file of weights lies that `recipe` starts from: among the downloads of its in-distribution.

    Raises MissingDataError saying how to get the file when it is not there.
    """
    path = download_folder(recipe.in_dist) / recipe.weights_file
    if not path.exists():
        ways = how_to_get(dataset(recipe.in_dist))
        raise MissingDataError(f"{path} is missing, the weights that recipe {recipe.name!r} starts from.\n{ways}")
    return path


def fit(
    recipe: Recipe,
    inliers: ImageSet,
    outliers: ImageSet | None = None,
    *,
    initial: dict[str, Tensor] | None = None,
    checkpoint: Checkpoint | None = None,
    device: torch.device | None = None,
    progress: Callable[..., tqdm] = tqdm,
) -> Trained:
    """Train `recipe` on `inliers` (and `outliers`), from `initial` weights or from scratch; resume from `checkpoint`.

    On a CPU the same recipe, data, seed and machine give the same weights bit for bit, interrupted or not.
    Raises NonFiniteLossError when the loss leaves the finite numbers, ValueError when data and recipe do not fit.
    """
    device = device or default_device()
    if recipe.weights_file:
        initial = places365_weights(weights_path(recipe))
    elif (initial is None) != (recipe.parent is None):
        raise ValueError(f"recipe {recipe.name!r}: initial weights and a parent recipe belong together")
    with _random_state(recipe.seed, device):
        batches = _batches(recipe, inliers, outliers, device)
        training = _Training(recipe, batches, len(inliers.classes), initial, device)
        found = checkpoint.load() if checkpoint else None
        if found is not None:
            training.restore(found)
        bar = progress(total=training.steps, initial=training.epoch * len(batches) + training.step, desc=recipe.name)
        with bar:
            _run(training, checkpoint, bar)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in training.model.state_dict().items()}
    return Trained(weights, training.log, training.seconds)


def _run(training: _Training, checkpoint: Checkpoint | None, bar: tqdm) -> None:
    check_every = 1 if training.device.type == "cpu" else 100
    saved = now = time.monotonic()
    while training.epoch < training.recipe.epochs:
        epoch_start = now
        for batch in training.batches.epoch(training.step):
            training.update(batch)
            bar.update()
            due = checkpoint is not None and time.monotonic() - saved > CHECKPOINT_SECONDS
            if due or training.step % check_every == 0:
                training.check_finite()
            if due:
                now, saved = _save(training, checkpoint, now)
        training.check_finite()
        row = training.end_epoch(time.monotonic() - epoch_start)
        bar.set_postfix(inliers=f"{row['inlier_loss']:.3f}", outliers=f"{row['outlier_loss']:.3f}")
        if checkpoint is not None:
            now, saved = _save(training, checkpoint, now)
        else:
            training.seconds, now = training.seconds + time.monotonic() - now, time.monotonic()


def _save(training: _Training, checkpoint: Checkpoint, since: float) -> tuple[float, float]:
    """Count the time since `since`, save, and return the new (since, saved) clocks."""
    now = time.monotonic()
    training.seconds += now - since
    checkpoint.save(training.state())
    return now, time.monotonic()


def load_model(recipe: Recipe, weights: dict[str, Tensor], num_classes: int, device: torch.device) -> nn.Module:
    """The network of `recipe` with `weights`, ready for scoring."""
    model = build(recipe.model, num_classes, recipe.dropout)
    model.load_state_dict(weights)
    return model.to(device, memory_format=torch.channels_last).eval()


@torch.inference_mode()
def predict(model: nn.Module, images: Tensor, recipe: Recipe, batch_size: int = 500) -> Tensor:
    """Logits float32 (n, classes) on the CPU for uint8 images, which are scaled, or float inputs, fed as they are."""
    device = next(model.parameters()).device
    outputs = []
    for batch in images.split(batch_size):
        batch = batch.to(device)
        inputs = network_inputs(batch, recipe.scaling) if batch.dtype == torch.uint8 else batch
        with autocast(recipe.precision, device):
            outputs.append(model(inputs.to(memory_format=torch.channels_last)).float().cpu())
    return torch.cat(outputs)
