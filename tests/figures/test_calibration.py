import numpy as np
import pandas as pd
import pytest
from matplotlib.container import BarContainer

from oe_core import figures
from oe_core.evaluation import calibration


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
    assert axes.texts[0].get_text() == f"RMS {100 * errors['RMS']:.1f}\nMAD {100 * errors['MAD']:.1f}\n10 bins"


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_reliability_diagram_has_room_for_its_labels_below_a_title(predictions, count):
    figure = figures.reliability({f"panel {number}": predictions for number in range(count)})
    figure.suptitle("of all panels")
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert axes.xaxis.label.get_window_extent().y0 >= 0


def test_histograms_of_confidence_add_up_to_one_for_each_group(predictions, shares_of):
    confidence, correct = predictions
    groups = {"right": confidence[correct], "wrong": confidence[~correct], "anomalies": np.full(7, 0.1)}
    axes = figures.confidence_histograms({"before": groups, "after": groups}, bins=10).axes[1]
    assert [steps.get_label() for steps in axes.collections] == list(groups)
    for steps in axes.collections:
        assert shares_of(steps).sum() == pytest.approx(1)


def heights(axes):
    return [[bar.get_height() for bar in bars] for bars in axes.containers if isinstance(bars, BarContainer)]


def test_bars_have_the_height_of_their_value_and_the_whisker_of_its_spread():
    ours = pd.DataFrame({"Temperature": [20.0, 10.0], "Temperature ±": [2.0, np.nan], "+OE": [8.0, 5.0]},
                        index=["CIFAR-10", "SVHN"])  # fmt: skip
    axes = figures.error_bars({"ours": ours, "the paper": ours[["Temperature", "+OE"]]}).axes[0]
    assert heights(axes) == [[20.0, 10.0], [8.0, 5.0]]
    assert axes.get_legend_handles_labels()[1] == ["Temperature", "+OE"]
    whiskers = [line[:, 1].tolist() for lines in axes.collections for line in lines.get_segments()]
    assert whiskers == [[18.0, 22.0], [10.0, 10.0], [8.0, 8.0], [5.0, 5.0]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["CIFAR-10", "SVHN"]
    assert axes.get_ylabel() == "RMS error (%), lower = better"


def test_bars_do_not_depend_on_what_the_columns_of_a_frame_are_called():
    printed = pd.DataFrame({"Temperature": [19.0], "+OE": [9.0]}, index=pd.Index(["CIFAR-10"], name="in_dist"))
    axes = figures.error_bars({"the paper": printed.rename_axis(columns="method")}).axes[0]
    assert heights(axes) == [[19.0], [9.0]]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda p: figures.reliability({}), r"predictions has 0 panels \(\); a figure shows 1 to 4"),
        (lambda p: figures.reliability(dict.fromkeys("abcde", p)), "predictions has 5 panels"),
        (
            lambda p: figures.confidence_histograms({"a": dict.fromkeys("abcd", p[0])}),
            r"a has 4 groups .* 1 to 3",
        ),
        (lambda p: figures.confidence_histograms({"a": {"b": []}}), "a / b must hold confidences in"),
        (lambda p: figures.confidence_histograms({"a": {"b": [1.2]}}), "a / b must hold confidences in"),
        (lambda p: figures.error_bars({}), "panels has 0 panels"),
        (lambda p: figures.error_bars({"a": pd.DataFrame([range(5)], columns=list("abcde"))}), "5 methods"),
    ],
)
def test_what_does_not_fit_a_figure_is_refused(predictions, draw, message):
    with pytest.raises(ValueError, match=message):
        draw(predictions)
