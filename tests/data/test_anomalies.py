import math
from itertools import product

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from oe_core.data.anomalies import (
    ANOMALIES,
    ANOMALY_NAMES,
    FAR,
    JIGSAWS,
    NEAR,
    VALIDATION,
    YOURS,
    anomalies,
    distance,
    validation_anomalies,
)
from oe_core.data.catalog import CATALOG, subject_of

FORMS = [("gaussian", False), ("gaussian", True), ("bernoulli", False), ("rademacher", True),
         ("blobs", False), ("blobs", True), ("uniform", False), ("uniform", True)]  # fmt: skip
CORRUPTIONS = [name for name in VALIDATION if name != "uniform-noise"]


def photographs(count: int, size: int = 16) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(7).integers(0, 256, (count, 3, size, size), dtype=np.uint8))


@pytest.mark.parametrize(("name", "signed"), FORMS)
def test_anomalies_lie_in_the_range_of_their_form(name, signed):
    images = anomalies(name, 70, 16, signed, 0)
    assert images.shape == (70, 3, 16, 16) and images.dtype == torch.float32
    assert images.min() >= (-1 if signed else 0) and images.max() <= 1


@pytest.mark.parametrize(("name", "signed"), FORMS)
def test_the_first_images_do_not_depend_on_the_count(name, signed):
    few, many = anomalies(name, 5, 8, signed, 3), anomalies(name, 150, 8, signed, 3)
    assert torch.equal(few, many[:5])
    assert torch.equal(anomalies(name, 130, 8, signed, 3), many[:130])


@pytest.mark.parametrize(("name", "signed"), FORMS)
def test_another_seed_gives_other_images(name, signed):
    assert not torch.equal(anomalies(name, 4, 8, signed, 0), anomalies(name, 4, 8, signed, 1))


def test_gaussian_noise_has_the_moments_of_a_clipped_normal():
    for signed, centre, edges in ((True, 0.0, 2.0), (False, 0.5, 1.0)):
        noise = anomalies("gaussian", 200, 32, signed, 0)
        assert noise.mean().item() == pytest.approx(centre, abs=0.002)
        # The share beyond `edges` standard deviations sits exactly on the two ends: 4.55 % and 31.7 %.
        beyond = math.erfc(edges / math.sqrt(2))
        low, high = (-1, 1) if signed else (0, 1)
        assert (noise == low).float().mean().item() == pytest.approx(beyond / 2, abs=0.002)
        assert (noise == high).float().mean().item() == pytest.approx(beyond / 2, abs=0.002)
        inner = ((noise - centre).abs() < 0.25).float().mean().item()
        assert inner == pytest.approx(math.erf(0.5 / math.sqrt(2)), abs=0.003)


def test_coin_flips_take_two_values_equally_often():
    for name, signed, low in (("bernoulli", False, 0), ("rademacher", True, -1)):
        flips = anomalies(name, 100, 32, signed, 0)
        assert flips.unique().tolist() == [low, 1]
        assert (flips == 1).float().mean().item() == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize(("name", "signed"), FORMS)
def test_grey_anomalies_have_three_equal_channels(name, signed):
    images = anomalies(name, 70, 16, signed, 0, grey=True)
    assert images.shape == (70, 3, 16, 16)
    assert torch.equal(images[:, 0], images[:, 1]) and torch.equal(images[:, 0], images[:, 2])
    assert torch.equal(images[:5], anomalies(name, 5, 16, signed, 0, grey=True))


def test_luminance_of_grey_noise_keeps_its_values_where_that_of_coloured_noise_mixes_three():
    weights = torch.tensor([0.2989, 0.5870, 0.1140]).view(3, 1, 1)
    flips = {grey: anomalies("bernoulli", 50, 28, False, 0, grey=grey) for grey in (True, False)}
    levels = {grey: len((images * weights).sum(dim=1).round(decimals=3).unique()) for grey, images in flips.items()}
    assert levels == {True: 2, False: 8}


