"""The whole book beside the paper: which records stand for which printed number, and by what rule it is marked."""

import json
from hashlib import sha256

import pytest
from saved_records import saved

from oe_core.paper import LOGS, results
from oe_core.paper.results import DIRECTION, NOT_RUN, OTHER, REPRODUCED, marked, sources

CELL = ["table", "in_dist", "out_dist", "metric", "method"]


def marks_of(root, table=3, in_dist="CIFAR-10"):
    cells = marked(sources(root))
    return cells[(cells["table"] == table) & (cells["in_dist"] == in_dist)]


def test_every_number_that_the_paper_prints_has_one_row_whatever_was_measured(tmp_path):
    cells = marked(sources(tmp_path))
    assert len(cells[cells["table"] != LOGS]) == 813 and not cells.duplicated(CELL).any()
    assert set(cells["mark"]) == {NOT_RUN} and cells["ours"].isna().all()
    of_svhn = cells[(cells["table"] == 7) & (cells["in_dist"] == "SVHN")]["why"].unique().tolist()
    assert of_svhn == ["no record of SVHN; `make book SCALE=paper CHAPTER=02_vision_msp` measures it"]


def test_values_within_two_standard_deviations_are_reproduced_and_a_narrower_rule_has_fewer(tmp_path):
    saved(tmp_path / "branch", shift=0.5)
    cells = marks_of(tmp_path)
    assert set(cells["mark"]) == {REPRODUCED} and cells["spread"].to_numpy() == pytest.approx(0.3)
    assert set(marked(sources(tmp_path), spreads=1.0).query("table == 3 and seeds > 0")["mark"]) == {DIRECTION}


def test_a_value_far_off_keeps_the_direction_where_the_order_of_the_methods_is_the_papers(tmp_path):
    saved(tmp_path / "branch", shift=5.0)
    cells = marks_of(tmp_path)
    assert set(cells["mark"]) == {DIRECTION}
    first = cells.iloc[0]
    assert (first["metric"], first["method"]) == ("FPR95", "MSP")
    assert first["why"] == "+5.0, spread 0.3; it falls from MSP to +OE in both"


def test_methods_the_other_way_round_are_not_reproduced(tmp_path):
    saved(tmp_path / "branch", swapped=True)
    cells = marks_of(tmp_path).set_index(["metric", "method"])
    by_method = cells.groupby(level="method")["mark"].agg(set)
    assert by_method.to_dict() == {"MSP": {OTHER}, "Branch": {REPRODUCED}, "+OE": {OTHER}}
    assert "from MSP to +OE it falls in the paper, rises here" in cells.loc[("FPR95", "+OE"), "why"]


def test_a_mean_over_other_sets_is_never_reproduced_only_of_the_same_direction(tmp_path):
    saved(tmp_path / "branch", sets=("Gaussian", "somewhere else"))
    cells = marks_of(tmp_path)
    assert set(cells["mark"]) == {DIRECTION} and cells["why"].str.startswith("mean over other sets").all()


def test_the_largest_scale_stands_for_a_table_then_the_first_root(tmp_path):
    saved(tmp_path / "mine" / "quick", scale="smoke", shift=9)
    saved(tmp_path / "theirs" / "one", shift=0.5)
    saved(tmp_path / "last" / "one", shift=3)
    cells = marked(sources(tmp_path / "mine", tmp_path / "theirs", tmp_path / "last")).query("table == 3 and seeds > 0")
    assert set(cells["source"]) == {"one"} and set(cells["scale"]) == {"course"} and set(cells["mark"]) == {REPRODUCED}


def test_a_folder_named_after_another_one_is_a_variant(tmp_path):
    for name in ("branch", "branch-fast", "branches"):
        saved(tmp_path / name)
    assert [source.name for source in sources(tmp_path)] == ["branch", "branches"]
    assert [source.name for source in sources(tmp_path, variants=True)] == ["branch", "branch-fast", "branches"]


def test_a_cell_whose_set_was_replaced_names_the_stand_in():
    cells = marked(sources(results.REFERENCE)).query("table == 7 and in_dist == 'CIFAR-100'").set_index("out_dist")
    assert set(cells.loc["Places365", "why"]) == {"intel-scenes stands in for it"}
    assert set(cells.loc["LSUN", "why"]) == {"not among the sets that were tested"}
    assert NOT_RUN not in set(cells.loc["Gaussian", "mark"])


