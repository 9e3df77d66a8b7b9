"""Confidence branches on a task with easy and impossible images: what they learn, lambda, collapse, resumption."""

import logging
import math
from dataclasses import replace

import pytest
import torch
from interrupted import Memory
from tqdm import tqdm

from oe_core.data.examples import ImageSet
from oe_core.detectors.branch import BRANCH
from oe_core.detectors.branch.cutout import Cutout
from oe_core.detectors.branch.recipe import BranchRecipe
from oe_core.detectors.branch.training import TASK, branch_loss, collapse, confidences
from oe_core.recipe import fine_tuned

fit = BRANCH.fit
load_model = BRANCH.network

CPU = torch.device("cpu")
TINY = BranchRecipe(
    "tiny", "shades", model="wrn-10-1", size=8, scaling="unit", epochs=3, milestones=(), batch_size=16, crop_padding=0,
    flip=False, outlier_batch_size=16, outlier_crop_padding=0, outlier_flip=False, cutout=0, learning_rate=0.05,
    precision="float32",
)  # fmt: skip


def pixels(count, seed, low, high):
    return torch.randint(low, high, (count, 3, 8, 8), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def shades(count=96):
    """Dark and bright images with their labels, and among them grey ones whose label is anybody's guess."""
    labels = torch.arange(count) % 2
    images = torch.where(labels.view(-1, 1, 1, 1).bool(), pixels(count, 0, 200, 255), pixels(count, 1, 0, 60))
    images[: count // 3] = pixels(count // 3, 2, 100, 150)
    return ImageSet("shades", images, labels, ("dark", "bright"), "folder")


def checks(count=96):
    images = pixels(count, 3, 0, 255)
    images[:, 0] = 255  # red
    return ImageSet("checks", images, torch.zeros(count).long(), ("check",), "folder")


def train(recipe, **settings):
    outliers = checks() if recipe.outliers else None
    return fit(recipe, shades(), outliers, device=CPU, progress=lambda **bar: tqdm(disable=True, **bar), **settings)


def confidence_of(recipe, trained, images):
    return confidences(load_model(recipe, trained.weights, 2, CPU), images, recipe)


@pytest.fixture(scope="module")
def baseline():
    recipe = replace(TINY, epochs=12)
    return recipe, train(recipe)


def test_the_branch_learns_to_be_unsure_of_images_whose_label_is_a_guess(baseline):
    recipe, trained = baseline
    found = confidence_of(recipe, trained, shades().images)
    assert found[:32].mean() < found[32:].mean() - 0.1


def test_exposure_lowers_the_confidence_of_outliers_and_leaves_that_of_clear_inliers(baseline):
    recipe, trained = baseline
    exposed = fine_tuned(recipe, "checks", epochs=8, learning_rate=0.02)
    tuned = train(exposed, initial=trained.weights)
    before, after = (confidence_of(recipe, t, checks().images).mean() for t in (trained, tuned))
    assert after < min(0.05, before / 2)
    assert confidence_of(exposed, tuned, shades().images[32:]).mean() > 0.5
    assert tuned.log[-1]["outlier_loss"] < tuned.log[0]["outlier_loss"] < 0


def test_lambda_takes_one_factor_a_step_and_fine_tuning_goes_on_from_it(baseline):
    recipe, trained = baseline
    steps = recipe.epochs * 6

    def falls(weight, first, steps):
        """How many of the steps lowered lambda; a whole number if each step took one of the two factors."""
        return (math.log(first / weight) + steps * math.log(1 / 0.99)) / (math.log(1.01) + math.log(1 / 0.99))

    first, second = trained.log[0]["lambda"], trained.log[-1]["lambda"]
    for count in (falls(first, 0.1, 6), falls(second, 0.1, steps)):
        assert count == pytest.approx(round(count), abs=1e-3)
    exposed = fine_tuned(recipe, "checks", epochs=1, learning_rate=0.001)
    count = falls(train(exposed, initial=trained.weights).log[0]["lambda"], second, 6)
    assert count == pytest.approx(round(count), abs=1e-3) and 0 <= round(count) <= 6


def test_every_epoch_says_where_lambda_and_the_confidences_are(baseline):
    recipe, trained = baseline
    last, found = trained.log[-1], confidence_of(recipe, trained, shades().images)
    assert trained.weights["penalty_weight"].item() == pytest.approx(last["lambda"])
    assert (last["confidence"], last["confidence_std"]) == pytest.approx((found.mean().item(), found.std().item()))
    percentiles = [last[f"confidence_{share}"] for share in (5, 50, 95)]
    assert percentiles == pytest.approx(found.quantile(torch.tensor([0.05, 0.5, 0.95])).tolist())


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ([0.99] * 100, "high"),
        ([0.02] * 100, "low"),
        ([0.30] * 3 + [0.99] * 97, "high"),  # a few examples are no spread
        ([0.52] * 100, "level"),
        ([0.30] * 10 + [0.99] * 90, ""),
        ([0.001] * 90 + [0.2] * 10, ""),
    ],
)
def test_a_collapse_is_when_nine_tenths_of_the_confidences_are_alike(found, word):
    assert collapse(torch.tensor(found)) == word


