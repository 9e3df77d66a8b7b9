from dataclasses import replace

import numpy as np
import pytest

from oe_core.detectors.images.settings import OUT_DISTS, SETTINGS
from oe_core.detectors.registry import experiment
from oe_core.experiments import DRAWS
from oe_core.paper.comparison import paper_out_dists
from oe_core.scales import SCALES

IN_DISTS = SETTINGS.in_dists
SEEDS = SETTINGS.seeds


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_has_in_distributions_seeds_and_draws(scale):
    for in_dist in IN_DISTS[scale]:
        plan = experiment(in_dist, scale)
        assert (plan.seeds, plan.draws) == (SEEDS[scale], DRAWS[scale])
        assert plan.exposed.parent == plan.baseline
        assert plan.exposed.outliers not in plan.out_dists


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("in_dist", ["svhn", "cifar10", "cifar100", "tiny-imagenet", "places365"])
def test_every_network_of_the_paper_has_a_recipe_at_every_scale(in_dist, scale):
    plan = experiment(in_dist, scale)
    assert plan.baseline.in_dist == in_dist and plan.exposed.oe_weight == 0.5
    if scale in ("smoke", "demo"):
        assert plan.baseline.limit <= 2000 and plan.baseline.weights_file is None


@pytest.mark.parametrize("in_dist", IN_DISTS["paper"])
def test_the_out_distributions_are_those_of_the_paper_s_table_7(in_dist):
    from oe_core.data.anomalies import ANOMALY_NAMES
    from oe_core.data.catalog import printed_name

    named = {ANOMALY_NAMES.get(key) or printed_name(key) for key in OUT_DISTS[in_dist]}
    assert named == paper_out_dists(7, printed_name(in_dist))


def test_the_paper_s_settings_of_section_4_3_and_appendix_b():
    cifar = experiment("cifar10", "paper")
    assert (cifar.baseline.model, cifar.baseline.epochs, cifar.baseline.learning_rate) == ("wrn-40-2", 100, 0.1)
    assert (cifar.exposed.epochs, cifar.exposed.learning_rate, cifar.exposed.outlier_batch_size) == (10, 0.001, 256)
    svhn = experiment("svhn", "paper")
    assert (svhn.baseline.model, svhn.baseline.epochs, svhn.baseline.learning_rate) == ("wrn-16-4", 20, 0.01)
    assert not svhn.baseline.signed and cifar.baseline.signed
    places = experiment("places365", "paper")
    assert (places.baseline.epochs, places.exposed.epochs, places.exposed.outlier_batch_size) == (0, 5, 512)


def test_a_part_of_one_of_the_paper_s_sets_gets_the_whole_one_s_experiment_in_its_place():
    part, svhn = experiment("svhn-10k", "paper"), experiment("svhn", "paper")
    assert (part.in_place_of, part.out_dists, part.exposed.outliers) == ("svhn", svhn.out_dists, svhn.exposed.outliers)
    changed = {"epochs": 20, "name": "svhn", "in_dist": "svhn"}
    assert replace(part.baseline, **changed) == svhn.baseline
    scenes, places = experiment("places-mini", "paper"), experiment("places365", "paper")
    assert (scenes.in_place_of, scenes.baseline.scaling) == ("places365", places.baseline.scaling)
    assert set(places.out_dists) ^ set(scenes.out_dists) == {"imagenet-1k", "imagenet-800"}
    assert (scenes.baseline.model, scenes.baseline.weights_file, scenes.baseline.epochs) == ("wrn-40-2", None, 100)


def test_tiny_imagenet_at_32_px_is_another_experiment_under_another_name():
    part, whole = experiment("tiny-imagenet-32", "paper"), experiment("tiny-imagenet", "paper")
    assert (part.baseline.size, whole.baseline.size, part.baseline.name) == (32, 64, "tiny-imagenet-32")
    for role, recipe in part.networks.items():
        as_whole = {"size": 64, "crop_padding": 8, "name": "", "in_dist": "tiny-imagenet", "parent": None}
        assert replace(recipe, **as_whole) == replace(whole.networks[role], name="", parent=None)


@pytest.mark.parametrize("in_dist", ["svhn-10k", "tiny-imagenet-32", "places-mini"])
def test_scale_course_trains_a_part_for_about_as_many_steps_as_cifar_10(in_dist):
    plan, cifar = experiment(in_dist, "course"), experiment("cifar10", "course")
    assert plan.baseline.model == cifar.baseline.model
    few = in_dist == "svhn-10k"
    ours = (7_500 if few else 50_000) - plan.baseline.holdout
    assert ours * plan.baseline.epochs == pytest.approx(45_000 * cifar.baseline.epochs, rel=0.1)


