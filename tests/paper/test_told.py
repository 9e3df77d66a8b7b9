"""Sentences about records: who won, where not, and at what cost, each from numbers worked by hand."""

import pandas as pd
import pytest

from oe_core.evaluation import records
from oe_core.paper.told import gains, parted, told


def _records(values, in_dist="digits"):
    """Records of Table 7: {(out_dist, method, seed): the AUROC of its only draw}."""
    common = {"table": 7, "in_dist": in_dist, "outliers": "", "scale": "demo", "stand_in_for": "", "metric": "AUROC"}
    rows = [common | {"out_dist": out, "method": method, "seed": seed, "draw": 0, "value": value}
            for (out, method, seed), value in values.items()]  # fmt: skip
    return records.validate(pd.DataFrame(rows))


def _quality(*accuracies):
    rows = [{"in_dist": "digits", "method": method, "seed": seed, "accuracy": value}
            for seed, pair in enumerate(accuracies)
            for method, value in zip(("MSP", "+OE"), pair, strict=True)]  # fmt: skip
    return pd.DataFrame(rows)


TWO = {("a", "MSP", 0): 80.0, ("a", "+OE", 0): 90.0, ("b", "MSP", 0): 96.0, ("b", "+OE", 0): 95.0,
       ("a", "MSP", 1): 70.0, ("a", "+OE", 1): 90.0, ("b", "MSP", 1): 96.0, ("b", "+OE", 1): 97.0}  # fmt: skip


def test_a_gain_is_the_mean_over_trainings_and_the_least_is_of_one_of_them():
    found = gains(_records(TWO), 7, "MSP", "+OE").loc["digits"]
    assert found.loc["a"].tolist() == [75, 90, 15, 10, 2]
    assert found.loc["b"].tolist() == [96, 96, 0, -1, 2]
    assert found.loc["Mean"].tolist() == [85.5, 93, 7.5, 4.5, 2]


def test_it_is_said_who_won_where_not_and_what_it_cost():
    said = told(_records(TWO), _quality((99.0, 98.0), (99.0, 97.0)), 7, "MSP", "+OE")
    assert said == (
        "- **digits**: +OE raises the mean AUROC: 85.5 for MSP, 93.0 for +OE. It gains on 1 of 2 out-distributions in "
        "each of 2 trainings, most on a (+15.0), least on b (+0.0). It does not win on b (96.0 to 96.0, where 4.0 were "
        "left to gain). Accuracy: 99.00 before, 97.50 after, ±0.71 over trainings."
    )


def test_a_loss_is_said_to_be_one_and_one_training_has_no_spread():
    lost = {("a", "MSP", 0): 80.0, ("a", "+OE", 0): 70.0}
    said = told(_records(lost), _quality((99.0, 99.5)), 7, "MSP", "+OE")
    assert "+OE does not raise the mean AUROC: 80.0 for MSP, 70.0 for +OE. It gains on 0 of 1" in said
    assert "in the one training" in said and "does not win on a (80.0 to 70.0, where 20.0" in said and "±" not in said


def test_a_method_that_was_not_measured_is_named():
    with pytest.raises(ValueError, match=r"no AUROC of the method 'Branch' for table 7; there are \+OE, MSP"):
        gains(_records(TWO), 7, "Branch", "+OE")


def test_a_gain_is_parted_into_longer_training_and_outliers():
    rows = pd.MultiIndex.from_product([["digits", "letters"], ["MSP", "as long", "+OE"]], names=["in_dist", "trained"])
    controlled = pd.DataFrame({"AUROC": [80.0, 78.0, 95.0, 60.0, 70.0, 69.98]}, index=rows)
    first, second = parted(controlled).splitlines()
    assert first == "digits: +15.0 points of AUROC: -2.0 by the longer training, +17.0 by the outliers"
    assert second == "letters: +10.0 points of AUROC: +10.0 by the longer training, +0.0 by the outliers"


def test_the_parts_of_a_gain_add_up_as_they_are_printed():
    rows = pd.MultiIndex.from_product([["digits"], ["MSP", "as long", "+OE"]])
    said = parted(pd.DataFrame({"AUROC": [80.0, 80.27, 82.64]}, index=rows))
    assert said == "digits: +2.6 points of AUROC: +0.3 by the longer training, +2.3 by the outliers"