@pytest.mark.parametrize(("budget", "weight", "word"), [(0.0, 10.0, "high"), (9.0, 1e-4, "low")])
def test_a_budget_that_lets_the_branch_collapse_is_warned_of_once(budget, weight, word, caplog):
    # No budget: the penalty is raised for ever. No limit: every hint is taken.
    with caplog.at_level(logging.WARNING, logger="oe_core"):
        trained = train(replace(TINY, epochs=12, budget=budget, confidence_weight=weight, learning_rate=0.3))
    assert trained.log[-1]["collapse"] == word
    news = [record.getMessage() for record in caplog.records]
    first = next(row["epoch"] for row in trained.log if row["collapse"] == word)
    assert f"epoch {first} of 12: the confidence branch has collapsed, all confidences are {word}" in news[0]
    assert f"epoch 12 of 12: the confidence branch has collapsed, all confidences are {word}" in news[-1]
    assert f"budget {budget:g}" in news[-1]


def test_a_branch_that_has_not_learned_yet_is_warned_of_at_the_last_epoch_alone(caplog):
    with caplog.at_level(logging.WARNING, logger="oe_core"):
        trained = train(replace(TINY, epochs=2, learning_rate=1e-5))
    assert [row["collapse"] for row in trained.log] == ["level", "level"]
    (news,) = (record.getMessage() for record in caplog.records)
    assert "'tiny' (seed 0), epoch 2 of 2: the confidence branch has collapsed, all confidences are level" in news


def test_the_joint_loss_by_hand():
    """One inlier with p_y = 1/4, b = 1/2 and a hint; two outliers with b = 1/2 and 1/8."""
    logits = torch.tensor([[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]]).log()
    outputs = torch.cat([logits, torch.tensor([[0.0], [0.0], [math.log(1 / 7)]])], dim=1)
    total, inlier_part, outlier_part, penalty = branch_loss(
        outputs, torch.tensor([0]), torch.tensor([True]), torch.tensor(0.1), 0.5
    )
    assert penalty.item() == pytest.approx(math.log(2))
    assert inlier_part.item() == pytest.approx(-math.log(0.5 * 0.25 + 0.5) + 0.1 * math.log(2))
    assert outlier_part.item() == pytest.approx((math.log(1 / 2) + math.log(1 / 8)) / 2)
    assert total.item() == pytest.approx(inlier_part.item() + 0.5 * outlier_part.item())


def test_without_hints_nothing_holds_the_confidences_down_and_the_penalty_is_not_needed(baseline):
    recipe, with_hints = baseline
    without = train(replace(recipe, hints=False))
    assert without.log[-1]["confidence"] > with_hints.log[-1]["confidence"]
    assert without.log[-1]["lambda"] < with_hints.log[-1]["lambda"]


def test_the_rate_falls_at_the_milestones_and_on_a_cosine_without():
    steps = replace(TINY, epochs=10, milestones=(2, 5), learning_rate=1.0, drop=0.5)
    assert [TASK.rate(steps, position, 4) for position in (0, 7, 8, 19, 20, 39)] == [1, 1, 0.5, 0.5, 0.25, 0.25]
    assert TASK.rate(replace(steps, milestones=()), 19, 4) == pytest.approx(0.5, rel=1e-4)


def test_holes_are_cut_into_inliers_and_outliers_alike():
    recipe = fine_tuned(replace(TINY, cutout=4), "checks")
    made = TASK.batches(recipe, shades(), checks(), CPU)
    assert isinstance(made.inliers, Cutout) and isinstance(made.outliers, Cutout)
    inputs = torch.cat([batch.inputs for batch in made.epoch()])
    holed = (inputs == 0).all(dim=1).sum(dim=(1, 2)) >= 4
    is_outlier = (torch.arange(len(inputs)) % 32) >= 16
    assert holed[is_outlier].float().mean() == pytest.approx(0.5, abs=0.2)
    assert holed[~is_outlier].any()


def test_an_interrupted_training_goes_on_to_the_same_weights_and_the_same_lambda(baseline):
    recipe, trained = baseline
    exposed, memory = fine_tuned(replace(recipe, cutout=4), "checks", epochs=2, learning_rate=0.02), Memory()
    whole = train(exposed, initial=trained.weights)
    with pytest.raises(KeyboardInterrupt):
        train(exposed, initial=trained.weights, checkpoint=memory)
    resumed = train(exposed, initial=trained.weights, checkpoint=memory)
    assert all(torch.equal(whole.weights[name], resumed.weights[name]) for name in whole.weights)
    assert [row["lambda"] for row in whole.log] == [row["lambda"] for row in resumed.log]
