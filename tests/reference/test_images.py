"""Table 7 as it was measured: CIFAR-10 at two sizes, CIFAR-100, another machine, and the READMEs that quote them."""

from dataclasses import replace

import pandas as pd
import pytest
from reference_records import COURSE, RESULTS, ROOM, evidence_of, prose

from oe_core.atomic import read_record
from oe_core.detector.pretrained import PRETRAINED
from oe_core.detector.saved import CARD
from oe_core.detectors.registry import experiment, recipe_from_json
from oe_core.evaluation import records
from oe_core.paper import comparison

PAPER = ROOM / "cifar10-paper"
CONTROLLED = {"allconv-cifar10", "allconv-svhn", "allconv-cifar100", "allconv-tiny-imagenet"}  # of Table 9's networks


def test_outlier_exposure_beats_the_baseline_and_costs_at_most_one_point_of_accuracy(table_7):
    mean = table_7.loc[("CIFAR-10", "Mean")]
    assert mean["FPR95", "+OE", "mean"] < mean["FPR95", "MSP", "mean"] - 10
    assert mean["AUROC", "+OE", "mean"] > mean["AUROC", "MSP", "mean"] + 5
    assert mean["AUPR", "+OE", "mean"] > mean["AUPR", "MSP", "mean"] + 10
    accuracy = pd.DataFrame(evidence_of(COURSE)["accuracy"]).groupby("method")["accuracy"].mean()
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
    measured = {recipe_from_json(run["recipe"]).with_seed(0).digest for run in evidence_of(COURSE)["runs"]}
    assert measured == {plan.baseline.digest, exposed.digest}


def test_further_epochs_without_outliers_do_not_detect_better():
    found = pd.read_csv(COURSE / "search.csv", index_col="recipe")
    control, exposed = found.loc["no outliers, 4 epochs from 0.05"], found.loc["OE 4 epochs from 0.05"]
    assert abs(control["FPR95"] - found.loc["baseline", "FPR95"]) < 3
    assert exposed["FPR95"] < control["FPR95"] - 15 and exposed["accuracy"] > control["accuracy"] - 1


def test_the_readme_quotes_the_records(table_7):
    readme = (RESULTS).read_text(encoding="utf-8")
    rows = [line for line in comparison.rendered(table_7).splitlines() if line.startswith("| CIFAR-10")]
    assert len(rows) == 9
    assert [row for row in rows if row not in readme] == []


def test_the_papers_network_gains_on_every_set_and_the_readmes_quote_it():
    table = comparison.compare(records.read(PAPER / "records.csv"), 7)
    for metric, sign in (("FPR95", -1), ("AUROC", 1), ("AUPR", 1)):
        assert (sign * (table[metric, "+OE", "mean"] - table[metric, "MSP", "mean"]) > 0).all()
    before, after = (row["accuracy"] for row in evidence_of(PAPER)["accuracy"])
    assert after > before - 1
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    rows = [line for line in comparison.rendered(table).splitlines() if line.startswith("| CIFAR-10")]
    assert len(rows) == 8 and [row for row in rows if row not in readme] == []
    took = " and ".join(f"{run['seconds']:.0f} s" for run in evidence_of(PAPER)["runs"])
    assert took == "166 s and 35 s"
    assert all(seconds in (RESULTS).read_text(encoding="utf-8") for seconds in took.split(" and "))


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


def test_on_digits_of_svhn_exposure_leaves_hardly_an_anomaly_and_the_readme_quotes_it():
    table = comparison.compare(records.read(ROOM / "svhn-course" / "records.csv"), 7)
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    rows = [line for line in comparison.rendered(table).splitlines() if line.startswith("| svhn-10k")]
    assert len(rows) == 10 and [row for row in rows if row not in readme] == []
    rates = table["FPR95", "+OE", "mean"].droplevel("in_dist")
    assert rates.drop("Mean").idxmax() == "Chars74K" and (rates.drop(["Mean", "Chars74K"]).round(1) <= 0.3).all()
    own = comparison.compare(records.read(ROOM / "svhn-paper" / "records.csv"), 7)
    assert [line for line in comparison.rendered(own).splitlines() if line.startswith("| svhn-10k | Mean")][0] in readme
    assert (own["FPR95", "MSP", "mean"] > table["FPR95", "MSP", "mean"]).all()
    gains = (own["FPR95", "MSP", "mean"] - own["FPR95", "+OE", "mean"]).round(1)
    assert 12 <= gains.min() == gains[("svhn-10k", "Chars74K")] and gains.max() == gains[("svhn-10k", "Bernoulli")] < 70
    before, after = (row["accuracy"] for row in evidence_of(ROOM / "svhn-course")["accuracy"])
    assert f"Accuracy {before:.1f} without and {after:.1f} with exposure" in readme
    sentences = {"calibration-svhn": "error {} without and {} with", "calibration-svhn-code": "{} and {} with five"}
    for folder, sentence in sentences.items():
        errors = comparison.compare(records.read(ROOM / folder / "records.csv"), 12)["RMS"].iloc[0]
        assert sentence.format(*(f"{errors[method, 'mean']:.1f}" for method in ("Temperature", "+OE"))) in readme


