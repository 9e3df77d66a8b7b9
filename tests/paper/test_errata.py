"""Where text, tables and code disagree: what is computed from records, and what chapters enter."""

import pandas as pd
import pytest
from saved_records import saved

from oe_core.paper import errata
from oe_core.paper.results import REFERENCE, sources

ROW = {"number": 5, "measure": "AUROC", "text": 70.0, "code": 90.0, "data": "docstrings, demo"}


def of(number, values):
    return values[values["number"] == number]


def test_all_disagreements_are_on_the_page_measured_or_not():
    page = errata.page(errata.measured([]))
    assert set(page.index) == set(range(1, 35))
    assert page.loc[2, "measure"] == "" and (page.loc[10, "measure"] != "").all()


def test_means_of_the_papers_rows_are_computed_and_not_its_printed_means():
    values = of(10, errata.measured([])).set_index("measure")
    auroc = values.loc["AUROC with OE: the printed Mean, the mean of its rows"]
    assert auroc[["text", "code"]].tolist() == [90.07, 89.27]
    assert of(11, errata.measured([]))[["text", "code"]].to_numpy().tolist() == [[89.4, 82.92]]


def test_a_filter_set_in_imgs_changes_nothing_of_what_is_read():
    assert of(19, errata.measured([]))[["text", "code"]].to_numpy().tolist() == [[1.0, 2.0]]


def test_a_variant_called_code_stands_beside_its_experiment_on_the_same_seeds(tmp_path):
    saved(tmp_path / "trec", table=2, in_dist="TREC", sets=("SNLI",))
    saved(tmp_path / "trec-code", table=2, in_dist="TREC", sets=("SNLI",), shift=-2.0)
    as_table_8 = {path: path.read_text().replace("\n2,", "\n8,") for path in tmp_path.rglob("records.csv")}
    for path, text in as_table_8.items():
        path.write_text(text)
    (values,) = of(3, errata.measured(sources(tmp_path))).to_dict("records")
    assert values["text"] - values["code"] == pytest.approx(2.0) and values["data"] == "trec, course"


def test_the_last_bin_is_found_in_a_builds_variants_as_in_the_references_file(tmp_path):
    for name, shift in (("cifar10", 0.0), ("cifar10-code-bins", -1.0)):
        saved(tmp_path / name, table=12, sets=("Textures",), shift=shift)
    (values,) = of(8, errata.measured(sources(tmp_path))).to_dict("records")
    assert values["measure"] == "CIFAR-10: mean RMS with OE, all bins and without the last"
    assert values["text"] - values["code"] == pytest.approx(1.0)


def test_every_reading_of_the_margin_that_was_trained_stands_beside_the_books(tmp_path):
    for name, shift in (("cifar10", 0.0), ("cifar10-nats-pixels", -3.0), ("cifar10-font-letters", -9.0)):
        saved(tmp_path / name, table=5, sets=("Textures",), shift=shift)
    (values,) = of(23, errata.measured(sources(tmp_path))).to_dict("records")
    assert values["measure"] == "CIFAR-10: mean AUROC with OE, margin of a bit a sub-pixel and nats-pixels"
    assert values["text"] - values["code"] == pytest.approx(3.0)


def test_the_reference_gives_numbers_for_what_its_records_hold():
    values = errata.measured(sources(REFERENCE), REFERENCE)
    assert {1, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 19, 25, 26} <= set(values["number"])
    runs = of(1, values).set_index("data")
    assert (runs["text"] > runs["code"]).all()
    rate = of(13, values).iloc[0]
    assert (rate["text"], rate["code"]) == (16.67, 20.38)


def test_what_a_chapter_enters_is_collected(tmp_path):
    errata.enter(tmp_path, "07_language_models", [ROW])
    values = of(5, errata.measured([], tmp_path))
    assert values.to_dict("records") == [ROW]
    assert errata.page(errata.measured([], tmp_path)).loc[5, "as the code"] == 90.0


@pytest.mark.parametrize(
    ("change", "message"),
    [({"number": 35}, r"number \[35\] is unknown; the disagreements are 1 to 34"), ({"by": 1}, "need number, measure")],
)
def test_a_wrong_entry_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        errata.enter(tmp_path, "07_language_models", [ROW | change])
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "errata").mkdir()
    pd.DataFrame([{"number": 1}]).to_csv(tmp_path / "errata" / "x.csv", index=False)
    with pytest.raises(ValueError, match=r"errata/x.csv: columns \['number'\]; need"):
        errata.measured([], tmp_path)


@pytest.mark.parametrize("content", [b"", b"number,measure,te", b"\xff\n", b'number\n1\n"3\n'])
def test_a_file_cut_short_or_of_other_bytes_names_the_way_out(tmp_path, content):
    (tmp_path / "errata").mkdir()
    (tmp_path / "errata" / "x.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"errata/x.csv is damaged .*; build the chapter that wrote it again"):
        errata.measured([], tmp_path)
