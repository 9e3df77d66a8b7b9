from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tqdm import tqdm

from oe_core.data.batches import CHANNEL_STATISTICS, network_inputs
from oe_core.data.sources import load_images
from oe_core.detectors.images.network import build
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.training import predict
from oe_core.detectors.registry import experiment
from oe_core.posthoc import odin
from oe_core.runs.store import Store, network

RECIPE = ImageRecipe("tiny", "digits", model="wrn-10-1", size=8, scaling="cifar", dropout=0, precision="float32")


class Linear(torch.nn.Module):
    """Two logits, +s and -s, of the sum s of the first pixel's three channels."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        total = self.scale * inputs[:, :, 0, 0].sum(dim=1)
        return torch.stack([total, -total], dim=1)


def test_the_step_of_a_linear_network_by_hand():
    inputs = torch.zeros(2, 3, 4, 4)
    inputs[0, :, 0, 0], inputs[1, :, 0, 0] = 1.0, -1.0
    # Class 0 is predicted for the first image: its three values rise by epsilon / std; for the second they fall.
    raised = 3 + 0.01 * sum(1 / std for std in CHANNEL_STATISTICS["cifar"][1])
    found = odin.perturbed_logits(Linear().eval(), inputs, RECIPE, (0.0, 0.01))
    assert torch.allclose(found[0], torch.tensor([[3.0, -3], [-3, 3]]))
    assert torch.allclose(found[1], torch.tensor([[raised, -raised], [-raised, raised]]))


def test_perturbed_logits_equal_the_originals_way_one_image_at_a_time(monkeypatch):
    monkeypatch.setattr(odin, "BATCH_SIZE", 2)
    torch.manual_seed(0)
    model = build("wrn-10-1", 5).eval()
    images = torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)
    found = odin.perturbed_logits(model, images, RECIPE, (0.002,))[0]
    for image, logits in zip(images, found, strict=True):
        inputs = network_inputs(image[None], "cifar").requires_grad_()
        outputs = model(inputs)
        F.cross_entropy(outputs / 1000, outputs.argmax(dim=1)).backward()  # falls against its gradient's sign
        for channel, std in enumerate(CHANNEL_STATISTICS["cifar"][1]):
            inputs.data[:, channel] -= 0.002 / std * inputs.grad[:, channel].sign()
        assert torch.allclose(model(inputs)[0], logits, atol=1e-5)


def test_without_a_step_the_logits_are_the_networks_own():
    model = build("wrn-10-1", 5).eval()
    noise = torch.rand(4, 3, 8, 8)
    found = odin.perturbed_logits(model, noise, RECIPE, (0.0,))[0]
    assert torch.allclose(found, predict(model, noise, RECIPE), atol=1e-6)


def test_a_step_raises_the_largest_softmax_it_is_taken_for():
    torch.manual_seed(0)
    model = build("wrn-10-1", 5).eval()
    images = torch.randint(0, 256, (20, 3, 8, 8), dtype=torch.uint8)
    before, after = (odin.odin(logits) for logits in odin.perturbed_logits(model, images, RECIPE, (0, 0.001)).numpy())
    assert (after < before).all()


def test_a_step_backwards_is_refused():
    with pytest.raises(ValueError, match=r"epsilons=\(-0.1,\) must not be negative"):
        odin.perturbed_logits(Linear(), torch.zeros(1, 3, 4, 4), RECIPE, (-0.1,))


def test_the_score_is_the_largest_softmax_at_temperature_1000_by_hand():
    logits = 1000 * np.log([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]])
    assert odin.odin(logits) == pytest.approx([-0.7, -0.5], abs=1e-12)


def test_the_score_keeps_the_order_of_close_float32_logits():
    logits = np.array([[1e-3, 0], [2e-3, 0], [3e-3, 0]], np.float32)
    assert (np.diff(odin.odin(logits)) < 0).all()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=lambda **arguments: tqdm(disable=True, **arguments))


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(odin, "VALIDATION_IMAGES", 40)
    monkeypatch.setattr(odin, "EPSILONS", (0.0, 0.01))
    monkeypatch.setattr(odin, "VALIDATION", {"uniform-noise": "Uniform Noise", "jigsaw": "Jigsaw"})


@pytest.mark.parametrize("holdout", [0, 60])
def test_steps_are_validated_on_held_out_images_or_else_on_learned_ones_once(store, small, holdout, monkeypatch):
    recipe = replace(experiment("digits", "smoke").baseline, holdout=holdout)
    run, inliers, seen = store.run(recipe), load_images("digits", "train", 16), []
    model = network(run, store.device)
    original = odin.perturbed_logits
    monkeypatch.setattr(odin, "perturbed_logits", lambda *arguments: seen.append(arguments[1]) or original(*arguments))
    found = odin.validated_epsilons(store, run, model, inliers)
    assert found["epsilon"].tolist() == [0.0, 0.01]
    assert found[["FPR95", "AUROC", "AUPR"]].apply(lambda column: column.between(0, 100).all()).all()
    order = torch.randperm(len(inliers), generator=torch.Generator().manual_seed(0))
    expected = order[len(order) - 60 :] if holdout else order[: recipe.limit]
    assert torch.equal(seen[0], inliers.images[expected[:40]]) and len(seen) == 3
    again = odin.validated_epsilons(store, run, model, inliers)
    assert len(seen) == 3 and again.equals(found)