@pytest.mark.parametrize("folder", ["places-course", "tiny-imagenet-course"])
def test_the_readme_quotes_scenes_and_things_with_their_controls(folder):
    table = comparison.compare(records.read(ROOM / folder / "records.csv"), 7)
    readme, (name,) = prose(ROOM / "README.md"), table.index.unique("in_dist")
    rows = [line for line in comparison.rendered(table).splitlines() if line.startswith(f"| {name}")]
    assert len(rows) == len(table) and [row for row in rows if row not in readme] == []
    accuracies = [row["accuracy"] for row in evidence_of(ROOM / folder)["accuracy"]]
    assert "Accuracy {:.1f} without and {:.1f} with exposure".format(*accuracies) in readme
    aurocs = pd.read_csv(ROOM / folder / "control.csv", index_col="trained")["AUROC"]
    means = table["AUROC"].xs("mean", axis=1, level=1).loc[name, "Mean"]
    assert aurocs.iloc[[0, 2]].to_list() == pytest.approx(means.to_list(), abs=0.01)
    assert "the mean AUROC goes from {:.1f} to {:.1f} without outliers, to {:.1f} with them".format(*aurocs) in readme


@pytest.mark.parametrize(
    ("folder", "in_dist"), [("places-course", "places-mini"), ("tiny-imagenet-course", "tiny-imagenet-32")]
)
def test_the_stamp_of_a_control_is_that_of_the_baseline_trained_on_without_outliers(folder, in_dist):
    stamp = read_record(ROOM / folder / "control.json")
    assert recipe_from_json(stamp["recipe"]) == experiment(in_dist, "course", share=0.5).longer
    assert stamp["dirty"] is False and stamp["commit"] == evidence_of(ROOM / folder)["runs"][0]["commit"]


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_of_what_both_cifars_gain_the_longer_training_has_about_a_point(name):
    rows = pd.read_csv(ROOM / f"{name}-package" / "control.csv", index_col="trained")
    readme = prose(ROOM / "README.md")
    said = "the mean AUROC goes from {:.1f} to {:.1f} without outliers, to {:.1f} with them, and FPR95 from {:.1f} to"
    assert said.format(*rows["AUROC"], rows["FPR95"].iloc[0]) in readme
    assert f"and FPR95 from {' to '.join(f'{value:.1f}' for value in rows['FPR95'][:2])} and to" in readme
    assert f"ts accuracy is {100 - rows['error'].iloc[1]:.1f}" in readme and rows["AUROC"].diff().iloc[1] < 1.2
    stamp = read_record(ROOM / f"{name}-package" / "control.json")
    assert recipe_from_json(stamp["recipe"]) == experiment(name, "course").longer and stamp["dirty"] is False
    baseline = evidence_of(ROOM / f"{name}-package")["runs"][0]
    assert stamp["parent"]["run"] == f"{baseline['name']}-{baseline['identity'][:12]}"


def test_scenes_as_outliers_teach_about_scenes_alone_and_things_as_outliers_about_everything():
    gains = {}
    for folder in ("places-course", "tiny-imagenet-course"):
        aurocs = comparison.compare(records.read(ROOM / folder / "records.csv"), 7)["AUROC"].xs("mean", axis=1, level=1)
        gains[folder] = (aurocs["+OE"] - aurocs["MSP"]).droplevel("in_dist").drop("Mean")
    assert (gains["places-course"] > 5).all()
    things = gains["tiny-imagenet-course"]
    assert set(things.index[things > 0]) == {"intel-scenes", "scene15"} and things["Gaussian"] < -40


