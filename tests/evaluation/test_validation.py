from dataclasses import replace

import pytest
from tqdm import tqdm

from oe_core.data.anomalies import JIGSAWS, VALIDATION, validation_anomalies
from oe_core.data.batches import network_inputs
from oe_core.data.sources import load_images
from oe_core.detectors.registry import experiment
from oe_core.evaluation.validation import mean_metrics, validation_scores
from oe_core.parts import held_out_part
from oe_core.runs.store import Store, predict
from oe_core.scores import msp

PLAN = experiment("digits", "smoke")
BASELINE = replace(PLAN.baseline, holdout=100)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=lambda **arguments: tqdm(disable=True, **arguments))


def test_every_validation_distribution_of_appendix_a_is_measured(store):
    measured = validation_scores(store, BASELINE)
    assert measured["out_dist"].tolist() == list(VALIDATION.values())
    assert measured[["FPR95", "AUROC", "AUPR", "accuracy"]].apply(lambda column: column.between(0, 100).all()).all()


def test_the_codes_jigsaw_changes_that_distribution_alone(store):
    text, code = (validation_scores(store, BASELINE, jigsaw=jigsaw).set_index("out_dist") for jigsaw in JIGSAWS)
    changed = text.index[(text != code).any(axis=1)]
    assert list(changed) == ["Jigsaw"]


def test_corrupted_copies_of_another_set_leave_noise_and_accuracy_as_they_were(store):
    letters = load_images("font-letters", "test", 16)
    own, others = (validation_scores(store, BASELINE, corrupted=source) for source in (None, letters))
    assert own.loc[0].equals(others.loc[0]) and own.loc[0, "out_dist"] == "Uniform Noise"
    assert own["accuracy"].equals(others["accuracy"])
    assert (own["AUROC"] != others["AUROC"])[1:].all()
    run = store.run(BASELINE)
    inputs = network_inputs(validation_anomalies("inversion", letters.images, 0), "unit")
    logits = predict(run, inputs, store.device).numpy()
    held_out = held_out_part(load_images("digits", "train", 16), BASELINE)
    in_logits = predict(run, held_out.images, store.device).numpy()
    assert others.iloc[-1]["AUROC"] == pytest.approx(mean_metrics(msp(in_logits), msp(logits))["AUROC"])
    with pytest.raises(ValueError, match="corrupted: font-letters is 32 px, recipe 'digits' 16 px"):
        validation_scores(store, BASELINE, corrupted=load_images("font-letters", "test", 32))


def test_a_recipe_without_held_out_images_is_refused(store):
    with pytest.raises(ValueError, match="recipe 'digits' has holdout=0"):
        validation_scores(store, PLAN.baseline)
