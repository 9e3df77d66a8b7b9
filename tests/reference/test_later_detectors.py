"""Later detectors on the networks of Table 7, and the README that quotes them."""

import pandas as pd
import pytest
from reference_records import COURSE, ROOM, evidence_of

from oe_core.posthoc.summary import rendered, summary

DETECTORS = ROOM / "detectors-cifar10"


@pytest.fixture(scope="module")
def detectors():
    return pd.read_csv(DETECTORS / "detectors.csv", converters={"value": float})


def test_the_detectors_were_measured_on_the_networks_of_the_course_and_say_where(detectors):
    evidence, course = evidence_of(DETECTORS), evidence_of(COURSE)
    runs = [{run["identity"]: run["files"] for run in found["runs"]} for found in (evidence, course)]
    assert runs[0] == runs[1] and len(runs[0]) == 6
    assert evidence["seeds"] == sorted(detectors["seed"].unique()) and evidence["measured"]["dirty"] is False
    assert {name: draws["count"] for name, draws in evidence["draws"].items()} == (
        detectors.groupby("out_dist")["draw"].nunique().to_dict()
    )
    assert {row["epsilon"] for row in evidence["epsilons"] if row["chosen"] and row["network"] == "baseline"} == {0.008}


def test_msp_on_a_part_of_every_set_is_near_msp_on_the_whole(detectors, table_7):
    found, whole = summary(detectors).loc["MSP"], table_7.loc[("CIFAR-10", "Mean")]
    for metric in ("FPR95", "AUROC", "AUPR"):
        for network, method in (("baseline", "MSP"), ("exposed", "+OE")):
            assert abs(found[metric, network, "mean"] - whole[metric, method, "mean"]) < 1


def test_the_readme_quotes_the_detectors_table(detectors):
    table = summary(detectors)
    assert (DETECTORS / "detectors.md").read_text(encoding="utf-8") == rendered(table)
    assert rendered(table[["FPR95", "AUROC", "AUPR"]]) in (ROOM / "README.md").read_text(encoding="utf-8")


def test_exposure_outweighs_every_detector_and_energy_adds_to_it_in_each_training(detectors):
    fpr = summary(detectors)["FPR95"].xs("mean", axis=1, level=1)
    assert fpr.loc["MSP", "exposed"] < fpr["baseline"].min() - 10
    by_seed = detectors.query("metric == 'FPR95'").groupby(["network", "detector", "seed"])["value"].mean().unstack()
    gain = {name: by_seed.loc[name, "MSP"] - by_seed.loc[name, "Energy"] for name in ("baseline", "exposed")}
    assert (gain["exposed"] > 3).all() and (gain["baseline"] > gain["exposed"]).all()
    assert (by_seed.loc["exposed", "Mahalanobis"] > by_seed.loc["baseline", "Mahalanobis"]).all()
