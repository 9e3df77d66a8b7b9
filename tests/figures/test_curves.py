from itertools import islice

import matplotlib
import numpy as np
import pandas as pd
import pytest

from oe_core.evaluation import metrics
from oe_core.figures import curves, style


@pytest.fixture
def scores():
    generator = np.random.default_rng(0)
    inliers = generator.normal(0, 1, 500)
    return {"MSP": (inliers, generator.normal(1, 1, 100)), "+OE": (inliers, generator.normal(3, 1, 100))}


def test_curves_carry_the_areas_that_the_metrics_give(scores):
    left, right = curves.roc_pr(scores, "Textures").axes
    for method, pair in scores.items():
        labels = [text.get_text() for axes in (left, right) for text in axes.get_legend().get_texts()]
        assert f"{method}: AUROC {100 * metrics.auroc(*pair):.1f}" in labels
        assert f"{method}: AUPR {100 * metrics.aupr(*pair):.1f}" in labels


def test_the_drawn_roc_curve_is_the_curve(scores):
    line = curves.roc_pr(scores).axes[0].lines[0]
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack(metrics.roc_curve(*scores["MSP"])))


def test_guessing_stands_at_the_base_rate(scores):
    base_rate = curves.roc_pr(scores).axes[1].lines[-1]
    assert base_rate.get_ydata()[0] == pytest.approx(1 / 6)


def test_a_logarithmic_histogram_reaches_down_to_a_single_example(scores):
    generator = np.random.default_rng(0)
    piled = (generator.exponential(0.02, 400), generator.exponential(0.1, 1000))
    figure = curves.score_histograms(dict.fromkeys(scores, piled), log=True)
    figure.draw_without_rendering()
    for axes in figure.axes:
        low, high = axes.get_ylim()
        assert axes.get_yscale() == "log"
        assert low < 1 / 1000 and high > 1


def test_long_curves_make_light_files(tmp_path):
    generator = np.random.default_rng(0)
    pair = generator.normal(0, 1, 100_000), generator.normal(1, 1, 20_000)
    style.publish(curves.roc_pr({"MSP": pair}), "long", tmp_path)
    assert all(path.stat().st_size < 120_000 for path in tmp_path.iterdir())


def test_a_grid_has_a_row_for_each_out_distribution(scores):
    figure = curves.roc_pr_grid({"Textures": scores, "LSUN": scores})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Textures", "", "LSUN", ""]


def test_axes_are_labelled_in_words_with_their_direction(scores):
    roc, _ = curves.roc_pr(scores).axes
    assert roc.get_xlabel() == "false positive rate (inliers flagged)"
    assert curves.score_histograms(scores).axes[0].get_xlabel() == "score (right = more anomalous)"


def test_each_histogram_adds_up_to_one(scores, shares_of):
    axes = curves.score_histograms(scores, "Textures", bins=20).axes[1]
    assert [steps.get_label() for steps in axes.collections] == ["inliers", "anomalies"]
    for steps in axes.collections:
        assert len(shares_of(steps)) == 20 and shares_of(steps).sum() == pytest.approx(1)


def test_histogram_titles_name_set_method_and_area(scores):
    titles = [axes.get_title(loc="left") for axes in curves.score_histograms(scores, "Textures").axes]
    areas = [100 * metrics.auroc(*pair) for pair in scores.values()]
    assert titles == [f"Textures: {m}, AUROC {area:.1f}" for m, area in zip(scores, areas, strict=True)]


def test_equal_figures_give_equal_files(scores, tmp_path):
    for folder in ("one", "two"):
        style.publish(curves.roc_pr(scores), "curves", tmp_path / folder)
    for name in ("curves.png", "curves.svg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["curves.png", "curves.svg"]


def test_the_style_ends_with_the_figure(scores):
    before = dict(matplotlib.rcParams)
    curves.roc_pr(scores)
    assert dict(matplotlib.rcParams) == before


def test_more_methods_than_distinct_lines_are_refused(scores):
    many = {str(number): scores["MSP"] for number in range(5)}
    with pytest.raises(ValueError, match=r"scores has 5 methods \(0, 1, 2, 3, 4\); a figure shows 1 to 4"):
        curves.score_histograms(many)


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="scores is empty"):
        curves.roc_pr_grid({})


def test_scores_with_nan_are_refused_by_name(scores):
    with pytest.raises(ValueError, match="out_scores holds 1 NaN"):
        curves.score_histograms({"MSP": (scores["MSP"][0], [np.nan])})


