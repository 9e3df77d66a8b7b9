import json
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from tqdm import tqdm

from oe_core.data.sources import load_images
from oe_core.detectors.images.training import features
from oe_core.detectors.registry import experiment
from oe_core.evaluation.bootstrap import resampled_metrics, resamples
from oe_core.evaluation.evaluate import evaluate
from oe_core.evaluation.metrics import detection_metrics
from oe_core.figures.curves import before_after
from oe_core.parts import training_part
from oe_core.posthoc import comparison, odin
from oe_core.posthoc.comparison import compare_detectors
from oe_core.posthoc.registry import DETECTORS
from oe_core.posthoc.summary import rendered, summary
from oe_core.runs.store import Store, network
from oe_core.scores import energy

text_experiment = partial(experiment, detector="text")

NAMES = [detector.name for detector in DETECTORS]
PLAN = experiment("digits", "smoke", out_dists=["gaussian", "font-letters"])


@pytest.fixture(scope="module", autouse=True)
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "RESAMPLES", 20)
        patch.setattr(odin, "VALIDATION_IMAGES", 40)
        patch.setattr(odin, "EPSILONS", (0.0, 0.004))
        patch.setattr(odin, "VALIDATION", {"uniform-noise": "Uniform Noise", "jigsaw": "Jigsaw"})
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=lambda **arguments: tqdm(disable=True, **arguments))


@pytest.fixture(scope="module")
def compared(store):
    return compare_detectors(store, PLAN, seeds=2, draws=2)


def test_every_detector_is_measured_on_every_network_set_seed_and_draw(compared):
    counted = compared.records.groupby(["detector", "network", "out_dist"], sort=False).size()
    assert counted.unique().tolist() == [2 * 2 * 3] and len(counted) == len(NAMES) * 2 * 2
    assert compared.records["detector"].unique().tolist() == NAMES
    assert compared.records["value"].between(0, 100).all()


def test_letters_are_near_to_digits_and_noise_is_far(compared):
    found = compared.records.groupby("out_dist")["distance"].unique().map(list).to_dict()
    assert found == {"Gaussian": ["far"], "font-letters": ["near"]}


def test_an_interval_is_that_of_resamples_of_a_draws_size(compared, store):
    asked, tests = compared.evaluation.asked["+OE", 0], compared.evaluation.tests
    other = compared.evaluation.asked["+OE", 1]
    (letters,) = [out for out in tests.outs if out.key == "font-letters"]
    sizes = tuple(map(len, compared.evaluation.draws["font-letters"][0]))
    values = []
    for one in (asked, other):
        pair = [one.outputs(of) for of in (tests.inside, letters)]
        again = resamples(*map(len, pair), 20, sizes)
        values.append(100 * resampled_metrics(*map(energy, pair), again)["AUROC"])
    row = compared.intervals.set_index(["detector", "metric", "network"]).loc["Energy", "AUROC near", "exposed"]
    np.testing.assert_allclose(row[["low", "high"]].astype(float), np.quantile(np.mean(values, axis=0), [0.025, 0.975]))


def test_msp_is_that_of_the_papers_protocol_to_the_last_bit(compared, store):
    key = ["out_dist", "network", "metric", "seed", "draw"]
    protocol = evaluate(store, PLAN, seeds=2, draws=2).records.query("table == 7")
    protocol = protocol.assign(network=protocol["method"].map({"MSP": "baseline", "+OE": "exposed"}))
    ours = compared.records.query("detector == 'MSP'").set_index(key)["value"]
    pd.testing.assert_series_equal(ours.sort_index(), protocol.set_index(key)["value"].sort_index())


