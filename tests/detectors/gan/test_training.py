"""Classifiers beside a GAN on images small enough to see through: what moves, what is kept, what a child inherits."""

import math
from dataclasses import replace

import pytest
import torch
from interrupted import Memory
from tqdm import tqdm

from oe_core.data.examples import ImageSet
from oe_core.detectors.gan import GAN
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.gan.training import SHOWN, TASK, Trio, adversarial, generated
from oe_core.detectors.images.training import predict
from oe_core.detectors.registry import recipe_from_json
from oe_core.recipe import fine_tuned
from oe_core.runs import store as runs
from oe_core.runs.store import Store

fit = GAN.fit
load_model = GAN.network

CPU = torch.device("cpu")
ALONE = GanRecipe(
    "tiny", "shades", model="wrn-10-1", size=8, epochs=2, batch_size=16, learning_rate=0.003, dropout=0.1, latent=4,
    filters=2, drop_after=1, precision="float32", outlier_batch_size=16,
)  # fmt: skip
JOINT = replace(ALONE, name="joint", beta=1.0)


def shades(name="shades", split="train", size=8, count=48):
    """Dark images are class 0, bright ones class 1; real enough to learn."""
    generator = torch.Generator().manual_seed(len(name))
    labels = torch.arange(count) % 2
    levels = (60 + 130 * labels).view(-1, 1, 1, 1) + torch.randint(-30, 30, (count, 3, 8, 8), generator=generator)
    return ImageSet(name, levels.to(torch.uint8), labels, ("dark", "bright"), "folder")


def quiet(**bar):
    return tqdm(disable=True, **bar)


def train(recipe, **settings):
    return fit(recipe, shades(), shades("noise") if recipe.outliers else None, device=CPU, progress=quiet, **settings)


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_the_classifier_learns_its_task_alone_and_beside_the_gan():
    for recipe in (ALONE, JOINT):
        recipe = replace(recipe, epochs=12, drop_after=8)
        logits = predict(load_model(recipe, train(recipe).weights, 2, CPU), shades().images, recipe)
        assert (logits.argmax(1) == shades().labels).float().mean() > 0.95


def test_beside_the_gan_generated_images_get_a_posterior_nearer_to_the_uniform_one():
    losses = {}
    for beta in (1e-6, 1.0):
        recipe = replace(JOINT, beta=beta, epochs=12, drop_after=12)
        losses[beta] = train(recipe).log[-1]["outlier_loss"]
    assert math.log(2) <= losses[1.0] < math.log(2) + 0.005 < losses[1e-6] - 0.01


def test_adversarial_losses_by_hand():
    logits = torch.tensor([0.0, math.log(3)])  # D = 1/2, 3/4
    assert adversarial(logits, real=True).item() == pytest.approx(-(math.log(1 / 2) + math.log(3 / 4)) / 2)
    assert adversarial(logits, real=False).item() == pytest.approx(-(math.log(1 / 2) + math.log(1 / 4)) / 2)


def test_adam_has_its_defaults_for_the_classifier_and_a_shorter_memory_for_the_players():
    trio = Trio(JOINT, 2)
    optimiser = TASK.optimiser(TASK.parameters(trio), JOINT)
    assert [group["betas"] for group in optimiser.param_groups] == [(0.9, 0.999), (0.5, 0.999), (0.5, 0.999)]
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(list(trio.parameters()))
    assert {group["weight_decay"] for group in optimiser.param_groups} == {0}


def test_the_rate_drops_once():
    recipe = replace(JOINT, learning_rate=2e-4, drop_after=60)
    assert [TASK.rate(recipe, position, 5) for position in (0, 299, 300, 499)] == pytest.approx(
        [2e-4, 2e-4, 2e-5, 2e-5]
    )


def test_every_epoch_says_how_the_game_stands_and_leaves_its_samples():
    trained = train(JOINT)
    assert len(trained.log) == 2
    for row in trained.log:
        assert 0 < row["d_real"] < 1 and 0 < row["d_fake"] < 1
        assert row["diversity"] >= 0 and row["real_diversity"] == trained.log[0]["real_diversity"] > 0.01
    samples = trained.weights["samples"]
    assert samples.shape == (2, SHOWN, 3, 8, 8) and samples.dtype == torch.uint8
    assert not torch.equal(samples[0], samples[1]) and samples[1].float().std() > 0
    assert trained.weights["verdicts"].tolist() == [0, 0, 0]


def test_an_untrained_discriminator_believes_nothing_and_that_is_what_the_log_says():
    still = train(replace(JOINT, learning_rate=1e-12, epochs=1)).log[0]
    assert still["d_real"] == pytest.approx(0.5, abs=0.15) and still["d_fake"] == pytest.approx(0.5, abs=0.15)


