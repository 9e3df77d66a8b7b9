"""One training loop for every `Task`: baseline, OE fine-tuning and OE from scratch differ by their recipe only."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from oe_core import ranks
from oe_core.data.batches import Batch, JointBatches
from oe_core.data.streams import AnyExamples
from oe_core.devices import autocast, default_device
from oe_core.graphs import GraphedUpdate, set_rate
from oe_core.losses import outlier_exposure
from oe_core.recipe import Recipe

CHECKPOINT_SECONDS = 60.0
COMPILE_STEPS = 2000  # torch.compile takes about as long as this many eager steps


class NonFiniteLossError(ArithmeticError):
    """The loss became infinite or NaN; the message names step, rate and recipe."""


class Interruption(Exception):
    """A training is ended after a step; a progress bar raises it, and `fit` saves a checkpoint before it goes on up."""


class Checkpoint(Protocol):
    """Where `fit` leaves its state and finds it again; the run store has the real one."""

    def load(self) -> dict | None: ...

    def save(self, state: dict) -> None: ...


def joint_update(training: "Training", inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """One joint forward pass, one backward pass, one step of the optimiser: (inlier part, outlier part) of the loss."""
    with training.autocast():
        outputs = training.forward(inputs)
    loss, *parts = training.task.loss(outputs, labels, training.recipe)
    step(training, loss)
    return parts


def step(training: "Training", loss: Tensor, player: nn.Module | None = None) -> None:
    """One step of the optimiser down a loss; of `player` alone where it is given: nothing else gets gradients."""
    training.optimiser.zero_grad(set_to_none=True)
    loss.backward(inputs=list(player.parameters()) if player is not None else None)
    training.optimiser.step()  # which passes over parameters without a gradient


def classifier_loss(logits: Tensor, labels: Tensor, recipe: Recipe) -> tuple[Tensor, Tensor, Tensor]:
    """`losses.outlier_exposure` of logits (n, classes), the inliers' first, in float32."""
    return outlier_exposure(logits.float(), labels, recipe.oe_weight)


def kept(model: nn.Module, optimiser: torch.optim.Optimizer, name: str) -> dict[str, Tensor]:
    """What the optimiser's state holds under `name`, by the names of the parameters for which it holds it."""
    states = {parameter: optimiser.state.get(tensor, {}) for parameter, tensor in model.named_parameters()}
    return {parameter: state[name] for parameter, state in states.items() if name in state}


@dataclass(frozen=True)
class Task:
    """What the loop needs to know about one kind of input.

    batches: the joint ones. network: (recipe, num_classes, device). inputs: a batch's -> what the network takes.
    optimiser: for what `parameters` gives: all of them, or groups of them with settings of their own.
    rate: (recipe, position, steps an epoch) -> learning rate of update `position` in [0, all steps).
    start: the weights that it starts from without a parent, None for its network's own initialisation; origins: hashes
    of the files that they are from. inherited: a parent's weights -> those that a training starts from.
    prepare: (network, the first batch as the network takes it) sets a network up that starts without weights.
    loss: (what the network returns, labels, recipe) -> (total, inlier part, outlier part).
    update: (training, inputs, labels) -> (inlier part, outlier part); one step, at the rate that has been set.
    after_epoch: (network, optimiser, recipe, inliers, log so far) -> further columns of the epoch's row in the log.
    weights: (network, optimiser) -> the state dict that the training ends with. compiles: whether a long training on a
    GPU is worth `torch.compile`. captures: whether a step there always launches the same kernels and waits for none, so
    that it can be one CUDA graph. divides: whether `ranks` can share a batch: nothing but batch norm joins its rows.
    """

    batches: Callable[[Recipe, AnyExamples, AnyExamples | None, torch.device], JointBatches]
    network: Callable[[Recipe, int, torch.device], nn.Module]
    inputs: Callable[[Tensor, Recipe], Tensor]
    optimiser: Callable[[Iterable, Recipe], torch.optim.Optimizer]
    rate: Callable[[Recipe, int, int], float]
    parameters: Callable[[nn.Module], Iterable] = nn.Module.parameters
    start: Callable[[Recipe], dict[str, Tensor] | None] = lambda recipe: None
    origins: Callable[[Recipe], list[str]] = lambda recipe: []
    prepare: Callable[[nn.Module, Tensor], None] | None = None
    loss: Callable[..., tuple[Tensor, Tensor, Tensor]] = classifier_loss
    update: Callable[["Training", Tensor, Tensor], tuple[Tensor, Tensor]] = joint_update
    after_epoch: Callable[..., dict] = lambda *training: {}
    weights: Callable[..., dict[str, Tensor]] = lambda model, optimiser: model.state_dict()
    compiles: bool = True
    captures: bool = True
    divides: bool = False
    inherited: Callable[[dict[str, Tensor]], dict[str, Tensor]] = lambda weights: weights


