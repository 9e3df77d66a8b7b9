"""What can be known of the way over a GPU without one: every tensor of a step lies there, and a step compiles whole."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from bench.gpu.work import RANDOM, SMALL, data
from oe_core import train
from oe_core.data.batches import Batch
from oe_core.detectors.registry import KINDS, kind_of

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
RECIPES = SMALL | RANDOM


class OneBatch:
    """Joint batches that are the first of others, as tensors that a CUDA device would hold."""

    def __init__(self, batches, first):
        self.generator, self.count, self.first = torch.Generator(), len(batches), first

    def __len__(self):
        return self.count

    def epoch(self, first_step=0):
        yield self.first


@pytest.fixture
def fake(monkeypatch):
    """Tensors without values, on a device that is not there: forward passes, losses and scores go, gradients do not."""
    monkeypatch.setattr(torch.Tensor, "backward", lambda *parts, **how: None)
    monkeypatch.setattr(train, "GraphedUpdate", lambda update, *of: lambda inputs, labels, rate: update(inputs, labels))
    return FakeTensorMode(allow_non_fake_inputs=True)


def on_cuda(module, mode):
    """The parameters and buffers of a module, as `module.to("cuda")` would leave them, in place."""
    for part in module.modules():
        for name, tensor in part._parameters.items():
            if tensor is not None:
                part._parameters[name] = nn.Parameter(mode.from_tensor(tensor.detach()).to(CUDA))
        for name, tensor in part._buffers.items():
            if tensor is not None:
                part._buffers[name] = mode.from_tensor(tensor).to(CUDA)
    return module


def tried_on_cuda(recipe, mode, change=lambda model: model):
    """Two steps of a recipe and its scores of ten examples; `change` changes the network first."""
    kind, (inliers, outliers) = kind_of(recipe), data(recipe, steps=3)
    batches = kind.task.batches(recipe, inliers, outliers, CPU)
    batch, inputs = next(batches.epoch()), kind.inputs(inliers, recipe, lambda: inliers)[:10]
    model = change(kind.task.network(recipe, len(inliers.classes), CPU))
    with mode:
        on_cuda(model, mode)
        first = Batch(*(mode.from_tensor(tensor).to(CUDA) for tensor in (batch.inputs, batch.labels)))
        task = replace(kind.task, network=lambda *of: model)
        training = train.Training(task, recipe, OneBatch(batches, first), inliers, None, CUDA)
        for _ in range(2):
            training.update(first)
        assert {tensor.device.type for tensor in (*model.state_dict().values(), training.epoch_losses)} == {"cuda"}
        return kind.predict(model.eval(), inputs, recipe)


def test_every_kind_of_network_is_tried():
    assert {recipe.KIND for recipe in RECIPES.values()} == set(KINDS)


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "text"])
def test_steps_and_scores_of_every_kind_stay_on_the_device(name, fake):
    scores = tried_on_cuda(RECIPES[name], fake)
    assert scores.device == CPU and len(scores) == 10


def test_a_step_of_texts_asks_the_device_for_the_length_of_the_longest_and_is_not_captured(fake):
    with pytest.raises(DataDependentOutputException, match="_local_scalar_dense"):
        tried_on_cuda(RECIPES["text"], fake)
    assert not KINDS["text"].task.captures


def test_a_tensor_that_was_left_on_the_cpu_is_found(fake):
    class Shifted(nn.Module):
        def __init__(self, body):
            super().__init__()
            self.body, self.shift = body, torch.zeros(1, 10)  # no buffer, so it moves nowhere

        def forward(self, inputs):
            return self.body(inputs) + self.shift

    with pytest.raises(RuntimeError, match=r"two different devices cuda:0, cpu|device"):
        tried_on_cuda(RECIPES["images, wrn"], fake, Shifted)


# One recipe for each network, with and without what is random in it.
COMPILED = {(recipe.KIND, recipe.model, name in RANDOM): name for name, recipe in RECIPES.items()
            if kind_of(recipe).task.compiles}  # fmt: skip


@pytest.mark.parametrize("name", COMPILED.values())
def test_every_network_that_says_it_compiles_does_so_without_a_break(name):
    recipe = RECIPES[name]
    kind, (inliers, outliers) = kind_of(recipe), data(recipe, steps=2)
    batch = next(kind.task.batches(recipe, inliers, outliers, CPU).epoch())
    model = kind.task.network(recipe, len(inliers.classes), CPU).train()
    forward = torch.compile(model, fullgraph=True, dynamic=False, backend="aot_eager")
    outputs = forward(kind.task.inputs(batch.inputs, recipe))
    sum(part.float().sum() for part in (outputs if isinstance(outputs, tuple) else (outputs,))).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_whole_batches_go_through_the_compiled_network_and_the_last_of_an_epoch_through_the_plain_one():
    recipe = RECIPES["images, wrn"]
    task, (inliers, outliers) = kind_of(recipe).task, data(recipe, steps=2)
    training = train.Training(task, recipe, task.batches(recipe, inliers, outliers, CPU), inliers, None, CPU)
    training.compiled = torch.compile(training.model, backend="eager")  # as on a GPU, where a training is long enough
    taken = []
    for batch in training.batches.epoch():
        training.update(batch)
        taken.append(training.forward)
    assert taken == [training.compiled, training.model]
