import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402

from oe_core import figures  # noqa: E402
from oe_core.evaluation import calibration  # noqa: E402


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1, 1_050)
    return confidence, rng.random(1_050) < confidence - 0.2


def test_each_point_of_a_reliability_diagram_is_a_bin(predictions):
    axes = figures.reliability({"before": predictions}).axes[0]
    drawn = np.concatenate([line.get_xydata() for line in axes.lines if line.get_marker() == "o"])
    bins = calibration.adaptive_bins(*predictions)
    expected = np.column_stack((bins.confidence, bins.accuracy))
    np.testing.assert_array_equal(drawn[np.argsort(drawn[:, 0])], expected)


def test_a_reliability_diagram_tells_boasting_from_modesty_and_writes_its_errors(predictions):
    axes = figures.reliability({"before": predictions}).axes[0]
    boasting, modest = [line for line in axes.lines if line.get_marker() == "o"]
    assert (boasting.get_xdata() > boasting.get_ydata()).all() and len(modest.get_xdata()) == 0
    errors = calibration.calibration_metrics(*predictions)
    assert axes.texts[0].get_text() == f"RMS {100 * errors['RMS']:.1f}\nMAD {100 * errors['MAD']:.1f}\n10 bin(s)"


def test_histograms_of_confidence_add_up_to_one_for_each_group(predictions):
    confidence, correct = predictions
    groups = {"right": confidence[correct], "wrong": confidence[~correct], "anomalies": np.full(7, 0.1)}
    axes = figures.confidence_histograms({"before": groups, "after": groups}, bins=10).axes[1]
    outlines = {patch.get_label(): patch for patch in axes.patches if patch.get_label() in groups}
    assert list(outlines) == list(groups)
    for outline in outlines.values():
        assert outline.get_xy()[1:-1:2, 1].sum() == pytest.approx(1)


def test_bars_have_the_height_of_their_value_and_the_whisker_of_its_spread():
    ours = pd.DataFrame({"Temperature": [20.0, 10.0], "Temperature ±": [2.0, np.nan], "+OE": [8.0, 5.0]},
                        index=["CIFAR-10", "SVHN"])  # fmt: skip
    axes = figures.error_bars({"ours": ours, "the paper": ours[["Temperature", "+OE"]]}).axes[0]
    # A whisker's container stands before that of its bars.
    bars = {bar.get_label(): bar for bar in axes.containers if hasattr(bar, "patches") and bar.patches}
    assert [patch.get_height() for patch in bars["Temperature"]] == [20.0, 10.0]
    assert [patch.get_height() for patch in bars["+OE"]] == [8.0, 5.0]
    whiskers = bars["Temperature"].errorbar.lines[2][0].get_segments()
    assert [(segment[0, 1], segment[1, 1]) for segment in whiskers] == [(18.0, 22.0), (10.0, 10.0)]
    assert bars["+OE"].errorbar is None
    assert axes.get_ylabel() == "RMS error (%), lower = better"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda p: figures.reliability({}), r"predictions has 0 panels \(\); a row shows 1 to 4"),
        (lambda p: figures.reliability(dict.fromkeys("abcde", p)), "predictions has 5 panels"),
        (lambda p: figures.confidence_histograms({"a": dict.fromkeys("abcd", p[0])}), "a has 4 groups"),
        (lambda p: figures.confidence_histograms({"a": {"b": []}}), "a / b must hold confidences in"),
        (lambda p: figures.confidence_histograms({"a": {"b": [1.2]}}), "a / b must hold confidences in"),
        (lambda p: figures.error_bars({}), "panels has 0 panels"),
        (lambda p: figures.error_bars({"a": pd.DataFrame([range(5)], columns=list("abcde"))}), "5 methods"),
    ],
)
def test_what_does_not_fit_a_figure_is_refused(predictions, draw, message):
    with pytest.raises(ValueError, match=message):
        draw(predictions)
