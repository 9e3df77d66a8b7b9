"""MNIST beside the logs of the paper's code, and the README that quotes it."""

import pandas as pd
import pytest
from reference_records import ROOM, evidence_of, prose

from oe_core import experiment
from oe_core.atomic import read_record
from oe_core.detectors.registry import recipe_from_json
from oe_core.evaluation import records
from oe_core.paper import LOGS, comparison

MNIST = ROOM / "mnist"


@pytest.fixture(scope="module")
def mnist():
    return comparison.compare(records.read(MNIST / "records.csv"), LOGS)


def test_mnist_gains_as_much_as_the_papers_section_5_says_and_its_classifier_loses_nothing(mnist):
    mean = mnist.loc[("MNIST", "Mean")]
    assert abs(mean["AUPR", "MSP", "mean"] - 94.2) < 1 and abs(mean["AUPR", "+OE", "mean"] - 97.0) < 1
    accuracy = pd.DataFrame(evidence_of(MNIST)["accuracy"]).groupby("method")["accuracy"].mean()
    assert accuracy.min() > accuracy["MSP"] - 0.1


def test_all_sets_but_omniglot_land_on_the_logs_of_the_papers_code(mnist):
    for name, row in mnist.loc["MNIST"].drop(index=["Omniglot", "Icons-50", "Mean"]).iterrows():
        for metric, method, _ in row.index:
            assert abs(row[metric, method, "mean"] - float(row[metric, method, "paper"])) < 4.2, (name, metric, method)


def test_exposure_helps_with_grey_strokes_and_hurts_with_black_and_white_ones():
    measured = pd.read_csv(MNIST / "omniglot.csv").groupby(["glyphs", "method"])["AUPR"].mean()
    assert measured["bilinear, grey", "+OE"] > measured["bilinear, grey", "MSP"] + 2
    assert measured["bilinear, 0 or 1", "+OE"] < measured["bilinear, 0 or 1", "MSP"] - 2


def test_the_readme_of_the_records_quotes_mnist(mnist):
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    rows = [line for line in comparison.rendered(mnist).splitlines() if line.startswith("| MNIST | Mean")]
    assert len(rows) == 1 and rows[0] in readme


def test_the_longer_training_has_none_of_the_gain():
    rows, readme = pd.read_csv(MNIST / "control.csv", index_col="trained"), prose(ROOM / "README.md")
    said = "goes from {:.1f} to {:.1f} without outliers, to {:.1f} with them, and FPR95 from".format(*rows["AUROC"])
    assert f"{said} {{:.1f}} to {{:.1f}} and to {{:.1f}}; accuracy".format(*rows["FPR95"]) in readme
    assert rows["AUROC"].diff().iloc[1] < 0.1 < 0.5 < rows["AUROC"].diff().iloc[2]
    runs = read_record(MNIST / "control.json")["runs"]
    assert [run["seed"] for run in runs] == [0, 1, 2] and not any(run["dirty"] for run in runs)
    longer = experiment("mnist", "paper").longer.digest  # whatever the outliers are: there are none in it
    assert {recipe_from_json(run["recipe"]).with_seed(0).digest for run in runs} == {longer}
