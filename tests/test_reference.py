"""The measured results that the repository keeps: valid records, whole evidence, and a README that quotes them."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from oe_core.detectors.registry import experiment, recipe_from_json
from oe_core.evaluation import records
from oe_core.evaluation.ablations import summary as summary_of_settings
from oe_core.evaluation.holdout import calibration_experiment
from oe_core.paper import LOGS, comparison, grades, results
from oe_core.posthoc.comparison import rendered, summary

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = sorted(path.parent for path in ROOT.glob("runs/reference/*/records.csv"))
ROOM = ROOT / "runs" / "reference"
COURSE = ROOM / "cifar10-course"
PAPER = ROOM / "cifar10-paper"
UNCOMMITTED = (PAPER,)  # a lent machine had a copy without history; runs/reference/README.md says of what
DETECTORS = ROOM / "detectors-cifar10"
CLASSES = ROOM / "outlier-classes-cifar10"
DESIGN = ROOM / "design-cifar10"


def _evidence(folder):
    return json.loads((folder / "evidence.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def table_7():
    return comparison.compare(records.read(COURSE / "records.csv"), 7)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_evidence_says_scale_seeds_draws_hardware_time_data_and_commit(folder):
    evidence, measured = _evidence(folder), records.read(folder / "records.csv")
    assert evidence["scale"] == measured["scale"].unique().item()
    assert evidence["seeds"] == sorted(measured["seed"].unique())
    assert {name: draws["count"] for name, draws in evidence["draws"].items()} == (
        measured.groupby("out_dist")["draw"].nunique().to_dict()
    )
    for run in evidence["runs"]:
        assert run["device"]["name"] and run["seconds"] > 0
        assert re.fullmatch("[0-9a-f]{40}", run["commit"]) and run["dirty"] is (folder in UNCOMMITTED)
        assert re.fullmatch("[0-9a-f]{64}", run["data"]["inliers"]["fingerprint"])
        assert recipe_from_json(run["recipe"]).digest == run["digest"]


@pytest.mark.parametrize("folder", [*FOLDERS, DETECTORS, CLASSES, DESIGN], ids=lambda folder: folder.name)
def test_no_evidence_names_a_path_of_one_machine(folder):
    for file in folder.iterdir():
        if file.suffix in (".json", ".csv", ".md"):
            assert not re.search(r"/(work|root|home|tmp|Users)/", file.read_text(encoding="utf-8")), file


def test_outlier_exposure_beats_the_baseline_and_costs_at_most_one_point_of_accuracy(table_7):
    mean = table_7.loc[("CIFAR-10", "Mean")]
    assert mean["FPR95", "+OE", "mean"] < mean["FPR95", "MSP", "mean"] - 10
    assert mean["AUROC", "+OE", "mean"] > mean["AUROC", "MSP", "mean"] + 5
    assert mean["AUPR", "+OE", "mean"] > mean["AUPR", "MSP", "mean"] + 10
    accuracy = pd.DataFrame(_evidence(COURSE)["accuracy"]).groupby("method")["accuracy"].mean()
    assert accuracy["+OE"] > accuracy["MSP"] - 1


def test_the_course_recipe_is_the_one_that_the_validation_search_found():
    found = pd.read_csv(COURSE / "search.csv", index_col="recipe")
    tuned = found[found.index.str.startswith("OE") & (found["accuracy"] > found.loc["baseline", "accuracy"] - 1)]
    best = tuned.drop(index="OE from scratch")["FPR95"].idxmin()
    assert best == "OE 4 epochs from 0.05"
    plan = experiment("cifar10", "course")
    assert (plan.exposed.epochs, plan.exposed.learning_rate) == (4, 0.05)
    # The record was made with a stand-in for 80 Million Tiny Images; a recipe's name is only a label.
    exposed = replace(plan.exposed, outliers="tiny-imagenet-32-no-cifar10")
    measured = {recipe_from_json(run["recipe"]).with_seed(0).digest for run in _evidence(COURSE)["runs"]}
    assert measured == {plan.baseline.digest, exposed.digest}


def test_further_epochs_without_outliers_do_not_detect_better():
    found = pd.read_csv(COURSE / "search.csv", index_col="recipe")
    control, exposed = found.loc["no outliers, 4 epochs from 0.05"], found.loc["OE 4 epochs from 0.05"]
    assert abs(control["FPR95"] - found.loc["baseline", "FPR95"]) < 3
    assert exposed["FPR95"] < control["FPR95"] - 15 and exposed["accuracy"] > control["accuracy"] - 1


def test_the_readme_quotes_the_records(table_7):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line for line in comparison.rendered(table_7).splitlines() if line.startswith("| CIFAR-10")]
    assert len(rows) == 9
    assert [row for row in rows if row not in readme] == []


def test_the_papers_network_gains_on_every_set_and_the_readmes_quote_it():
    table = comparison.compare(records.read(PAPER / "records.csv"), 7)
    for metric, sign in (("FPR95", -1), ("AUROC", 1), ("AUPR", 1)):
        assert (sign * (table[metric, "+OE", "mean"] - table[metric, "MSP", "mean"]) > 0).all()
    before, after = (row["accuracy"] for row in _evidence(PAPER)["accuracy"])
    assert after > before - 1
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    rows = [line for line in comparison.rendered(table).splitlines() if line.startswith("| CIFAR-10")]
    assert len(rows) == 8 and [row for row in rows if row not in readme] == []
    took = " and ".join(f"{run['seconds']:.0f} s" for run in _evidence(PAPER)["runs"])
    assert took == "166 s and 35 s"
    assert all(seconds in (ROOT / "README.md").read_text(encoding="utf-8") for seconds in took.split(" and "))


def test_on_cifar_100_the_short_schedule_gains_little_and_the_readme_says_so():
    table = comparison.compare(records.read(ROOM / "cifar100-course" / "records.csv"), 7)
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    shown = [["Gaussian"], ["Textures"], ["CIFAR-10"], ["Rademacher"], ["Mean"]]
    rows = [line for line in comparison.rendered(table).splitlines() if line.split(" | ")[1:2] in shown]
    assert len(rows) == len(shown) and [row for row in rows if row not in readme] == []
    aurocs = table["AUROC"].xs("mean", axis=1, level=1).loc["CIFAR-100"]
    assert 0 < aurocs.loc["Mean", "+OE"] - aurocs.loc["Mean", "MSP"] < 5
    assert aurocs.loc["Rademacher", "+OE"] < aurocs.loc["Rademacher", "MSP"] - 10
    errors = comparison.compare(records.read(ROOM / "calibration-cifar100" / "records.csv"), 12)["RMS"]
    assert errors["+OE", "mean"].iloc[0] > errors["Temperature", "mean"].iloc[0]


def test_another_processor_lands_within_the_spread_of_the_three_trainings(table_7):
    other = comparison.compare(records.read(ROOM / "cifar10-course-other-machine" / "records.csv"), 7)
    mean = ("CIFAR-10", "Mean")
    for cell in [(metric, method) for metric in ("FPR95", "AUROC", "AUPR") for method in ("MSP", "+OE")]:
        spread = table_7.at[mean, (*cell, "std_seeds")]
        assert abs(other.at[mean, (*cell, "mean")] - table_7.at[mean, (*cell, "mean")]) < 2 * spread


@pytest.fixture(scope="module")
def table_2():
    folders = [ROOT / "runs" / "reference" / f"nlp-{name}" for name in ("20newsgroups", "trec", "sst")]
    return comparison.compare(pd.concat([records.read(folder / "records.csv") for folder in folders]), 2)


@pytest.mark.parametrize(
    ("in_dist", "within", "at_least"), [("TREC", 6, 98.5), ("SST", 5, 84), ("20 Newsgroups", 4, 94)]
)
def test_ten_text_classifiers_land_where_the_papers_one_does(table_2, in_dist, within, at_least):
    mean = table_2.loc[(in_dist, "Mean")]
    assert mean["AUROC", "MSP", "seeds"] == mean["AUROC", "MSP", "draws"] == 10
    assert abs(mean["AUROC", "MSP", "mean"] - float(mean["AUROC", "MSP", "paper"])) < within
    assert mean["AUROC", "+OE", "mean"] >= at_least


@pytest.mark.parametrize("name", ["20newsgroups", "trec", "sst"])
def test_exposure_costs_a_text_classifier_at_most_two_points_of_accuracy(name):
    evidence = _evidence(ROOT / "runs" / "reference" / f"nlp-{name}")
    accuracy = pd.DataFrame(evidence["accuracy"]).groupby("method")["accuracy"].mean()
    assert accuracy["+OE"] > accuracy["MSP"] - 2


def test_the_readmes_quote_table_2(table_2):
    rows = [
        line for line in comparison.rendered(table_2).splitlines() if line.startswith(("| 20 News", "| TREC", "| SST"))
    ]
    assert len(rows) == 3
    for readme in (ROOT / "README.md", ROOT / "runs" / "reference" / "README.md"):
        assert [row for row in rows if row not in readme.read_text(encoding="utf-8")] == []


def _mean_auroc(name):
    measured = records.read(ROOT / "runs" / "reference" / name / "records.csv").query("seed < 2 and metric == 'AUROC'")
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


@pytest.mark.parametrize("name", ["calibration-cifar10", "calibration-cifar10-code"])
def test_exposure_calibrates_better_in_every_training_and_on_every_out_distribution(name):
    measured = records.read(ROOM / name / "records.csv")
    for table in (12, 13):
        cells = measured[measured["table"] == table].groupby(["metric", "out_dist", "seed", "method"])["value"].mean()
        gain = cells.xs("+OE", level="method") - cells.xs("Temperature", level="method")
        assert len(gain) == 3 * 8 * 3
        assert (gain[["MAD", "RMS"]] < 0).all() and (gain["SoftF1"] > 0).all()


def test_calibration_was_measured_with_the_networks_of_table_7():
    ours, table_7 = (_evidence(folder)["runs"] for folder in (ROOM / "calibration-cifar10", COURSE))
    assert [run["identity"] for run in ours] == [run["identity"] for run in table_7]
    held_out = _evidence(ROOM / "calibration-cifar10")["held_out"]["examples"]
    assert held_out == calibration_experiment("cifar10", "course").baseline.holdout == 5_000


def test_the_ratio_decides_the_size_of_the_calibration_error_and_the_last_bin_does_not():
    readings = pd.read_csv(ROOM / "calibration-cifar10" / "readings.csv")
    means = readings.groupby(["reading", "table", "metric", "method"])["value"].mean().unstack("reading")
    assert (means["paper"] - means["code-bins"]).abs().max() < 0.01
    assert (means["code-ratio"] - means["code"]).abs().max() < 0.01
    errors = means.loc[(slice(None), ["MAD", "RMS"]), :]
    assert (errors["paper"] > 2 * errors["code-ratio"]).all()


def test_the_readmes_quote_tables_12_and_13():
    quoted = {ROOT / "README.md": [12], ROOM / "README.md": [12, 13]}
    for readme, numbers in quoted.items():
        for name in ("calibration-cifar10", "calibration-cifar10-code"):
            for number in numbers:
                rendered = comparison.rendered(comparison.compare(records.read(ROOM / name / "records.csv"), number))
                row = next(line for line in rendered.splitlines() if line.startswith("| CIFAR-10"))
                assert row in readme.read_text(encoding="utf-8")


def test_exposure_brings_the_word_models_fpr90_below_five_percent_and_leaves_its_perplexity():
    folder = ROOT / "runs" / "reference" / "lm-ptb-words"
    found = comparison.compare(records.read(folder / "records.csv"), 6).loc[("PTB Words", "Mean")]
    assert found["FPR90", "+OE", "mean"] < 5 < found["FPR90", "BPC/BPW", "mean"]
    before, after = (row["perplexity"] for row in _evidence(folder)["perplexity"])
    assert after < 1.02 * before


@pytest.mark.parametrize("readme", ["README.md", "runs/reference/README.md"])
def test_the_density_tables_quote_the_records(readme):
    """Each row's measured AUROCs stand in their columns, without exposure first and letters last."""
    folders = [f"density-cifar10{part}" for part in ("", "-longer", "-letters")]
    whole = [records.read(ROOT / "runs" / "reference" / folder / "records.csv") for folder in folders]
    aurocs = [part[part["metric"] == "AUROC"].groupby(["method", "out_dist"])["value"].mean() for part in whole]
    lines = re.split(r"\n(?:## )?Density", (ROOT / readme).read_text(encoding="utf-8"))[1].splitlines()
    for out in ("Rademacher", "Blobs", "Textures", "CIFAR-100", "Chars74K"):
        measured = [aurocs[0]["BPP", out], *(part["+OE", out] for part in aurocs)]
        if readme == "README.md":
            measured.pop(2)  # the longer exposure is not in it
        row = next(line for line in lines if line.startswith((f"| {out} |", f"| {out} (for")))
        assert row.split(" | ")[1 : 1 + len(measured)] == [f"{value:.1f}" for value in measured]