def test_without_beta_there_is_no_gan():
    trained = train(ALONE)
    assert all(name.startswith("classifier.") for name in trained.weights)
    assert set(trained.log[0]) == {"epoch", "inlier_loss", "outlier_loss", "seconds"}
    assert trained.log[-1]["outlier_loss"] == 0


def test_a_joint_pass_keeps_generated_images_alone_out_of_the_running_statistics():
    def passes(joint_pass):
        recipe = replace(JOINT, joint_pass=joint_pass, epochs=1)
        return int(train(recipe).weights["classifier.bn.num_batches_tracked"])

    assert passes(True) == 3  # batches of an epoch
    assert passes(False) == 3 * 3  # generated for the generator, real, generated for the classifier


@pytest.mark.parametrize(("seconds", "saves"), [(60.0, 1), (0.0, 2)])
def test_an_interrupted_training_goes_on_to_the_same_weights_samples_and_log(monkeypatch, seconds, saves):
    monkeypatch.setattr("oe_core.train.CHECKPOINT_SECONDS", seconds)  # 0: in the middle of an epoch
    whole, memory = train(JOINT), Memory(saves)
    with pytest.raises(KeyboardInterrupt):
        train(JOINT, checkpoint=memory)
    resumed = train(JOINT, checkpoint=memory)
    assert same(whole.weights, resumed.weights)
    columns = ("inlier_loss", "outlier_loss", "d_real", "d_fake", "diversity")
    assert [[row[c] for c in columns] for row in whole.log] == [[row[c] for c in columns] for row in resumed.log]


def test_the_exposed_network_starts_from_the_classifier_and_leaves_the_gan_behind():
    parent = train(JOINT)
    still = fine_tuned(JOINT, "noise", epochs=1, learning_rate=1e-12)
    tuned = train(still, initial=parent.weights).weights
    assert all(name.startswith("classifier.") for name in tuned)
    torch.testing.assert_close(tuned["classifier.head.weight"], parent.weights["classifier.head.weight"])


def test_the_store_trains_the_three_networks_and_finds_them_again(tmp_path):
    store = Store(tmp_path, device=CPU, progress=quiet)
    exposed = fine_tuned(JOINT, "noise", epochs=1)
    first = store.run(exposed, load=shades)
    again = Store(tmp_path, device=CPU, progress=lambda **bar: pytest.fail("trained again")).run(exposed, load=shades)
    assert same(first.weights, again.weights)
    assert first.stamp["parent"]["run"].startswith("joint-")
    assert recipe_from_json(first.stamp["recipe"]) == exposed
    assert runs.predict(first, shades().images, CPU).shape == (48, 2)


def test_generated_images_are_the_generators_and_the_first_do_not_depend_on_the_count():
    weights = train(JOINT).weights
    many, few = generated(JOINT, weights, 40), generated(JOINT, weights, 10)
    assert many.shape == (40, 3, 8, 8) and many.dtype == torch.uint8
    assert torch.equal(many[:10], few) and torch.equal(few, generated(JOINT, weights, 10))
    assert not torch.equal(few, generated(JOINT, weights, 10, seed=1))
    trio = load_model(JOINT, weights, 2, CPU)
    with torch.no_grad():
        by_hand = trio.generator(torch.randn(16, 4, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(few, (255 * by_hand[:10]).round().to(torch.uint8))


@pytest.mark.parametrize(
    ("recipe", "count", "message"),
    [
        (ALONE, 4, "recipe 'tiny' has beta=0.0: no GAN was trained"),
        (JOINT, 0, "count=0 must be at least 1 image"),
    ],
)
def test_what_cannot_be_generated_is_refused(recipe, count, message):
    with pytest.raises(ValueError, match=message):
        generated(recipe, {}, count)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": -1}, "beta=-1 must be at least 0"),
        ({"filters": 0}, "filters=0 must be at least 1"),
        ({"drop_after": 0}, "drop_after=0 must be at least 1"),
        ({"rate_drop": 0}, "rate_drop=0 must be a number above 0, at most 1"),
        ({"dropout": 1.0}, r"dropout=1.0 must be in \[0, 1\)"),
        ({"outliers": "noise"}, "beta=1.0 and outliers='noise': the GAN rests beside real outliers; set beta=0"),
        ({"parent": replace(JOINT, size=16)}, "size=8 cannot start from parent 'joint', which has size=16"),
    ],
)
def test_impossible_settings_name_the_field(change, message):
    with pytest.raises(ValueError, match=message):
        replace(JOINT, **change)


def test_a_size_that_no_dcgan_has_is_an_error_before_training():
    pixels = torch.zeros(8, 3, 12, 12, dtype=torch.uint8)
    flat = ImageSet("flat", pixels, torch.arange(8) % 2, ("a", "b"), "folder")
    with pytest.raises(ValueError, match="size=12 must be 8, 16, 32"):
        fit(replace(JOINT, size=12), flat, device=CPU, progress=quiet)
