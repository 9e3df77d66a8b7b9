"""Every kind of network on a GPU against the same on the CPU: training, scoring, resuming, and waiting for nothing."""

import warnings
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from bench.alternation import Bar
from bench.gpu.work import data
from oe_core.data.streams import AnyExamples
from oe_core.detectors.registry import kind_of
from oe_core.graphs import WARM_UP
from oe_core.recipe import Recipe
from oe_core.runs.provenance import CHECKOUT
from oe_core.train import Interruption, Trained

STEPS = 8  # an epoch: enough for WARM_UP and some captured ones, and a smaller one at the end
CPU = torch.device("cpu")
# Largest distance, by the value or for scores by the largest of them. Sums are in another order on a GPU, and a
# training makes more of that; bfloat16 has 8 bits.
TOLERANCES = {"float32 losses": 1e-2, "float32 scores": 1e-4, "bfloat16 scores": 1e-1, "resumed losses": 1e-2}


@dataclass(frozen=True)
class Agreement:
    """One kind of network on a GPU.

    distances: of what TOLERANCES names, nan where a recipe draws on the device and has no equal on the CPU.
    waits: where a step waits for the device. captured: whether its steps become CUDA graphs, and so must not wait.
    """

    name: str
    distances: dict[str, float]
    waits: list[str]
    captured: bool

    @property
    def problems(self) -> list[str]:
        """What is beyond its tolerance, and what waits."""
        far = [f"{of} differ by {value:.1e}, more than {TOLERANCES[of]:g}"
               for of, value in self.distances.items() if value > TOLERANCES[of]]  # fmt: skip
        return far + (sorted(set(self.waits)) if self.captured else [])


class CountingBar(Bar):
    """A progress bar for `fit` that counts steps and may end the training."""

    def __init__(self, until: int | None = None):
        self.until, self.done = until, 0

    def update(self) -> None:
        """Called by `fit` after each of its steps."""
        self.done += 1
        if self.done == self.until:
            raise Interruption


class Memory:
    """A checkpoint that is kept in memory, on the CPU as a file would be."""

    def __init__(self):
        self.state = None

    def load(self) -> dict | None:
        return self.state

    def save(self, state: dict) -> None:
        self.state = _copied(state)


def _copied(value):
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list | tuple) else value


def agreement(name: str, recipe: Recipe, device: torch.device, comparable: bool) -> Agreement:
    """Try one recipe; comparable: whether it draws nothing on its device, so that the CPU does the same."""
    exact = replace(recipe, precision="float32")
    inliers, outliers = data(exact, STEPS)
    kind, distances = kind_of(exact), {}
    # A convolution may round to TF32; here it is compared with the CPU's.
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        bar = WaitingBar()
        there = kind.fit(exact, inliers, outliers, device=device, progress=bar)
        if comparable:
            here = kind.fit(exact, inliers, outliers, device=CPU, progress=CountingBar())
            distances["float32 losses"] = apart(losses(here), losses(there))
        distances["float32 scores"] = _scored_apart(exact, there, inliers, device)
        distances["bfloat16 scores"] = _scored_apart(exact, there, inliers, device, "bfloat16")
        distances["resumed losses"] = apart(losses(there), losses(_resumed(exact, inliers, outliers, device)))
    return Agreement(name, distances, bar.waits, kind.task.captures)


class WaitingBar(CountingBar):
    """Notes what the steps between the warm-up and the smaller one at the first epoch's end wait for."""

    def __init__(self):
        super().__init__()
        self.waits: list[str] = []
        self.listening = warnings.catch_warnings(record=True)

    def update(self) -> None:
        """Listens from the last step of the warm-up on to the last but one of the epoch."""
        super().update()
        if self.done == WARM_UP:
            self.caught = self.listening.__enter__()
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
        elif self.done == STEPS - 1:
            torch.cuda.set_sync_debug_mode("default")
            self.listening.__exit__(None, None, None)
            waits = (warning for warning in self.caught if "called a synchronizing" in str(warning.message))
            self.waits = [_place(warning) for warning in waits]


def _place(warning: warnings.WarningMessage) -> str:
    """Where in a package or in this checkout, whose place on the machine is nobody's business."""
    place = warning.filename.rpartition("/site-packages/")[2].removeprefix(f"{CHECKOUT}/")
    return f"waits at {place}:{warning.lineno}"


def _resumed(recipe: Recipe, inliers: AnyExamples, outliers: AnyExamples | None, device: torch.device) -> Trained:
    """The same training, ended between two captured steps and taken up again from what was saved."""
    kind, memory = kind_of(recipe), Memory()
    try:
        kind.fit(recipe, inliers, outliers, device=device, progress=CountingBar(WARM_UP + 1), checkpoint=memory)
    except Interruption:
        return kind.fit(recipe, inliers, outliers, device=device, progress=CountingBar(), checkpoint=memory)
    raise ValueError(f"recipe {recipe.name!r}: a training of fewer than {WARM_UP + 1} steps cannot be interrupted")


def _scored_apart(recipe: Recipe, trained: Trained, inliers: AnyExamples, device: torch.device, precision="float32"):
    """How far what a network says on `device` in `precision` is from what it says on the CPU in float32."""
    kind = kind_of(recipe)
    inputs = kind.inputs(inliers, recipe, lambda: inliers)[:40]
    said = [
        kind.predict(kind.network(how, trained.weights, len(inliers.classes), where), inputs, how)
        for how, where in ((recipe, CPU), (replace(recipe, precision=precision), device))
    ]
    return apart(said[0] / said[0].abs().max(), said[1] / said[0].abs().max(), least=1.0)


def losses(trained: Trained) -> Tensor:
    """Inliers' and outliers' mean loss of each epoch, (epochs, 2)."""
    return torch.tensor([[row["inlier_loss"], row["outlier_loss"]] for row in trained.log])


def apart(ours: Tensor, theirs: Tensor, least: float = 1e-3) -> float:
    """The largest distance of two values, by our value, which counts as at least `least`; inf where one is nan."""
    return ((ours - theirs).abs() / ours.abs().clamp(min=least)).nan_to_num(torch.inf).max().item()