def test_letters_help_a_density_estimator_and_photographs_do_not():
    tables_5 = [comparison.compare(records.read(ROOT / "runs" / "reference" / folder / "records.csv"), 5)["AUROC"]
                for folder in ("density-cifar10-longer", "density-cifar10-letters")]  # fmt: skip
    gains = [table["+OE", "mean"] - table["BPP", "mean"] for table in tables_5]
    assert abs(gains[0]["CIFAR-10", "Mean"]) < 1 and gains[1].drop([("CIFAR-10", "Gaussian")]).min() > 1
    assert tables_5[0]["BPP", "mean"]["CIFAR-10", "Chars74K"] < 50  # likelier than the inliers


@pytest.fixture(scope="module")
def table_3():
    return comparison.compare(records.read(ROOT / "runs" / "reference" / "branch-cifar10" / "records.csv"), 3)


def test_without_outliers_the_confidence_branch_gains_where_the_papers_does_and_loses_in_aupr(table_3):
    mean = table_3.loc[("CIFAR-10", "Mean")]
    assert mean["FPR95", "Branch", "mean"] < mean["FPR95", "MSP", "mean"]
    assert mean["AUROC", "Branch", "mean"] > mean["AUROC", "MSP", "mean"]
    assert mean["AUPR", "Branch", "mean"] < mean["AUPR", "MSP", "mean"]


