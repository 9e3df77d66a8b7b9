"""What each mark claims: by which rule, from which records, and how numbers and comparisons are counted."""

import numpy as np
import pandas as pd
import pytest
from saved_records import saved, witnessed
from scipy.stats import t as student

from oe_core.paper import LOGS, comparison, grades
from oe_core.paper.grades import (
    AGAINST,
    AGREES,
    BASELINE,
    DIRECTION,
    NOT_RUN,
    OTHER_VALUE,
    REPRODUCED,
    UNDECIDED,
    counted,
    margins,
    marked,
)
from oe_core.paper.results import REFERENCE, sources

PAPER = {"scale": "paper", "evidence": witnessed()}
BRANCH = "table == 3 and in_dist == 'CIFAR-10'"


@pytest.fixture(scope="module")
def reference():
    return marked(sources(REFERENCE))


def by_method(root, column="mark", cells=BRANCH):
    return marked(sources(root)).query(cells).groupby("method")[column].agg(set).to_dict()


def statistics(std_seeds, std_draws, seeds, draws):
    columns = {"std_seeds": std_seeds, "std_draws": std_draws, "seeds": seeds, "draws": draws}
    return pd.DataFrame({name: np.atleast_1d(values).astype(float) for name, values in columns.items()})


def test_a_margin_by_hand():
    # t is 3.182 for 4 trainings, 2.262 for 10 draws: (3.182 x 3)^2 x (1 + 1/4) = 113.9 and (2.262 x 2)^2 = 20.5.
    (margin,) = margins(statistics(3, 2, 4, 10))
    assert margin == pytest.approx((113.9 + 20.5) ** 0.5, abs=0.01)
    (of_mean,) = margins(statistics(3, 2, 4, 10), further=0)
    assert of_mean == pytest.approx((113.9 / 5 + 20.5) ** 0.5, abs=0.01)
    (narrower,) = margins(statistics(3, 2, 4, 10), level=0.5)  # t is 0.765 and 0.703
    assert narrower == pytest.approx((2.295**2 * 1.25 + 1.406**2) ** 0.5, abs=0.01)


def test_of_one_training_the_margin_is_that_of_its_draws_and_of_one_draw_there_is_none():
    (draws_alone,) = margins(statistics(np.nan, 2, 1, 10))
    assert draws_alone == pytest.approx(2 * student.ppf(0.975, 9))
    assert margins(statistics(np.nan, np.nan, 1, 1)).isna().all()


def test_what_is_the_same_in_every_repetition_has_a_margin_of_nothing_and_is_decided(tmp_path):
    assert margins(statistics(0, 0, 3, 10)).tolist() == margins(statistics(np.nan, 0, 1, 10)).tolist() == [0]
    saved(tmp_path, near=(0, 0, 0))
    compared = grades.comparisons(marked(sources(tmp_path))).query("ours == ours and change != 0")
    assert len(compared) == 6 and set(compared["direction"]) == {grades.AGREES}


@pytest.mark.parametrize(("seeds", "by_two"), [(2, 0.65), (3, 0.78), (10, 0.91)])
@pytest.mark.parametrize("of_draws", [0.0, 0.5, 2.0])  # standard deviation of a draw, of trainings 1
def test_a_margin_holds_a_further_training_where_two_standard_deviations_do_not(seeds, by_two, of_draws):
    generator, repeats, draws = np.random.default_rng(0), 20_000, 10
    trainings = generator.normal(size=(repeats, seeds))
    values = trainings[:, :, None] + of_draws * generator.normal(size=(repeats, 1, draws))  # shared by the trainings
    cells = statistics(values.mean(axis=2).std(axis=1, ddof=1), values.var(axis=2, ddof=1).mean(axis=1) ** 0.5,
                       np.full(repeats, seeds), np.full(repeats, draws))  # fmt: skip
    further = generator.normal(size=repeats) + of_draws * generator.normal(size=repeats)
    off = abs(further - values.mean(axis=(1, 2)))
    assert (off <= margins(cells)).mean() > 0.94
    if not of_draws:
        assert (off <= 2 * cells["std_seeds"]).mean() == pytest.approx(by_two, abs=0.015)


