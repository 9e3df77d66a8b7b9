from dataclasses import replace

import pytest
import torch
from torch import nn

from bench import comparisons, plain_language
from oe_core.detectors.language import training
from oe_core.detectors.language.training import TASK
from oe_core.networks.dropout import Dropout

CPU = torch.device("cpu")
CERTAIN = replace(
    comparisons.TINY_QRNN, precision="float32", embedding_dropout=0, input_dropout=0, hidden_dropout=0,
    output_dropout=0, weight_dropout=0,
)  # fmt: skip


def both_ways(recipe):
    """The plain training and our network with the same weights, in training mode."""
    torch.manual_seed(0)
    training = plain_language.Training(recipe, CPU)
    ours = TASK.network(recipe, recipe.vocabulary, CPU).train()
    ours.load_state_dict(training.model.state_dict())
    return training, ours


def our_loss(model, training):
    return TASK.loss(model(training.inputs), training.labels, training.recipe)[0]


def test_both_ways_have_one_loss_and_one_gradient():
    training, ours = both_ways(CERTAIN)
    plain_loss, loss = training.loss(), our_loss(ours, training)
    assert loss.item() == pytest.approx(plain_loss.item(), rel=1e-6)
    plain_loss.backward()
    loss.backward()
    theirs = dict(training.model.named_parameters())
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs[name].grad, msg=lambda text, name=name: f"{name}: {text}")


def test_both_ways_make_one_step():
    training, ours = both_ways(replace(CERTAIN, clip=0.05))
    before = {name: tensor.clone() for name, tensor in training.model.state_dict().items()}
    optimiser = TASK.optimiser(ours.parameters(), training.recipe)
    our_loss(ours, training).backward()
    optimiser.step()
    training.step()
    moved = training.model.state_dict()
    step = torch.cat([(moved[name] - before[name]).flatten() for name in before])
    assert step.norm() == pytest.approx(0.05 * training.recipe.learning_rate, rel=1e-3), "the clip must matter here"
    for name, tensor in ours.state_dict().items():
        torch.testing.assert_close(tensor, moved[name], atol=1e-7, rtol=1e-6)


def test_the_plain_recurrence_by_hand():
    f, z = torch.tensor([0.5, 0.25, 1.0]), torch.tensor([4.0, 8.0, 3.0])
    h = plain_language.recurrence(f.view(3, 1, 1), z.view(3, 1, 1))
    assert h.flatten().tolist() == [2.0, 0.25 * 8 + 0.75 * 2, 3.0]


def test_the_plain_network_draws_every_mask_with_torchs_dropout():
    recipe = replace(
        comparisons.TINY_QRNN, embedding_dropout=0.1, input_dropout=0.2, hidden_dropout=0.3, output_dropout=0.4,
        weight_dropout=0.5,
    )  # fmt: skip
    modules = list(plain_language.network(recipe, CPU).modules())
    assert not any(isinstance(module, Dropout) for module in modules)
    assert sorted(m.p for m in modules if isinstance(m, nn.Dropout)) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.5]


def test_no_validation_is_timed(monkeypatch):
    monkeypatch.setattr(training, "predict", lambda *_: pytest.fail("a validation ran"))
    result = comparisons.language_step(comparisons.TINY_QRNN, CPU, steps=2, warm_up=1, rounds=2)
    assert len(result.ours) == len(result.ratios) == 2 and result.items == (3 + 4) * 7


def test_random_words_are_of_the_asked_kinds_and_hold_out_the_asked_number():
    words = comparisons.random_words("random words", 300, 40, 10)
    assert (len(words.training), len(words.validation)) == (300, 40)
    assert words.ids.unique().tolist() == list(range(10)) and words.vocabulary(10) == words.classes


def test_the_operations_of_a_language_step_are_those_counted_by_hand():
    recipe = comparisons.TINY_QRNN
    result = comparisons.language_step(recipe, CPU, steps=1, warm_up=1, rounds=1)
    first, last = 2 * 8 * 3 * 12, 12 * 3 * 8  # multiply-adds a word, z, f and o; the first layer sees two words
    assert result.flops == (3 + 4) * 7 * (first + last + 8 * 30) * 2 * 3


def test_the_language_step_that_is_measured_is_the_papers():
    recipe = comparisons.QRNN
    assert (recipe.layers, recipe.hidden, recipe.embedding, recipe.vocabulary) == (4, 1550, 400, 10_000)
    assert (recipe.length, recipe.batch_size, recipe.outlier_batch_size, recipe.optimiser) == (70, 20, 20, "asgd")