def test_uniform_noise_has_the_moments_of_a_uniform():
    noise = anomalies("uniform", 100, 32, True, 0)
    assert noise.mean().item() == pytest.approx(0, abs=0.005)
    assert noise.std().item() == pytest.approx(1 / math.sqrt(3), abs=0.003)


@pytest.mark.parametrize(("size", "sigma"), [(16, 1.5), (32, 1.5), (33, 2.0), (64, 2.0)])
@pytest.mark.parametrize("across_channels", [True, False])
def test_blobs_are_blurred_coin_flips_cut_at_three_quarters(size, sigma, across_channels):
    spots = (np.random.default_rng(4).random((3, 3, size, size), np.float32) < 0.7).astype(np.float64)
    for axis in (1, 2, 3) if across_channels else (2, 3):
        spots = gaussian_filter1d(spots, sigma, axis, mode="nearest")
    expected = np.where(spots < 0.75, 0, spots)
    ours = anomalies("blobs", 3, size, False, 4, across_channels=across_channels).numpy()
    sure = np.abs(spots - 0.75) > 1e-5  # rounding may decide the pixels on the threshold
    assert np.abs(ours - expected)[sure].max() < 1e-5


def test_blobs_have_no_value_between_zero_and_the_threshold_and_the_signed_form_doubles_them():
    unit, signed = (anomalies("blobs", 20, 32, form, 0) for form in (False, True))
    assert ((unit == 0) | (unit >= 0.75)).all()
    assert 0.1 < (unit > 0).float().mean() < 0.4
    assert torch.equal(signed, 2 * unit - 1)


def test_blurring_across_channels_makes_the_channels_alike():
    def correlation(across_channels):
        blobs = anomalies("blobs", 50, 32, False, 0, across_channels=across_channels)
        return torch.corrcoef(blobs.transpose(0, 1).flatten(1))[0, 1].item()

    assert correlation(True) > 0.3
    assert correlation(False) == pytest.approx(0, abs=0.1)


def test_no_images_are_an_empty_tensor():
    assert anomalies("blobs", 0, 8, False, 0).shape == (0, 3, 8, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("noise", 1, 8, True, 0), "name='noise' is unknown; choose one of gaussian, rademacher, bernoulli, blobs"),
        (("rademacher", 1, 8, False, 0), "with signed=False use 'bernoulli'"),
        (("bernoulli", 1, 8, True, 0), "with signed=True use 'rademacher'"),
        (("gaussian", -1, 8, True, 0), "count=-1 must not be negative"),
        (("gaussian", 1, 0, True, 0), "size=0 must be at least 1 pixel"),
        (("gaussian", 1, 8, True, -2), "seed=-2 must not be negative"),
    ],
)
def test_arguments_outside_what_is_allowed_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        anomalies(*arguments)


def test_every_anomaly_has_a_printed_name():
    assert set(ANOMALY_NAMES) == ANOMALIES == {"gaussian", "rademacher", "bernoulli", "blobs"}
    assert ANOMALY_NAMES["rademacher"] == "Rademacher"


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corruptions_keep_the_shape_repeat_under_their_seed_and_stay_in_range(name):
    images = photographs(6)
    corrupted = validation_anomalies(name, images, 1)
    assert corrupted.shape == images.shape and corrupted.dtype == torch.float32
    assert 0 <= corrupted.min() and corrupted.max() <= 1
    assert torch.equal(corrupted, validation_anomalies(name, images, 1))
    assert not torch.allclose(corrupted, images / 255)


@pytest.mark.parametrize("name", ["jigsaw", "speckle", "pixelate", "rgb-ghost", "inversion"])
def test_the_corruption_of_the_first_images_does_not_depend_on_the_others(name):
    images = photographs(8)
    assert torch.equal(validation_anomalies(name, images[:3], 1), validation_anomalies(name, images, 1)[:3])


