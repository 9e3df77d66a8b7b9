"""Tables 2, 6 and 8 as they were measured, and the READMEs that quote them."""

import pandas as pd
import pytest
from reference_records import RESULTS, ROOM, evidence_of, prose

from oe_core.atomic import read_record
from oe_core.detectors.registry import experiment, recipe_from_json
from oe_core.evaluation import records
from oe_core.paper import comparison


@pytest.fixture(scope="module")
def table_2():
    folders = [ROOM / f"nlp-{name}" for name in ("20newsgroups", "trec", "sst")]
    return comparison.compare(pd.concat([records.read(folder / "records.csv") for folder in folders]), 2)


@pytest.mark.parametrize(
    ("in_dist", "within", "at_least"), [("TREC", 6, 98.5), ("SST", 5, 84), ("20 Newsgroups", 4, 94)]
)
def test_ten_text_classifiers_land_where_the_papers_one_does(table_2, in_dist, within, at_least):
    mean = table_2.loc[(in_dist, "Mean")]
    assert mean["AUROC", "MSP", "seeds"] == mean["AUROC", "MSP", "draws"] == 10
    assert abs(mean["AUROC", "MSP", "mean"] - float(mean["AUROC", "MSP", "paper"])) < within
    assert mean["AUROC", "+OE", "mean"] >= at_least


def test_the_readme_quotes_random_and_shortest_texts_from_the_one_file_that_has_both():
    draws = pd.read_csv(ROOM / "nlp-code-draws.csv").groupby(["in_dist", "out_dist", "method", "texts"]).mean()
    readme = " ".join((ROOM / "README.md").read_text().split())
    for in_dist, out_dist, method, metric, words in (
        ("SST", "IMDB", "MSP", "AUROC", "AUROC of {:.1f} on random reviews and {:.1f} on the shortest"),
        ("SST", "SNLI", "MSP", "AUPR", "AUPR of {:.1f} and {:.1f} (paper 36.2)"),
        ("20 Newsgroups", "SNLI", "MSP", "AUPR", "20 Newsgroups against SNLI {:.1f} and {:.1f}"),
        ("TREC", "SNLI", "MSP", "AUPR", "less than a third of the way, {:.1f} to {:.1f}"),
        ("20 Newsgroups", "IMDB", "+OE", "FPR90", "(FPR90 {:.1f} and {:.1f}, paper 18.6)"),
    ):
        means = draws.loc[(in_dist, out_dist, method)][metric]
        assert words.format(means["random"], means["shortest"]) in readme


@pytest.mark.parametrize("name", ["20newsgroups", "trec", "sst"])
def test_exposure_costs_a_text_classifier_at_most_two_points_of_accuracy(name):
    evidence = evidence_of(ROOM / f"nlp-{name}")
    accuracy = pd.DataFrame(evidence["accuracy"]).groupby("method")["accuracy"].mean()
    assert accuracy["+OE"] > accuracy["MSP"] - 2


def test_the_readmes_quote_table_2(table_2):
    rows = [
        line for line in comparison.rendered(table_2).splitlines() if line.startswith(("| 20 News", "| TREC", "| SST"))
    ]
    assert len(rows) == 3
    for readme in (RESULTS, ROOM / "README.md"):
        assert [row for row in rows if row not in readme.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(("name", "seeds"), [("trec", 10), ("sst", 6), ("20newsgroups", 2)])
def test_of_what_texts_gain_the_longer_training_has_nothing(name, seeds):
    rows, readme = pd.read_csv(ROOM / f"nlp-{name}" / "control.csv", index_col="trained"), prose(ROOM / "README.md")
    said = "the mean AUROC goes from {:.1f} to {:.1f} without outliers, to {:.1f} with them, and FPR90 from"
    assert said.format(*rows["AUROC"]) in readme
    assert "and FPR90 from {:.1f} to {:.1f} and to {:.1f}".format(*rows["FPR90"]) in readme
    assert "accuracy from {:.1f} to {:.1f} and to {:.1f}".format(*(100 - rows["error"])) in readme
    assert rows["AUROC"].diff().iloc[1] < 1 < 10 < rows["AUROC"].diff().iloc[2]
    runs, plan = read_record(ROOM / f"nlp-{name}" / "control.json")["runs"], experiment(name, "paper", "text")
    assert [run["seed"] for run in runs] == list(range(seeds)) and not any(run["dirty"] for run in runs)
    assert {recipe_from_json(run["recipe"]).with_seed(0).digest for run in runs} == {plan.longer.digest}


def _mean_auroc(name):
    measured = records.read(ROOM / name / "records.csv").query("seed < 2 and metric == 'AUROC'")
    return measured.groupby("method")["value"].mean()


def test_without_capitals_sst_loses_more_than_a_third_of_its_gain_and_gutenberg_serves_as_well():
    kept, taken, books = (_mean_auroc(name) for name in ("nlp-sst", "nlp-sst-one-case", "nlp-sst-gutenberg"))
    assert taken["+OE"] - taken["MSP"] < 2 / 3 * (kept["+OE"] - kept["MSP"])
    assert books["+OE"] > kept["+OE"] and books["MSP"] == kept["MSP"]


def test_padding_that_is_read_helps_against_sentences_and_hurts_against_reviews_that_are_not_cut():
    skipped, read = (
        records.read(ROOM / name / "records.csv").query("seed == 0 and method == '+OE' and metric == 'AUPR'")
        for name in ("nlp-20newsgroups", "nlp-20newsgroups-code-padding")
    )
    gain = read.groupby("out_dist")["value"].mean() - skipped.groupby("out_dist")["value"].mean()
    reviews = ["IMDB", "Yelp"]
    assert (gain[reviews] < -5).all() and (gain.drop(reviews) > 0).all() and len(gain) == 10


def test_exposure_brings_the_word_models_fpr90_below_five_percent_and_leaves_its_perplexity():
    folder = ROOM / "lm-ptb-words"
    found = comparison.compare(records.read(folder / "records.csv"), 6).loc[("PTB Words", "Mean")]
    assert found["FPR90", "+OE", "mean"] < 5 < found["FPR90", "BPC/BPW", "mean"]
    before, after = (row["perplexity"] for row in evidence_of(folder)["perplexity"])
    assert after < 1.02 * before
