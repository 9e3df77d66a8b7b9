"""The recipes of chapters 9 and 12: what differs in each test, and that a recipe alone says what is learned."""

import json

import numpy as np
import pytest

from oe_core import calibration_experiment, experiment
from oe_core.data.catalog.row import BOTH, TEST
from oe_core.data.sources import MissingDataError, load_images
from oe_core.detectors.registry import recipe_from_json
from oe_core.evaluation.ablations import varied
from oe_core.evaluation.choices import SOURCES, Choice, at_hand, choices, generator, of_sources, text_plan
from oe_core.runs.store import Store

TUNED = ["epochs", "learning_rate", "outliers", "parent"]  # what fine-tuning on outliers changes
DIFFERENCES = {
    "scratch": TUNED, "schedule": TUNED, "outliers": TUNED, "classes": TUNED, "instead": TUNED, "noise": TUNED,
    "activation": ["model", "learning_rate", "outliers", "parent"],
    "weight": ["oe_weight"],
    "order": ["outlier_batch_size", "outlier_order"],
    "hard": ["objective"],
    "outputs": [*TUNED, "objective"],
    "prior": [*TUNED, "objective"],
    "energy": [],  # the other network is known later
    "text": ["outliers", "parent"],
}  # fmt: skip


def made(scale="smoke", **parameters):
    """The tests of chapter 9 on the embedded digits."""
    plan = calibration_experiment("digits", scale)
    chosen = {"weights": [0.1, 2.0], "counts": [50, 500], **parameters}
    return choices(at_hand(plan), at_hand(experiment("digits", scale, network="allconv")), text_plan(scale), **chosen)


@pytest.fixture(scope="module")
def topics():
    return made()


def test_the_recipes_of_a_test_differ_in_what_it_tests_and_in_nothing_else(topics):
    assert {topic: list(varied(choice.recipes)) for topic, choice in topics.items()} == DIFFERENCES


def test_what_varies_is_shown_by_its_value_and_a_parent_by_its_name(topics):
    shown = varied(topics["outputs"].recipes)
    assert shown.loc["multilabel, with", ["parent", "objective"]].tolist() == ["digits-multilabel", "multilabel"]
    assert shown.loc["softmax, without", ["parent", "objective"]].tolist() == ["", "uniform"]


def test_a_recipe_alone_says_what_is_learned_so_that_any_process_can_train_it(topics, tmp_path):
    store = Store(tmp_path)
    for choice in topics.values():
        for recipe in choice.recipes.values():
            again = recipe_from_json(json.loads(json.dumps(recipe.to_json())))
            assert again == recipe and store.place(again) == store.place(recipe)


def test_what_lends_outliers_is_not_among_the_test_sets(topics):
    every = topics["weight"].tests.out_dists
    without = {topic for topic, choice in topics.items() if "font-letters" not in choice.tests.out_dists}
    assert "font-letters" in every and without == {"classes", "instead", "text"}
    assert set(every) - set(topics["classes"].tests.out_dists) == {"font-letters"}


def test_few_classes_and_many_have_equally_many_images_and_nest(topics):
    taught = list(topics["classes"].recipes.values())[1:]
    assert [recipe.outliers for recipe in taught[:2]] == [
        "font-letters~classes=2,images=206", "font-letters~classes=8,images=206"]  # fmt: skip
    sets = [load_images(recipe.outliers, "train", recipe.size) for recipe in taught]
    classes = [set(images.labels.tolist()) for images in sets]
    assert len({len(images) for images in sets}) == 1 and [len(labels) for labels in classes] == [2, 8, 14, 29]
    assert all(few < many for few, many in zip(classes, classes[1:], strict=False))


def test_classes_and_lender_may_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    (tmp_path / "shells" / "train").mkdir(parents=True)
    arrays = {"images": np.zeros((9, 8, 8, 3), np.uint8), "labels": np.repeat([0, 1, 2], [2, 3, 4])}
    np.savez(tmp_path / "shells" / "train" / "images.npz", **arrays)
    topics = made(classes=[2, 3], lender="shells")
    assert {setting: recipe.outliers for setting, recipe in topics["classes"].recipes.items()} == {
        "without": None, "2 classes": "shells~classes=2,images=4", "3 classes": "shells~classes=3,images=4"
    }  # fmt: skip
    assert topics["instead"].recipes["outliers: shells"].outliers == "shells"


def test_a_lender_that_is_not_at_hand_is_missed_by_its_name(tmp_path):
    (missing,) = list(made(lender="cifar100")["classes"].recipes.values())[1:]
    with pytest.raises(MissingDataError, match="cifar100: its train images are not on this machine"):
        Store(tmp_path).place(missing)