def test_means_of_two_flat_images_by_hand():
    images = torch.stack([torch.full((3, 4, 4), value, dtype=torch.uint8) for value in (51, 204)])  # 0.2 and 0.8
    assert torch.allclose(validation_anomalies("arithmetic-mean", images, 0), torch.tensor(0.5))
    assert torch.allclose(validation_anomalies("geometric-mean", images, 0), torch.tensor(0.4))


def test_means_pair_every_image_with_another_one():
    # Image i is 1 in pixel i alone, so its arithmetic mean shows both partners and its geometric mean is black.
    images = (torch.eye(16).view(16, 1, 4, 4) * 255).to(torch.uint8).expand(-1, 3, -1, -1)
    means = validation_anomalies("arithmetic-mean", images, 0)[:, 0].flatten(1)
    assert torch.equal((means == 0.5).sum(dim=1), torch.full((16,), 2))
    assert torch.equal(means.diagonal(), torch.full((16,), 0.5))
    assert validation_anomalies("geometric-mean", images, 0).max() == 0


def test_the_geometric_mean_never_exceeds_the_arithmetic_mean_of_the_same_pair():
    images = photographs(20)
    geometric, arithmetic = (validation_anomalies(f"{kind}-mean", images, 5) for kind in ("geometric", "arithmetic"))
    assert (geometric <= arithmetic + 1e-6).all()


def test_jigsaw_permutes_sixteen_whole_patches():
    images = photographs(12, 16)
    shuffled = (validation_anomalies("jigsaw", images, 0) * 255).round().to(torch.uint8)

    def patches(batch):
        cut = batch.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5)
        return [{patch.numpy().tobytes() for patch in image.flatten(0, 1)} for image in cut]

    assert patches(shuffled) == patches(images)
    assert all(len(image) == 16 for image in patches(images))


def test_jigsaw_moves_a_patch_to_every_place_equally_often():
    marked = torch.zeros(3200, 3, 4, 4, dtype=torch.uint8)
    marked[:, :, 0, 0] = 255
    places = validation_anomalies("jigsaw", marked, 0)[:, 0].flatten(1).argmax(dim=1).bincount(minlength=16)
    assert places.sum() == 3200 and (places - 200).abs().max() < 60


@pytest.mark.parametrize("size", [4, 32])
def test_the_codes_jigsaw_by_hand(size):
    # Which of sixteen patches, numbered row by row, ends up where. In the code they are 8 pixels wide.
    moved = [[4, 5, 8, 9], [0, 1, 12, 13], [10, 11, 3, 2], [14, 15, 7, 6]]
    images, side = photographs(3, size), size // 4
    swapped = validation_anomalies("jigsaw", images, 0, jigsaw="code")
    for row, column in product(range(4), range(4)):
        from_row, from_column = divmod(moved[row][column], 4)
        expected = images[..., from_row * side :, from_column * side :][..., :side, :side] / 255
        assert torch.equal(swapped[..., row * side :, column * side :][..., :side, :side], expected)
    assert torch.equal(validation_anomalies("jigsaw", images, 7, jigsaw="code"), swapped)  # nothing is random


def test_whose_jigsaw_matters_to_no_other_corruption_and_must_be_known():
    images = photographs(4)
    speckled = [validation_anomalies("speckle", images, 1, jigsaw=jigsaw) for jigsaw in JIGSAWS]
    assert torch.equal(*speckled)
    with pytest.raises(ValueError, match="jigsaw='paper' is unknown; choose one of text, code"):
        validation_anomalies("jigsaw", images, 0, jigsaw="paper")
    with pytest.raises(ValueError, match="10 x 10 pixels do not allow"):
        validation_anomalies("jigsaw", photographs(2, 10), 0, jigsaw="code")


def test_speckle_is_proportional_to_the_brightness():
    images = torch.full((200, 3, 16, 16), 51, dtype=torch.uint8)  # 0.2: clipped at 0 below -1 sigma, rarely at 1
    noisy = validation_anomalies("speckle", images, 0)
    assert (noisy == 0).float().mean().item() == pytest.approx(0.1587, abs=0.003)
    assert noisy.median().item() == pytest.approx(0.2, abs=0.003)
    assert validation_anomalies("speckle", torch.zeros_like(images), 0).max() == 0


