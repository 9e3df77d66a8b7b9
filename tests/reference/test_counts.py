"""The marks and comparisons that the READMEs count are those of chapter 10."""

import pytest
from reference_records import RESULTS, ROOM, prose

from oe_core.paper import LOGS, grades, results

RECORDS = ROOM / "README.md"


@pytest.fixture(scope="module")
def cells():
    return grades.marked(results.sources(ROOM))


def test_the_readme_counts_marks_and_comparisons_as_chapter_10_does(cells):
    marks, reproduced = cells["mark"].value_counts(), cells[cells["mark"] == grades.REPRODUCED]
    pairs = grades.comparisons(cells)
    run = pairs[pairs["direction"] != grades.NOT_RUN]
    once, alone = run[run["seeds"] == 1], run[~run[list(grades.FLAGS)].any(axis=1)]
    agree, undecided, against = run["direction"].value_counts()[list(grades.DIRECTIONS[:3])]
    for sentence in (
        f"{len(reproduced)} numbers are reproduced, {reproduced['ceiling'].sum()} of them at a ceiling",
        f"and {marks[grades.NOT_RUN]} were not run. Of {len(run)} measured comparisons {agree} go the paper's way",
        f"{undecided} are undecided and {against} go the other way",
        f"it is {(alone['direction'] == grades.AGREES).sum()} of {len(alone)}.",
        f"{len(once)} of the {len(run)} rest on one training",
        f"among them {(once['direction'] == grades.AGAINST).sum()} of those that go the other way",
    ):
        assert sentence in prose(RESULTS)


def test_the_readme_of_the_records_counts_the_cells_outside_of_the_interval(cells):
    sets = cells[~cells["out_dist"].isin(["Mean", "Icons-50"])]
    mnist, text = sets[sets["table"] == LOGS], sets[(sets["table"] == 8) & ~sets["near"]]
    assert set(mnist[~mnist["near"]]["out_dist"]) == {"Omniglot"} and (~mnist["near"]).sum() == 9
    assert f"of the {len(mnist)} cells of their sets, {mnist['near'].sum()} lie in the interval" in prose(RECORDS)
    counts, news = text["in_dist"].value_counts(), text[text["in_dist"] == "20 Newsgroups"]
    quoted = f"none for TREC, {counts['SST']} for SST and {len(news)} for 20 Newsgroups"
    assert "TREC" not in counts and quoted in prose(RECORDS)
    better = (news["ours"] < news["paper"].astype(float)) == news["metric"].str.startswith("FPR")
    assert f"of the {len(news)} distant cells {better.sum()} are better" in prose(RECORDS)
