import re

import numpy as np
import pandas as pd
import pytest

from oe_core.evaluation import records
from oe_core.paper import comparison
from oe_core.paper.index import LOGS, RENAMED
from oe_core.paper.render import latex

METRICS = ("FPR95", "AUROC", "AUPR")
SVHN_SETS = ("Gaussian", "Bernoulli", "Blobs", "Icons-50", "Textures", "Places365", "LSUN", "CIFAR-10", "Chars74K")


def recorded(out_dists, *, in_dist="SVHN", table=7, seeds=1, draws=2, methods=("MSP", "+OE"), metrics=METRICS, **more):
    """Records whose value is 10 * place of the set + 4 * seed + draw + 1 * place of the method."""
    common = {"table": table, "in_dist": in_dist, "outliers": "", "scale": "demo", "stand_in_for": ""} | more
    rows = [
        common | {"out_dist": out, "method": method, "metric": metric, "seed": seed, "draw": draw}
        | {"value": 10.0 * place + 4 * seed + draw + methods.index(method)}
        for place, out in enumerate(out_dists)
        for method in methods
        for metric in metrics
        for seed in range(seeds)
        for draw in range(draws)
    ]  # fmt: skip
    return records.validate(pd.DataFrame(rows))


def test_the_papers_tables_hold_every_printed_number():
    counts = {number: len(comparison.paper_table(number)) for number in range(1, 14)}
    assert counts == {1: 30, 2: 18, 3: 27, 4: 18, 5: 54, 6: 12, 7: 276, 8: 198, 9: 24, 10: 24, 11: 72, 12: 24, 13: 36}


def test_printed_digits_are_kept():
    table = comparison.paper_table(7).set_index(["in_dist", "out_dist", "metric", "method"])["value"]
    assert table["CIFAR-10", "Mean", "FPR95", "+OE"] == "9.50"
    assert table["Tiny ImageNet", "Blobs", "AUROC", "+OE"] == "100"


def test_the_papers_mean_rows_of_table_7_are_the_means_of_its_rows():
    table = comparison.paper_table(7).astype({"value": float})
    means = table[table["out_dist"] == "Mean"].set_index(["in_dist", "metric", "method"])["value"]
    rows = table[table["out_dist"] != "Mean"].groupby(["in_dist", "metric", "method"])["value"].mean()
    assert (rows - means.reindex(rows.index)).abs().max() < 0.06


MNIST_SETS = ("Gaussian", "Bernoulli", "CIFAR-10", "Icons-50", "Fashion-MNIST", "Negative MNIST", "notMNIST",
              "Omniglot")  # fmt: skip
MNIST_METHODS = ("MSP", "+OE", "+OE scratch")


def test_the_mean_rows_of_the_mnist_logs_are_the_means_of_their_rows():
    logs = comparison.paper_table(LOGS).astype({"value": float})
    group = ["metric", "method"]
    means = logs[logs["out_dist"] == "Mean"].set_index(group)["value"]
    rows = logs[logs["out_dist"] != "Mean"].groupby(group)["value"].mean()
    assert len(means) == 9 and (rows - means.reindex(rows.index)).abs().max() < 0.011


def test_records_of_mnist_stand_beside_the_logs_of_the_papers_code():
    measured = recorded(MNIST_SETS, in_dist="MNIST", methods=MNIST_METHODS)
    frame = comparison.compare(measured, LOGS)
    assert frame.loc[("MNIST", "Omniglot"), ("AUPR", "+OE", "paper")] == "83.49"
    assert frame.loc[("MNIST", "Mean"), ("AUPR", "MSP", "paper")] == "94.24"
    assert [note for note in frame.attrs["notes"] if "section 5 prints the Mean's AUPR alone, 94.2" in note]
    assert (comparison.compare(measured, 7).xs("paper", axis=1, level=2) == "—").all(axis=None)


def test_a_stand_in_leaves_the_mean_of_the_logs_in_a_footnote():
    measured = recorded(("Gaussian", "emoji"), in_dist="MNIST", methods=MNIST_METHODS)
    frame = comparison.compare(measured, LOGS)
    assert frame.loc[("MNIST", "Mean"), ("AUPR", "MSP", "paper")] == "—"
    notes = " ".join(frame.attrs["notes"])
    assert "AUPR MSP 94.24" in notes and "none to compare with in the logs of the paper's code." in notes


def test_an_unknown_table_is_refused():
    with pytest.raises(ValueError, match="table=14 is none of the paper's tables 1 to 13"):
        comparison.paper_table(14)


