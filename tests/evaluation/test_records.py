import os

import numpy as np
import pandas as pd
import pytest

from oe_core.evaluation import records
from oe_core.evaluation.draws import base_rate_draws
from oe_core.evaluation.metrics import detection_metrics

GENERATOR = np.random.default_rng(0)
SCORES = GENERATOR.normal(0, 1, 50), GENERATOR.normal(1, 1, 30)
DRAWS = base_rate_draws(50, 30, draws=2)


def measured(**changes):
    cell = {
        "table": 7, "in_dist": "CIFAR-10", "out_dist": "Textures", "method": "MSP", "seed": 3, "scale": "demo",
        "outliers": "", "stand_in_for": "",
    }  # fmt: skip
    return records.validate(pd.DataFrame([cell | changes | row for row in records.on_draws(*SCORES, DRAWS)]))


def test_three_rows_a_draw_hold_the_metrics_of_that_draw_in_percent():
    frame, (in_scores, out_scores), (in_indices, out_indices) = measured(), SCORES, DRAWS[1]
    expected = detection_metrics(in_scores[in_indices], out_scores[out_indices])
    second = frame[frame["draw"] == 1].set_index("metric")["value"]
    assert second.to_dict() == {metric: 100 * value for metric, value in expected.items()}
    assert len(frame) == 6


def test_columns_are_in_the_one_order_and_typed():
    frame = measured()
    assert tuple(frame.columns) == records.COLUMNS
    assert frame.iloc[0].drop("value").to_dict() == {
        "table": 7, "in_dist": "CIFAR-10", "out_dist": "Textures", "method": "MSP", "metric": "FPR95", "seed": 3,
        "draw": 0, "outliers": "", "scale": "demo", "stand_in_for": "", "shortened": "",
    }  # fmt: skip


def test_records_of_before_schedules_could_be_shortened_are_of_whole_ones():
    old = measured().drop(columns="shortened")
    pd.testing.assert_frame_equal(records.validate(old), measured())


def test_networks_of_other_epochs_are_another_measurement():
    both = pd.concat([measured(), measured(shortened="30 of 100 epochs")])
    assert len(records.validate(both)) == 2 * len(measured())


def test_the_true_positive_rate_names_the_metric():
    assert {row["metric"] for row in records.on_draws(*SCORES, DRAWS, tpr=0.9)} == {"FPR90", "AUROC", "AUPR"}


def test_written_records_are_read_back_bit_for_bit(tmp_path):
    frame = measured(outliers="NA", stand_in_for="Places365")
    records.write(frame, tmp_path / "new" / "records.csv")
    pd.testing.assert_frame_equal(records.read(tmp_path / "new" / "records.csv"), frame, check_exact=True)
    assert os.listdir(tmp_path / "new") == ["records.csv"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "records.csv"
    records.write(measured(), path)
    before = path.read_bytes()

    def full_disk(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="no space left"):
        records.write(measured(seed=4), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["records.csv"]


def test_draws_of_another_test_set_are_refused():
    with pytest.raises(ValueError, match="out_scores holds 10 scores but a draw asks for index 2[0-9]"):
        list(records.on_draws(SCORES[0], np.zeros(10), DRAWS))


def test_an_unknown_scale_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"scale \['huge'\] is unknown; choose from smoke, demo, course, paper"):
        measured(scale="huge")


def test_a_missing_and_an_unknown_column_are_named():
    with pytest.raises(ValueError, match=r"missing columns \['value'\], unknown \['values'\]"):
        records.validate(measured().rename(columns={"value": "values"}))


@pytest.mark.parametrize("value", [-0.1, 100.5, np.nan])
def test_values_that_are_no_percent_are_named(value):
    frame = measured()
    frame.loc[1, "value"] = value
    with pytest.raises(ValueError, match="1 rows hold no percent .*=Textures, method=MSP, metric=AUROC"):
        records.validate(frame)


def test_a_measurement_that_stands_twice_is_named():
    with pytest.raises(ValueError, match="6 rows repeat a measurement; the first is table=7, in_d"):
        records.validate(pd.concat([measured(), measured()]))


def test_mean_rows_are_refused():
    with pytest.raises(ValueError, match="out_dist 'Mean' is no measurement"):
        measured(out_dist="Mean")


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "records.csv"
    records.write(measured(), path)
    path.write_text(path.read_text()[:200] + "\nrubbish")
    with pytest.raises(ValueError, match=f"^{path}: "):
        records.read(path)
