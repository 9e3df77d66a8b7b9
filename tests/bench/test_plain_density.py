from dataclasses import replace

import pytest
import torch

from bench import comparisons, plain_density
from oe_core.detectors.density.training import TASK
from oe_core.networks.dropout import Dropout

CPU = torch.device("cpu")


def test_both_ways_have_one_loss_and_one_gradient():
    torch.manual_seed(0)
    training = plain_density.Training(replace(comparisons.TINY_PIXEL_CNN, dropout=0.0), CPU)
    ours = TASK.network(training.recipe, 1, CPU).train()
    ours.load_state_dict(training.model.state_dict())
    # In float64: the two orders of memory add up in other orders.
    training.model, ours, training.images = training.model.double(), ours.double(), training.images.double()
    labels = torch.zeros(training.recipe.batch_size)
    plain_loss, (loss, *_) = training.loss(), TASK.loss(ours(training.images), labels, training.recipe)
    assert loss.item() == pytest.approx(plain_loss.item(), rel=1e-9)
    plain_loss.backward()
    loss.backward()
    for parameter, other in zip(ours.parameters(), training.model.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-6, atol=1e-9)


def test_the_plain_network_has_torchs_dropout():
    model = plain_density.network(comparisons.TINY_PIXEL_CNN, CPU)
    kinds = [type(module) for module in model.modules()]
    assert Dropout not in kinds and kinds.count(torch.nn.Dropout) == 2 * (3 + 5)


def test_the_step_that_is_measured_on_a_gpu_is_the_papers():
    recipe = comparisons.PIXEL_CNN
    assert (recipe.filters, recipe.blocks, recipe.mixtures, recipe.size, recipe.batch_size) == (160, 5, 10, 32, 64)
