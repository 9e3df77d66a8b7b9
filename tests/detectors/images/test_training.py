import torch

from oe_core.data.examples import ImageSet
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.training import TASK
from oe_core.parts import training_part

CPU = torch.device("cpu")


def images(count):
    pixels = torch.randint(256, (count, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    return ImageSet("noise", pixels, torch.arange(count) % 4, tuple("abcd"), "embedded")


def lies_in(resident, whole):
    return resident.windows.untyped_storage().data_ptr() == whole.images.untyped_storage().data_ptr()


def recipe(**changes):
    return ImageRecipe("small", "noise", outliers="noise", size=8, batch_size=10, outlier_batch_size=20, holdout=7,
                       outlier_crop_padding=0, **changes)  # fmt: skip


def test_of_sets_that_are_not_padded_no_copy_is_held():
    inliers, outliers = images(60), images(90)
    unpadded = TASK.batches(recipe(crop_padding=0), inliers, outliers, CPU)
    assert lies_in(unpadded.inliers, inliers) and lies_in(unpadded.outliers, outliers)
    assert not lies_in(TASK.batches(recipe(crop_padding=2), inliers, outliers, CPU).inliers, inliers)


def test_batches_hold_the_training_part_and_its_labels_whether_it_is_copied_or_not():
    inliers, outliers = images(60), images(90)
    part = training_part(inliers, recipe())
    known = {image.numpy().tobytes(): int(label) for image, label in zip(part.images, part.labels, strict=True)}
    batches = TASK.batches(recipe(crop_padding=0, flip=False, limit=40), inliers, outliers, CPU)
    assert len(batches) == 4
    seen = [(image.contiguous().numpy().tobytes(), int(label)) for batch in batches.epoch()
            for image, label in zip(batch.inputs, batch.labels, strict=False)]  # fmt: skip
    assert len({image for image, _ in seen}) == 40
    assert all(known[image] == label for image, label in seen)
