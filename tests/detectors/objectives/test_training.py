from dataclasses import replace

import pytest
import torch

from oe_core.data.examples import ImageSet
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.training import predict
from oe_core.detectors.objectives import OBJECTIVES as KIND
from oe_core.detectors.objectives.losses import OBJECTIVES
from oe_core.detectors.objectives.recipe import with_objective
from oe_core.detectors.registry import recipe_from_json
from oe_core.recipe import fine_tuned

fit = KIND.fit
load_model = KIND.network

BASELINE = ImageRecipe("digits", "digits", model="wrn-10-1", size=8, scaling="unit", epochs=1, learning_rate=0.05,
                       dropout=0, crop_padding=0, flip=False, batch_size=8)  # fmt: skip
OUTPUTS = dict.fromkeys(OBJECTIVES, 2) | {"reject-class": 3}
WEIGHTS = dict.fromkeys(OBJECTIVES, 0.5) | {"energy": 0.001}  # squares of energies far from their margins


def images(name, brightness, count=32):
    generator = torch.Generator().manual_seed(brightness)
    pixels = torch.randint(max(1, brightness - 40), brightness + 1, (count, 3, 8, 8), generator=generator)
    pixels[1::2, :, :4] //= 4
    return ImageSet(name, pixels.to(torch.uint8), torch.arange(count) % 2, ("flat", "split"), "folder")


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_network_learns_to_score_its_outliers_as_more_anomalous(objective):
    recipe = replace(with_objective(BASELINE, objective), outliers="bright", epochs=12, oe_weight=WEIGHTS[objective])
    inliers, outliers = images("digits", 120), images("bright", 250)
    trained = fit(recipe, inliers, outliers)
    model = load_model(recipe, trained.weights, 2, torch.device("cpu"))
    logits = {data.name: predict(model, data.images, recipe) for data in (inliers, outliers)}
    assert logits["digits"].shape == (32, OUTPUTS[objective])
    inside, outside = (OBJECTIVES[objective].score(part.numpy()) for part in logits.values())
    assert outside.mean() > inside.mean()


def test_an_objective_counts_to_the_digest_and_comes_back_from_json():
    uniform, energy = (with_objective(fine_tuned(BASELINE, "bright"), name) for name in ("uniform", "energy"))
    assert energy.parent == BASELINE and energy.digest != uniform.digest
    again = recipe_from_json(energy.to_json())
    assert again == energy and again.digest == energy.digest and type(again.parent) is ImageRecipe


@pytest.mark.parametrize("objective", ["reject-class", "multilabel"])
def test_other_outputs_do_not_start_from_an_ordinary_classifier(objective):
    with pytest.raises(ValueError, match=f"objective='{objective}' cannot start from parent 'digits'.*'uniform'"):
        with_objective(fine_tuned(BASELINE, "bright"), objective)
    own = with_objective(BASELINE, objective)
    assert fine_tuned(own, "bright").objective == objective


def test_an_unknown_objective_lists_the_known_ones():
    with pytest.raises(ValueError, match="objective='focal' is unknown; choose one of uniform, hard-outliers"):
        with_objective(BASELINE, "focal")