@pytest.mark.parametrize(("name", "in_dist", "without_gain"), [
    ("cifar10", "CIFAR-10", set()), ("cifar100", "CIFAR-100", {"CIFAR-10", "SVHN"}),
])  # fmt: skip
def test_the_packages_networks_gain_on_the_papers_list_and_the_readme_quotes_them(name, in_dist, without_gain):
    table = comparison.compare(records.read(ROOM / f"{name}-package" / "records.csv"), 7)
    gain = (table["AUROC", "+OE", "mean"] - table["AUROC", "MSP", "mean"]).droplevel("in_dist")
    assert set(gain[gain < 0.5].index) == without_gain
    assert len(table) == 9 and {"places-mini", "lsun-categories"} <= set(table.index.get_level_values("out_dist"))
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    rows = [line for line in comparison.rendered(table).splitlines() if line.startswith(f"| {in_dist} |")]
    assert len(rows) == 9 and [row for row in rows if row not in readme] == []
    stamps = {run["identity"] for run in evidence_of(ROOM / f"{name}-package")["runs"]}
    assert stamps == {read_record(PRETRAINED / one / CARD)["run"]["identity"] for one in (name, f"{name}-oe")}


def test_one_training_decides_nothing_about_noise():
    aurocs = [comparison.compare(records.read(ROOM / folder / "records.csv"), 7)["AUROC"].xs("mean", axis=1, level=1)
              for folder in ("cifar100-course", "cifar100-package")]  # fmt: skip
    gains = [(auroc["+OE"] - auroc["MSP"]).droplevel("in_dist") for auroc in aurocs]
    assert gains[0]["Rademacher"] < -15 and gains[1]["Rademacher"] > 15
    assert abs(gains[0]["Textures"] - gains[1]["Textures"]) < 1


def test_three_trainings_of_cifar100_agree_on_pictures_and_not_on_noise():
    measured = records.read(ROOM / "cifar100-seeds" / "records.csv").query("table == 7 and metric == 'AUROC'")
    aurocs = measured.groupby(["method", "seed", "out_dist"])["value"].mean().unstack(["method", "seed"])
    by_method = aurocs.T.groupby(level="method")
    apart = (by_method.max() - by_method.min()).T
    noise = ["Gaussian", "Rademacher"]
    assert (apart.loc[noise].min() > 10).all() and (apart.drop([*noise, "Blobs"]).max() <= 2.1).all()
    readme = (ROOM / "README.md").read_text(encoding="utf-8")
    order = ["Gaussian", "Rademacher", "Blobs", "Textures", "SVHN", "places-mini", "lsun-categories", "CIFAR-10"]
    for (method, seed), column in aurocs.items():
        row = [*column[order], column.mean()]
        assert f"| {method} | {seed} | {' | '.join(f'{value:.1f}' for value in row)} |" in readme
    single = records.read(ROOM / "cifar100-package" / "records.csv")
    both = records.read(ROOM / "cifar100-seeds" / "records.csv")
    assert single["value"].to_numpy() == pytest.approx(both.query("seed == 0")["value"].to_numpy(), abs=0.01)


def test_the_same_photographs_as_textures_keep_noise_and_teach_no_scenes():
    table = comparison.compare(records.read(ROOM / "tiny-imagenet-course-phases" / "records.csv"), 7)
    aurocs = table["AUROC"].xs("mean", axis=1, level=1).droplevel("in_dist")
    gains = aurocs["+OE"] - aurocs["MSP"]
    assert gains["Gaussian"] > 5 and gains["Textures"] > 10 and gains["Mean"] > 3
    assert gains[["intel-scenes", "scene15"]].max() < 6


@pytest.mark.parametrize(
    ("folder", "in_dist"),
    [("allconv-svhn", "svhn-10k"), ("allconv-cifar10", "CIFAR-10"), ("allconv-cifar100", "CIFAR-100"),
     ("allconv-tiny-imagenet", "tiny-imagenet-32")],
)
def test_the_readme_has_the_other_architectures_row_and_accuracies(folder, in_dist):
    readme = (ROOM / "README.md").read_text()
    rows = (ROOM / folder / "table_09.md").read_text().splitlines()
    assert [row for row in rows if row.startswith(f"| {in_dist} | Mean |")][0] in readme
    accuracies = [row["accuracy"] for row in evidence_of(ROOM / folder)["accuracy"]]
    assert "{:.1f} and {:.1f}".format(*accuracies) in readme
    control = ROOM / folder / "control.csv"
    aurocs = pd.read_csv(control, index_col="trained")["AUROC"] if control.exists() else []
    said = "the mean AUROC goes from {:.1f} to {:.1f} without outliers, to {:.1f} with them"
    assert control.exists() == (folder in CONTROLLED)
    assert not len(aurocs) or said.format(*aurocs) in prose(ROOM / "README.md")
    found = comparison.compare(records.read(ROOM / folder / "records.csv"), 9)
    mean = found.xs("mean", axis=1, level=2).iloc[0]
    assert mean["FPR95", "+OE"] < mean["FPR95", "MSP"] and mean["AUPR", "+OE"] > mean["AUPR", "MSP"]