def test_a_cell_by_hand():
    frame = comparison.compare(recorded(["Textures"], seeds=2), 7)
    cell = frame.loc[("SVHN", "Textures"), ("FPR95", "+OE")]
    # Values 1, 2 (seed 0) and 5, 6 (seed 1).
    assert cell["mean"] == 3.5
    assert cell["std_seeds"] == pytest.approx(4 / np.sqrt(2))
    assert cell["std_draws"] == pytest.approx(1 / np.sqrt(2))
    assert (cell["seeds"], cell["draws"], cell["paper"]) == (2, 2, "0.2")


def test_the_mean_row_is_the_plain_mean_for_each_seed_and_draw():
    frame = comparison.compare(recorded(["Textures", "LSUN", "Blobs"], seeds=2), 7)
    mean, rows = frame.loc[("SVHN", "Mean"), "AUROC"]["MSP"], frame.loc["SVHN"].drop("Mean")["AUROC"]["MSP"]
    assert mean["mean"] == pytest.approx(rows["mean"].mean()) == 12.5
    # All sets rise by 4 with the seed: their mean does too.
    assert mean["std_seeds"] == pytest.approx(4 / np.sqrt(2))


def test_rows_and_columns_follow_the_paper_with_mean_last():
    frame = comparison.compare(recorded(["Chars74K", "my own set", "Gaussian"]), 7)
    assert [out for _, out in frame.index] == ["Gaussian", "Chars74K", "my own set", "Mean"]
    pairs = list(dict.fromkeys((metric, method) for metric, method, _ in frame.columns))
    assert pairs == [(metric, method) for metric in METRICS for method in ("MSP", "+OE")]


def test_the_papers_mean_stands_beside_a_mean_over_the_same_sets():
    frame = comparison.compare(recorded(SVHN_SETS), 7)
    assert frame.loc[("SVHN", "Mean"), ("FPR95", "MSP", "paper")] == "6.28"


def test_the_papers_mean_over_other_sets_goes_to_a_footnote():
    frame = comparison.compare(recorded(SVHN_SETS[:-1]), 7)
    assert frame.loc[("SVHN", "Mean"), ("FPR95", "MSP", "paper")] == "—"
    assert "The paper's Mean for SVHN runs over other sets, so it stands here: FPR95 MSP 6.28, FPR95 +OE 0.07" in (
        comparison.rendered(frame)
    )


def test_a_stand_in_keeps_its_name_and_gets_no_value_of_the_paper():
    ours = pd.concat([recorded(["Textures"]), recorded(["font-letters"], stand_in_for="Chars74K")])
    frame = comparison.compare(ours, 7)
    assert frame.loc[("SVHN", "Textures"), ("AUPR", "MSP", "paper")] == "90.9"
    assert frame.loc[("SVHN", "font-letters"), ("AUPR", "MSP", "paper")] == "—"
    assert "font-letters stands in for Chars74K" in comparison.rendered(frame)


def test_every_stand_in_of_a_row_is_footnoted_once():
    words = "digits=SVHN; font-letters=Chars74K"
    ours = recorded(["font-letters"], in_dist="digits", stand_in_for=words)
    text = comparison.rendered(comparison.compare(ours, 7))
    assert text.count("digits stands in for SVHN, font-letters stands in for Chars74K") == 1


def test_a_shortened_network_is_named_with_its_epochs_and_never_mixed_with_a_whole_one():
    words = {"MSP": "30 of 100 epochs", "+OE": "30 of 100 epochs and 3 of 10"}
    ours = pd.concat([recorded(SVHN_SETS, methods=(method,), shortened=text) for method, text in words.items()])
    notes = comparison.compare(ours, 1).attrs["notes"]
    said = "Shortened, so not the schedule of that scale: {} of SVHN, trained for {}."
    assert [note for note in notes if "Shortened" in note] == [said.format(*pair) for pair in words.items()]
    with pytest.raises(ValueError, match=r"mix the shortened .*3 of 10'\] for \('SVHN', '.OE'\)"):
        comparison.compare(pd.concat([ours, recorded(SVHN_SETS[:1])]), 7)


def test_table_1_is_the_mean_rows_of_table_7s_records():
    frame = comparison.compare(recorded(SVHN_SETS), 1)
    assert list(frame.index) == [("SVHN", "Mean")]
    assert frame.loc[("SVHN", "Mean"), ("FPR95", "MSP", "paper")] == "6.3"
    assert "plain mean over Gaussian, Bernoulli" in comparison.rendered(frame)


