"""The test protocol on density estimators: Table 5, a limited test, noise on the 256 values."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from tqdm import tqdm

from oe_core.detectors.density.training import scaled
from oe_core.detectors.registry import experiment
from oe_core.evaluation.evaluate import evaluate
from oe_core.paper import comparison
from oe_core.runs.store import Store

density_experiment = partial(experiment, detector="density")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    plan = density_experiment("photo-china", "smoke", out_dists=["gaussian", "digits", "lsun"])
    plan = replace(plan, test_limit=25)
    store = Store(tmp_path_factory.mktemp("runs"), progress=lambda **bar: tqdm(disable=True, **bar))
    return store, evaluate(store, plan, draws=3)


def test_table_5_is_filled_at_ninety_five_percent_and_missing_sets_are_named(evaluation):
    _, found = evaluation
    counted = found.records.groupby(["table", "method", "out_dist"]).size()
    sets = {(5, method, name): 3 * 3 for method in ("BPP", "+OE") for name in ("Gaussian", "digits")}
    assert counted.to_dict() == sets
    assert set(found.records["metric"]) == {"FPR95", "AUROC", "AUPR"}
    assert list(found.tests.missing) == ["LSUN"]
    stand_ins = found.records["stand_in_for"].str.split("; ").explode().unique()
    assert {"photo-china=CIFAR-10", "digits=SVHN", "font-letters=80 Million Tiny Images"} <= set(stand_ins)
    assert comparison.compare(found.records, 5).attrs["table"] == 5


def test_every_set_is_tested_on_the_first_images_of_a_seeded_order(evaluation):
    _, found = evaluation
    assert len(found.test) == 25
    assert [len(out.inputs()) for out in found.tests.outs] == [25, 25]
    assert found.evidence()["in_dist_test"]["examples"] == 25


def test_the_quality_is_in_bits_per_dimension_and_the_score_three_times_that(evaluation):
    store, found = evaluation
    run = found.runs["BPP", 0]
    nats = store.logits(run, found.test.name, found.tests.inside.inputs, found.test.fingerprint)
    row = found.quality.set_index("method").loc["BPP"]
    assert row["bits per dimension"] == pytest.approx(nats.mean() / math.log(2), rel=1e-6)
    assert np.allclose(found.scores["digits"]["BPP"][0], 3 * nats[:, 0] / math.log(2))
    assert found.evidence()["bits per dimension"][0]["seed"] == 0


def test_noise_is_scored_as_eight_bit_images(evaluation):
    _, found = evaluation
    noise = found.tests.outs[0].inputs()
    assert noise.is_floating_point() and noise.min() == -1 and noise.max() == 1
    steps = (scaled(noise) + 1) * 127.5
    assert torch.allclose(steps, steps.round(), atol=1e-4)
