import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_features import toy

from oe_core.evaluation.metrics import auroc
from oe_core.posthoc.answers import Answers
from oe_core.posthoc.registry import DETECTORS, READ

EACH = pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)


@pytest.fixture(scope="module")
def found():
    return toy()


def test_there_are_twenty_published_detectors_or_more_each_under_its_own_name():
    assert len({detector.name for detector in DETECTORS}) == len(DETECTORS) >= 20
    assert len({detector.source for detector in DETECTORS}) >= 20


@EACH
def test_a_row_names_a_work_of_the_bibliography_and_what_it_reads(detector):
    bibliography = (Path(__file__).parents[2] / "book" / "site" / "references.bib").read_text(encoding="utf-8")
    (entry,) = re.findall(rf"^@\w+{{{detector.source},(.*?)}}}}", bibliography, re.DOTALL | re.MULTILINE)
    assert f"year = {{{detector.year}}}" in entry
    assert detector.reads and set(detector.reads) <= set(READ)


@EACH
def test_an_anomaly_far_from_all_training_features_has_the_higher_score(detector, found):
    score = detector.fitted(found.training)
    inside, outside = score(found.inliers), score(found.anomalies)
    assert inside.shape == outside.shape == (300,) and inside.dtype == outside.dtype == np.float64
    assert auroc(inside, outside) > 0.7


@EACH
def test_a_score_is_of_one_example_whatever_stands_beside_it(detector, found):
    score = detector.fitted(found.training)
    alone = [score(Answers(*(part[row : row + 1] for part in vars(found.inliers).values()))) for row in (0, 7)]
    np.testing.assert_allclose(np.concatenate(alone), score(found.inliers)[[0, 7]], rtol=1e-5, atol=1e-6)


@EACH
def test_a_detector_reads_what_its_row_says_and_nothing_else(detector, found):
    other_labels = replace(found.training, labels=np.sort(found.training.labels))
    changed = {
        "logits": (found.training, {"logits": found.inliers.logits[::-1]}),
        "features": (found.training, {"features": found.inliers.features[::-1]}),
        "input gradients": (found.training, {"perturbed": found.inliers.perturbed[::-1]}),
        "labels": (other_labels, {}),
    }
    expected = detector.fitted(found.training)(found.inliers)
    for what, (training, values) in changed.items():
        same = np.allclose(detector.fitted(training)(replace(found.inliers, **values)), expected)
        assert same == (what not in detector.reads), what


@EACH
def test_features_of_another_width_are_refused(detector, found):
    narrow = Answers(found.inliers.features[:, 1:], found.inliers.logits, found.inliers.perturbed)
    with pytest.raises(ValueError, match=r"features must have the shape \(n, 40\), as in training, got \(1, 39\)"):
        detector.fitted(found.training)(narrow)
