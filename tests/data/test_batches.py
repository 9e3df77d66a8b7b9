import pytest
import torch
import torch.nn.functional as F
from torchvision.transforms import v2

from oe_core.data.batches import Augmented, JointBatches, network_inputs, outlier_indices


def numbered_images(count, size=8):
    return torch.randint(1, 256, (count, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_augmented_image_is_the_chosen_crop_of_the_padded_image_mirrored_when_chosen():
    images = numbered_images(40)
    augmented = Augmented(images, 4, flip=True)
    choices = augmented.draw(40, generator())
    out = augmented.batch(torch.arange(40), choices)
    padded = F.pad(images, [4] * 4)
    for index, (row, column, flip) in enumerate(choices.tolist()):
        window = padded[index, :, row : row + 8, column : column + 8]
        assert torch.equal(out[index], window.flip(2) if flip else window)


def test_crops_and_flips_are_uniform():
    choices = Augmented(numbered_images(2), 4, flip=True).draw(90_000, generator())
    for axis in (0, 1):
        assert torch.bincount(choices[:, axis], minlength=9).float().div(10_000).sub(1).abs().max() < 0.05
    assert choices[:, 2].float().mean().item() == pytest.approx(0.5, abs=0.01)


def test_without_padding_and_flip_images_come_back_untouched():
    images = numbered_images(10)
    augmented = Augmented(images, 0, flip=False)
    out = augmented.batch(torch.arange(10), augmented.draw(10, generator()))
    assert torch.equal(out, images)
    assert augmented.windows.untyped_storage().data_ptr() == images.untyped_storage().data_ptr()  # no copy of the set


@pytest.mark.parametrize("scaling", ["cifar", "imagenet"])
def test_scaling_equals_torchvisions_totensor_and_normalize(scaling):
    from oe_core.data.batches import CHANNEL_STATISTICS

    images = numbered_images(5)
    reference = v2.Normalize(*CHANNEL_STATISTICS[scaling])(v2.ToDtype(torch.float32, scale=True)(images))
    assert torch.allclose(network_inputs(images, scaling), reference, atol=1e-5)
    assert torch.allclose(network_inputs(images.float() / 255, scaling), reference, atol=1e-5)


def test_unit_scaling_fills_zero_to_one():
    extremes = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 4, 4).contiguous()
    inputs = network_inputs(extremes, "unit")
    assert inputs[0].max() == 0
    assert inputs[1].min() == inputs[1].max() == 1


def test_contiguous_outliers_read_on_from_a_random_offset_and_wrap_around():
    indices = outlier_indices(100, 250, "contiguous", generator())
    assert torch.equal(indices.diff() % 100, torch.ones(249, dtype=torch.int64))
    starts = {int(outlier_indices(100, 1, "contiguous", generator(seed))) for seed in range(20)}
    assert len(starts) > 10


def test_shuffled_outliers_use_each_once_before_any_twice():
    indices = outlier_indices(100, 250, "shuffled", generator())
    assert sorted(indices[:100].tolist()) == list(range(100))
    assert sorted(indices[100:200].tolist()) == list(range(100))


def joint(count=20, outliers=True):
    images = numbered_images(count)
    outlier_images = Augmented(numbered_images(30), 0, False) if outliers else None
    return JointBatches(Augmented(images, 0, False), torch.arange(count), 8, generator(), outlier_images, 16)


def test_an_epoch_shows_every_inlier_once_and_the_last_batch_is_smaller():
    batches = list(joint().epoch())
    assert [len(batch.labels) for batch in batches] == [8, 8, 4]
    assert [len(batch.inputs) for batch in batches] == [24, 24, 20]
    assert sorted(torch.cat([batch.labels for batch in batches]).tolist()) == list(range(20))


def test_labels_belong_to_their_images():
    images = numbered_images(20)
    for batch in joint().epoch():
        assert torch.equal(batch.inputs[: len(batch.labels)], images[batch.labels])


def test_an_epoch_entered_late_gives_the_same_remaining_batches():
    whole, late = list(joint().epoch()), list(joint().epoch(first_step=1))
    assert len(late) == 2
    for expected, got in zip(whole[1:], late, strict=True):
        assert torch.equal(expected.inputs, got.inputs)
        assert torch.equal(expected.labels, got.labels)


def test_two_epochs_have_different_orders():
    batches = joint(outliers=False)
    first, second = (torch.cat([batch.labels for batch in batches.epoch()]) for _ in range(2))
    assert not torch.equal(first, second)