@pytest.fixture
def measured():
    from oe_core.evaluation.draws import base_rate_draws
    from oe_core.evaluation.records import on_draws, validate

    generator, draws = np.random.default_rng(0), base_rate_draws(100, 20, draws=2)
    cell = {"table": 7, "in_dist": "digits", "scale": "demo", "outliers": "", "stand_in_for": ""}
    rows = [
        cell | {"out_dist": out, "method": method, "seed": seed} | row
        for out in ("letters", "flower") for method, shift in (("MSP", 1), ("+OE", 3)) for seed in (0, 1)
        for row in on_draws(generator.normal(0, 1, 100), generator.normal(shift, 1, 20), draws)
    ]  # fmt: skip
    return validate(pd.DataFrame(rows))


@pytest.fixture
def compared(measured):
    from oe_core.paper.comparison import compare

    return compare(measured, 7).loc["digits"]


def test_before_and_after_stand_on_one_line_an_out_distribution(compared):
    panels = curves.before_after(compared, "digits").axes
    assert [panel.get_xlabel().split(" ")[0] for panel in panels] == ["FPR95", "AUROC", "AUPR"]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["letters", "flower", "Mean"]
    marks = {container.get_label(): container.lines[0].get_xdata() for container in panels[1].containers}
    for method in ("MSP", "+OE"):
        assert marks[method].tolist() == compared["AUROC", method, "mean"].tolist()


def test_the_bars_of_before_and_after_end_at_0_and_100(compared):
    wide = compared.copy()
    wide.loc[:, (slice(None), slice(None), "std_seeds")] = 90.0
    bars = [bar for axes in curves.before_after(wide).axes for bar in axes.containers]
    ends = [end for bar in bars for line in bar.lines[2][0].get_segments() for end in line[:, 0]]
    assert (min(ends), max(ends)) == (0, 100)


def test_series_differ_in_look_beyond_four_and_begin_with_the_usual_lines():
    looks = list(islice(style.series(), 140))
    assert len(set(looks)) == 140 and [look[:2] for look in looks[:4]] == style.LINES
    assert len({colour for colour, _, _ in looks[:7]}) == 7


def test_before_and_after_compare_two_methods(compared):
    with pytest.raises(ValueError, match=r"table has 1 methods \(MSP\); this figure compares two"):
        curves.before_after(compared.loc[:, (slice(None), "MSP")])


def _points(panel, marker):
    """{(method, row): the value} of the strips' means or of the paper's values; a method has a colour."""
    lines = [line for line in panel.lines if line.get_marker() == marker]
    return {style.PALETTE.index(line.get_color()): np.asarray(line.get_xdata(), float) for line in lines}


def test_strips_have_a_dot_for_each_training_and_a_bar_at_their_mean(measured, compared):
    first, panel, _ = curves.seed_strips(measured, compared, "digits").axes
    bars = _points(panel, "|")
    for number, method in enumerate(("MSP", "+OE")):
        assert bars[number].tolist() == compared["AUROC", method, "mean"].tolist()
    dots = [line.get_xdata() for line in panel.lines if line.get_marker() == "o"]
    assert [len(seed) for seed in dots] == [3] * 2 * 2  # rows, for each method and seed
    of_msp = np.array(dots[:2])
    np.testing.assert_allclose(of_msp.mean(axis=0), bars[0])
    np.testing.assert_allclose(of_msp[:, 2], of_msp[:, :2].mean(axis=1))  # the Mean row
    assert [label.get_text() for label in first.get_yticklabels()] == ["letters", "flower", "Mean"]


def test_dots_lie_on_the_line_of_their_mean(measured, compared):
    panel = curves.seed_strips(measured, compared).axes[0]
    for marker in "o|":
        lines = [line.get_ydata() for line in panel.lines if line.get_marker() == marker]
        assert {*np.concatenate(lines).round(6)} == {-0.2, 0.2, 0.8, 1.2, 1.8, 2.2}


def test_strips_show_the_papers_value_where_it_has_one(measured, compared):
    figure = curves.seed_strips(measured, compared)
    assert not any(_points(axes, "D") for axes in figure.axes)
    assert [text.get_text() for text in figure.legends[0].texts] == ["MSP", "+OE"]
    printed = compared.copy()
    printed["AUROC", "MSP", "paper"] = "87.5"
    panel = curves.seed_strips(measured, printed).axes[1]
    assert {number: values.tolist() for number, values in _points(panel, "D").items()} == {0: [87.5] * 3}
