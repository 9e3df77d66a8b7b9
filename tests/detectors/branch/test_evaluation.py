"""The test protocol on confidence branches: Table 3 from two networks in three columns."""

from functools import partial

import numpy as np
import pytest
from tqdm import tqdm

from oe_core.detectors.registry import experiment
from oe_core.evaluation.evaluate import evaluate
from oe_core.paper import comparison
from oe_core.runs.store import Store

branch_experiment = partial(experiment, detector="branch")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    plan = branch_experiment("digits", "smoke", out_dists=["gaussian", "font-letters"])
    store = Store(tmp_path_factory.mktemp("runs"), progress=lambda **bar: tqdm(disable=True, **bar))
    return store, evaluate(store, plan, draws=3)


def test_records_hold_a_row_for_every_out_distribution_and_column_and_the_table_its_means(evaluation):
    _, found = evaluation
    counted = found.records.groupby(["table", "method", "out_dist"]).size()
    sets = ("Gaussian", "font-letters")
    assert counted.to_dict() == {(3, method, name): 9 for method in ("MSP", "Branch", "+OE") for name in sets}
    assert set(found.records["metric"]) == {"FPR95", "AUROC", "AUPR"}
    means = comparison.compare(found.records, 3)
    assert list(means.index) == [("digits", "Mean")]
    assert [method for metric, method, field in means.columns if (metric, field) == ("AUROC", "seeds")] == [
        "MSP", "Branch", "+OE",
    ]  # fmt: skip
    rows = comparison.compare(found.records, 3, every_set=True)
    assert list(rows.index) == [("digits", name) for name in (*sets, "Mean")]
    assert rows.loc[("digits", "Mean"), ("AUROC", "+OE", "mean")] == pytest.approx(
        found.records.query("metric == 'AUROC' and method == '+OE'")["value"].mean()
    )


def test_msp_and_branch_are_two_scores_of_one_network_and_oe_is_the_branch_of_the_other(evaluation):
    store, found = evaluation
    assert found.runs["MSP", 0] is found.runs["Branch", 0]
    assert found.runs["+OE", 0].recipe.parent == found.runs["Branch", 0].recipe
    outputs = store.logits(found.runs["+OE", 0], found.test.name, found.tests.inside.inputs, found.test.fingerprint)
    assert outputs.shape == (len(found.test), 11)
    in_scores, _ = found.scores["Gaussian"]["+OE"]
    assert np.array_equal(in_scores, -outputs[:, -1].astype(float))  # in the order of minus the confidence


def test_only_the_exposed_column_names_outliers_and_accuracy_is_that_of_the_classes(evaluation):
    store, found = evaluation
    named = found.records.groupby("method")["outliers"].unique().map(list).to_dict()
    assert named == {"MSP": [""], "Branch": [""], "+OE": ["photo-china"]}
    run = found.runs["MSP", 0]
    outputs = store.logits(run, found.test.name, found.tests.inside.inputs, found.test.fingerprint)
    right = (outputs[:, :10].argmax(axis=1) == found.test.labels.numpy()).mean()
    assert found.quality.set_index("method").loc["MSP", "accuracy"] == pytest.approx(100 * right)
    assert len(found.evidence()["runs"]) == 2