def test_table_10_compares_the_two_scores_of_one_network():
    sets = ["Gaussian", "Rademacher", "Blobs", "Textures", "SVHN", "Places365", "LSUN", "CIFAR-100"]
    frame = comparison.compare(recorded(sets, in_dist="CIFAR-10", table=10, methods=("MSP", "H(U;p)")), 10)
    paper = frame.xs("paper", axis=1, level=2).loc[("CIFAR-10", "Mean")]
    printed = comparison.paper_table(10).query("in_dist == 'CIFAR-10'").set_index(["metric", "method"])["value"]
    assert paper.to_dict() == printed.to_dict()
    assert "Both columns score the network fine-tuned with Outlier Exposure" in comparison.rendered(frame)


@pytest.mark.parametrize("table", range(1, 14))
def test_every_table_of_the_paper_can_be_compared(table):
    printed = comparison.paper_table(table)
    shown = printed["in_dist"].iloc[-1]
    own = {new: old for old, new in RENAMED.get(table, {}).items()}.get(shown, shown)
    sets = sorted(comparison.paper_out_dists(table, shown))
    methods, metrics = tuple(printed["method"].unique()), tuple(printed["metric"].unique())
    ours = recorded(sets, in_dist=own, table=table, methods=methods, metrics=metrics)
    values = comparison.compare(ours, table).xs("paper", axis=1, level=2)
    expected = printed[printed["in_dist"] == shown]
    assert sorted(values.to_numpy().ravel()) == sorted(expected["value"])


def test_a_method_that_was_not_run_says_so():
    ours = pd.concat([recorded(["LSUN"]), recorded(["LSUN"], in_dist="CIFAR-10", methods=("MSP",))])
    row = next(
        line for line in comparison.rendered(comparison.compare(ours, 7)).splitlines() if "CIFAR-10 | LSUN" in line
    )
    assert row.count("not run") == 3


def test_markdown_shows_value_spread_and_paper_in_a_cell():
    text = comparison.rendered(comparison.compare(recorded(["Textures"], seeds=2), 7))
    assert "| SVHN | Textures | 2.5 ±2.8 (paper 7.2) | 3.5 ±2.8 (paper 0.2) |" in text
    assert "over 2 training seeds of 2 draws each. ± is the standard deviation over training seeds" in text


def test_with_one_seed_the_spread_is_over_draws_and_says_so():
    text = comparison.rendered(comparison.compare(recorded(["Textures"]), 7))
    assert "0.5 ±0.7 (paper 7.2)" in text
    assert "± is the standard deviation over draws of one trained network" in text


def test_one_seed_and_one_draw_have_no_spread():
    text = comparison.rendered(comparison.compare(recorded(["Textures"], draws=1), 7))
    assert "| 0.0 (paper 7.2) |" in text and "±" not in text


def test_latex_is_balanced_and_escapes_what_latex_reads():
    frame = comparison.compare(recorded(["my_set & 50%"], outliers="a#b"), 7)
    text = latex(frame)
    assert r"my\_set \& 50\%" in text and r"a\#b" in text and r"0.5 $\pm$0.7" in text
    assert text.count(r"\begin{") == text.count(r"\end{") == 1
    body = text.split(r"\toprule")[1].split(r"\bottomrule")[0]
    widths = []
    for line in filter(lambda line: "&" in line, body.splitlines()):
        spans = [int(width) for width in re.findall(r"\\multicolumn\{(\d)\}", line)]
        widths.append(len(re.findall(r"(?<!\\)&", line)) + 1 + sum(spans) - len(spans))
    assert set(widths) == {8}


@pytest.mark.parametrize(("table", "in_dist", "words"), [
    (8, "SST", "25.31 / 90.07 / 64.37"),
    (11, "PTB Char", "82.92"),
    (12, "CIFAR-10", "9.50 % and 6.15 %"),
])  # fmt: skip
def test_the_papers_own_slips_are_footnoted(table, in_dist, words):
    frame = comparison.compare(recorded(["Answers"], in_dist=in_dist, table=table, methods=("+OE",)), table)
    assert words in comparison.rendered(frame)


def test_a_slip_of_one_in_distribution_is_no_footnote_where_others_stand_alone():
    notes = comparison.compare(recorded(["Answers"], in_dist="TREC", table=8), 8).attrs["notes"]
    assert not [note for note in notes if "SST" in note]


