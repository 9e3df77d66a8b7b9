"""Later detectors on networks of Table 7, and the README that quotes them."""

import pandas as pd
import pytest
from reference_records import ROOM, evidence_of

from oe_core.evaluation import records
from oe_core.posthoc.summary import answer, gains, rendered, summary

DETECTORS, PACKAGE = ROOM / "detectors-cifar10", ROOM / "cifar10-package"
README = (ROOM / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def detectors():
    return pd.read_csv(DETECTORS / "detectors.csv", converters={"value": float})


@pytest.fixture(scope="module")
def intervals():
    return pd.read_csv(DETECTORS / "intervals.csv")


@pytest.fixture(scope="module")
def added(detectors, intervals):
    return gains(detectors, intervals)


def _runs(folder):
    return {run["identity"]: run["files"] for run in evidence_of(folder)["runs"]}


def test_the_detectors_were_measured_on_the_packages_networks_and_two_more_and_say_where(detectors):
    evidence = evidence_of(DETECTORS)
    assert _runs(PACKAGE).items() <= _runs(DETECTORS).items() and len(_runs(DETECTORS)) == 4
    assert evidence["seeds"] == sorted(detectors["seed"].unique()) == [0, 1] and evidence["measured"]["dirty"] is False
    assert {name: draws["count"] for name, draws in evidence["draws"].items()} == (
        detectors.groupby("out_dist")["draw"].nunique().to_dict()
    )
    chosen = [(row["network"], row["epsilon"]) for row in evidence["epsilons"] if row["chosen"]]
    assert set(chosen) == {("baseline", 0.008), ("exposed", 0.0)}
    assert detectors["detector"].nunique() == len(evidence["detectors"]) == 25


def test_msp_on_a_part_of_every_set_is_near_msp_on_the_whole(detectors):
    found = detectors.query("seed == 0 and detector == 'MSP'").groupby(["metric", "network"])["value"].mean()
    whole = records.read(PACKAGE / "records.csv").query("table == 7").groupby(["metric", "method"])["value"].mean()
    for metric in ("FPR95", "AUROC", "AUPR"):
        for network, method in (("baseline", "MSP"), ("exposed", "+OE")):
            assert abs(found[metric, network] - whole[metric, method]) < 1


def test_the_readme_quotes_the_table_and_the_answer(detectors, intervals, added):
    table = summary(detectors, intervals)
    assert (DETECTORS / "detectors.md").read_text(encoding="utf-8") == rendered(table)
    areas = [metric for metric in table.columns.unique(0) if metric.startswith("AUROC ")]
    assert rendered(table[areas]) in README and f"**{answer(added)}**" in README


def test_exposure_outweighs_every_detector(detectors):
    by_seed = detectors.groupby(["metric", "distance", "seed", "network", "detector"])["value"].mean().unstack()
    for _, rows in by_seed.loc["AUROC"].groupby(["distance", "seed"]):
        networks = rows.droplevel(["distance", "seed"])
        assert networks.loc["exposed", "MSP"] > networks.loc["baseline"].max() + 3


def test_far_anomalies_leave_something_to_gain_that_near_ones_take_back(added):
    near, far = (added.loc[f"AUROC {which}", "mean"] for which in ("near", "far"))
    for name in ("DICE", "SHE", "GradNorm"):
        assert 1.2 < far[name] < 1.6 and -2 < near[name] < -0.8
    assert near.drop("Entropy").max() < 0.3 < near["Entropy"] < 0.6 and far["Energy"] == pytest.approx(1.0, abs=0.1)


def test_distances_rank_anomalies_behind_inliers_unless_features_have_one_length(detectors):
    means = summary(detectors)["AUROC"].xs("mean", axis=1, level=1)
    failing = means.loc[["Mahalanobis", "Residual", "NECO", "ViM"]]
    assert (failing["exposed"] < failing["baseline"]).all()
    assert (means.loc[["Mahalanobis", "Residual"]] < 25).all(axis=None)
    assert (means.loc[["Mahalanobis++", "SSD"], "exposed"] > 94).all()