def test_mnist_has_the_settings_of_the_official_code_and_a_third_network_from_scratch():
    plan = experiment("mnist", "paper")
    assert list(plan.networks) == ["baseline", "scratch", "exposed"]
    for recipe, epochs, outliers in zip(plan.networks.values(), (10, 10, 5), (0, 100, 100), strict=True):
        assert (recipe.model, recipe.size, recipe.scaling, recipe.grey) == ("grey-conv", 28, "unit", True)
        assert (recipe.epochs, recipe.learning_rate, recipe.batch_size) == (epochs, 0.01, 50)
        assert (recipe.weight_decay, recipe.dropout, recipe.crop_padding, recipe.flip) == (0, 0.5, 0, False)
        assert recipe.outlier_batch_size * bool(recipe.outliers) == outliers
        assert (recipe.outlier_crop_padding, recipe.outlier_flip) == (0, True)
    assert plan.exposed.parent == plan.baseline and plan.between["scratch"].parent is None
    assert len(plan.out_dists) == 8 and {"cifar10", "negative"} < set(plan.out_dists)
    course = experiment("mnist", "course")
    assert course.networks == plan.networks
    code = experiment("mnist", "paper", variant="code").networks.values()
    assert [recipe.outlier_order for recipe in code if recipe.outliers] == ["contiguous"] * 2


@pytest.mark.parametrize("scale", ["smoke", "demo"])
def test_mnist_is_reduced_at_the_small_scales(scale):
    for recipe in experiment("mnist", scale).networks.values():
        assert recipe.limit <= 5_000 and recipe.in_dist == "mnist"


def test_another_set_takes_the_place_of_an_in_distribution_with_all_of_its_experiment():
    plan, mnist = experiment("digits", "demo", in_place_of="mnist"), experiment("mnist", "demo")
    assert (plan.in_place_of, mnist.in_place_of) == ("mnist", "")
    assert (plan.out_dists, plan.exposed.outliers) == (mnist.out_dists, mnist.exposed.outliers)
    for ours, theirs in zip(plan.networks.values(), mnist.networks.values(), strict=True):
        renamed = replace(ours, in_dist="mnist", parent=theirs.parent)
        assert ours.in_dist == "digits" and renamed.digest == theirs.digest
    svhn = experiment("digits", "paper", in_place_of="svhn")
    assert replace(svhn.baseline, in_dist="svhn").digest == experiment("svhn", "paper").baseline.digest


def test_the_code_s_variant_differs_where_text_and_code_disagree():
    text, code = (experiment("svhn", "paper", variant=variant).exposed for variant in ("paper", "code"))
    assert (text.epochs, text.learning_rate) == (10, 0.001)
    assert replace(code, epochs=10, learning_rate=0.001) == text
    orders = [experiment("tiny-imagenet", "paper", variant=v).exposed.outlier_order for v in ("paper", "code")]
    assert orders == ["shuffled", "contiguous"]


def test_a_folder_of_the_reader_s_own_is_an_in_distribution(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    (tmp_path / "shells" / "train").mkdir(parents=True)
    np.savez(tmp_path / "shells" / "train" / "images.npz",
             images=np.zeros((4, 8, 8, 3), np.uint8), labels=np.arange(4) % 2)  # fmt: skip
    plan = experiment("shells", "demo", outliers="photo-china", out_dists=["gaussian"])
    assert (plan.baseline.in_dist, plan.exposed.outliers, plan.out_dists) == ("shells", "photo-china", ("gaussian",))


@pytest.mark.parametrize("in_dist", ["svhn", "cifar10", "cifar100", "tiny-imagenet"])
def test_table_9_has_the_all_convolutional_network_on_the_usual_schedule(in_dist):
    usual, other = experiment(in_dist, "paper"), experiment(in_dist, "paper", network="allconv")
    model = "allconv-relu-96" if in_dist == "tiny-imagenet" else "allconv-96"
    for role, recipe in other.networks.items():
        assert (recipe.model, recipe.dropout) == (model, 0.5)
        as_usual = {"model": usual.baseline.model, "dropout": usual.baseline.dropout, "name": "", "parent": None}
        assert replace(recipe, **as_usual) == replace(usual.networks[role], name="", parent=None)
    assert other.exposed.parent == other.baseline
    code = experiment(in_dist, "paper", network="allconv", variant="code")
    assert code.baseline == replace(other.baseline, model=model.replace("96", "code-96"))


def test_no_all_convolutional_network_starts_from_the_download_of_another():
    with pytest.raises(ValueError, match="network='allconv': places365 starts from a downloaded network"):
        experiment("places365", "paper", network="allconv")
    with pytest.raises(ValueError, match="network='allconv': mnist is learned by a grey network; choose 'usual'"):
        experiment("mnist", "paper", network="allconv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"network": "vgg"}, "network='vgg' is unknown; choose one of usual, allconv"),
        ({"in_dist": "digit"}, "in_dist: 'digit' is unknown; known are .*digits"),
        ({"outliers": "china"}, "outliers: 'china' is unknown"),
        ({"out_dists": ["gaussian", "nosie"]}, "out_dists: 'nosie' is unknown"),
        ({"scale": "tiny"}, "scale='tiny' is unknown; choose one of smoke, demo, course, paper"),
        ({"variant": "both"}, "variant='both' is unknown; choose one of paper, code"),
        ({"in_place_of": "minst"}, "in_place_of='minst' is unknown; choose one of svhn, .*, mnist"),
        ({"out_dists": ["photo-china"]}, "must be different data sets"),
        ({"outliers": "digits"}, "must be different data sets"),
    ],
)
def test_unknown_and_repeated_names_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        experiment(**{"in_dist": "digits", "scale": "demo"} | arguments)
