"""From a table of the paper to its detector: one row each, whose columns are the detector's own."""

from dataclasses import replace

import pandas as pd
import pytest

from oe_core.detectors.images import IMAGES
from oe_core.detectors.registry import KINDS
from oe_core.evaluation import calibrate
from oe_core.paper import comparison, index
from oe_core.paper.index import INDEX, LOGS

MEASURED_OTHERWISE = (9, 12, 13)


def methods(row):
    """What the detector's columns of a table are called."""
    return [column.method for column in KINDS[row.detector].columns if column.table == row.full]


def test_every_table_that_the_paper_prints_has_a_row_and_the_logs_come_last():
    assert list(INDEX) == [*range(1, 14), LOGS]
    assert all(row.detector in KINDS for row in INDEX.values())
    assert INDEX[LOGS].title == "MNIST" and INDEX[3].title == "Table 3"


@pytest.mark.parametrize("row", INDEX.values(), ids=lambda row: row.title)
def test_the_detectors_columns_hold_every_method_that_a_table_prints(row):
    if row.number in MEASURED_OTHERWISE:
        assert not methods(row)
    else:
        assert set(comparison.paper_table(row.number)["method"]) <= set(methods(row))


def test_calibration_measures_every_method_of_its_tables():
    assert set(calibrate.METHODS) < set(MEASURED_OTHERWISE)
    for number, measured in calibrate.METHODS.items():
        assert set(measured) == set(comparison.paper_table(number)["method"])


def test_a_further_score_adds_no_row_to_table_10():
    further = replace(IMAGES, scores=lambda recipe: {**IMAGES.scores(recipe), "margin": lambda logits: logits[:, 0]})
    assert further.columns == IMAGES.columns
    assert methods(INDEX[10]) == ["MSP", "H(U;p)"]


@pytest.mark.parametrize("row", INDEX.values(), ids=lambda row: row.title)
def test_in_distributions_are_renamed_to_what_the_table_prints(row):
    full = row.named(comparison.paper_table(row.sets_of))
    assert set(comparison.paper_table(row.number)["in_dist"]) <= set(full["in_dist"])


@pytest.mark.parametrize("number", [14, -1, "7"])
def test_other_numbers_are_refused(number):
    with pytest.raises(ValueError, match=f"table={number!r} is none of the paper's tables 1 to 13, nor LOGS"):
        index.row(number)


@pytest.mark.parametrize("row", [row for row in INDEX.values() if row.repeated], ids=lambda row: row.title)
def test_numbers_that_a_table_repeats_are_those_of_another_one_but_for_rounding(row):
    """SST with exposure is the slip of Table 8 that its footnote tells."""
    group = ["in_dist", "metric"]
    repeated = comparison.paper_table(row.number).query("method in @row.repeated.split()")
    others = pd.concat([
        other.named(comparison.paper_table(other.number)).query("out_dist == 'Mean'").pipe(row.named)
        for other in INDEX.values() if other.number != row.number
    ])  # fmt: skip
    for place, part in repeated.groupby([*group, "method"]):
        printed = others[(others[group] == list(place[:2])).all(axis=1)]["value"].astype(float)
        off = (printed - float(part["value"].iloc[0])).abs().min()
        assert off <= 0.051 or place[::2] == ("SST", "+OE"), place
