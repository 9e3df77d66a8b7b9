"""Density estimators on images small enough to see through: what the losses are, how weights are averaged."""

import math
from dataclasses import replace

import pytest
import torch
from interrupted import Memory
from tqdm import tqdm

from oe_core.data.examples import ImageSet
from oe_core.detectors.density import DENSITY
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.density.training import TASK, final_weights, load, margin, predict, scaled
from oe_core.recipe import fine_tuned
from oe_core.train import fit as train_task

fit = DENSITY.fit
load_model = DENSITY.network

CPU = torch.device("cpu")
TINY = DensityRecipe(
    "tiny", "flat", size=8, filters=4, blocks=1, mixtures=2, dropout=0, epochs=2, batch_size=8, outlier_batch_size=8,
    learning_rate=0.002, rate_decay=1.0, precision="float32",
)  # fmt: skip


def flat(count=48):
    """One colour an image, of a dark range."""
    colours = torch.randint(40, 70, (count, 3, 1, 1), generator=torch.Generator().manual_seed(0))
    pixels = colours.expand(-1, -1, 8, 8).to(torch.uint8)
    return ImageSet("flat", pixels, torch.zeros(count).long(), ("flat",), "folder")


def noisy(count=48):
    pixels = torch.randint(256, (count, 3, 8, 8), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    return ImageSet("noisy", pixels, torch.zeros(count).long(), ("noise",), "folder")


def train(recipe, **settings):
    outliers = noisy() if recipe.outliers else None
    return fit(recipe, flat(), outliers, device=CPU, progress=lambda **bar: tqdm(disable=True, **bar), **settings)


def losses(recipe, weights, images):
    return predict(load_model(recipe, weights, 1, CPU), images, recipe)[:, 0]


def test_it_learns_the_inliers_and_exposure_makes_outliers_cost_more():
    baseline = train(TINY)
    exposed = fine_tuned(TINY, "noisy", epochs=2)
    tuned = train(exposed, initial=baseline.weights)
    before, after = (
        losses(TINY, trained.weights, noisy().images).mean() - losses(TINY, trained.weights, flat().images).mean()
        for trained in (baseline, tuned)
    )
    assert baseline.log[-1]["inlier_loss"] < baseline.log[0]["inlier_loss"] - 0.5
    assert after > before and tuned.log[-1]["outlier_loss"] <= tuned.log[0]["outlier_loss"]


def test_a_new_network_starts_from_the_first_batch_and_a_fine_tuned_one_from_its_parent():
    prepared = []
    task = replace(TASK, prepare=lambda model, images: prepared.append(images))
    quiet = {"device": CPU, "progress": lambda **bar: tqdm(disable=True, **bar)}
    weights = train_task(task, replace(TINY, epochs=1), flat(), **quiet).weights
    train_task(task, fine_tuned(replace(TINY, epochs=1), "noisy"), flat(), noisy(), initial=weights, **quiet)
    assert [images.shape for images in prepared] == [(8, 3, 8, 8)]


def test_images_are_put_on_the_256_values_and_noise_is_rounded_to_them():
    assert scaled(torch.tensor([0, 255, 127], dtype=torch.uint8).view(1, 3, 1, 1)).flatten().tolist() == pytest.approx(
        [-1, 1, 127 / 127.5 - 1]
    )
    noise = torch.tensor([-1.7, 0.001, 1.0]).view(1, 3, 1, 1)
    assert scaled(noise).flatten().tolist() == pytest.approx([-1, 128 / 127.5 - 1, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("unit", "count", "nats_an_image"),
    [
        ("nats", "pixels", 64),
        ("nats", "sub-pixels", 192),
        ("bits", "pixels", 64 * math.log(2)),
        ("bits", "sub-pixels", 192 * math.log(2)),
    ],
)
def test_each_reading_of_the_margin(unit, count, nats_an_image):
    recipe = replace(TINY, margin_unit=unit, margin_count=count)
    assert margin(recipe) * 3 * 8 * 8 == pytest.approx(nats_an_image)


@pytest.mark.parametrize("inlier_likelihood", [True, False])
def test_the_loss_compares_pairs_and_keeps_the_likelihood_if_asked(inlier_likelihood):
    recipe = replace(TINY, inlier_likelihood=inlier_likelihood, margin_unit="nats", oe_weight=2.0)
    in_losses, out_losses = 192 * torch.tensor([1.0, 2.0]), 192 * torch.tensor([1.5, 9.0, 0.0])
    total, inlier_part, outlier_part = TASK.loss(torch.cat([in_losses, out_losses]), torch.zeros(2), recipe)
    assert inlier_part.item() == pytest.approx(1.5)
    assert outlier_part.item() == pytest.approx(((1 + 1 - 1.5) + 0) / 2)  # the second outlier costs enough already
    assert total.item() == pytest.approx((1.5 if inlier_likelihood else 0) + 2 * 0.25)


def test_the_rate_falls_by_a_factor_a_step():
    recipe = replace(TINY, rate_decay=0.9)
    assert [TASK.rate(recipe, position, 6) for position in (0, 1, 7)] == pytest.approx([0.002, 0.0018, 0.002 * 0.9**7])


def test_polyak_averages_are_the_running_mean_of_the_weights():
    parameter = torch.nn.Parameter(torch.zeros(1))
    model = torch.nn.ParameterDict({"w": parameter})
    optimiser = TASK.optimiser([parameter], replace(TINY, polyak=0.75))
    expected, seen = None, []
    for _ in range(4):
        parameter.grad = torch.ones(1)
        optimiser.step()
        seen.append(parameter.item())
        expected = seen[0] if expected is None else 0.75 * expected + 0.25 * seen[-1]
    assert final_weights(model, optimiser)["w"].item() == pytest.approx(expected)
    assert expected > parameter.item(), "the average lags behind the falling weight"


def test_without_polyak_the_last_weights_are_kept():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = TASK.optimiser([parameter], TINY)
    parameter.grad = torch.ones(1)
    optimiser.step()
    assert torch.equal(final_weights(torch.nn.ParameterDict({"w": parameter}), optimiser)["w"], parameter)


def test_an_interrupted_training_goes_on_to_the_same_averaged_weights():
    recipe, memory = replace(TINY, polyak=0.9, dropout=0.2), Memory()
    whole = train(recipe).weights
    with pytest.raises(KeyboardInterrupt):
        train(recipe, checkpoint=memory)
    resumed = train(recipe, checkpoint=memory).weights
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_embedded_sets_say_what_they_stand_in_for_here():
    assert load("photo-china", "test", 8).stand_in_for == "CIFAR-10"
    assert load("font-letters", "train", 8).stand_in_for == "80 Million Tiny Images"
    assert load("digits", "test", 8).stand_in_for == "SVHN"


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match="model='glow' is unknown; the density estimator is a pixelcnn"):
        train(replace(TINY, model="glow"))
