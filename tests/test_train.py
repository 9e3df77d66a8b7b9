from dataclasses import replace

import pytest
import torch
from interrupted import Memory
from tqdm import tqdm

from oe_core.data.examples import ImageSet
from oe_core.detectors.images import IMAGES
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.training import FINAL_LEARNING_RATE, TASK, predict
from oe_core.parts import held_out_part, training_part
from oe_core.recipe import fine_tuned, from_scratch
from oe_core.train import NonFiniteLossError

fit = IMAGES.fit
load_model = IMAGES.network

CPU = torch.device("cpu")
BASELINE = ImageRecipe("tiny", "shades", model="wrn-10-1", size=8, epochs=2, batch_size=16, dropout=0.3, crop_padding=1)


def shades(count=48, name="shades", noise=40):
    """Dark images are class 0, bright ones class 1; real enough to learn."""
    generator = torch.Generator().manual_seed(len(name))
    labels = torch.arange(count) % 2
    levels = (60 + 130 * labels).view(-1, 1, 1, 1) + torch.randint(-noise, noise, (count, 3, 8, 8), generator=generator)
    return ImageSet(name, levels.to(torch.uint8), labels, ("dark", "bright"), "folder")


def quiet(**settings):
    return tqdm(disable=True, **settings)


def train(recipe, **settings):
    outliers = shades(name="outliers", noise=60) if recipe.outliers else None
    return fit(recipe, shades(), outliers, device=CPU, progress=quiet, **settings)


def same(left, right):
    return all(torch.equal(left[name], right[name]) for name in left)


def test_the_same_seed_gives_the_same_weights_bit_for_bit_and_another_seed_does_not():
    first, second = train(BASELINE).weights, train(BASELINE).weights
    assert same(first, second)
    assert not same(first, train(replace(BASELINE, seed=1)).weights)


def test_a_training_leaves_the_global_random_state_alone():
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    train(BASELINE)
    assert torch.equal(torch.randn(3), expected)


@pytest.mark.parametrize("recipe", [BASELINE, from_scratch(BASELINE, "outliers")])
def test_an_interrupted_training_goes_on_to_the_same_weights(recipe):
    memory = Memory(stop_after=1)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, checkpoint=memory)
    memory.stop_after = None
    resumed = train(recipe, checkpoint=memory)
    assert same(train(recipe).weights, resumed.weights)
    assert [row["epoch"] for row in resumed.log] == [1, 2]


def test_an_interruption_inside_an_epoch_goes_on_to_the_same_weights(monkeypatch):
    monkeypatch.setattr("oe_core.train.CHECKPOINT_SECONDS", 0.0)  # save after every step
    memory = Memory(stop_after=2)
    with pytest.raises(KeyboardInterrupt):
        train(BASELINE, checkpoint=memory)
    assert memory.state["step"] == 2
    memory.stop_after = None
    assert same(train(BASELINE).weights, train(BASELINE, checkpoint=memory).weights)


def test_it_learns():
    recipe = replace(BASELINE, epochs=6)
    trained = train(recipe)
    logits = predict(load_model(recipe, trained.weights, 2, CPU), shades().images, recipe)
    assert (logits.argmax(1) == shades().labels).float().mean() > 0.95
    assert trained.log[-1]["inlier_loss"] < trained.log[0]["inlier_loss"]


def test_outlier_exposure_flattens_the_posterior_on_outliers():
    baseline = replace(BASELINE, epochs=6)
    trained = train(baseline)
    tuned_recipe = fine_tuned(baseline, "outliers", epochs=6, learning_rate=0.05)
    tuned = train(tuned_recipe, initial=trained.weights)
    outliers = shades(name="outliers", noise=60).images
    before = predict(load_model(baseline, trained.weights, 2, CPU), outliers, baseline).softmax(1).amax(1).mean()
    after = predict(load_model(tuned_recipe, tuned.weights, 2, CPU), outliers, baseline).softmax(1).amax(1).mean()
    assert after < before - 0.1


def test_a_non_finite_loss_names_recipe_step_and_rate_and_keeps_the_last_checkpoint():
    recipe, memory = replace(BASELINE, learning_rate=1e30, precision="float32", epochs=3), Memory()
    named = r"recipe 'tiny' \(seed 0\).*epoch \d, step \d, at learning rate .*e\+"
    with pytest.raises(NonFiniteLossError, match=named):
        train(recipe, checkpoint=memory)
    if memory.state is not None:
        assert all(torch.isfinite(row["inlier_loss"] * torch.ones(1)) for row in memory.state["log"])


def rate(position, epochs=1, steps=1000):
    """Of an image recipe from 0.1."""
    return TASK.rate(replace(BASELINE, epochs=epochs, learning_rate=0.1), position, steps)


def test_the_rate_of_images_starts_at_the_first_point_of_its_cosine_and_ends_at_one_millionth():
    assert rate(0) == pytest.approx(0.1, rel=1e-4)
    assert rate(0) < 0.1
    assert rate(499) == pytest.approx((0.1 + FINAL_LEARNING_RATE) / 2)
    assert rate(999) == pytest.approx(FINAL_LEARNING_RATE) == pytest.approx(1e-6)


def test_the_rate_of_images_equals_torchs_lambda_schedule_of_the_official_code():
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    final = 1e-6 / 0.1
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: final + (1 - final) * 0.5 * (1 + torch.cos(torch.tensor(step / 20 * torch.pi)).item())
    )
    for step in range(20):
        optimiser.step()
        scheduler.step()
        assert rate(step, epochs=2, steps=10) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-5)


def test_hold_out_and_training_part_share_nothing_and_miss_nothing():
    images = torch.arange(48, dtype=torch.uint8).view(48, 1, 1, 1).expand(48, 3, 8, 8).contiguous()
    data = ImageSet("numbered", images, torch.arange(48) % 2, ("a", "b"), "folder")
    recipe = replace(BASELINE, holdout=10)
    trained_on, held_out = (part(data, recipe).images[:, 0, 0, 0].tolist() for part in (training_part, held_out_part))
    assert len(held_out) == 10
    assert sorted(trained_on + held_out) == list(range(48))
    with pytest.raises(ValueError, match="holdout=48 leaves nothing of numbered's 48 examples"):
        training_part(data, replace(BASELINE, holdout=48))


def test_data_and_recipe_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="shades is 8 px, recipe 'tiny' wants 16 px"):
        fit(replace(BASELINE, size=16), shades(), device=CPU, progress=quiet)
    with pytest.raises(ValueError, match="outliers='web', but was given None"):
        fit(from_scratch(BASELINE, "web"), shades(), device=CPU, progress=quiet)
    with pytest.raises(ValueError, match="initial weights and a parent recipe belong together"):
        fit(fine_tuned(BASELINE, "outliers"), shades(), shades(), device=CPU, progress=quiet)


def test_float_inputs_are_scored_as_they_are_and_uint8_images_are_scaled():
    from oe_core.data.batches import network_inputs

    model = load_model(BASELINE, train(BASELINE).weights, 2, CPU)
    images = shades().images
    scaled = predict(model, network_inputs(images, BASELINE.scaling), BASELINE)
    assert torch.equal(predict(model, images, BASELINE), scaled)
    assert torch.allclose(predict(model, images, BASELINE, batch_size=7), scaled, atol=1e-2)
