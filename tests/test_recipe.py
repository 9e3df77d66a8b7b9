import hashlib
import json
from dataclasses import asdict, replace

import pytest

from oe_core.detectors.branch.recipe import BranchRecipe
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.detectors.registry import recipe_from_json
from oe_core.detectors.text.recipe import TextRecipe
from oe_core.recipe import cosine, fine_tuned, from_scratch

BASELINE = ImageRecipe("cifar10", "cifar10")


def test_defaults_are_the_papers_cifar_settings():
    assert (BASELINE.model, BASELINE.epochs, BASELINE.learning_rate, BASELINE.dropout) == ("wrn-40-2", 100, 0.1, 0.3)
    assert (BASELINE.batch_size, BASELINE.outlier_batch_size, BASELINE.oe_weight) == (128, 256, 0.5)


def test_fine_tuning_starts_from_its_parent_with_appendix_b_settings():
    tuned = fine_tuned(BASELINE, "outliers")
    assert (tuned.parent, tuned.epochs, tuned.learning_rate, tuned.outliers) == (BASELINE, 10, 0.001, "outliers")


def test_from_scratch_keeps_the_baselines_schedule_and_has_no_parent():
    scratch = from_scratch(BASELINE, "outliers")
    assert (scratch.parent, scratch.epochs, scratch.learning_rate) == (None, 100, 0.1)


def test_a_network_that_sees_luminance_makes_its_anomalies_grey():
    assert replace(BASELINE, model="grey-conv").grey and not BASELINE.grey


def test_digest_ignores_the_name_and_no_setting():
    assert replace(BASELINE, name="other").digest == BASELINE.digest
    assert replace(BASELINE, seed=1).digest != BASELINE.digest
    tuned = fine_tuned(BASELINE, "outliers")
    assert replace(tuned, parent=replace(BASELINE, epochs=99)).digest != tuned.digest


def test_a_field_younger_than_stored_runs_counts_only_where_it_differs_from_its_default():
    parent = TextRecipe("trec", "trec")
    values = asdict(parent) | {"name": "", "seed": 3}
    older = {field: value for field, value in values.items() if field not in (*TextRecipe.LABELS, "reads_padding")}
    digest = hashlib.sha256(json.dumps(older, sort_keys=True).encode()).hexdigest()
    assert replace(parent, seed=3).digest == digest
    reading = replace(parent, reads_padding=True)
    assert len({fine_tuned(recipe, "wikitext-2").digest for recipe in (parent, reading)}) == 2
    assert recipe_from_json(reading.to_json()).digest == reading.digest != parent.digest


def test_json_round_trip_keeps_the_digest():
    tuned = fine_tuned(BASELINE, "outliers")
    assert recipe_from_json(tuned.to_json()).digest == tuned.digest


@pytest.mark.parametrize("kind", [ImageRecipe, TextRecipe, LanguageRecipe, DensityRecipe, BranchRecipe])
def test_json_comes_back_as_the_recipe_of_its_kind(kind):
    recipe = fine_tuned(kind("a", "b"), "c")
    assert recipe_from_json(recipe.to_json()) == recipe


def test_a_fine_tuned_text_recipe_keeps_how_its_parent_reads():
    parent = TextRecipe("trec", "trec")
    assert fine_tuned(parent, "wikitext-2").epochs == 2
    with pytest.raises(ValueError, match="length=9 cannot start from parent 'trec', which has length=None"):
        fine_tuned(parent, "wikitext-2", length=9)
    with pytest.raises(ValueError, match="vocabulary=0 must be at least 1"):
        TextRecipe("trec", "trec", vocabulary=0)


def test_json_with_an_unknown_field_names_it():
    with pytest.raises(ValueError, match=r"unknown fields \['warmup'\]"):
        recipe_from_json({"kind": "images", "name": "a", "in_dist": "b", "warmup": 3})


def test_json_tells_kinds_apart_by_their_name_alone():
    values = ImageRecipe("a", "b").to_json()
    with pytest.raises(ValueError, match="kind='' is unknown; choose one of images, text, objectives, branch"):
        recipe_from_json({field: value for field, value in values.items() if field != "kind"})
    with pytest.raises(ValueError, match="TextRecipe has unknown fields"):
        recipe_from_json(values | {"kind": "text"})


def test_a_new_seed_reaches_the_parent():
    assert fine_tuned(BASELINE, "outliers").with_seed(4).parent.seed == 4


@pytest.mark.parametrize(
    ("share", "epochs", "words"),
    [
        (0.3, (30, 3), "30 of 100 epochs and 3 of 10"),
        (0.96, (96, 10), "96 of 100 epochs"),  # all of the 10
        (0.25, (25, 2), "25 of 100 epochs and 2 of 10"),  # 2.5 lies between two whole numbers: the even one
        (0.001, (1, 1), "1 of 100 epochs and 1 of 10"),
    ],
)
def test_a_share_of_the_epochs_is_rounded_to_the_nearest_and_said(share, epochs, words):
    tuned = fine_tuned(BASELINE, "outliers").shortened(share)
    assert (tuned.parent.epochs, tuned.epochs) == epochs
    assert (tuned.parent.shortening, tuned.shortening) == (words.partition(" and")[0], words)
    assert (tuned.learning_rate, tuned.parent) == (0.001, BASELINE.shortened(share))


def test_a_whole_schedule_is_the_same_recipe_and_says_nothing():
    tuned = fine_tuned(BASELINE, "outliers")
    assert tuned.shortened(1) is tuned and tuned.shortening == ""


