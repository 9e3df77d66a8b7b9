"""Section 5 and the appendices as they were measured, and the README that quotes them."""

import pandas as pd
import pytest
from reference_records import COURSE, ROOM, evidence_of

from oe_core.detectors.registry import recipe_from_json
from oe_core.evaluation.ablations import summary

CLASSES = ROOM / "outlier-classes-cifar10"
DESIGN = ROOM / "design-cifar10"


def test_thirty_classes_of_outliers_teach_as_much_as_a_hundred_and_ten_do_not():
    table = summary(pd.read_csv(CLASSES / "values.csv", keep_default_na=False))
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    for count in (10, 30, 50, 100):
        assert f"| {count} classes | " + " | ".join(f"{v:.1f}" for v in table.loc[f"{count} classes"]) in readme
    aupr = table["AUPR"]
    assert aupr["30 classes"] > aupr["10 classes"] + 10 and abs(aupr["100 classes"] - aupr["30 classes"]) < 3
    runs = evidence_of(CLASSES)["runs"]
    assert {run["setting"] for run in runs} == set(table.index) and not any(run["dirty"] for run in runs)
    assert {run["data"]["outliers"]["n"] for run in runs if "classes" in run["setting"]} == {5000}


@pytest.fixture(scope="module")
def design():
    values = pd.read_csv(DESIGN / "values.csv", keep_default_na=False, dtype={"setting": str})
    return {topic: summary(part) for topic, part in values.groupby("topic", sort=False)}


def test_the_readme_quotes_every_setting_of_the_design_choices(design):
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    for table in design.values():
        for setting, row in table.iterrows():
            assert f"| {setting} | " + " | ".join(f"{value:.1f}" for value in row.dropna()) + " |" in readme


def test_which_claims_of_section_5_held_on_cifar_10(design):
    auroc = {topic: table["AUROC"] for topic, table in design.items()}
    outliers = auroc["outliers"]
    assert outliers["50000 outliers"] > outliers["all outliers"] - 0.5 > outliers["noisy inliers"] + 5
    assert abs(outliers["generated images"] - outliers["without"]) < 2
    assert auroc["instead-cifar100"]["outliers: cifar10"] < auroc["instead-cifar100"]["without"] - 5
    assert auroc["text-trec"]["brought close"] > auroc["text-trec"]["raw"] > auroc["text-trec"]["without"]
    outputs = auroc["outputs"]
    assert outputs["reject-class, with"] > outputs["softmax, with"] > outputs["multilabel, with"]
    assert auroc["prior"]["uniform"] > auroc["prior"]["class prior"] > auroc["prior"]["without"]
    assert auroc["energy"]["energy"] > auroc["energy"]["MSP, uniform"] + 1
    held = pd.read_csv(DESIGN / "ledger.csv", index_col="claim")["held"]
    assert held["from scratch detects better than fine-tuned"] == "yes"
    assert held["neither competes with the softmax"] == "no"
    assert held["with imbalanced classes the prior is the better target"] == "no"


def test_the_networks_of_the_design_choices_are_the_chapters_recipes():
    runs = evidence_of(DESIGN)["runs"]
    assert not any(run["dirty"] for run in runs)
    assert all(recipe_from_json(run["recipe"]).digest == run["digest"] for run in runs)
    course = {recipe_from_json(run["recipe"]).with_seed(0).digest for run in evidence_of(COURSE)["runs"]}
    assert course <= {run["digest"] for run in runs}
