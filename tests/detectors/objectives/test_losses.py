import math

import pytest
import torch
import torch.nn.functional as F

from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.objectives.losses import (
    OBJECTIVES,
    class_prior,
    energy_margins,
    hard_outliers,
    multilabel,
    reject_class,
)
from oe_core.detectors.objectives.losses import OBJECTIVES as NAMES
from oe_core.detectors.objectives.recipe import with_objective
from oe_core.losses import outlier_exposure

GENERATOR = torch.Generator().manual_seed(0)
RECIPE = ImageRecipe("digits", "digits")
LOGITS, LABELS = torch.randn(12, 4, generator=GENERATOR), torch.tensor([0, 1, 1, 3])


def test_every_name_of_a_recipe_has_a_loss():
    assert set(OBJECTIVES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_total_is_the_inlier_part_and_the_weighed_outlier_part(name):
    total, inlier_part, outlier_part = OBJECTIVES[name].loss(LOGITS, LABELS, with_objective(RECIPE, name))
    assert total.item() == pytest.approx(inlier_part.item() + 0.5 * outlier_part.item())
    assert outlier_part > 0


@pytest.mark.parametrize("name", NAMES)
def test_without_outliers_only_the_inliers_count(name):
    total, inlier_part, outlier_part = OBJECTIVES[name].loss(LOGITS[:4], LABELS, with_objective(RECIPE, name))
    assert total == inlier_part and outlier_part == 0


def test_all_outliers_are_hard_when_the_share_is_one():
    whole = hard_outliers(LOGITS, LABELS, 0.5, share=1.0)
    for ours, plain in zip(whole, outlier_exposure(LOGITS, LABELS, 0.5), strict=True):
        assert ours.item() == pytest.approx(plain.item())


def test_hard_outliers_are_those_furthest_from_uniform():
    certain, unsure = torch.tensor([[9.0, 0.0]]), torch.zeros(3, 2)
    logits = torch.cat([torch.zeros(1, 2), unsure, certain])
    *_, outlier_part = hard_outliers(logits, torch.tensor([0]), 0.5, share=0.25)
    assert outlier_part.item() == pytest.approx(-F.log_softmax(certain, 1).mean().item())
    *_, two = hard_outliers(logits, torch.tensor([0]), 0.5, share=0.26)  # rounded up
    assert two.item() == pytest.approx((outlier_part.item() + math.log(2)) / 2)


@pytest.mark.parametrize(("share", "hardest"), [(0.07, 7), (0.14, 14), (0.28, 28), (0.55, 55), (0.321, 33)])
def test_a_share_that_is_a_whole_number_of_outliers_takes_no_more(share, hardest):
    outliers = torch.zeros(100, 2)
    outliers[:, 0] = torch.arange(100) / 10
    *_, part = hard_outliers(torch.cat([torch.zeros(1, 2), outliers]), torch.tensor([0]), 0.5, share)
    losses = -F.log_softmax(outliers, 1).mean(1)
    assert part.item() == pytest.approx(losses.sort(descending=True).values[:hardest].mean().item())


def test_class_prior_by_hand():
    posterior = torch.tensor([[0.7, 0.2, 0.1]])
    logits = torch.cat([torch.zeros(4, 3), posterior.log()])
    *_, outlier_part = class_prior(logits, torch.tensor([0, 0, 0, 2]), 1.0)
    assert outlier_part.item() == pytest.approx(-(0.75 * math.log(0.7) + 0.25 * math.log(0.1)))


def test_class_prior_of_balanced_labels_is_the_uniform_distribution():
    labels = torch.tensor([0, 1, 2, 3])
    for ours, plain in zip(class_prior(LOGITS, labels, 0.5), outlier_exposure(LOGITS, labels, 0.5), strict=True):
        assert ours.item() == pytest.approx(plain.item())


def test_reject_class_is_the_last_output():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]))
    _, inlier_part, outlier_part = reject_class(logits, torch.tensor([1]), 0.5)
    assert (inlier_part.item(), outlier_part.item()) == pytest.approx((-math.log(0.3), -math.log(0.8)))


def test_multilabel_by_hand():
    logits = torch.logit(torch.tensor([[0.9, 0.2], [0.6, 0.1]]))
    _, inlier_part, outlier_part = multilabel(logits, torch.tensor([0]), 0.5)
    assert inlier_part.item() == pytest.approx(-math.log(0.9) - math.log(0.8))
    assert outlier_part.item() == pytest.approx(-math.log(0.4) - math.log(0.9))


def test_energy_margins_by_hand():
    logits = torch.tensor([[1.0, 1.0], [2.0, 2.0]])  # energies -1 - log 2, -2 - log 2
    _, inlier_part, outlier_part = energy_margins(logits, torch.tensor([0]), 0.1, margins=(-3.0, -1.0))
    assert inlier_part.item() == pytest.approx(math.log(2))
    above, below = 3 - 1 - math.log(2), -1 + 2 + math.log(2)
    assert outlier_part.item() == pytest.approx(above**2 + below**2)


def test_energies_beyond_their_margins_cost_nothing():
    logits = torch.tensor([[30.0, 0.0], [0.0, 0.0]])
    *_, outlier_part = energy_margins(logits, torch.tensor([0]), 0.1, margins=(-23.0, -5.0))
    assert outlier_part == 0


def test_share_and_margins_are_the_recipe_s():
    half, tenth = (with_objective(RECIPE, "hard-outliers", hard_share=share) for share in (0.5, 0.1))
    parts = [OBJECTIVES["hard-outliers"].loss(LOGITS, LABELS, recipe)[2] for recipe in (half, tenth)]
    assert parts[0] < parts[1]
    wide = with_objective(RECIPE, "energy", energy_margins=(-30.0, -2.0))
    assert OBJECTIVES["energy"].loss(LOGITS, LABELS, wide)[2] > OBJECTIVES["energy"].loss(
        LOGITS, LABELS, with_objective(RECIPE, "energy")
    )[2]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hard_share": 0}, "hard_share=0 must be a number above 0, at most 1"),
        ({"energy_margins": (-5.0, -23.0)}, r"energy_margins=\(-5.0, -23.0\) must be two, the inliers' below"),
    ],
)
def test_shares_and_margins_that_make_no_sense_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        with_objective(RECIPE, "energy", **change)
