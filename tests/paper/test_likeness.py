"""Which data a number rests on: when a set is the paper's, and what stands in the place of which."""

import pytest
from saved_records import saved, witnessed

from oe_core.data.catalog import CATALOG
from oe_core.paper import comparison, index
from oe_core.paper.likeness import EQUAL, Block
from oe_core.paper.results import REFERENCE, sources

CONTENT = EQUAL.set_index(["key", "split"])["fingerprint"]
OTHER = "0" * 64
WMT16 = "WMT16, of which the paper had each sentence up to its first comma"
TREC_BY_THE_CODE = witnessed("trec", "text", variant="code")
PAPER = {"scale": "paper", "evidence": witnessed()}


def block(root, table=3, own="CIFAR-10"):
    (source,) = sources(root)
    return Block(source, table, own)


def edited(root, *changes):
    """Records of a folder with words changed: (old, new) each."""
    text = (root / "records.csv").read_text()
    for old, new in changes:
        text = text.replace(old, new)
    (root / "records.csv").write_text(text)


def of_trec(root, test=CONTENT["trec", "test"], out=CONTENT["wmt16", "test"]):
    """A folder's TREC against a folder's WMT16, with the content that the evidence has."""
    words = "TREC=own folder; WMT16=own folder"
    of_tests = {"tests": {"WMT16": {"data": out}}, "in_dist_test": {"sha256": test}}
    evidence = witnessed("trec", "text", CONTENT["trec", "train"]) | of_tests
    saved(root, table=2, in_dist="TREC", sets=("WMT16",), scale="paper", evidence=evidence, stand_in_for=words)
    edited(root, ("\n2,", "\n8,"))
    return block(root, 8, "TREC")


def test_sets_of_the_catalog_and_generated_ones_are_the_papers_at_scale_paper(tmp_path):
    saved(tmp_path, **PAPER)
    assert block(tmp_path).unlike("Mean", "") == ""


def test_another_training_at_scale_paper_is_not_the_papers(tmp_path):
    saved(tmp_path / "code", table=1, **PAPER | {"evidence": witnessed(detector="images")})
    assert block(tmp_path / "code", 1).unlike("Mean", "") == ""
    saved(tmp_path / "text", table=2, in_dist="TREC", sets=("Multi30K",), **PAPER | {"evidence": TREC_BY_THE_CODE})
    edited(tmp_path / "text", ("\n2,", "\n8,"))
    assert block(tmp_path / "text", 8, "TREC").unlike("Multi30K", "") == "another network or training"
    saved(tmp_path / "text", scale="paper", evidence={"runs": [{"recipe": {"model": "gru"}}]})
    assert block(tmp_path / "text").unlike("Mean", "") == "recipes of another version"


def test_another_network_other_outliers_and_a_mean_over_other_sets_are_said(tmp_path):
    saved(tmp_path, sets=("Gaussian", "Blobs"))
    words = block(tmp_path).unlike("Mean", "tiny-imagenet-32")
    assert words == "scale course; tiny-imagenet-32 for 80 Million Tiny Images; a mean over other sets"


def test_a_folder_is_the_papers_set_only_where_its_content_was_shown_to_be(tmp_path):
    assert of_trec(tmp_path / "equal").unlike("WMT16", "") == WMT16
    assert of_trec(tmp_path / "other", out=OTHER).unlike("WMT16", "") == "WMT16 from a folder"
    assert of_trec(tmp_path / "part", test=OTHER).unlike("WMT16", "") == f"TREC from a folder; {WMT16}"
    (tmp_path / "equal" / "evidence.json").unlink()
    words = block(tmp_path / "equal", 8, "TREC").unlike("WMT16", "")
    assert words == "no evidence; TREC from a folder; WMT16 from a folder"


def test_what_the_paper_had_another_edition_of_is_not_its_set_though_the_catalog_reads_it(tmp_path):
    saved(tmp_path, table=2, in_dist="SST", sets=("EWT-A",), scale="paper", evidence=witnessed("sst", "text"))
    edited(tmp_path, ("\n2,", "\n8,"))
    assert block(tmp_path, 8, "SST").unlike("EWT-A", "") == "EWT-A, of which the paper had the LDC's edition"