def test_exposure_sharpens_the_branch_and_costs_the_classifier_the_more_the_faster_it_is(table_3):
    mean = table_3.loc[("CIFAR-10", "Mean")]
    assert mean["FPR95", "+OE", "mean"] < mean["FPR95", "Branch", "mean"] - 20
    losses = []
    for folder in ("branch-cifar10", "branch-cifar10-fast"):
        evidence = _evidence(ROOT / "runs" / "reference" / folder)
        before, after = (row["accuracy"] for row in evidence["accuracy"])
        baseline, exposed = (run["log"] for run in evidence["runs"])
        assert baseline[-1]["collapse"] == "" and exposed[0]["lambda"] > 20 * baseline[-1]["lambda"]
        losses.append(before - after)
    assert 0 < losses[0] < losses[1]


def test_the_readmes_quote_table_3(table_3):
    (row,) = (line for line in comparison.rendered(table_3).splitlines() if line.startswith("| CIFAR-10 | Mean"))
    for readme in (ROOT / "README.md", ROOT / "runs" / "reference" / "README.md"):
        assert row in readme.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def detectors():
    return pd.read_csv(DETECTORS / "detectors.csv", converters={"value": float})


def test_the_detectors_were_measured_on_the_networks_of_the_course_and_say_where(detectors):
    evidence, course = _evidence(DETECTORS), _evidence(COURSE)
    runs = [{run["identity"]: run["files"] for run in found["runs"]} for found in (evidence, course)]
    assert runs[0] == runs[1] and len(runs[0]) == 6
    assert evidence["seeds"] == sorted(detectors["seed"].unique()) and evidence["measured"]["dirty"] is False
    assert {name: draws["count"] for name, draws in evidence["draws"].items()} == (
        detectors.groupby("out_dist")["draw"].nunique().to_dict()
    )
    assert {row["epsilon"] for row in evidence["epsilons"] if row["chosen"] and row["network"] == "baseline"} == {0.008}


