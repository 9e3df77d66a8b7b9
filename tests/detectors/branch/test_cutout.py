import pytest
import torch

from oe_core.data.batches import Augmented
from oe_core.detectors.branch.cutout import Cutout


def white(count, size=8):
    return torch.full((count, 3, size, size), 255, dtype=torch.uint8)


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(("side", "row", "column", "rows", "columns"), [
    (4, 3, 5, range(1, 5), range(3, 7)),
    (4, 0, 7, range(0, 2), range(5, 8)),  # cut off by the border
    (3, 3, 5, range(2, 5), range(4, 7)),
])  # fmt: skip
def test_a_hole_is_a_square_around_its_centre_and_the_border_cuts_it_off(side, row, column, rows, columns):
    images = Cutout(Augmented(white(1), 0, flip=False), side, "unit")
    holed = images.batch(torch.tensor([0]), torch.tensor([[0, 0, 0, 1, row, column]]))
    expected = white(1)
    expected[:, :, rows.start : rows.stop, columns.start : columns.stop] = 0
    assert torch.equal(holed, expected)


def test_a_hole_has_the_colour_that_scaling_makes_nearest_to_zero():
    images = Cutout(Augmented(white(1), 0, flip=False), 8, "cifar")
    holed = images.batch(torch.tensor([0]), torch.tensor([[0, 0, 0, 1, 4, 4]]))
    assert holed[0, :, 4, 4].tolist() == [125, 123, 114]


def test_images_without_a_hole_are_those_of_their_source_under_the_same_choices():
    source = Augmented(torch.randint(256, (20, 3, 8, 8), dtype=torch.uint8, generator=generator()), 2, flip=True)
    images, indices = Cutout(source, 4, "cifar"), torch.arange(20)
    choices = images.draw(20, generator())
    whole = choices[:, 3] == 0
    assert 0 < whole.sum() < 20
    batch, plain = images.batch(indices, choices), source.batch(indices, choices[:, :3])
    assert torch.equal(batch[whole], plain[whole])
    assert all(not torch.equal(a, b) for a, b in zip(batch[~whole], plain[~whole], strict=True))


def test_half_of_the_images_have_a_hole_and_its_centre_is_anywhere():
    choices = Cutout(Augmented(white(2), 0, flip=False), 4, "unit").draw(80_000, generator())
    assert choices[:, 3].float().mean().item() == pytest.approx(0.5, abs=0.01)
    for column in (4, 5):
        assert torch.bincount(choices[:, column], minlength=8).float().div(10_000).sub(1).abs().max() < 0.05