def test_a_shortened_recipe_is_found_by_its_epochs_and_keeps_the_whole_ones_as_a_label():
    short = fine_tuned(BASELINE, "outliers").shortened(0.3)
    same = fine_tuned(replace(BASELINE, epochs=30), "outliers", epochs=3)
    assert short.digest == same.digest != fine_tuned(BASELINE, "outliers").digest
    assert recipe_from_json(short.to_json()).shortening == short.shortening and same.shortening == ""
    assert short.shortened(0.3) is short


def test_what_is_made_of_a_shortened_recipe_says_so_and_other_fine_tuning_of_it_is_whole():
    short = BASELINE.shortened(0.3)
    assert from_scratch(short, "outliers").shortening == "30 of 100 epochs"
    tuned = fine_tuned(short, "outliers")
    assert (tuned.epochs, tuned.shortening) == (10, "30 of 100 epochs")


def test_all_that_is_counted_in_epochs_is_shortened_alike():
    branch = BranchRecipe("cifar10", "cifar10").shortened(0.3)
    assert (branch.epochs, branch.milestones, branch.shortening) == (60, (18, 36, 48), "60 of 200 epochs")
    gan = GanRecipe("cifar10", "cifar10").shortened(0.3)
    assert (gan.epochs, gan.drop_after) == (30, 18)
    language = LanguageRecipe("ptb", "ptb").shortened(0.3)
    assert (language.epochs, language.patience) == (90, 5)  # which waits for validations


@pytest.mark.parametrize("share", [0, -0.3, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match=f"share={share} must be a number above 0, at most 1"):
        BASELINE.shortened(share)


def test_a_share_that_leaves_no_schedule_is_refused():
    with pytest.raises(ValueError, match=r"share=0.01 is too small for 'a': milestones=\(1, 1, 2\) must ascend"):
        BranchRecipe("a", "b").shortened(0.01)
    given = ImageRecipe("a", "b", model="resnet18", epochs=0, weights_file="resnet18_places365.pth.tar")
    with pytest.raises(ValueError, match="share=0.3: 'a' has no epochs to shorten, its weights come from a file"):
        fine_tuned(given, "outliers", epochs=5).shortened(0.3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scaling": "imagnet"}, "scaling='imagnet' is unknown; choose one of unit, cifar, imagenet"),
        ({"outlier_order": "random"}, "outlier_order='random' is unknown"),
        ({"epochs": 0}, "epochs=0 must be at least 1"),
        ({"epochs": 1.5}, "epochs=1.5 must be a whole number"),
        ({"batch_size": 64.0}, "batch_size=64.0 must be a whole number"),
        ({"seed": True}, "seed=True must be a whole number"),
        ({"oe_weight": -0.5}, "oe_weight=-0.5 must be at least 0"),
        ({"oe_weight": float("inf")}, "oe_weight=inf must be at least 0, and finite"),
        ({"learning_rate": 0}, "learning_rate=0 must be a number above 0"),
        ({"dropout": 1.0}, r"dropout=1.0 must be in \[0, 1\)"),
        (
            {"parent": replace(BASELINE, name="p", model="wrn-16-4")},
            "cannot start from parent 'p', which has model='wrn-16",
        ),
    ],
)
def test_impossible_settings_name_the_field_and_its_value(change, message):
    with pytest.raises(ValueError, match=message):
        replace(BASELINE, **change)


def test_a_file_of_weights_may_be_used_as_it_is_and_only_for_its_own_network():
    places = ImageRecipe("places", "places365", model="resnet18", epochs=0, weights_file="resnet18_places365.pth.tar")
    assert places.epochs == 0
    with pytest.raises(ValueError, match="epochs=0 must be at least 1"):
        replace(places, weights_file=None)
    with pytest.raises(ValueError, match="holds a resnet18, not model='wrn-40-2'"):
        replace(places, model="wrn-40-2")
    with pytest.raises(ValueError, match="and a parent: start from one of them"):
        replace(places, parent=replace(places, weights_file=None, epochs=1))


def test_a_language_model_keeps_its_parents_tokens_and_sizes():
    parent = LanguageRecipe("ptb", "ptb")
    tuned = fine_tuned(parent, "wikitext-2", lower_others=True)
    assert (tuned.epochs, tuned.learning_rate, tuned.oe_weight) == (5, 30.0, 1.0)
    assert (parent.load_options, tuned.load_options, tuned.other_load_options) == (
        ("words",),
        ("words",),
        ("words", True),
    )
    with pytest.raises(ValueError, match="hidden=8 cannot start from parent 'ptb', which has hidden=1550"):
        fine_tuned(parent, "wikitext-2", hidden=8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "letters"}, "unit='letters' is unknown; choose one of words, characters"),
        ({"optimiser": "sgd"}, "optimiser='sgd' is unknown; choose one of asgd, adam"),
        ({"length": 0}, "length=0 must be at least 1"),
        ({"vocabulary": 2}, "vocabulary=2 must be at least 3"),
        ({"weight_dropout": 1.0}, r"weight_dropout=1.0 must be in \[0, 1\)"),
        ({"clip": 0}, "clip=0 must be a number above 0"),
        ({"slowness_penalty": -1}, "slowness_penalty=-1 must be at least 0"),
        ({"holdout": 5}, "holdout=5: the validation part of a language model comes with its text"),
    ],
)
def test_impossible_settings_of_a_language_model_name_the_field(change, message):
    with pytest.raises(ValueError, match=message):
        LanguageRecipe("ptb", "ptb", **change)


def test_a_cosine_goes_from_its_first_value_to_its_last():
    assert [cosine(point, 2, 0.3, 0.1) for point in (0, 1, 2)] == pytest.approx([0.3, 0.2, 0.1])
    assert cosine(1, 4, 1.0) == pytest.approx(0.5 + 2**0.5 / 4)