def test_every_number_that_the_paper_prints_has_one_row_whatever_was_measured(tmp_path):
    cells = marked(sources(tmp_path))
    assert len(cells[cells["table"] != LOGS]) == 813 and not cells.duplicated(grades.CELL).any()
    assert set(cells["mark"]) == {NOT_RUN} and cells["ours"].isna().all()
    assert set(cells.query("table == 7 and in_dist == 'SVHN'")["why"]) == {"missing: a training on SVHN"}


def test_the_papers_network_and_data_near_its_value_are_reproduced_and_a_narrower_rule_has_fewer(tmp_path):
    saved(tmp_path / "branch", shift=0.5, **PAPER)
    cells = marked(sources(tmp_path)).query(BRANCH)
    assert set(cells["mark"]) == {REPRODUCED} and set(cells["unlike"]) == {""}
    of_three = 0.3 * student.ppf(0.975, 2) * (4 / 3) ** 0.5
    assert cells.query("method == 'MSP'")["margin"].to_numpy() == pytest.approx(of_three)
    assert OTHER_VALUE in set(marked(sources(tmp_path), level=0.3).query(BRANCH)["mark"])


def test_the_same_values_of_another_network_claim_the_direction_alone_and_the_baseline_nothing(tmp_path):
    saved(tmp_path / "branch")
    assert by_method(tmp_path) == {"MSP": {BASELINE}, "Branch": {DIRECTION}, "+OE": {DIRECTION}}
    assert by_method(tmp_path, "unlike")["+OE"] == {"scale course"}


def test_other_outliers_leave_the_baseline_the_papers_and_the_exposed_its_direction(tmp_path):
    outliers = {"MSP": "", "Branch": "", "+OE": "font-letters"}
    saved(tmp_path / "branch", **PAPER, outliers=lambda rows: rows["method"].map(outliers))
    assert by_method(tmp_path) == {"MSP": {REPRODUCED}, "Branch": {REPRODUCED}, "+OE": {DIRECTION}}
    assert by_method(tmp_path, "unlike")["+OE"] == {"font-letters for 80 Million Tiny Images"}


def test_a_value_far_off_is_another_value_though_its_direction_is_the_papers(tmp_path):
    saved(tmp_path / "branch", shift=5.0, **PAPER)
    cells = marked(sources(tmp_path)).query(BRANCH)
    assert set(cells["mark"]) == {OTHER_VALUE} and set(cells["direction"]) == {"", AGREES}
    assert cells.query("method == '+OE'")["why"].iloc[0] == "+5.0 ±4.5; MSP to +OE -28.5 ±1.5, in the paper -28.5"


def test_methods_the_other_way_round_are_against_the_paper(tmp_path):
    saved(tmp_path / "branch", swapped=True)
    assert by_method(tmp_path) == {"MSP": {BASELINE}, "Branch": {AGAINST, DIRECTION}, "+OE": {AGAINST}}


def test_a_difference_within_its_spread_is_undecided_and_so_is_one_that_nothing_repeats(tmp_path):
    saved(tmp_path / "wide" / "branch", near=(-30.0, 0.0, 30.0))
    assert by_method(tmp_path / "wide", "direction")["+OE"] == {UNDECIDED}
    saved(tmp_path / "once" / "branch", near=(0.0,))
    assert by_method(tmp_path / "once", "direction")["+OE"] == {UNDECIDED}


def test_a_mean_over_other_sets_is_never_reproduced(tmp_path):
    saved(tmp_path / "branch", sets=("Gaussian", "somewhere else"), **PAPER)
    assert by_method(tmp_path)["+OE"] == {DIRECTION}
    assert by_method(tmp_path, "unlike")["+OE"] == {"a mean over other sets"}