def test_msp_on_a_part_of_every_set_is_near_msp_on_the_whole(detectors, table_7):
    found, whole = summary(detectors).loc["MSP"], table_7.loc[("CIFAR-10", "Mean")]
    for metric in ("FPR95", "AUROC", "AUPR"):
        for network, method in (("baseline", "MSP"), ("exposed", "+OE")):
            assert abs(found[metric, network, "mean"] - whole[metric, method, "mean"]) < 1


def test_the_readme_quotes_the_detectors_table(detectors):
    table = rendered(summary(detectors))
    assert (DETECTORS / "detectors.md").read_text(encoding="utf-8") == table
    assert table in (ROOT / "runs" / "reference" / "README.md").read_text(encoding="utf-8")


def test_exposure_outweighs_every_detector_and_energy_adds_to_it_in_each_training(detectors):
    fpr = summary(detectors)["FPR95"].xs("mean", axis=1, level=1)
    assert fpr.loc["MSP", "exposed"] < fpr["baseline"].min() - 10
    by_seed = detectors.query("metric == 'FPR95'").groupby(["network", "detector", "seed"])["value"].mean().unstack()
    gain = {name: by_seed.loc[name, "MSP"] - by_seed.loc[name, "Energy"] for name in ("baseline", "exposed")}
    assert (gain["exposed"] > 3).all() and (gain["baseline"] > gain["exposed"]).all()
    assert (by_seed.loc["exposed", "Mahalanobis"] > by_seed.loc["baseline", "Mahalanobis"]).all()


