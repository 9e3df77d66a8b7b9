import numpy as np
import pandas as pd
import pytest

from oe_core.posthoc.summary import answer, gains, intervals, rendered, summary

# Of each detector: by (seed, draw), the values on a near set and on a far one.
VALUES = {
    "MSP": {(0, 0): (50, 80), (0, 1): (52, 84), (1, 0): (60, 80), (1, 1): (62, 84)},
    "Better near": {(0, 0): (55, 80), (0, 1): (57, 84), (1, 0): (67, 80), (1, 1): (69, 84)},
    "Better once": {(0, 0): (50, 79), (0, 1): (52, 83), (1, 0): (70, 79), (1, 1): (72, 83)},
}


def records(values=VALUES, metric="AUROC"):
    rows = [
        {"out_dist": f"{where} set", "distance": where, "network": "exposed", "detector": detector, "metric": metric,
         "seed": seed, "draw": draw, "value": float(value)}
        for detector, measured in values.items() for (seed, draw), pair in measured.items()
        for where, value in zip(("near", "far"), pair, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def resampled(shifts, metric="AUROC"):
    """Resamples of the means, each detector's moved by its shift and MSP's by 0 to 4."""
    rows = [
        {"out_dist": "a set", "distance": where, "network": "exposed", "detector": detector, "metric": metric,
         "seed": 0, "values": np.arange(5.0) + shift}
        for detector, shift in shifts.items() for where in ("near", "far")
    ]  # fmt: skip
    return pd.DataFrame(rows)


SHIFTS = {"MSP": 0, "Better near": 6, "Better once": 1}


def test_the_summary_averages_over_sets_then_draws_then_seeds_near_and_far_apart():
    found = summary(records()).loc["MSP"]
    # Over both sets: seed 0 has draws of 65 and 68, mean 66.5; seed 1 of 70 and 73, mean 71.5.
    assert found["AUROC", "exposed", "mean"] == 69
    assert found["AUROC", "exposed", "std_seeds"] == pytest.approx(5 / 2**0.5)
    assert found["AUROC", "exposed", "std_draws"] == pytest.approx(3 / 2**0.5)
    assert (found["AUROC near", "exposed", "mean"], found["AUROC far", "exposed", "mean"]) == (56, 82)
    assert (found["AUROC far", "exposed", "std_seeds"], found["AUROC far", "exposed", "seeds"]) == (0, 2)


def test_a_distance_without_a_set_has_no_column():
    near = records().query("distance == 'near'")
    assert summary(near).columns.unique(0).tolist() == ["AUROC", "AUROC near"]


def test_the_table_has_mean_spread_and_interval():
    table = summary(records(), intervals(resampled(SHIFTS)))[["AUROC near"]]
    assert rendered(table).splitlines()[:3] == [
        "| Detector | AUROC near exposed |", "| --- | ---: |", "| MSP | 56.0 ±7.1 [0.1, 3.9] |"
    ]  # fmt: skip
    assert "| MSP | 56.0 ±7.1 |" in rendered(summary(records())[["AUROC near"]])


def test_with_one_seed_the_table_shows_the_spread_over_draws():
    one = summary(records().query("seed == 0"))[["AUROC near"]]
    assert "| MSP | 51.0 ±1.4 |" in rendered(one)
    assert "| MSP | 50.0 |" in rendered(summary(records().query("seed == 0 and draw == 0"))[["AUROC near"]])


def test_intervals_are_of_means_over_sets_and_seeds_and_of_differences_pair_by_pair():
    values = pd.DataFrame([
        {"detector": detector, "metric": "AUROC", "network": "exposed", "distance": "near", "seed": seed,
         "values": np.array(numbers) + more}
        for detector, more in (("MSP", 0), ("Other", 2)) for seed, numbers in enumerate(([0, 10], [2, 20]))
    ])  # fmt: skip
    found = intervals(values).set_index(["detector", "metric"])
    limits = np.array([0.025, 0.975])
    np.testing.assert_allclose(found.loc[("MSP", "AUROC near"), ["low", "high"]].astype(float), 1 + 14 * limits)
    np.testing.assert_allclose(found.loc[("Other", "AUROC"), ["gain_low", "gain_high"]].astype(float), [2, 2])


def test_less_false_alarms_are_a_gain():
    values = {"MSP": {(0, 0): (30, 9), (0, 1): (32, 9)}, "Other": {(0, 0): (25, 9), (0, 1): (29, 9)}}
    found = gains(records(values, "FPR95"), intervals(resampled({"MSP": 0, "Other": -2}, "FPR95")))
    assert found.loc[("FPR95 near", "Other"), "mean"] == 4
    assert found.loc[("FPR95 near", "Other"), ["low", "high"]].tolist() == [2, 2]


def test_a_gain_is_beyond_where_it_exceeds_its_spread_and_its_interval_lies_above_0():
    found = gains(records(), intervals(resampled(SHIFTS)))
    near = found.loc["AUROC near"]
    # Gains of 5 and 7 in the two seeds, and of 0 and 10.
    assert near["mean"].to_dict() == {"Better near": 6, "Better once": 5}
    assert near["spread"].to_dict() == pytest.approx({"Better near": 2**0.5, "Better once": 50**0.5})
    assert near["beyond"].to_dict() == {"Better near": True, "Better once": False}
    unsure = gains(records(), intervals(resampled({**SHIFTS, "Better near": 0})))
    assert not unsure.loc[("AUROC near", "Better near"), "beyond"]


def test_with_one_seed_the_spread_of_a_gain_is_that_over_draws():
    values = {"MSP": {(0, 0): (50, 8), (0, 1): (60, 8)}, "Other": {(0, 0): (51, 8), (0, 1): (63, 8)}}
    found = gains(records(values), intervals(resampled({"MSP": 0, "Other": 1}))).loc[("AUROC near", "Other")]
    assert found["mean"] == 2 and found["spread"] == pytest.approx(2**0.5)


def test_the_answer_is_one_sentence_on_near_and_far_anomalies():
    found = gains(records(), intervals(resampled(SHIFTS)))
    assert answer(found) == (
        "Beyond the exposed network's own MSP, by AUROC and by more than the spread, 1 of 2 detectors gains on near "
        "anomalies, Better near most (+6.0 points, 95 % interval 6.0 to 6.0); none of 2 detectors gains on far "
        "anomalies."
    )
