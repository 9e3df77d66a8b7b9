from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench import comparisons, plain_gan
from oe_core import train
from oe_core.data.batches import Batch
from oe_core.detectors.gan import training
from oe_core.networks.dropout import Dropout

CPU = torch.device("cpu")
CERTAIN = replace(comparisons.TINY_GAN, dropout=0.0, precision="float32", learning_rate=0.001, beta=0.5)


class EightBitImages(plain_gan.Training):
    """The plain way on images that uint8 can hold, so that both ways see the same numbers."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.pixels = (255 * self.images).round().to(torch.uint8)
        self.images = self.pixels / 255


def both_ways(recipe):
    """The plain training and ours, from the same weights."""
    torch.manual_seed(0)
    plain = EightBitImages(recipe, 10, CPU)
    images = comparisons.random_images("random pixels", 16, recipe.size)
    batches = training.TASK.batches(recipe, images, None, CPU)
    return plain, train.Training(training.TASK, recipe, batches, images, plain.trio.state_dict(), CPU)


def test_both_ways_have_the_same_parameters_after_three_steps():
    plain, ours = both_ways(CERTAIN)
    before = {name: tensor.clone() for name, tensor in plain.trio.named_parameters()}
    for step in range(3):
        for way in (plain.step, lambda: ours.update(Batch(plain.pixels, plain.labels))):
            torch.manual_seed(step)  # the same codes
            way()
        ours.step = 0
    theirs = dict(plain.trio.named_parameters())
    moved = {name.split(".")[0]: (theirs[name] - before[name]).abs().max().item() for name in before}
    assert moved.keys() == {"classifier", "generator", "discriminator"} and min(moved.values()) > 0.001
    for name, parameter in ours.model.named_parameters():
        torch.testing.assert_close(parameter, theirs[name], atol=5e-5, rtol=1e-3, msg=lambda t, n=name: f"{n}: {t}")


def test_ours_computes_no_gradient_that_is_thrown_away_and_the_plain_way_does(monkeypatch):
    plain, ours = both_ways(CERTAIN)
    plain.step()
    assert all(parameter.grad is not None for parameter in plain.trio.parameters())
    seen = []
    step = ours.optimiser.step
    monkeypatch.setattr(ours.optimiser, "step", lambda: (seen.append(with_gradient(ours.model)), step()))
    ours.update(Batch(plain.pixels, plain.labels))
    assert seen == [{"discriminator"}, {"generator"}, {"classifier"}]


def operations(work):
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def test_the_operations_that_are_saved_are_those_counted_by_hand():
    plain, ours = both_ways(CERTAIN)
    trio, count, size = plain.trio, CERTAIN.batch_size, CERTAIN.size
    images, codes = torch.zeros(count, 3, size, size), torch.zeros(count, CERTAIN.latent)
    passes = {
        "f": operations(lambda: trio.classifier(images)), "stem of f": operations(lambda: trio.classifier.stem(images)),
        "d": operations(lambda: trio.discriminator(images)), "g": operations(lambda: trio.generator(codes)),
        "first of g": operations(lambda: trio.generator.layers[0](codes[:, :, None, None])),
    }  # fmt: skip
    # While g is led: the gradients of d's and f's weights. While f learns: those of generated images, and all of g's.
    led = passes["d"] + passes["f"]
    learning = passes["stem of f"] + passes["g"] + (passes["g"] - passes["first of g"])
    batch = Batch(plain.pixels, plain.labels)
    assert operations(plain.step) - operations(lambda: ours.update(batch)) == led + learning


def with_gradient(trio):
    return {name.split(".")[0] for name, parameter in trio.named_parameters() if parameter.grad is not None}


def test_the_plain_confidence_is_the_divergence_from_the_uniform_posterior():
    training = plain_gan.Training(replace(CERTAIN, model="wrn-10-1"), 2, CPU)
    training.trio.classifier = nn.Flatten()  # logits are the pixels
    fakes = torch.tensor([[0.0, 3.0]]).log1p().view(1, 2, 1, 1)  # posterior 1/5, 4/5
    expected = 0.5 * torch.tensor([0.5 / 0.2, 0.5 / 0.8]).log().sum()
    assert training.confidence(fakes).item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_plain_network_has_torchs_dropout():
    modules = list(plain_gan.Training(replace(CERTAIN, dropout=0.2), 10, CPU).trio.modules())
    assert not any(isinstance(module, Dropout) for module in modules)
    assert [m.p for m in modules if isinstance(m, nn.Dropout)] == [0.2] * 3


def test_the_step_that_is_measured_is_the_papers():
    recipe = comparisons.GAN
    assert (recipe.model, recipe.batch_size, recipe.beta, recipe.joint_pass) == ("wrn-40-4", 64, 0.1, False)
    assert (recipe.latent, recipe.filters, recipe.size) == (100, 64, 32)