def test_pixelate_averages_boxes_of_a_fifth():
    images = photographs(2, 10)
    blocks = images.float().unfold(2, 5, 5).unfold(3, 5, 5).mean(dim=(4, 5))
    expected = blocks.repeat_interleave(5, dim=2).repeat_interleave(5, dim=3)
    # Pillow rounds after the rows and again after the columns.
    assert torch.allclose(validation_anomalies("pixelate", images, 0) * 255, expected, atol=1.01)


def test_pixelate_equals_pillows_box_filter_at_32_pixels():
    images = photographs(1, 32)
    image = Image.fromarray(images[0].permute(1, 2, 0).numpy())
    expected = np.asarray(image.resize((6, 6), Image.Resampling.BOX).resize((32, 32), Image.Resampling.BOX))
    ours = (validation_anomalies("pixelate", images, 0)[0].permute(1, 2, 0) * 255).round().numpy()
    assert np.array_equal(ours, expected)


def test_rgb_ghost_and_inversion_by_hand():
    red, green, blue = [[0, 51]], [[102, 153]], [[204, 255]]
    image = torch.tensor([[red, green, blue]], dtype=torch.uint8)
    ghost = validation_anomalies("rgb-ghost", image, 0)[0].flatten(1)
    assert torch.allclose(ghost, torch.tensor([[0.6, 0.4], [0.8, 1.0], [0.0, 0.2]]))
    inverted = validation_anomalies("inversion", image, 0)[0].flatten(1)
    assert torch.allclose(inverted, torch.tensor([[0.0, 0.2], [0.6, 0.4], [0.2, 0.0]]))


@pytest.mark.parametrize(
    ("name", "images", "message"),
    [
        ("swirl", photographs(2), "name='swirl' is no corruption; choose one of arithmetic-mean, geometric-mean"),
        ("uniform-noise", photographs(2), r"uniform noise needs no images: anomalies\('uniform'"),
        ("jigsaw", photographs(2, 10), "4 x 4 equal patches, which 10 x 10 pixels do not allow"),
        ("arithmetic-mean", photographs(1), "needs at least 2 of them, got 1"),
        ("speckle", photographs(2).float(), r"must be uint8 \(n, 3, height, width\), got torch.float32"),
        ("speckle", photographs(2)[:, :1], r"got torch.uint8 \(2, 1, 16, 16\)"),
    ],
)
def test_corruptions_refuse_what_does_not_fit(name, images, message):
    with pytest.raises(ValueError, match=message):
        validation_anomalies(name, images, 0)


@pytest.mark.parametrize(
    ("out_dist", "in_dist", "expected"),
    [
        ("cifar100", "cifar10", NEAR), ("tiny-imagenet", "cifar100", NEAR), ("svhn", "cifar10", FAR),
        ("font-letters", "digits", NEAR), ("photo-flower", "digits", FAR), ("negative", "mnist", NEAR),
        ("gaussian", "cifar10", FAR), ("imdb", "sst", NEAR), ("snli", "sst", FAR),
        ("cifar100", "cifar10~part=500", NEAR), ("cifar100~noise=0.2", "cifar10", NEAR),
        ("intel-scenes", "places365", NEAR), ("emoji", "cifar10", FAR),
        ("mine", "cifar10", YOURS), ("cifar10", "mine", YOURS), ("gaussian", "mine", FAR),
    ],
)  # fmt: skip
def test_anomalies_of_the_inliers_subject_are_near_and_noise_is_far(out_dist, in_dist, expected):
    assert distance(out_dist, in_dist) == expected


def test_every_set_of_the_catalog_has_a_subject_and_so_have_all_that_may_stand_in():
    stand_ins = {key for row in CATALOG.values() for key in row.stand_ins}
    assert [key for key in sorted(CATALOG.keys() | stand_ins) if not subject_of(key)] == []