def test_a_calibration_table_says_what_its_numbers_are_and_how_they_were_read():
    ours = recorded(["Blobs"], table=13, methods=("Temperature", "+OE"), metrics=("RMS", "SoftF1"))
    text = comparison.rendered(comparison.compare(ours, 13, notes=["One inlier to one anomaly."]))
    assert "- One inlier to one anomaly.\n- Ours: mean" in text
    assert "bins of 100 examples" in text and "FPR at the recall" not in text
    assert "| RMS ↓ Temperature | RMS ↓ +OE | SoftF1 ↑ Temperature | SoftF1 ↑ +OE |" in text


def test_sets_of_which_every_draw_is_the_whole_are_named_under_a_calibration_table_alone():
    ours = recorded(["Blobs", "Textures"], table=13, methods=("Temperature", "+OE"), metrics=("RMS", "SoftF1"))
    ours.loc[ours["out_dist"] == "Blobs", "value"] = 5.0
    notes = comparison.compare(ours, 13).attrs["notes"]
    assert "Every draw takes all examples, so that none differs: Blobs." in notes
    detection = recorded(["Blobs", "Textures"]).assign(value=100.0)
    assert not [note for note in comparison.compare(detection, 7).attrs["notes"] if "none differs" in note]


def test_publish_writes_three_files_and_the_csv_has_every_field(tmp_path):
    comparison.publish(comparison.compare(recorded(["Textures"]), 7), "table_7", tmp_path / "tables")
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        "table_7.csv", "table_7.md", "table_7.tex",
    ]  # fmt: skip
    flat = pd.read_csv(tmp_path / "tables" / "table_7.csv", index_col=[0, 1])
    assert flat.loc[("SVHN", "Textures"), "FPR95 MSP mean"] == 0.5
    assert flat.shape == (2, 6 * 6)


@pytest.mark.parametrize(
    ("ours", "message"),
    [
        (recorded(["LSUN"], table=5), r"records hold nothing for table 7, only for \[5\]"),
        (pd.concat([recorded(["LSUN"]), recorded(["Blobs"], scale="paper")]), r"mix the scale \['demo', 'paper'\]"),
        (pd.concat([recorded(["LSUN"]), recorded(["LSUN"], outliers="x")]), r"mix the outliers \['', 'x'\] for .*SVHN"),
        (pd.concat([recorded(["LSUN"]), recorded(["Blobs"], draws=3)]), r"LSUN has 2 of 3 \(seed, draw\) pairs"),
    ],
)
def test_records_that_cannot_be_averaged_are_refused(ours, message):
    with pytest.raises(ValueError, match=message):
        comparison.compare(ours, 7)


@pytest.mark.parametrize(
    ("table", "place", "value", "spread", "file"),
    [
        (7, ("CIFAR-10", "Places365", "FPR95", "MSP"), "47.54", "2.95", "CIFAR/snapshots/cifar10_wrn_baseline"),
        (7, ("CIFAR-10", "CIFAR-100", "AUROC", "+OE"), "93.31", "0.17", "CIFAR/snapshots/cifar10_wrn_oe_tune"),
        (9, ("SVHN", "Mean", "FPR95", "MSP"), "6.84", "", "SVHN/snapshots/allconv_baseline"),
        (12, ("CIFAR-10", "Mean", "RMS", "+OE"), "9.25", "", "CIFAR/snapshots/cifar10_calib_wrn_oe_tune"),
        (LOGS, ("MNIST", "Omniglot", "AUPR", "+OE"), "83.49", "0.45", "MNIST/snapshots/oe_tune"),
    ],
)
def test_the_logs_have_what_their_files_say(table, place, value, spread, file):
    row = comparison.logged(table).set_index(comparison.ROW).loc[place]
    assert (row["value"], row["spread"], row["file"]) == (value, spread, f"{file}_test.txt")


def test_the_papers_numbers_are_those_of_the_logs_but_for_rounding_and_two():
    differing = []
    for table in range(1, 14):
        logged = comparison.logged(table).rename(columns={"value": "logged"})
        both = comparison.paper_table(table).merge(logged, on=comparison.ROW)
        half_units = [0.5 * 10.0 ** -len(value.partition(".")[2]) for value in both["value"]]
        off = (both["value"].astype(float) - both["logged"].astype(float)).abs() > np.array(half_units) + 1e-9
        differing += both.loc[off, [*comparison.ROW, "value", "logged"]].to_numpy().tolist()
    assert differing == [
        ["SVHN", "Gaussian", "AUPR", "MSP", "90.5", "90.44"],
        ["SVHN", "Places365", "AUROC", "MSP", "98.1", "98.16"],
    ]