def test_mahalanobis_is_fitted_to_the_networks_training_features(compared, store):
    recipe = PLAN.exposed.with_seed(1)
    run = store.run(recipe)
    model = network(run, store.device)
    inliers, test = load_images("digits", "train", 16), load_images("digits", "test", 16)
    letters = load_images("font-letters", "test", 16)
    part = training_part(inliers, recipe)
    learned, inside, outside = (
        features(model, images, recipe).double().numpy() for images in (part.images, test.images, letters.images)
    )
    labels = part.labels.numpy()
    means = np.stack([learned[labels == label].mean(axis=0) for label in range(10)])
    inverse = np.linalg.pinv(np.cov((learned - means[labels]).T, bias=True), hermitian=True)
    in_scores, out_scores = (cdist(rows, means, "mahalanobis", VI=inverse).min(axis=1) for rows in (inside, outside))
    in_draw, out_draw = compared.evaluation.draws["font-letters"][1]
    rows = compared.records.query(
        "detector == 'Mahalanobis' and network == 'exposed' and seed == 1 and draw == 1 and out_dist == 'font-letters'"
    )
    expected = detection_metrics(in_scores[in_draw], out_scores[out_draw])
    assert rows.set_index("metric")["value"].to_dict() == pytest.approx(
        {metric: 100 * value for metric, value in expected.items()}, abs=0.2
    )


def test_the_step_of_odin_is_chosen_per_network_and_does_not_depend_on_the_test(compared, store):
    chosen = compared.epsilons[compared.epsilons["chosen"]]
    lowest = compared.epsilons.groupby(["network", "seed"])["FPR95"].idxmin()  # the first of equals, so the shortest
    assert set(chosen.index) == set(lowest)
    assert chosen[["network", "seed"]].drop_duplicates().shape[0] == len(chosen) == 4
    other = compare_detectors(store, replace(PLAN, out_dists=("blobs",)), seeds=1, draws=1)
    first = compared.epsilons[compared.epsilons["seed"] == 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(other.epsilons, first)


def test_a_second_comparison_trains_nothing_and_asks_no_network_again(compared, store, monkeypatch):
    def fail(*arguments, **keywords):
        raise AssertionError("trained or scored again")

    monkeypatch.setattr(store, "progress", fail)
    monkeypatch.setattr("oe_core.runs.store.predict", fail)
    monkeypatch.setattr("oe_core.detectors.images.training.asked", fail)
    monkeypatch.setattr("oe_core.posthoc.comparison.perturbed_logits", fail)
    monkeypatch.setattr("oe_core.posthoc.odin.perturbed_logits", fail)
    again = compare_detectors(store, PLAN, seeds=2, draws=2)
    pd.testing.assert_frame_equal(again.records, compared.records)
    pd.testing.assert_frame_equal(again.intervals, compared.intervals)


def test_save_writes_every_value_the_table_and_what_they_rest_on(compared, tmp_path):
    compared.save(tmp_path / "detectors")
    written = pd.read_csv(tmp_path / "detectors" / "detectors.csv")
    pd.testing.assert_frame_equal(written, compared.records, check_dtype=False)
    written = pd.read_csv(tmp_path / "detectors" / "intervals.csv")
    pd.testing.assert_frame_equal(written, compared.intervals, check_dtype=False)
    evidence = json.loads((tmp_path / "detectors" / "evidence.json").read_text())
    assert evidence["seeds"] == [0, 1] and evidence["draws"]["Gaussian"]["count"] == 2
    assert {run["identity"] for run in evidence["runs"]} == {run.identity for run in compared.evaluation.runs.values()}
    neighbours = {row["name"]: row["settings"] for row in evidence["detectors"]}["k-NN"]
    assert neighbours == {"neighbours": 10, "training examples": 10_000}
    assert len(evidence["epsilons"]) == 8 and {"commit", "device", "seconds"} <= evidence["measured"].keys()
    table = rendered(summary(compared.records, compared.intervals))
    assert (tmp_path / "detectors" / "detectors.md").read_text() == table


def test_the_summary_is_drawn_as_one_line_a_detector(compared):
    figure = before_after(summary(compared.records)[["AUROC near", "AUROC far"]])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == NAMES


def test_other_domains_are_refused(store):
    with pytest.raises(ValueError, match="networks are of 'text', whose features no detector here reads"):
        compare_detectors(store, text_experiment("docstrings", "smoke"))
    with pytest.raises(ValueError, match="networks are of 'branch'"):
        compare_detectors(store, experiment("digits", "smoke", "branch"))