def test_another_processor_lands_within_the_spread_of_the_three_trainings(table_7):
    other = comparison.compare(records.read(ROOM / "cifar10-course-other-machine" / "records.csv"), 7)
    mean = ("CIFAR-10", "Mean")
    for cell in [(metric, method) for metric in ("FPR95", "AUROC", "AUPR") for method in ("MSP", "+OE")]:
        spread = table_7.at[mean, (*cell, "std_seeds")]
        assert abs(other.at[mean, (*cell, "mean")] - table_7.at[mean, (*cell, "mean")]) < 2 * spread


def test_of_what_svhn_gains_with_the_papers_network_the_longer_training_has_nothing():
    rows, readme = pd.read_csv(ROOM / "svhn-paper" / "control.csv", index_col="trained"), prose(ROOM / "README.md")
    said = "on a CPU, the mean AUROC goes from {:.1f} to {:.1f} without outliers, to {:.1f} with them, and FPR95 from"
    assert said.format(*rows["AUROC"]) in readme and rows["AUROC"].diff().iloc[1] < 0
    assert "and FPR95 from {:.1f} to {:.1f} and to {:.1f}; its accuracy is {:.1f} ".format(
        *rows["FPR95"], 100 - rows["error"].iloc[1]
    ) in readme
    stamp = read_record(ROOM / "svhn-paper" / "control.json")
    assert recipe_from_json(stamp["recipe"]) == experiment("svhn-10k", "paper").longer and stamp["dirty"] is False
    runs = evidence_of(ROOM / "svhn-paper")["runs"]
    assert stamp["parent"]["run"] in [f"{run['name']}-{run['identity'][:12]}" for run in runs]


def test_the_start_and_borders_of_the_codes_all_conv_change_noise_more_than_pictures():
    found = {name: records.read(ROOM / name / "records.csv") for name in ("allconv-cifar10", "allconv-cifar10-code")}
    cells = {name: frame.groupby(["metric", "method", "out_dist"])["value"].mean() for name, frame in found.items()}
    means = {name: values.groupby(["metric", "method"]).mean() for name, values in cells.items()}
    text, code = means.values()
    readme, methods = prose(ROOM / "README.md"), ["MSP", "+OE"]
    said = "mean AUROC {:.1f} without and {:.1f} with exposure, where torch's start gives {:.1f} and {:.1f}, FPR95"
    assert said.format(*code["AUROC"][methods], *text["AUROC"][methods]) in readme
    assert "FPR95 {:.1f} and {:.1f} for {:.1f} and {:.1f}; accuracy".format(
        *code["FPR95"][methods], *text["FPR95"][methods]
    ) in readme
    accuracies = [row["accuracy"] for name in reversed(found) for row in evidence_of(ROOM / name)["accuracy"]]
    assert "accuracy {:.1f} and {:.1f} for {:.1f} and {:.1f}.".format(*accuracies) in readme
    lost = cells["allconv-cifar10"]["AUROC", "MSP"] - cells["allconv-cifar10-code"]["AUROC", "MSP"]
    noise = ["Rademacher", "Gaussian", "Blobs"]
    assert set(lost[lost > 0].index) == set(noise) and len(lost) == 8
    for name in noise:
        pair = [values["AUROC", "MSP", name] for values in cells.values()]
        assert "{} {:.1f} to {:.1f}".format(name, *pair) in readme
    runs = evidence_of(ROOM / "allconv-cifar10-code")["runs"]
    exposed = experiment("cifar10", "course", network="allconv", variant="code", outliers="tiny-imagenet-32-no-cifar10")
    assert recipe_from_json(runs[-1]["recipe"]).digest == exposed.exposed.digest
    assert not any(run["dirty"] for run in runs)
