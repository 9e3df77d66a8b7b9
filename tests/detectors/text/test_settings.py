from dataclasses import replace
from functools import partial

import pytest

from oe_core.data.catalog import printed_name
from oe_core.detectors.registry import experiment
from oe_core.detectors.text.settings import SETTINGS
from oe_core.paper.comparison import paper_out_dists

IN_DISTS = SETTINGS.in_dists
OUT_DISTS = SETTINGS.out_dists["trec"]
SEEDS = SETTINGS.seeds
VARIANTS = SETTINGS.options["variant"]
text_experiment = partial(experiment, detector="text")


@pytest.mark.parametrize("in_dist", IN_DISTS["paper"])
def test_the_out_distributions_are_those_of_the_papers_table_8(in_dist):
    assert {printed_name(key) for key in OUT_DISTS} == paper_out_dists(8, printed_name(in_dist))


def test_the_papers_settings_of_section_4_3():
    for in_dist, length in (("20newsgroups", 100), ("trec", None), ("sst", None)):
        plan = text_experiment(in_dist, "paper")
        assert (plan.baseline.epochs, plan.exposed.epochs, plan.exposed.oe_weight) == (5, 2, 1.0)
        assert (plan.baseline.length, plan.baseline.vocabulary) == (length, 10_000)
        assert plan.baseline.lower_inliers == (in_dist != "sst")
        assert plan.seeds == plan.draws == 10


def test_each_variant_changes_what_it_says():
    paper, code, one_case, padding = (text_experiment("sst", "paper", variant=name) for name in VARIANTS)
    assert code.baseline == paper.baseline and (paper.exposed.epochs, code.exposed.epochs) == (2, 5)
    assert one_case.baseline.lower_inliers and one_case.exposed.lower_inliers and one_case.exposed.epochs == 2
    assert padding.baseline == replace(paper.baseline, reads_padding=True) and padding.exposed.epochs == 2
    assert text_experiment("trec", "paper", variant="one-case") == text_experiment("trec", "paper")


def test_a_folder_of_the_readers_own_is_an_in_distribution(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "train.tsv").write_text("a\tone two\nb\tthree\n")
    plan = text_experiment("letters", "demo", outliers="docstrings-stdlib", out_dists=["docstrings-pandas"])
    assert (plan.baseline.in_dist, plan.exposed.outliers) == ("letters", "docstrings-stdlib")
