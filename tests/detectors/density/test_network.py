"""PixelCNN++: what a pixel may depend on, how it is initialised, and that its likelihood and its samples agree."""

import math

import pytest
import torch

from oe_core.detectors.density.logistic_mixture import log_likelihood
from oe_core.detectors.density.network import PixelCNN, concat_elu


def images(count=3, size=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 3, size, size), generator=generator) / 127.5 - 1


def network(**settings):
    torch.manual_seed(0)
    model = PixelCNN(**{"filters": 6, "blocks": 1, "mixtures": 2, "dropout": 0.0} | settings)
    model.initialise(images(16))
    return model


def seen_from(model, row, column, size=8):
    """(size, size) bool: which pixels the distribution at (row, column) depends on, by gradient."""
    inputs = images(2, size).requires_grad_()
    model.distribution(inputs)[:, :, row, column].square().sum().backward()
    return inputs.grad.abs().sum(dim=(0, 1)) > 0


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 5), (3, 4), (4, 0), (7, 7)])
def test_a_pixels_distribution_depends_on_no_later_pixel(blocks, row, column):
    seen = seen_from(network(blocks=blocks), row, column)
    assert not seen.flatten()[row * 8 + column :].any()


def test_it_depends_on_every_earlier_pixel():
    seen = seen_from(network(blocks=2), 5, 4)
    assert seen.flatten()[: 5 * 8 + 4].all()


def test_the_likelihood_of_a_sub_pixel_depends_on_no_later_channel():
    parameters, inputs = network().distribution(images(1)).detach(), images(1).requires_grad_()
    alone = parameters.clone()
    alone.unflatten(1, (10, 2))[:, 5:7] = 40.0  # green and blue so wide that their values do not matter
    log_likelihood(alone, inputs).sum().backward()
    assert inputs.grad[:, 0].abs().min() > 0 and inputs.grad[:, 1:].abs().max() < 1e-6


def test_the_first_forward_pass_after_initialisation_is_standardised():
    model, batch = PixelCNN(filters=6, blocks=1, dropout=0.0), images(16)
    model.initialise(batch)
    outputs = {}
    for name, module in model.named_modules():
        if hasattr(module, "first_scale"):
            module.register_forward_hook(lambda module, _, output, name=name: outputs.update({name: (module, output)}))
    model.distribution(batch)
    assert len(outputs) == sum(hasattr(module, "first_scale") for module in model.modules())
    for module, output in outputs.values():
        assert output.mean(dim=(0, 2, 3)).abs().max() < 1e-3
        assert torch.allclose(
            output.std(dim=(0, 2, 3)), torch.tensor(module.first_scale), atol=0.02 * module.first_scale
        )


def test_forward_is_the_negative_log_likelihood_of_each_image_by_itself():
    model, batch = network().eval(), images(4)
    whole = model(batch)
    assert torch.allclose(whole, -log_likelihood(model.distribution(batch), batch))
    assert torch.allclose(whole[2:3], model(batch[2:3]), rtol=1e-5)


def test_the_papers_network_has_the_number_of_parameters_of_the_public_ones():
    def conv(inputs, outputs, rows, columns):
        return inputs * outputs * rows * columns + 2 * outputs  # weight-normed: a scale and a bias each

    f = 160
    above, left = [conv(2 * f, f, 2, w) + conv(2 * f, 2 * f, 2, w) for w in (3, 2)]
    encoder = 5 * (above + left + conv(2 * f, f, 1, 1))
    decoder = above + conv(2 * f, f, 1, 1) + left + conv(4 * f, f, 1, 1)
    resizing = 4 * (conv(f, f, 2, 3) + conv(f, f, 2, 2))
    first = conv(4, f, 2, 3) + conv(4, f, 1, 3) + conv(4, f, 2, 1)
    expected = first + 3 * encoder + (5 + 6 + 6) * decoder + resizing + conv(f, 100, 1, 1)
    assert sum(parameter.numel() for parameter in PixelCNN(160, 5).parameters()) == expected
    assert round(expected / 1e6, 1) == 53.7


def test_dropout_acts_in_training_alone():
    model = network(dropout=0.5)
    batch = images(2)
    assert not torch.equal(model.train()(batch), model(batch))
    assert torch.equal(model.eval()(batch), model(batch))


def test_samples_are_images_that_the_network_finds_likelier_than_noise():
    model, generator = network().train(), torch.Generator().manual_seed(0)
    torch.manual_seed(1)
    flat = (torch.randint(40, 60, (64, 3, 1, 1)) / 127.5 - 1).expand(-1, -1, 8, 8)  # one dark colour each
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(30):
        optimiser.zero_grad()
        model(flat).mean().backward()
        optimiser.step()
    drawn = model.eval().sample(4, 8, generator)
    assert drawn.shape == (4, 3, 8, 8)
    steps = (drawn + 1) * 127.5
    assert torch.allclose(steps, steps.round(), atol=1e-4)
    assert model(drawn).mean() < model(images(4)).mean() - 100


def test_bits_of_a_wide_logistic_in_the_middle_of_its_range():
    flat = torch.zeros(1, 10, 4, 4)
    flat[:, 4:7] = 3.0  # far wider than the range: nearly all mass in the outermost bins, so the middle is rare
    middle = torch.zeros(1, 3, 4, 4) + 1 / 255
    bits = -log_likelihood(flat, middle).item() / (3 * 16 * math.log(2))
    assert bits == pytest.approx(math.log2(255 / 2 * math.exp(3) * 4), abs=0.01)


def test_sizes_that_cannot_be_halved_twice_are_refused():
    with pytest.raises(ValueError, match=r"images of \(10, 8\) px; height and width must be divisible by 4"):
        network()(torch.zeros(1, 3, 10, 8))


def test_concat_elu_of_both_signs():
    assert torch.allclose(concat_elu(torch.tensor([[[[-1.0]]]])).flatten(), torch.tensor([math.exp(-1) - 1, 1.0]))