def test_a_named_stand_in_learns_in_the_place_of_the_papers_set(tmp_path):
    saved(tmp_path, table=1, in_dist="SVHN", stand_in_for="digits=SVHN")
    edited(tmp_path, ("\n1,SVHN,", "\n1,digits,"))
    of_digits = block(tmp_path, 1, "digits")
    assert of_digits.in_dist == "SVHN"
    assert of_digits.unlike("Mean", "").startswith("scale course; digits for SVHN; ")


def test_a_stand_in_that_is_on_no_other_machine_can_be_asked_for_its_network(tmp_path):
    evidence = witnessed("svhn", "images")
    for stamp in evidence["runs"]:
        stamp["recipe"] |= {"in_dist": "own-digits", "parent": None}
    saved(tmp_path, table=1, in_dist="SVHN", scale="paper", evidence=evidence, stand_in_for="own-digits=SVHN")
    edited(tmp_path, ("\n1,SVHN,", "\n1,own-digits,"))
    assert block(tmp_path, 1, "own-digits").unlike("Mean", "").startswith("own-digits for SVHN; ")


def test_a_part_of_a_set_is_not_the_set_and_a_shortened_schedule_not_the_papers(tmp_path):
    for share, network in ((1.0, ""), (0.3, "another network or training; ")):
        evidence = witnessed("svhn-10k", "images", share=share)
        saved(tmp_path, table=1, in_dist="SVHN", scale="paper", evidence=evidence, stand_in_for="svhn-10k=SVHN")
        edited(tmp_path, ("\n1,SVHN,", "\n1,svhn-10k,"))
        assert block(tmp_path, 1, "svhn-10k").unlike("Mean", "").startswith(f"{network}svhn-10k for SVHN; ")


def test_a_stand_in_has_the_name_that_the_table_gives_to_what_it_stands_for(tmp_path):
    saved(tmp_path, table=6, in_dist="PTB Words", stand_in_for="docstrings=PTB Word")
    edited(tmp_path, ("PTB Words", "docstrings"), ("\n6,", "\n11,"))
    assert [block(tmp_path, table, "docstrings").in_dist for table in (6, 11)] == ["PTB Words", "PTB Word"]


@pytest.mark.parametrize(
    ("tested", "words", "expected"),
    [
        (("Places365", "intel-scenes"), "", {"Places365": "Places365"}),
        (("intel-scenes",), "", {"Places365": "intel-scenes"}),  # as the catalog has it
        (("digits", "Chars74K"), "digits=SVHN", {"SVHN": "Chars74K"}),  # the catalog's order before what records say
        (("digits",), "digits=SVHN", {"SVHN": "digits"}),
        (("drawings",), "drawings=LSUN", {"LSUN": "drawings"}),
        (("Chars74K",), "", {"SVHN": "Chars74K"}),
    ],
)
def test_the_best_stand_in_that_was_tested_takes_the_place_of_a_set_that_was_not(tmp_path, tested, words, expected):
    saved(tmp_path, table=5, sets=tested, stand_in_for=words)
    assert block(tmp_path, 5).in_place == {**expected, "Mean": "Mean"}


def test_a_set_with_a_row_of_its_own_stands_for_no_other_one(tmp_path):
    saved(tmp_path, table=1, in_dist="SVHN", sets=("Chars74K",))
    edited(tmp_path, ("\n1,", "\n7,"))
    assert block(tmp_path, 7, "SVHN").in_place == {"Chars74K": "Chars74K", "Mean": "Mean"}


OUTLIERS = {"PTB": "WikiText-2", "SST": "WikiText-2", "CIFAR-10": "80 Million Tiny Images", "Places365": "ImageNet-22K"}


@pytest.mark.parametrize("row", index.INDEX.values(), ids=lambda row: row.title)
def test_every_table_knows_the_outliers_of_its_in_distributions(tmp_path, row):
    saved(tmp_path)
    (source,) = sources(tmp_path)
    for in_dist in comparison.paper_table(row.number)["in_dist"].unique():
        words = Block(source, row.number, in_dist).unlike("Mean", "no outliers")
        expected = OUTLIERS.get(in_dist.partition(" ")[0], "")
        assert f"no outliers for {expected}" in words


def test_what_was_shown_to_be_equal_is_content_of_the_reference_and_a_set_of_the_paper():
    held = [path.read_text() for path in REFERENCE.glob("*/evidence.json")]
    for one in EQUAL.itertuples():
        assert CATALOG[one.key].in_paper and one.split in CATALOG[one.key].splits and one.shown
        assert any(one.fingerprint in text for text in held)
