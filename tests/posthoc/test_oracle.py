"""Every later detector that pytorch-ood has, too, held against it: another implementation, in float32 tensors."""

import numpy as np
import pytest
import torch
from pytorch_ood import detector as others
from pytorch_ood.detector.odin import odin_preprocessing
from sklearn.preprocessing import normalize
from toy_features import CLASSES, WIDTH, toy

from oe_core.data.batches import CHANNEL_STATISTICS
from oe_core.detectors.images.network import build
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.posthoc import distances
from oe_core.posthoc.answers import Answers
from oe_core.posthoc.odin import perturbed_logits
from oe_core.posthoc.registry import DETECTORS

FOUND = toy()
EXAMPLES = 400  # of training
# Half inliers, half anomalies, whose logits are made so small that no posterior rounds to 0 or 1 in float32.
FEATURES = np.concatenate((FOUND.inliers.features, FOUND.anomalies.features))
LOGITS = FOUND.training.head(FEATURES) / 4


def tensor(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)


WEIGHT, BIAS = tensor(FOUND.training.weight), tensor(FOUND.training.bias)
LABELS = torch.tensor(FOUND.training.labels)
HEAD = torch.nn.Linear(WIDTH, CLASSES)
HEAD.weight.data, HEAD.bias.data = WEIGHT, BIAS


def head(maps: torch.Tensor) -> torch.Tensor:
    return HEAD(maps.flatten(1))


def of_maps(detector) -> np.ndarray:
    """What a detector of feature maps says, where a map has one place."""
    if detector.requires_fit:
        detector.fit_feature_maps(tensor(FOUND.training.features)[:, :, None, None], LABELS)
    return detector.predict_feature_maps(tensor(FEATURES)[:, :, None, None])


def of_features(detector, change=lambda features: features, labels=LABELS) -> torch.Tensor:
    detector.fit_features(tensor(change(FOUND.training.features)), labels)
    with torch.no_grad():
        return detector.predict_features(tensor(change(FEATURES)))


def mahalanobis(**settings) -> torch.Tensor:
    # Theirs is half the distance, and its covariance is summed, not averaged, over the training examples.
    return 2 * EXAMPLES * of_features(others.Mahalanobis(None), **settings)


def residual() -> torch.Tensor:
    detector = others.ViM(None, WIDTH // 2, WEIGHT, BIAS)
    with torch.no_grad():
        return (of_features(detector) + HEAD(tensor(FEATURES)).logsumexp(dim=1)) / detector.alpha


KL_MATCHING = others.KLMatching(None).fit_logits(tensor(FOUND.training.logits))
# Of logits, which are scored as they are; and of features, whose logits follow.
OF_LOGITS = {
    "MSP": others.MaxSoftmax.score,
    "Max logit": others.MaxLogit.score,
    "Energy": others.EnergyBased.score,
    "Entropy": others.Entropy.score,
    "GEN": lambda logits: CLASSES * others.GEN.score(logits),  # theirs is a mean over the classes
    "KL matching": KL_MATCHING.predict_logits,
}
OF_FEATURES = {
    # Theirs is the gradient of the cross-entropy's mean over the classes.
    "GradNorm": lambda: others.GradNorm(HEAD, param_filter="weight".__eq__).to("cpu").predict(tensor(FEATURES)),
    "ReAct": lambda: of_maps(others.ReAct(None, head, percentile=0.9)),
    "DICE": lambda: of_features(others.DICE(None, WEIGHT, BIAS, p=0.9)),
    "ASH-P": lambda: of_maps(others.ASH(None, head, "ash-p", percentile=0.9)),
    "ASH-B": lambda: of_maps(others.ASH(None, head, "ash-b", percentile=0.9)),
    "ASH-S": lambda: of_maps(others.ASH(None, head, "ash-s", percentile=0.9)),
    "SCALE": lambda: of_maps(others.SCALE(None, head, percentile=0.85)),
    "Mahalanobis": mahalanobis,
    "Relative Mahalanobis": lambda: EXAMPLES * of_features(others.RMD(None)),
    "Mahalanobis++": lambda: mahalanobis(change=normalize),
    "SSD": lambda: mahalanobis(change=normalize, labels=torch.zeros(EXAMPLES, dtype=torch.int64)),
    "k-NN": lambda: of_features(others.KNN(None, k=distances.NEIGHBOURS, algorithm="brute")),
    "NNGuide": lambda: of_features(others.NNGuide(None, HEAD, k=distances.NEIGHBOURS)),
    "SHE": lambda: of_features(others.SHE(None, HEAD)),
    "ViM": lambda: of_features(others.ViM(None, WIDTH // 2, WEIGHT, BIAS)),
    "Residual": residual,
    "fDBD": lambda: of_features(others.fDBD(None, HEAD)),
}
NOT_THERE = {"ODIN", "NECO"}  # ODIN's step is compared below; pytorch-ood has no NECO


def ours(name: str, logits: np.ndarray) -> np.ndarray:
    (row,) = [row for row in DETECTORS if row.name == name]
    return row.fitted(FOUND.training)(Answers(FEATURES, logits))


def test_every_detector_is_compared_or_named_as_missing():
    assert {row.name for row in DETECTORS} == OF_LOGITS.keys() | OF_FEATURES.keys() | NOT_THERE


@pytest.mark.parametrize("name", OF_LOGITS)
def test_scores_of_logits_equal_those_of_pytorch_ood(name):
    np.testing.assert_allclose(ours(name, LOGITS), OF_LOGITS[name](tensor(LOGITS)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_scores_of_features_equal_those_of_pytorch_ood(name):
    found, expected = ours(name, FOUND.training.head(FEATURES)), np.asarray(OF_FEATURES[name]())
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def test_gen_ranks_where_that_of_pytorch_ood_rounds():
    # Theirs takes no probability below 1e-7 or above 1 - 1e-7, so that all that are surer are alike.
    logits = np.array([[20.0, 0], [30, 0], [40, 0]])
    assert others.GEN.score(tensor(logits)).unique().numel() == 1
    found = [row for row in DETECTORS if row.name == "GEN"][0].fitted(FOUND.training)(Answers(FEATURES[:3], logits))
    assert (np.diff(found) < 0).all()


def test_the_step_of_odin_equals_that_of_pytorch_ood():
    torch.manual_seed(0)
    recipe = ImageRecipe("tiny", "digits", model="wrn-10-1", size=8, scaling="cifar", dropout=0, precision="float32")
    model, inputs = build("wrn-10-1", 5).eval(), torch.randn(4, 3, 8, 8)
    stepped = odin_preprocessing(model, inputs, eps=0.002, norm_std=list(CHANNEL_STATISTICS["cifar"][1]))
    found = perturbed_logits(model, inputs, recipe, (0.002,))[0]
    assert torch.allclose(found, model(stepped).detach(), atol=1e-5)