def test_the_largest_scale_stands_for_a_table_then_the_first_root_and_smoke_for_nothing(tmp_path):
    saved(tmp_path / "mine" / "quick", scale="demo", shift=9)
    saved(tmp_path / "theirs" / "one", shift=0.5)
    saved(tmp_path / "last" / "one", shift=3)
    cells = marked(sources(tmp_path / "mine", tmp_path / "theirs", tmp_path / "last")).query(BRANCH)
    assert set(cells["source"]) == {"one"} and set(cells["scale"]) == {"course"}
    assert (cells["ours"] - cells["paper"].astype(float)).to_numpy() == pytest.approx(0.5)
    saved(tmp_path / "smoke" / "quick", scale="smoke")
    assert set(marked(sources(tmp_path / "smoke"))["mark"]) == {NOT_RUN}


def test_the_most_trainings_stand_for_a_table_though_two_roots_name_their_records_alike(tmp_path):
    saved(tmp_path / "mine" / "one", shift=9, evidence=witnessed() | {"seeds": [0]})
    saved(tmp_path / "theirs" / "one", shift=0.5, evidence=witnessed() | {"seeds": [0, 1, 2]})
    for roots in (("mine", "theirs"), ("theirs", "mine")):
        cells = marked(sources(*(tmp_path / root for root in roots))).query(BRANCH)
        assert (cells["ours"] - cells["paper"].astype(float)).to_numpy() == pytest.approx(0.5)


def test_the_papers_own_set_comes_before_a_stand_in_of_a_larger_scale(tmp_path):
    saved(tmp_path / "a", table=5, sets=("intel-scenes",))
    saved(tmp_path / "b", table=5, sets=("Places365",), scale="demo")
    places = marked(sources(tmp_path)).query("table == 5 and out_dist == 'Places365'")
    assert set(places["scale"]) == {"demo"} and set(places["own_out"]) == {"Places365"}


def test_methods_are_compared_on_the_same_trainings(tmp_path):
    saved(tmp_path / "branch", value=lambda rows: rows["value"] / 2 + 10 * rows["seed"])
    later = grades.comparisons(marked(sources(tmp_path)).query(BRANCH))
    assert (later["margin"] > 40).all() and (later["change_margin"] < 1).all()


def test_without_its_first_method_a_table_has_no_direction(tmp_path):
    folder = saved(tmp_path / "branch")
    kept = [line for line in (folder / "records.csv").read_text().splitlines() if ",MSP," not in line]
    (folder / "records.csv").write_text("\n".join([*kept, ""]))
    assert by_method(tmp_path, "direction") == {"MSP": {""}, "Branch": {NOT_RUN}, "+OE": {NOT_RUN}}
    assert by_method(tmp_path, "why")["MSP"] == {"missing: MSP"}


def test_calibration_is_graded_by_the_reading_that_the_papers_logs_follow(tmp_path):
    saved(tmp_path / "cifar10", table=12, shift=9)
    here = "table == 12 and in_dist == 'CIFAR-10'"
    assert set(marked(sources(tmp_path)).query(here)["mark"]) == {NOT_RUN}
    saved(tmp_path / "cifar10-code", table=12)
    cells = marked(sources(tmp_path)).query(here)
    assert (cells["ours"] - cells["paper"].astype(float)).to_numpy() == pytest.approx(0)


def test_a_stand_in_fills_the_cell_of_the_set_it_stands_for_under_its_own_name(reference):
    cells = reference.query("table == 7 and in_dist == 'CIFAR-100'").set_index("out_dist")
    places = cells.loc["Places365"]
    assert set(places["own_out"]) == {"places-mini"} and set(places["mark"]) <= {BASELINE, DIRECTION, UNDECIDED}
    assert places["unlike"].str.endswith("places-mini for Places365").all()
    assert set(cells.loc["LSUN", "own_out"]) == {"lsun-categories"}
    scenes = reference.query("table == 7 and in_dist == 'Places365'").set_index("out_dist")
    assert set(scenes.loc["Places69", "why"]) == {"missing: a test on Places69"}
    assert "| Places365 ← intel-scenes | □ " in grades.beside(reference, 7)


