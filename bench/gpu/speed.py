"""How fast the paper's trainings go on a GPU, against their goals, and what bounds them."""

import re
import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from bench.alternation import Bar
from bench.comparisons import training_flops
from bench.gpu.work import Timed, data
from bench.timing import clock
from oe_core import train
from oe_core.detectors.registry import kind_of
from oe_core.recipe import Recipe
from oe_core.train import Interruption

# Kernels of cuDNN and cuBLAS that multiply matrices, by their names.
PRODUCTS = re.compile("gemm|xmma|cutlass|nvjet|fprop|dgrad|wgrad|convolve")
WARM_UP = 12  # steps before the clock starts: compilation, capture, and some more


@dataclass(frozen=True)
class Speed:
    """One training's steps on a GPU.

    step, device: seconds a step takes, and the GPU alone with it, again and again. products: of these, in convolutions
    and matrix products. kernels: of a step. start: seconds until the first steps are over, compilation included. flops:
    of a step. memory: bytes, the most that was allocated.
    """

    timed: Timed
    step: float
    device: float
    products: float
    kernels: int
    start: float
    flops: float
    memory: int

    @property
    def seconds(self) -> dict[int, float]:
        """Of the epochs that goals are set for, without the start."""
        return {epochs: self.step * self.timed.steps * epochs for epochs, _ in self.timed.goals}

    def bound(self, peak: float) -> str:
        """What a step spends its time on; peak: operations a second."""
        if self.device < 0.85 * self.step:
            return f"Python and the batch: the GPU computes {self.device / self.step:.0%} of the time"
        products = self.products / self.device
        return (
            f"{self.kernels} kernels: {products:.0%} of the time in convolutions and matrix products, at "
            f"{self.flops / self.products / peak:.0%} of the peak, {1 - products:.0%} in memory traffic and launches"
        )


class Clock(Bar):
    """Times the steps that `fit` makes: from WARM_UP on, in the epochs' whole batches, `count` of them."""

    def __init__(self, device: torch.device, count: int):
        self.device, self.count = device, count
        self.done, self.start, self.seconds = 0, 0.0, 0.0

    def update(self) -> None:
        """Called by `fit` after each of its steps."""
        self.done += 1
        if self.done == WARM_UP:
            self.start = clock(self.device)
        elif self.done == WARM_UP + self.count:
            self.seconds = (clock(self.device) - self.start) / self.count
            raise Interruption


def speed(timed: Timed, device: torch.device, count: int = 200) -> Speed:
    """Time `count` steps of one training; raises torch's RecompileError where a step is compiled a second time."""
    recipe = timed.recipe
    inliers, outliers = data(recipe, WARM_UP + count // 2 + 1)  # so that the clock runs over the end of an epoch
    long = replace(recipe, epochs=max(recipe.epochs, 1 + train.COMPILE_STEPS // (WARM_UP + count)))
    torch.cuda.reset_peak_memory_stats(device)
    made, bar, begun = _Kept(), Clock(device, count), time.perf_counter()
    torch._dynamo.config.error_on_recompile = True
    try:
        with made:
            kind_of(long).fit(long, inliers, outliers, device=device, progress=bar)
    except Interruption:
        pass
    finally:
        torch._dynamo.config.error_on_recompile = False
    start = bar.start - begun
    alone, products, kernels = made.replayed(device)
    memory = torch.cuda.max_memory_allocated(device)
    return Speed(timed, bar.seconds, alone, products, kernels, start, _flops(recipe), memory)


class _Kept:
    """Keeps the training that `fit` makes, so that its captured step can be replayed by itself."""

    def __enter__(self) -> "_Kept":
        self.original, self.training = train.Training.__init__, None

        def kept(training, *arguments):
            self.original(training, *arguments)
            self.training = training

        train.Training.__init__ = kept
        return self

    def __exit__(self, *_) -> None:
        train.Training.__init__ = self.original

    def replayed(self, device: torch.device, repeats: int = 50) -> tuple[float, float, int]:
        """Of the captured step alone: seconds, those in convolutions and matrix products, and how many kernels."""
        graph = self.training.graphed.graph
        start = clock(device)
        for _ in range(repeats):
            graph.replay()
        alone = (clock(device) - start) / repeats
        with profile(activities=[ProfilerActivity.CUDA]) as profiled:
            graph.replay()
            clock(device)
        kernels = [event for event in profiled.key_averages() if event.self_device_time_total]
        products = sum(event.self_device_time_total for event in kernels if PRODUCTS.search(event.key))
        return alone, products / 1e6, sum(event.count for event in kernels)


def _flops(recipe: Recipe) -> float:
    """Of one step, forward and backward, counted on the CPU with a batch of two."""
    classes = recipe.vocabulary if recipe.KIND == "language" else 10
    model = kind_of(recipe).task.network(replace(recipe, precision="float32"), classes, torch.device("cpu"))
    if recipe.KIND == "language":
        inputs: Tensor = torch.zeros(2, recipe.length, dtype=torch.int64)
        model.eval()
    else:
        inputs = torch.zeros(2, 3, recipe.size, recipe.size)
    batch = recipe.batch_size + (recipe.outlier_batch_size if recipe.outliers else 0)
    return training_flops(model, inputs) / 2 * batch
