"""Tables 12 and 13 as they were measured, and the READMEs that quote them."""

import pandas as pd
import pytest
from reference_records import COURSE, RESULTS, ROOM, evidence_of

from oe_core.evaluation import records
from oe_core.evaluation.holdout import calibration_experiment
from oe_core.paper import comparison


@pytest.mark.parametrize("name", ["calibration-cifar10", "calibration-cifar10-code"])
def test_exposure_calibrates_better_in_every_training_and_on_every_out_distribution(name):
    measured = records.read(ROOM / name / "records.csv")
    for table in (12, 13):
        cells = measured[measured["table"] == table].groupby(["metric", "out_dist", "seed", "method"])["value"].mean()
        gain = cells.xs("+OE", level="method") - cells.xs("Temperature", level="method")
        assert len(gain) == 3 * 8 * 3
        assert (gain[["MAD", "RMS"]] < 0).all() and (gain["SoftF1"] > 0).all()


def test_on_tiny_imagenet_errors_fall_on_the_kind_of_the_outliers_and_rise_on_noise():
    found = records.read(ROOM / "calibration-tiny-imagenet" / "records.csv").query("table == 12 and metric == 'RMS'")
    means = found.pivot_table("value", "out_dist", "method")
    change = means["+OE"] - means["Temperature"]
    assert (change[["intel-scenes", "scene15"]] < -1).all() and (change[["Gaussian", "Rademacher"]] > 9).all()
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    for out_dist in ("Gaussian", "Rademacher", "intel-scenes", "scene15"):
        assert f"{means.loc[out_dist, 'Temperature']:.1f} to {means.loc[out_dist, '+OE']:.1f}" in readme


def test_the_same_photographs_as_textures_cost_tiny_imagenet_a_quarter_of_its_calibration():
    change = {}
    for name in ("calibration-tiny-imagenet", "calibration-tiny-imagenet-phases"):
        found = records.read(ROOM / name / "records.csv").query("table == 12 and metric == 'RMS'")
        means = found.pivot_table("value", "out_dist", "method")
        change[name] = means["+OE"] - means["Temperature"]
    scenes, textures = change.values()
    assert scenes.mean() > 4 and textures.mean() < 0.3 * scenes.mean()
    assert textures["Gaussian"] < 0.15 * scenes["Gaussian"]


def test_calibration_was_measured_with_the_networks_of_table_7():
    ours, table_7 = (evidence_of(folder)["runs"] for folder in (ROOM / "calibration-cifar10", COURSE))
    assert [run["identity"] for run in ours] == [run["identity"] for run in table_7]
    held_out = evidence_of(ROOM / "calibration-cifar10")["held_out"]["examples"]
    assert held_out == calibration_experiment("cifar10", "course").baseline.holdout == 5_000


def test_the_ratio_decides_the_size_of_the_calibration_error_and_the_last_bin_does_not():
    readings = pd.read_csv(ROOM / "calibration-cifar10" / "readings.csv")
    means = readings.groupby(["reading", "table", "metric", "method"])["value"].mean().unstack("reading")
    assert (means["paper"] - means["code-bins"]).abs().max() < 0.01
    assert (means["code-ratio"] - means["code"]).abs().max() < 0.01
    errors = means.loc[(slice(None), ["MAD", "RMS"]), :]
    assert (errors["paper"] > 2 * errors["code-ratio"]).all()


def test_the_readmes_quote_tables_12_and_13():
    quoted = {RESULTS: [12], ROOM / "README.md": [12, 13]}
    for readme, numbers in quoted.items():
        for name, ratio in (("calibration-cifar10", "one inlier"), ("calibration-cifar10-code", "five inliers")):
            for number in numbers:
                rendered = comparison.rendered(comparison.compare(records.read(ROOM / name / "records.csv"), number))
                row = next(line for line in rendered.splitlines() if line.startswith("| CIFAR-10"))
                reading = "code" if name.endswith("code") else "text"
                row = row.replace("| Mean |", f"| Mean, {ratio} to an anomaly ({reading}) |")
                assert row in readme.read_text(encoding="utf-8")
