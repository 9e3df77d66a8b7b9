from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from tqdm import tqdm

from oe_core.data.sources import load_images, load_texts
from oe_core.detectors.gan.training import generated
from oe_core.detectors.objectives.recipe import with_objective
from oe_core.detectors.registry import experiment
from oe_core.evaluation.ablations import ERROR, ablate, controlled, generated_outliers, stamped, summary, varied
from oe_core.evaluation.evaluate import evaluate
from oe_core.runs.store import Store

density_experiment = partial(experiment, detector="density")
gan_experiment = partial(experiment, detector="gan")
text_experiment = partial(experiment, detector="text")

PLAN = experiment("digits", "smoke", out_dists=["gaussian", "font-letters"])


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=lambda **arguments: tqdm(disable=True, **arguments))


@pytest.fixture(scope="module")
def frame(store):
    recipes = {"without": PLAN.baseline, "with": PLAN.exposed}
    recipes["reject"] = with_objective(replace(PLAN.baseline, outliers="photo-china", outlier_limit=64), "reject-class")
    return ablate(store, PLAN, recipes, seeds=2)


def test_it_says_of_each_network_whether_it_was_trained_or_found(tmp_path):
    said, quiet = [], lambda **arguments: tqdm(disable=True, **arguments)
    for _ in range(2):
        ablate(Store(tmp_path, progress=quiet), PLAN, {"without": PLAN.baseline}, seeds=1, progress=said.append)
    assert said[0].startswith("without, seed 0: trained in ")
    assert said[1].startswith("without, seed 0: found, as trained in ")
    (stamp,) = stamped(Store(tmp_path), {"without": PLAN.baseline, "the same": PLAN.baseline}, seeds=1)
    assert (stamp["setting"], stamp["seed"], stamp["recipe"]["in_dist"]) == ("without", 0, "digits")


def test_what_a_table_measures_is_measured_here_to_the_last_bit(frame, store):
    evaluation = evaluate(store, PLAN, seeds=2, draws=2)
    key = ["out_dist", "metric", "seed", "draw"]
    tables = evaluation.records[evaluation.records["table"] == 7].groupby("method")
    for method, setting in (("MSP", "without"), ("+OE", "with")):
        mine = frame[frame["setting"] == setting]
        table, detection = tables.get_group(method), mine[mine["metric"] != ERROR]
        in_order = [part.set_index(key)["value"].sort_index() for part in (table, detection)]
        assert in_order[0].equals(in_order[1])
        accuracy = evaluation.quality.groupby("method").get_group(method)["accuracy"]
        np.testing.assert_allclose(100 - mine[mine["metric"] == ERROR]["value"], accuracy)


def test_a_reject_class_is_no_answer_to_an_inlier(frame, store):
    recipe = with_objective(replace(PLAN.baseline, outliers="photo-china", outlier_limit=64), "reject-class")
    test = load_images("digits", "test", 16)
    logits = store.logits(store.run(recipe), "digits", lambda: test.images, test.fingerprint)
    assert logits.shape == (len(test), 11)
    wrong = (logits[:, :10].argmax(axis=1) != test.labels.numpy()).mean()
    assert frame.query("setting == 'reject' and metric == @ERROR and seed == 0")["value"].item() == 100 * wrong


def test_the_summary_is_the_mean_over_sets_draws_and_seeds_in_the_order_of_the_rows(frame):
    table = summary(frame)
    assert list(table.index) == ["without", "with", "reject"]
    assert list(table.columns) == [ERROR, "FPR95", "AUROC", "AUPR"]
    mine = frame.query("setting == 'with' and metric == 'AUROC'")
    assert table.loc["with", "AUROC"] == pytest.approx(mine["value"].mean())


def test_a_control_stands_between_the_two_networks_whose_gain_it_parts(frame, store):
    found = controlled(store, {"digits": PLAN}, seeds=2).loc["digits"]
    assert list(found.index) == ["MSP", "as long, without outliers", "+OE"]
    assert found.loc[["MSP", "+OE"]].to_numpy().tolist() == summary(frame).loc[["without", "with"]].to_numpy().tolist()
    assert (PLAN.longer.epochs, PLAN.longer.outliers) == (PLAN.exposed.epochs, None)
    middle = summary(ablate(store, PLAN, {"longer": PLAN.longer}, seeds=2)).loc["longer"]
    assert found.loc["as long, without outliers"].tolist() == middle.tolist()


def test_how_outliers_are_met_is_no_difference_to_a_network_without_any():
    assert PLAN.baseline.outlier_order != PLAN.exposed.outlier_order
    assert "outlier_order" not in varied(PLAN.networks)


def test_outliers_that_are_made_of_a_set_are_trained_on_by_their_name(store):
    recipe = replace(PLAN.exposed, name="noisy", outliers="digits~part=64~noise=0.3")
    frame = ablate(store, PLAN, {"noise": recipe}, seeds=1)
    assert set(frame["setting"]) == {"noise"} and len(frame) == 1 + 2 * 2 * 3
    facts = store.run(recipe).stamp["data"]["outliers"]
    assert (facts["name"], facts["n"]) == ("digits~part=64~noise=0.3", 64)