MNIST = ROOT / "runs" / "reference" / "mnist"


@pytest.fixture(scope="module")
def mnist():
    return comparison.compare(records.read(MNIST / "records.csv"), LOGS)


def test_mnist_gains_as_much_as_the_papers_section_5_says_and_its_classifier_loses_nothing(mnist):
    mean = mnist.loc[("MNIST", "Mean")]
    assert abs(mean["AUPR", "MSP", "mean"] - 94.2) < 1 and abs(mean["AUPR", "+OE", "mean"] - 97.0) < 1
    accuracy = pd.DataFrame(_evidence(MNIST)["accuracy"]).groupby("method")["accuracy"].mean()
    assert accuracy.min() > accuracy["MSP"] - 0.1


def test_all_sets_but_omniglot_land_on_the_logs_of_the_papers_code(mnist):
    for name, row in mnist.loc["MNIST"].drop(index=["Omniglot", "emoji", "Mean"]).iterrows():
        for metric, method, _ in row.index:
            assert abs(row[metric, method, "mean"] - float(row[metric, method, "paper"])) < 2.2, (name, metric, method)


def test_exposure_helps_with_grey_strokes_and_hurts_with_black_and_white_ones():
    measured = pd.read_csv(MNIST / "omniglot.csv").groupby(["glyphs", "method"])["AUPR"].mean()
    assert measured["bilinear, grey", "+OE"] > measured["bilinear, grey", "MSP"] + 2
    assert measured["bilinear, 0 or 1", "+OE"] < measured["bilinear, 0 or 1", "MSP"] - 2


