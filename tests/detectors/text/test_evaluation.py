"""The test protocol on texts: the same steps as on images, another table and another point on the ROC curve."""

from functools import partial

import numpy as np
import pytest
from tqdm import tqdm

from oe_core.data.sources import MissingDataError, load_texts
from oe_core.detectors.registry import experiment
from oe_core.evaluation.draws import base_rate_draws
from oe_core.evaluation.evaluate import evaluate
from oe_core.evaluation.metrics import fpr_at_tpr
from oe_core.runs.store import Store
from oe_core.scores import msp

text_experiment = partial(experiment, detector="text")

FRUIT, INSECT = "a\tapples are red number {}", "b\tbees fly far number {}"
LABELLED = "\n".join((INSECT, FRUIT)[number % 2].format(number % 5) for number in range(40))
FOREIGN = "\n".join(f"the minister of state {n % 6} resigned today" for n in range(30))
OUTLIERS = FOREIGN.replace("today", "yesterday")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    for name, files in {"notes": ("train.tsv", "test.tsv"), "papers": ("train.txt",), "news": ("test.txt",)}.items():
        (root / name).mkdir()
        for file in files:
            (root / name / file).write_text({"notes": LABELLED, "papers": OUTLIERS, "news": FOREIGN}[name])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_DATA", str(root))
        store = Store(tmp_path_factory.mktemp("runs"), progress=lambda **bar: tqdm(disable=True, **bar))
        plan = text_experiment("notes", "demo", outliers="papers", out_dists=["news", "snli"])
        yield store, evaluate(store, plan, seeds=2, draws=3)


def test_table_8_is_filled_at_ninety_percent_and_missing_sets_are_named(evaluation):
    _, found = evaluation
    counted = found.records.groupby(["table", "method", "out_dist"]).size()
    assert counted.to_dict() == {(8, method, "news"): 2 * 3 * 3 for method in ("MSP", "+OE")}
    assert set(found.records["metric"]) == {"FPR90", "AUROC", "AUPR"}
    assert list(found.tests.missing) == ["SNLI"] and "Fetch it with" in found.tests.missing["SNLI"]


def test_a_value_follows_from_the_stored_logits(evaluation):
    store, found = evaluation
    out = found.tests.outs[0]
    ids = (found.tests.inside.inputs, found.test.fingerprint), (out.inputs, out.fingerprint)
    keys = ("notes", "news")
    run = found.runs["+OE", 1]
    logits = [store.logits(run, key, inputs, mark) for key, (inputs, mark) in zip(keys, ids, strict=True)]
    inside, outside = base_rate_draws(len(logits[0]), len(logits[1]), 3)[2]
    expected = 100 * fpr_at_tpr(msp(logits[0])[inside], msp(logits[1])[outside], tpr=0.9)
    rows = found.records.query("method == '+OE' and seed == 1 and draw == 2 and metric == 'FPR90'")
    assert rows["value"].tolist() == [expected]


def test_the_examples_behind_the_scores_are_at_hand(evaluation):
    _, found = evaluation
    assert found.tests.outs[0].examples.texts[0] == "the minister of state 0 resigned today"
    assert len(found.scores["news"]["MSP"][1]) == len(found.tests.outs[0].examples) == 30
    assert np.isfinite(found.scores["news"]["+OE"][0]).all()


def test_the_evidence_holds_the_text_recipes(evaluation, tmp_path):
    _, found = evaluation
    stamp = found.evidence()["runs"][1]
    assert stamp["recipe"]["vocabulary"] == 10_000 and stamp["recipe"]["parent"]["epochs"] == 5
    assert found.evidence()["in_dist_test"]["examples"] == 40


def test_texts_are_not_read_as_images_nor_images_as_texts():
    with pytest.raises(ValueError, match="data set 'cifar10' is no set of text"):
        load_texts("cifar10", "train")


def test_a_split_that_is_not_there_is_named_with_every_way_to_it():
    with pytest.raises(MissingDataError, match="trec: its valid texts are not .*\n.* it has train and test"):
        load_texts("trec", "valid")
    with pytest.raises(ValueError, match="split='trian' of trec is unknown; choose one of train, dev, valid, test"):
        load_texts("trec", "trian")
