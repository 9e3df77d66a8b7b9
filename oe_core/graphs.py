"""Training steps as CUDA graphs: hundreds of small kernels, launched at once, so that a GPU waits for no Python.

A step of WRN-40-2 on an H200 is 676 kernels of 5 microseconds on average, which is less than Python needs for one.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.optim import Optimizer

WARM_UP = 3  # steps that run as they are: they compile what is compiled and make the optimiser's state
Update = Callable[[Tensor, Tensor], Tensor]


class GraphedUpdate:
    """An update that runs as it is for WARM_UP steps, and from then on as one CUDA graph of what it launched.

    update: (inputs, labels) on the device -> a small tensor. It must launch the same kernels at each step, on inputs
    of one shape, and wait for none of them. optimiser: the one that it steps; when another of its settings than the
    rate changes, the update is captured anew. A captured step draws from torch's CUDA generator as the step itself
    would, so a training may be saved and taken up again between any two.
    """

    def __init__(self, update: Update, optimiser: Optimizer, device: torch.device):
        self.update, self.optimiser = update, optimiser
        self.rate = torch.zeros((), device=device)
        self.stream = torch.cuda.Stream(device)
        self.key, self.seen = None, 0
        self.graph = self.inputs = self.labels = self.parts = None

    def __call__(self, inputs: Tensor, labels: Tensor, rate: float) -> Tensor:
        """One update at a learning rate."""
        set_rate(self.optimiser, rate, self.rate)
        key = (inputs.shape, labels.shape, _settings(self.optimiser))
        if key != self.key:
            self.key, self.seen, self.graph = key, 0, None
        if self.seen < WARM_UP:
            self.seen += 1
            return self._as_it_is(inputs, labels)
        if self.graph is None:
            self._capture(inputs, labels)
        self.inputs.copy_(inputs)
        self.labels.copy_(labels)
        self.graph.replay()
        return self.parts

    def _as_it_is(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """On the stream of the capture, which autograd's own preparations belong to."""
        current = torch.cuda.current_stream(inputs.device)
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            parts = self.update(inputs, labels)
        current.wait_stream(self.stream)
        return parts

    def _capture(self, inputs: Tensor, labels: Tensor) -> None:
        """Record what one update launches; nothing of it is executed."""
        self.inputs, self.labels = inputs.clone(), labels.clone()
        self.graph = torch.cuda.CUDAGraph()
        groups = [group for group in self.optimiser.param_groups if "capturable" in group]
        for group in groups:
            group["capturable"] = True
        try:
            with _no_collection(), torch.cuda.graph(self.graph, stream=self.stream, capture_error_mode="thread_local"):
                self.parts = self.update(self.inputs, self.labels)
        finally:
            for group in groups:
                group["capturable"] = False


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect garbage now and not within: freeing an earlier training's graph would end a capture."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def set_rate(optimiser: Optimizer, rate: float, resident: Tensor | None = None) -> None:
    """Give every group its learning rate: as a number, or by way of `resident`, which a fused optimiser can read."""
    if resident is not None:
        resident.fill_(rate)
    for group in optimiser.param_groups:
        group["lr"] = resident if resident is not None and group.get("fused") else rate


def _settings(optimiser: Optimizer) -> tuple:
    """What a capture fixes: every setting but the parameters and a rate on the device."""
    return tuple(
        tuple((name, value) for name, value in group.items() if name != "params" and not torch.is_tensor(value))
        for group in optimiser.param_groups
    )