def test_of_the_reference_no_stand_in_and_no_other_network_is_reproduced(reference):
    assert set(reference.query("unlike != ''")["mark"]) & {REPRODUCED, OTHER_VALUE} == set()
    reproduced = reference[reference["mark"] == REPRODUCED]
    assert len(reproduced) and set(reproduced["scale"]) == {"paper"}
    assert (reproduced["own_out"] == reproduced["out_dist"]).all()


def test_a_cell_of_one_training_says_that_its_spread_is_over_draws_alone(reference):
    run = reference[reference["mark"] != NOT_RUN]
    assert (run["why"].str.contains(grades.DRAWS_ALONE) == (run["seeds"] == 1)).all()
    assert " draws (" in grades.beside(reference, 9) and " draws" not in grades.beside(reference, 2)


def test_a_cell_shows_ours_the_papers_value_and_that_of_the_logs(reference):
    cell = reference.query("table == 7 and in_dist == 'CIFAR-10' and out_dist == 'SVHN'").iloc[0]
    text = f"{grades.SIGNS[cell['mark']]} {cell['ours']:.1f} ±{cell['margin']:.1f} draws (28.8; 28.82)"
    assert f"| {text} |" in grades.beside(reference, 7)
    assert set(reference.query("table == 8")["logs"]) == {""} == set(reference.query("table == @LOGS")["logs"])


def test_counts_add_up_and_leave_out_what_they_say(reference):
    table = grades.by_table(reference)
    assert table.to_numpy().sum() == len(reference) and list(table.columns) == list(grades.MARKS)
    counts = counted(reference)
    assert (counts[list(grades.MARKS)].sum(axis=1) == counts["numbers"]).all() and counts.loc["all", "numbers"] == 894
    summaries = 6 * (5 + 3 + 2)  # Tables 1, 2 and 6: 6 numbers of each in-distribution
    beside_rows = 6 * (5 + 3 + 1 + 2) + 9  # the Means of Tables 7, 8, 5 and 11, and MNIST's
    assert counts.loc["without summaries", "numbers"] == 894 - summaries - beside_rows
    repetitions = summaries + 3 * 4 + 3 * 4  # and a method of Tables 10 and 13
    assert counts.loc["without repetitions", "numbers"] == 894 - repetitions


def test_a_comparison_counts_once_and_is_at_the_ceiling_where_both_of_its_numbers_are(reference):
    pairs = grades.comparisons(reference)
    first = ~reference.duplicated(grades.PAIR)
    assert len(pairs) == len(reference) - first.sum() == counted(pairs, "direction").loc["all", "numbers"]
    svhn = pairs.query("table == 7 and in_dist == 'SVHN' and metric == 'AUROC'").set_index("out_dist")
    assert not svhn.loc["Textures", "ceiling"]  # 96.9 to 100
    mnist = pairs.query("table == @LOGS and metric == 'AUROC' and method == '+OE'").set_index("out_dist")
    assert mnist.loc["Gaussian", "ceiling"]  # 99.96 to 100.00


def test_a_level_that_is_no_probability_is_refused():
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match=f"level={level} must lie between 0 and 1"):
            marked([], level)


def test_the_printed_summaries_of_the_logs_are_those_of_table_7(reference):
    summary = reference.query("table == 1 and logs != ''").set_index(["in_dist", "metric", "method"])["logs"]
    full = comparison.logged(7).query("out_dist == 'Mean'").set_index(["in_dist", "metric", "method"])["value"]
    assert summary.to_dict() == full.to_dict()