@dataclass
class Trained:
    """What `fit` returns: weights on the CPU, one log row per epoch, seconds of training (over all resumptions)."""

    weights: dict[str, Tensor]
    log: list[dict]
    seconds: float


class Training:
    """Network, optimiser and position of one training; everything that a checkpoint has to hold.

    model: the network, with its state. forward: the same, perhaps compiled. task, recipe: what it was made of.
    """

    def __init__(
        self, task: Task, recipe: Recipe, batches: JointBatches, inliers: AnyExamples, initial, device: torch.device
    ):
        self.task, self.recipe, self.batches, self.inliers, self.device = task, recipe, batches, inliers, device
        self.steps, self.generator_state = recipe.epochs * len(batches), batches.generator.get_state()
        self.model = task.network(recipe, len(inliers.classes), device).train()
        if initial is not None:
            self.model.load_state_dict(initial)
        elif task.prepare is not None:
            task.prepare(self.model, self._first_inputs())
        self.optimiser = task.optimiser(task.parameters(self.model), recipe)
        # Messages between ranks are neither compiled nor captured: nobody has tried it.
        on_gpu, waits = device.type == "cuda", ranks.unite(self.model, self.optimiser)
        compiles = on_gpu and task.compiles and not waits and self.steps >= COMPILE_STEPS
        captures = on_gpu and task.captures and ranks.count() == 1
        self.compiled = torch.compile(self.model, dynamic=False, fullgraph=True) if compiles else None
        self.graphed = GraphedUpdate(self._update, self.optimiser, device) if captures else None
        self.forward, self.epoch, self.step, self.log = self.model, 0, 0, []
        self.begun = time.monotonic()  # less what was trained before, where the training is taken up again
        self.epoch_losses = torch.zeros(len(batches), 2, device=device)

    def _first_inputs(self) -> Tensor:
        """The first batch, drawn so that the training will meet it again."""
        batch = next(self.batches.epoch())
        self.batches.generator.set_state(self.generator_state)
        return self.task.inputs(batch.inputs, self.recipe)

    def autocast(self) -> torch.autocast:
        """The context of this training's forward passes."""
        return autocast(self.recipe.precision, self.device)

    def update(self, batch: Batch) -> None:
        """The task's update on one batch, at this step's rate."""
        rate = self.rate(self.step)
        # A smaller batch, the last of an epoch, is not worth a compilation and a graph of its own.
        whole = len(batch.labels) == self.recipe.batch_size
        self.forward = ranks.divided(self.compiled if whole and self.compiled is not None else self.model)
        if whole and self.graphed:
            self.epoch_losses[self.step] = self.graphed(batch.inputs, batch.labels, rate)
        else:
            set_rate(self.optimiser, rate)
            self.epoch_losses[self.step] = self._update(batch.inputs, batch.labels)
        self.step += 1

    def _update(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """One update at the rate that is set; (inlier part, outlier part) of the loss, one tensor."""
        return torch.stack(self.task.update(self, self.task.inputs(inputs, self.recipe), labels)).detach()

    def rate(self, step: int) -> float:
        """Learning rate of update `step` of this epoch."""
        return self.task.rate(self.recipe, self.epoch * len(self.batches) + step, len(self.batches))

    def check_finite(self) -> None:
        """Raise NonFiniteLossError for the first bad step of this epoch. Reads from the device, so not every step."""
        bad = ~torch.isfinite(self.epoch_losses[: self.step]).all(dim=1)
        if not bad.any():
            return
        step = int(bad.nonzero()[0])
        raise NonFiniteLossError(
            f"recipe {self.recipe.name!r} (seed {self.recipe.seed}): the loss became non-finite in epoch "
            f"{self.epoch + 1}, step {step + 1}, at learning rate {self.rate(step):.3g} (initial "
            f"{self.recipe.learning_rate}); the last good checkpoint is kept. Try a lower learning_rate."
        )

    @property
    def seconds(self) -> float:
        """Of training so far, over all resumptions."""
        return time.monotonic() - self.begun

    def end_epoch(self, seconds: float) -> dict:
        inlier_loss, outlier_loss = self.epoch_losses.mean(dim=0).tolist()
        row = {"epoch": self.epoch + 1, "inlier_loss": inlier_loss, "outlier_loss": outlier_loss, "seconds": seconds}
        row |= self.task.after_epoch(self.model, self.optimiser, self.recipe, self.inliers, self.log)
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
        for values in self.optimiser.state.values():  # torch leaves a count of steps where it was loaded
            values |= {name: value.to(self.device) for name, value in values.items() if torch.is_tensor(value)}
        self.epoch, self.step, self.log = state["epoch"], state["step"], state["log"]
        self.begun = time.monotonic() - state["seconds"]
        self.epoch_losses = state["epoch_losses"].to(self.device)
        self.generator_state = state["generator"].cpu()
        self.batches.generator.set_state(self.generator_state)
        torch.set_rng_state(state["cpu_rng"].cpu())
        if state["cuda_rng"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"].cpu(), self.device)


def fit(
    task: Task,
    recipe: Recipe,
    inliers: AnyExamples,
    outliers: AnyExamples | None = None,
    *,
    initial: dict[str, Tensor] | None = None,
    checkpoint: Checkpoint | None = None,
    device: torch.device | None = None,
    progress: Callable[..., tqdm] = tqdm,
) -> Trained:
    """Train `recipe` on `inliers` (and `outliers`), from `initial` weights or from scratch; resume from `checkpoint`.

    On a CPU the same recipe, data, seed and machine give the same weights bit for bit, interrupted or not. An
    Interruption that `progress` raises saves first. Every one of several `ranks` calls it alike, but the first alone
    has a checkpoint. Raises NonFiniteLossError when the loss leaves the finite numbers, ValueError when data and recipe
    do not fit, or ranks cannot share the training.
    """
    device = device or default_device()
    start = task.start(recipe)
    if start is None and (initial is None) != (recipe.parent is None):
        raise ValueError(f"recipe {recipe.name!r}: initial weights and a parent recipe belong together")
    if (outliers is None) != (recipe.outliers is None):
        raise ValueError(f"recipe {recipe.name!r} has outliers={recipe.outliers!r}, but was given {outliers}")
    ranks.check(recipe.name, recipe.KIND, task.divides)
    # Initialisation and dropout draw from torch's global generators: seeded here, given back afterwards.
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(recipe.seed)
        batches = task.batches(recipe, inliers, outliers, device)
        training = Training(task, recipe, batches, inliers, start or (initial and task.inherited(initial)), device)
        if (found := ranks.shared(checkpoint and checkpoint.load())) is not None:
            training.restore(found)
        ranks.part_ways()
        bar = progress(total=training.steps, initial=training.epoch * len(batches) + training.step, desc=recipe.name)
        with bar:
            _run(training, checkpoint, bar)
    final = task.weights(training.model, training.optimiser)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in final.items()}
    return Trained(weights, training.log, training.seconds)


def _run(training: Training, checkpoint: Checkpoint | None, bar: tqdm) -> None:
    check_every = 1 if training.device.type == "cpu" else 100
    saved = time.monotonic()
    while training.epoch < training.recipe.epochs:
        start = time.monotonic()
        for batch in training.batches.epoch(training.step):
            training.update(batch)
            try:
                bar.update()
            except Interruption:
                if checkpoint is not None:
                    training.check_finite()
                    checkpoint.save(training.state())
                raise
            due = checkpoint is not None and time.monotonic() - saved > CHECKPOINT_SECONDS
            if due or training.step % check_every == 0:
                training.check_finite()
            if due:
                checkpoint.save(training.state())
                saved = time.monotonic()
        training.check_finite()
        row = training.end_epoch(time.monotonic() - start)
        losses = ("inlier_loss", *(["outlier_loss"] if training.recipe.outliers else []))
        bar.set_postfix(**{name.replace("_loss", "s"): f"{row[name]:.3f}" for name in losses})
        if checkpoint is not None:
            checkpoint.save(training.state())
            saved = time.monotonic()