def test_the_readme_of_the_records_quotes_mnist(mnist):
    readme = (ROOT / "runs" / "reference" / "README.md").read_text(encoding="utf-8")
    rows = [line for line in comparison.rendered(mnist).splitlines() if line.startswith("| MNIST | Mean")]
    assert len(rows) == 1 and rows[0] in readme


PICTURES = ["Textures", "intel-scenes", "Chars74K", "emoji", "CIFAR-100"]


@pytest.fixture(scope="module")
def gan_records():
    return records.read(ROOT / "runs" / "reference" / "gan-cifar10" / "records.csv")


def test_generated_outliers_beat_none_and_real_ones_beat_generated_ones_in_every_training(gan_records):
    means = gan_records.groupby(["metric", "seed", "method"])["value"].mean().unstack()
    assert len(means) == 3 * 2
    for metric, sign in (("FPR95", -1), ("AUROC", 1), ("AUPR", 1)):
        of_seeds = sign * means.loc[metric]
        assert (of_seeds["MSP"] < of_seeds["+GAN"]).all() and (of_seeds["+GAN"] < of_seeds["+OE"]).all()


def test_a_gan_teaches_noise_and_real_outliers_teach_pictures(gan_records):
    aurocs = gan_records[gan_records["metric"] == "AUROC"].groupby(["out_dist", "method"])["value"].mean().unstack()
    pictures, noise = aurocs.loc[PICTURES].mean(), aurocs.drop(index=PICTURES).mean()
    assert abs(pictures["+GAN"] - pictures["MSP"]) < 0.5 and pictures["+OE"] > pictures["+GAN"] + 7
    assert noise["+GAN"] > noise["MSP"] + 10 and noise["+GAN"] > noise["+OE"] + 5
    for readme in (ROOT / "README.md", ROOT / "runs" / "reference" / "README.md"):
        text = readme.read_text(encoding="utf-8")
        assert all(f"{pictures[method]:.1f}" in text for method in ("MSP", "+GAN", "+OE"))


def test_the_readmes_quote_table_4(gan_records):
    row = next(row for row in comparison.rendered(comparison.compare(gan_records, 4)).splitlines() if "| Mean |" in row)
    for readme in (ROOT / "README.md", ROOT / "runs" / "reference" / "README.md"):
        assert row in readme.read_text(encoding="utf-8")


def test_thirty_classes_of_outliers_teach_as_much_as_a_hundred_and_ten_do_not():
    table = summary_of_settings(pd.read_csv(CLASSES / "values.csv", keep_default_na=False))
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    for count in (10, 30, 50, 100):
        assert f"| {count} classes | " + " | ".join(f"{v:.1f}" for v in table.loc[f"{count} classes"]) in readme
    aupr = table["AUPR"]
    assert aupr["30 classes"] > aupr["10 classes"] + 10 and abs(aupr["100 classes"] - aupr["30 classes"]) < 3
    runs = _evidence(CLASSES)["runs"]
    assert {run["setting"] for run in runs} == set(table.index) and not any(run["dirty"] for run in runs)
    assert {run["data"]["outliers"]["n"] for run in runs if "classes" in run["setting"]} == {5000}


@pytest.fixture(scope="module")
def design():
    values = pd.read_csv(DESIGN / "values.csv", keep_default_na=False, dtype={"setting": str})
    return {topic: summary_of_settings(part) for topic, part in values.groupby("topic", sort=False)}


def test_the_readme_quotes_every_setting_of_the_design_choices(design):
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    for table in design.values():
        for setting, row in table.iterrows():
            assert f"| {setting} | " + " | ".join(f"{value:.1f}" for value in row.dropna()) + " |" in readme


