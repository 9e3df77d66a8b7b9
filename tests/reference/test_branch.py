"""Table 3 as it was measured, and the READMEs that quote it."""

import pytest
from reference_records import RESULTS, ROOM, evidence_of

from oe_core.evaluation import records
from oe_core.paper import comparison


@pytest.fixture(scope="module")
def table_3():
    return comparison.compare(records.read(ROOM / "branch-cifar10" / "records.csv"), 3)


def test_without_outliers_the_confidence_branch_gains_where_the_papers_does_and_loses_in_aupr(table_3):
    mean = table_3.loc[("CIFAR-10", "Mean")]
    assert mean["FPR95", "Branch", "mean"] < mean["FPR95", "MSP", "mean"]
    assert mean["AUROC", "Branch", "mean"] > mean["AUROC", "MSP", "mean"]
    assert mean["AUPR", "Branch", "mean"] < mean["AUPR", "MSP", "mean"]


def test_exposure_sharpens_the_branch_and_costs_the_classifier_the_more_the_faster_it_is(table_3):
    mean = table_3.loc[("CIFAR-10", "Mean")]
    assert mean["FPR95", "+OE", "mean"] < mean["FPR95", "Branch", "mean"] - 20
    losses = []
    for folder in ("branch-cifar10", "branch-cifar10-fast"):
        evidence = evidence_of(ROOM / folder)
        before, after = (row["accuracy"] for row in evidence["accuracy"])
        baseline, exposed = (run["log"] for run in evidence["runs"])
        assert baseline[-1]["collapse"] == "" and exposed[0]["lambda"] > 20 * baseline[-1]["lambda"]
        losses.append(before - after)
    assert 0 < losses[0] < losses[1]


def test_the_readmes_quote_table_3(table_3):
    (row,) = (line for line in comparison.rendered(table_3).splitlines() if line.startswith("| CIFAR-10 | Mean"))
    for readme in (RESULTS, ROOM / "README.md"):
        assert row in readme.read_text(encoding="utf-8")