def test_counts_add_up_and_every_row_of_a_table_is_shown_with_its_signs(tmp_path):
    cells = marked(sources(results.REFERENCE))
    counts = results.by_table(cells)
    assert counts.to_numpy().sum() == len(cells) and list(counts.columns) == list(results.MARKS)
    text = results.beside(cells, 2)
    lines = text.splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == ["20 Newsgroups", "TREC", "SST"]
    for cell in cells.query("table == 2 and in_dist == 'TREC'").itertuples():
        assert f"{results.SIGNS[cell.mark]} {cell.ours:.1f} ±{cell.spread:.1f} ({cell.paper})" in lines[3]


def test_hours_count_a_network_once_though_two_evaluations_ask_it(tmp_path):
    stamp = {"identity": "a", "seconds": 1800, "device": {"name": "a processor", "threads": 2},
             "packages": {"torch": "2"}, "commit": "0123456789"}  # fmt: skip
    for name in ("one", "two"):
        folder = saved(tmp_path / name)
        (folder / "evidence.json").write_text(json.dumps({"runs": [stamp]}))
    table = results.evidence_table(sources(tmp_path))
    assert table["hours"].tolist() == [0.5, 0.5] and table.attrs["hours"] == 0.5
    one = table.loc["one"]
    assert (one["seeds"], one["draws"], one["networks"], one["hardware"]) == (3, 1, 1, "a processor, 2 thread(s)")


def test_a_missing_folder_damaged_evidence_and_a_senseless_rule_are_refused(tmp_path):
    with pytest.raises(ValueError, match="nothing is no folder; give folders below which evaluations were saved"):
        sources(tmp_path, tmp_path / "nothing")
    evidence = saved(tmp_path / "one") / "evidence.json"
    for content in (b"{", b"\xff"):
        evidence.write_bytes(content)
        with pytest.raises(ValueError, match=r"one/evidence.json is damaged .* build the chapter that wrote it again"):
            sources(tmp_path)
    with pytest.raises(ValueError, match="spreads=0 must be positive"):
        marked([], spreads=0)


def test_records_that_are_not_those_of_their_evidence_are_refused(tmp_path):
    path = saved(tmp_path / "one") / "records.csv"
    whole = path.read_bytes()
    (tmp_path / "one" / "evidence.json").write_text(json.dumps({"records_sha256": sha256(whole).hexdigest()}))
    (source,) = sources(tmp_path)
    assert len(source.records) == whole.count(b"\n") - 1
    path.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 1])  # a row less, which no reader of tables sees
    with pytest.raises(ValueError, match=r"one/records.csv is damaged.*; build the chapter that wrote it again"):
        marked(sources(tmp_path))


def test_damaged_records_without_evidence_and_a_damaged_ledger_are_named(tmp_path):
    (saved(tmp_path / "one") / "records.csv").write_bytes(b"table,in_dist\n\xff,2\n")
    with pytest.raises(ValueError, match=r"one/records.csv: .*; build the chapter that wrote it again"):
        marked(sources(tmp_path))
    (tmp_path / "one" / "ledger.csv").write_text("claim,te")
    with pytest.raises(ValueError, match=r"one/ledger.csv is damaged .*: its last line has no end.; build the chapter"):
        results.ledgers(tmp_path)


def test_the_first_picture_of_each_figure_is_taken(tmp_path):
    for path in ("a/figure_2_cifar10.png", "b/x/figure_2.png", "b/figure_4.png", "b/figure_9.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    found = results.printed_figures(tmp_path / "a", tmp_path / "b")
    assert found == {2: tmp_path / "a/figure_2_cifar10.png", 4: tmp_path / "b/figure_4.png"}


def test_the_claims_of_every_build_are_listed_with_where_they_stand(tmp_path):
    assert results.ledgers(tmp_path).empty
    for build, held in (("one", "yes"), ("two", "no")):
        (tmp_path / build / "design").mkdir(parents=True)
        (tmp_path / build / "design" / "ledger.csv").write_text(f"claim,test,number,held\nOE helps,one,1,{held}\n")
    listed = results.ledgers(tmp_path / "one", tmp_path / "two")
    assert listed["held"].tolist() == ["yes", "no"] and listed["records"].tolist() == ["design", "design"]