def with_fakes(fakes):
    """A loader that gives images without a name of their own for "fakes"."""
    return lambda name, split, size: fakes if name == "fakes" else load_images(name, split, size)


GAN = replace(gan_experiment("digits", "smoke").networks["synthetic"], limit=64, epochs=1)


def test_generated_outliers_are_kept_with_their_gan_and_trained_on(store, monkeypatch):
    fakes = generated_outliers(store, GAN, 70)
    assert fakes.images.shape == (70, 3, 16, 16) and fakes.images.dtype == torch.uint8
    assert (fakes.name, fakes.origin, fakes.classes) == ("digits-gan, 70 generated", "generated", ("unlabelled",))
    assert torch.equal(fakes.images, generated(GAN, store.run(GAN).weights, 70))
    monkeypatch.setattr("oe_core.evaluation.ablations.generated", lambda *_: pytest.fail("generated again"))
    assert generated_outliers(store, GAN, 70).fingerprint == fakes.fingerprint
    recipe = replace(PLAN.exposed, name="fakes", outliers="fakes")
    frame = ablate(store, PLAN, {"fakes": recipe}, seeds=1, load=with_fakes(fakes))
    assert set(frame["setting"]) == {"fakes"}


def test_generated_outliers_of_another_size_are_refused(store):
    fakes = generated_outliers(store, GAN, 20)
    small = replace(fakes, images=fakes.images[..., ::2, ::2].contiguous())
    recipe = replace(PLAN.exposed, name="other size", outliers="fakes")
    with pytest.raises(ValueError, match="digits-gan, 20 generated is 8 px, recipe 'other size' wants 16 px"):
        ablate(store, PLAN, {"fakes": recipe}, seeds=1, load=with_fakes(small))


FRUIT, INSECT = "a\tapples are red number {}", "b\tbees fly far number {}"
LABELLED = "\n".join((INSECT, FRUIT)[number % 2].format(number % 5) for number in range(40))


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """Labelled notes, and papers and news without labels, among them a heading and capitals."""
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    foreign = "= News =\n" + "\n".join(f"The Minister of state {n % 6} resigned today" for n in range(30))
    files = {"notes/train.tsv": LABELLED, "notes/test.tsv": LABELLED,
             "papers/train.txt": foreign, "news/test.txt": foreign.replace("a", "e")}  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return text_experiment("notes", "smoke", outliers="papers", out_dists=["news"])


def test_texts_are_measured_as_their_table_measures_them(store, notes):
    recipes = {"without": notes.baseline, "with": notes.exposed}
    frame = ablate(store, notes, recipes, seeds=1)
    table = evaluate(store, notes, seeds=1, draws=2)
    key, detection = ["metric", "draw"], frame[frame["metric"] != ERROR]
    for method, setting in (("MSP", "without"), ("+OE", "with")):
        mine = detection[detection["setting"] == setting].set_index(key)["value"].sort_index()
        assert mine.equals(table.records.groupby("method").get_group(method).set_index(key)["value"].sort_index())
    assert list(summary(frame).columns) == [ERROR, "FPR90", "AUROC", "AUPR"]


def test_raw_texts_are_outliers_of_their_own(store, notes):
    recipes = {"close": notes.exposed, "raw": replace(notes.exposed, name="raw", outliers="papers~raw")}
    frame = ablate(store, notes, recipes, seeds=1)
    assert set(frame["setting"]) == {"close", "raw"}
    facts = store.run(recipes["raw"]).stamp["data"]["outliers"]
    raw = load_texts("papers~raw", "train")
    assert (facts["name"], facts["n"], facts["fingerprint"]) == ("papers~raw", 31, raw.fingerprint)
    assert raw.fingerprint != load_texts("papers", "train").fingerprint


def test_a_network_that_is_no_classifier_is_measured_by_its_own_task_and_score(store):
    plan = density_experiment("photo-china", "smoke")
    measured = evaluate(store, plan, seeds=1)
    records = measured.records.query("method == 'BPP' and metric == 'AUROC'")
    found = summary(ablate(store, plan, {"without": plan.baseline}, seeds=1)).loc["without"]
    assert list(found.index) == ["bits per dimension", "FPR95", "AUROC", "AUPR"]
    assert found["bits per dimension"] == measured.quality.set_index("method").loc["BPP", "bits per dimension"]
    assert found["AUROC"] == pytest.approx(records["value"].mean())


def test_the_control_of_a_branch_is_scored_by_its_branch(store):
    plan = experiment("digits", "smoke", "branch")
    found = controlled(store, {"digits": plan}, seeds=1).loc["digits"]
    records = evaluate(store, plan, seeds=1).records.query("metric == 'AUROC'")
    assert list(found.index) == ["Branch", "as long, without outliers", "+OE"]
    for method in ("Branch", "+OE"):
        assert found.loc[method, "AUROC"] == pytest.approx(records.query("method == @method")["value"].mean())


def test_another_in_distribution_is_refused(store):
    with pytest.raises(ValueError, match="other: in_dist='cifar10', but the experiment tests 'digits'"):
        ablate(store, PLAN, {"other": replace(PLAN.baseline, in_dist="cifar10")})