def test_which_claims_of_section_5_held_on_cifar_10(design):
    auroc = {topic: table["AUROC"] for topic, table in design.items()}
    outliers = auroc["outliers"]
    assert outliers["50000 outliers"] > outliers["all outliers"] - 0.5 > outliers["noisy inliers"] + 5
    assert abs(outliers["generated images"] - outliers["without"]) < 2
    assert auroc["instead-cifar100"]["outliers: cifar10"] < auroc["instead-cifar100"]["without"] - 5
    assert auroc["text-trec"]["brought close"] > auroc["text-trec"]["raw"] > auroc["text-trec"]["without"]
    outputs = auroc["outputs"]
    assert outputs["reject-class, with"] > outputs["softmax, with"] > outputs["multilabel, with"]
    assert auroc["prior"]["uniform"] > auroc["prior"]["class prior"] > auroc["prior"]["without"]
    assert auroc["energy"]["energy"] > auroc["energy"]["MSP, uniform"] + 1
    held = pd.read_csv(DESIGN / "ledger.csv", index_col="claim")["held"]
    assert held["from scratch detects better than fine-tuned"] == "yes"
    assert held["neither competes with the softmax"] == "no"
    assert held["with imbalanced classes the prior is the better target"] == "no"


def test_the_networks_of_the_design_choices_are_the_chapters_recipes():
    runs = _evidence(DESIGN)["runs"]
    assert not any(run["dirty"] for run in runs)
    assert all(recipe_from_json(run["recipe"]).digest == run["digest"] for run in runs)
    course = {recipe_from_json(run["recipe"]).with_seed(0).digest for run in _evidence(COURSE)["runs"]}
    assert course <= {run["digest"] for run in runs}


@pytest.fixture(scope="module")
def cells():
    return grades.marked(results.sources(ROOM))


def _prose(folder):
    return " ".join((folder / "README.md").read_text(encoding="utf-8").split())


def test_the_readme_counts_marks_and_comparisons_as_chapter_10_does(cells):
    marks, reproduced = cells["mark"].value_counts(), cells[cells["mark"] == grades.REPRODUCED]
    pairs = grades.comparisons(cells)
    run = pairs[pairs["direction"] != grades.NOT_RUN]
    once, alone = run[run["seeds"] == 1], run[~run[list(grades.FLAGS)].any(axis=1)]
    agree, undecided, against = run["direction"].value_counts()[list(grades.DIRECTIONS[:3])]
    assert (once["direction"] == grades.AGAINST).sum() == against
    for sentence in (
        f"{len(reproduced)} numbers are reproduced, {reproduced['ceiling'].sum()} of them at a ceiling",
        f"and {marks[grades.NOT_RUN]} were not run. Of {len(run)} measured comparisons {agree} go the paper's way",
        f"{undecided} are undecided and {against} go the other way",
        f"it is {(alone['direction'] == grades.AGREES).sum()} of {len(alone)}.",
        f"{len(once)} of the {len(run)} rest on one training",
        f"among them all {against} that go the other way",
    ):
        assert sentence in _prose(ROOT)


def test_the_readme_of_the_records_counts_the_cells_outside_of_the_interval(cells):
    sets = cells[~cells["out_dist"].isin(["Mean", "Icons-50"])]
    mnist, text = sets[sets["table"] == LOGS], sets[(sets["table"] == 8) & ~sets["near"]]
    assert set(mnist[~mnist["near"]]["out_dist"]) == {"Omniglot"} and (~mnist["near"]).sum() == 9
    assert f"of the {len(mnist)} cells of their sets, {mnist['near'].sum()} lie in the interval" in _prose(ROOM)
    counts, news = text["in_dist"].value_counts(), text[text["in_dist"] == "20 Newsgroups"]
    quoted = f"none for TREC, {counts['SST']} for SST and {len(news)} for 20 Newsgroups"
    assert "TREC" not in counts and quoted in _prose(ROOM)
    better = (news["ours"] < news["paper"].astype(float)) == news["metric"].str.startswith("FPR")
    assert f"of the {len(news)} distant cells {better.sum()} are better" in _prose(ROOM)
