from dataclasses import replace
from functools import partial

import pytest

from oe_core.data.anomalies import ANOMALY_NAMES
from oe_core.data.catalog import printed_name
from oe_core.detectors.branch.recipe import BranchRecipe
from oe_core.detectors.branch.settings import SETTINGS
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.registry import experiment, recipe_from_json
from oe_core.paper.comparison import paper_out_dists, paper_table
from oe_core.recipe import fine_tuned

IN_DISTS = SETTINGS.in_dists
VARIANTS = SETTINGS.options["variant"]
branch_experiment = partial(experiment, detector="branch")


def test_the_in_distributions_are_those_of_the_papers_table_3_with_the_out_distributions_of_its_table_7():
    assert {printed_name(name) for name in IN_DISTS["paper"]} == set(paper_table(3)["in_dist"])
    for name in IN_DISTS["paper"]:
        keys = branch_experiment(name, "paper").out_dists
        assert {ANOMALY_NAMES.get(key) or printed_name(key) for key in keys} == paper_out_dists(3, printed_name(name))


@pytest.mark.parametrize("in_dist", ["cifar10", "cifar100", "tiny-imagenet"])
def test_the_papers_network_has_the_settings_of_the_branchs_public_code(in_dist):
    recipe = branch_experiment(in_dist, "paper").baseline
    assert (recipe.model, recipe.epochs, recipe.batch_size, recipe.learning_rate) == ("wrn-40-4", 200, 128, 0.1)
    assert (recipe.momentum, recipe.weight_decay, recipe.dropout) == (0.9, 5e-4, 0)
    assert (recipe.milestones, recipe.drop) == ((61, 121, 161), 0.2)
    assert (recipe.confidence_weight, recipe.budget, recipe.hints) == (0.1, 0.3, True)
    assert recipe.crop_padding == recipe.size // 8 and recipe.cutout == recipe.size // 2 and recipe.flip


def test_fine_tuning_is_that_of_the_other_images_of_the_paper():
    tuned = branch_experiment("cifar10", "paper").exposed
    assert (tuned.epochs, tuned.learning_rate, tuned.outlier_batch_size, tuned.milestones) == (10, 0.001, 256, ())


def test_a_variant_changes_what_its_name_says_and_nothing_else():
    plans = {name: branch_experiment("cifar10", "paper", variant=name) for name in VARIANTS}
    paper = plans["paper"]
    assert plans["tuned-without-hints"].baseline == paper.baseline
    assert plans["tuned-without-hints"].exposed == replace(paper.exposed, hints=False)
    assert plans["other-cutout"].baseline == replace(paper.baseline, cutout=0)
    assert plans["other-cutout"].exposed.cutout == 0
    assert branch_experiment("digits", "demo", variant="other-cutout").exposed.cutout == 8
    assert plans["small-budget"].baseline == replace(paper.baseline, budget=0.01)
    assert plans["cheap-hints"].baseline == replace(paper.baseline, confidence_weight=0.003)
    assert len({plan.exposed.digest for plan in plans.values()}) == len(VARIANTS)


def test_milestones_come_back_from_json_as_they_were():
    recipe = fine_tuned(BranchRecipe("a", "b"), "c")
    found = recipe_from_json(recipe.to_json())
    assert found == recipe and isinstance(found.parent.milestones, tuple) and hash(found) == hash(recipe)


def test_an_image_recipe_is_no_branch_recipe_with_the_same_settings():
    assert type(recipe_from_json(ImageRecipe("a", "b").to_json())) is ImageRecipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 20}, r"milestones=\(61, 121, 161\) must ascend within the epochs 1 to 19"),
        ({"milestones": (5, 3)}, r"milestones=\(5, 3\) must ascend"),
        ({"drop": 0}, "drop=0 must be a number above 0, at most 1"),
        ({"budget": -0.1}, "budget=-0.1 must be at least 0"),
        ({"cutout": -1}, "cutout=-1 must be at least 0"),
        ({"confidence_weight": 0}, "confidence_weight=0 must be positive: it changes by factors"),
    ],
)
def test_impossible_settings_name_the_field(change, message):
    with pytest.raises(ValueError, match=message):
        BranchRecipe("a", "a", **change)
