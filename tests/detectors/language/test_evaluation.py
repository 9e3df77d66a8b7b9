"""The test protocol on language models: segments for examples, bits for scores, perplexity for accuracy."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from tqdm import tqdm

from oe_core.detectors.registry import experiment
from oe_core.evaluation.evaluate import evaluate
from oe_core.paper import comparison
from oe_core.runs.store import Store

language_experiment = partial(experiment, detector="language")

REPORT = "\n".join(f"the bank said <unk> profit rose N % in quarter {n % 4}" for n in range(120))
NOVEL = "\n".join(f"She walked {n % 3} miles to the Sea and the bank" for n in range(60))
LETTER = "\n".join(f"Dear Anne {n % 5} the garden rose is in flower" for n in range(60))


def plan_of(**settings):
    """The demo's experiment on folders, with a network that trains in a second."""
    plan = language_experiment("reports", "demo", outliers="novels", out_dists=["letters", "ewt-email"], **settings)
    small = dict(embedding=8, hidden=8, length=10, epochs=1, batch_size=5)
    baseline = replace(plan.baseline, **small)
    return replace(plan, baseline=baseline, exposed=replace(plan.exposed, **small, parent=baseline))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    files = {"reports": {"train": REPORT, "test": REPORT}, "novels": {"train": NOVEL}, "letters": {"test": LETTER}}
    for name, splits in files.items():
        (root / name).mkdir()
        for split, text in splits.items():
            (root / name / f"{split}.txt").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_DATA", str(root))
        store = Store(tmp_path_factory.mktemp("runs"), progress=lambda **bar: tqdm(disable=True, **bar))
        variants = ("paper", "other-case")
        yield store, {variant: evaluate(store, plan_of(variant=variant), draws=3) for variant in variants}


def test_table_11_is_filled_at_ninety_percent_and_missing_sets_are_named(measured):
    found = measured[1]["paper"]
    counted = found.records.groupby(["table", "method", "out_dist"]).size()
    assert counted.to_dict() == {(11, method, "letters"): 3 * 3 for method in ("BPC/BPW", "+OE")}
    assert set(found.records["metric"]) == {"FPR90", "AUROC", "AUPR"}
    assert set(found.records["in_dist"]) == {"reports (words)"}
    assert list(found.tests.missing) == ["Email"] and "Fetch it with" in found.tests.missing["Email"]
    assert ("reports (words)", "letters") in comparison.compare(found.records, 11).index


def test_the_quality_of_a_language_model_is_its_perplexity_on_the_test_segments(measured):
    store, found = measured[0], measured[1]["paper"]
    losses = store.logits(found.runs["+OE", 0], "reports", found.tests.inside.inputs, found.test.fingerprint)
    row = found.quality.set_index("method").loc["+OE"]
    assert row["perplexity"] == pytest.approx(math.exp(losses[:, 0].mean()))
    assert found.evidence()["perplexity"][1]["perplexity"] == row["perplexity"]
    assert len(losses) == (120 * 12 - 1) // 10  # twelve tokens a line, its end included


def test_scores_are_bits_a_token(measured):
    store, found = measured[0], measured[1]["paper"]
    out = found.tests.outs[0]
    losses = store.logits(found.runs["BPC/BPW", 0], out.key, out.inputs, out.fingerprint)
    assert np.allclose(found.scores["letters"]["BPC/BPW"][1], losses[:, 0] / math.log(2))


def test_the_other_case_shares_the_baseline_and_reads_outliers_and_anomalies_in_lower_case(measured):
    paper, other = measured[1]["paper"], measured[1]["other-case"]
    assert paper.runs["BPC/BPW", 0].identity == other.runs["BPC/BPW", 0].identity
    assert paper.runs["+OE", 0].identity != other.runs["+OE", 0].identity
    assert "She" not in (spelled := set(other.tests.outs[0].examples.classes)) and "dear" in spelled
    assert "Dear" in paper.tests.outs[0].examples.classes
    assert "N" in other.test.classes, "the in-distribution is never changed"
    assert paper.tests.outs[0].fingerprint != other.tests.outs[0].fingerprint