def test_a_long_tail_is_learned_and_tested_on_the_whole_test_set(topics):
    choice = topics["prior"]
    assert isinstance(choice, Choice) and choice.tests.baseline == choice.recipes["without"]
    tail = load_images(choice.tests.baseline.in_dist, "train", 16)
    counts = np.bincount(tail.labels)
    assert counts[0] == 20 * counts[-1] or counts[0] // counts[-1] in (19, 20, 21)
    assert len(load_images(choice.tests.baseline.in_dist, "test", 16)) == 397


def test_other_activations_are_of_baseline_and_exposed_network(topics):
    relu = topics["activation"].recipes["ReLU, with"]
    assert (relu.model, relu.parent.model) == ("allconv-relu-4", "allconv-relu-4")
    assert relu.parent == topics["activation"].recipes["ReLU, without"]


def test_a_network_with_relus_has_no_other_activation_and_only_digits_have_another_schedule():
    plan = calibration_experiment("tiny-imagenet", "smoke")
    other = experiment("tiny-imagenet", "smoke", network="allconv")
    found = choices(at_hand(plan), at_hand(other), text_plan("smoke"), weights=[1.0], counts=[5])
    assert {"activation", "schedule"} & set(found) == set()


def test_the_demo_reads_fewer_and_shorter_texts():
    assert text_plan("smoke") == at_hand(experiment("docstrings", "smoke", "text"))
    demo = text_plan("demo")
    assert [(recipe.limit, recipe.length) for recipe in demo.networks.values()] == [(1_500, 100)] * 2
    assert demo.exposed.parent == demo.baseline


def test_texts_that_are_nowhere_are_those_of_the_paper_and_missed_when_they_are_trained_on(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    assert text_plan("course").baseline.in_dist == "20newsgroups"


def test_the_gan_makes_images_of_the_classifiers_size():
    plan = at_hand(calibration_experiment("cifar10", "smoke"))
    gan = experiment("cifar10", "smoke", "gan").networks["synthetic"]
    assert gan.size != plan.baseline.size == generator(plan).size


@pytest.fixture
def plan():
    return at_hand(calibration_experiment("digits", "smoke"))


def test_every_source_at_hand_lends_each_count_and_none_is_tested_on(plan, tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    found = of_sources(plan, [50, 5000])
    assert {setting: recipe.outliers for setting, recipe in found.recipes.items()} == {
        "without": None, "photo-china, 50": "photo-china~part=50", "photo-china, 5000": "photo-china~part=5000",
        "photo-china~phases, 50": "photo-china~part=50~phases",
        "photo-china~phases, 5000": "photo-china~part=5000~phases",
        "font-icons, 50": "font-icons~part=50", "dead-leaves, 50": "dead-leaves~part=50",
        "digits~mixed, 50": "digits~mixed=50", "digits~mixed, 5000": "digits~mixed=5000",
    }  # fmt: skip
    assert found.tests.out_dists == plan.out_dists and "font-letters" in plan.out_dists
    assert list(varied(found.recipes)) == TUNED


def test_a_test_set_whose_relative_lends_outliers_gives_way_to_a_stand_in_or_goes(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    arrays = {"images": np.arange(9 * 192, dtype=np.uint8).reshape(9, 8, 8, 3), "labels": np.arange(9) % 3}
    lying = {"places-mini": BOTH, "cifar10": BOTH, "intel-scenes": TEST, "lsun-categories": TEST, "tiny-imagenet": BOTH}
    for name, splits in lying.items():
        for split in splits:
            (tmp_path / name / split).mkdir(parents=True)
            np.savez(tmp_path / name / split / "images.npz", **arrays)
    plan = at_hand(calibration_experiment("cifar10", "smoke", out_dists=["gaussian", "places365", "lsun", "textures"]))
    found = of_sources(plan, [5])
    assert {"places-mini, 5", "font-letters, 5", "tiny-imagenet, 5"} <= set(found.recipes)
    assert found.tests.out_dists == ("gaussian", "intel-scenes")
    alone = of_sources(plan, [5], ["{own}~part={count}"])
    assert alone.tests.out_dists == ("gaussian", "places-mini", "lsun-categories")


def test_a_source_has_to_say_where_its_number_goes_and_to_be_known(plan):
    with pytest.raises(ValueError, match="sources: 'font-icons' does not say where the number of images goes"):
        of_sources(plan, [50], ["font-icons"])
    with pytest.raises(ValueError, match="data set 'font-icon~part=50' is unknown"):
        of_sources(plan, [50], [*SOURCES, "font-icon~part={count}"])
