"""Later detectors that hold features against the head's weights, or the subspace that training features fill.

Beyond the paper; float64 (n,), higher = more anomalous. None sees an anomaly or outlier.
"""

import numpy as np
from scipy.special import softmax
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from oe_core.posthoc.answers import Answers, Array, Score, TrainingFeatures
from oe_core.scores import energy

EXPLAINED = 0.9  # share of the variance; the code of NECO keeps 100 components of 512 and more


def vim(training: TrainingFeatures) -> Score:
    r"""Virtual-logit matching: $\alpha \lVert x^{P^\perp} \rVert$, the residual of features, plus the energy score.

    $\alpha$ makes the mean residual of the training examples as large as their mean largest logit. The published score
    is the virtual logit's softmax; its logit, which ranks alike, does not round to 1. Raises ValueError as `residual`,
    and for a mean largest logit that is not positive.
    Source: Wang et al. 2022, ViM: out-of-distribution with virtual-logit matching.
    """
    length, largest = residual(training), training.logits.max(axis=1).mean()
    if largest <= 0:
        raise ValueError(f"logits: their largest has the mean {largest:.3g}; ViM needs a positive one")
    alpha = largest / length(training).mean()
    return lambda answers: alpha * length(answers) + energy(answers.logits)


def residual(training: TrainingFeatures) -> Score:
    r"""Length of what is left of the features outside the principal subspace of the training features.

    They are counted from the origin $-W^+ b$, where all logits are 0. Raises ValueError for training features that lie
    within the principal subspace (such as fewer examples than it has dimensions).
    Source: Wang et al. 2022, who compare ViM with it.
    """
    width = training.features.shape[1]
    # Weights that sum to 0 over the classes, as weight decay makes them, have one rank less, but for rounding.
    origin = -np.linalg.pinv(training.weight, rcond=width * np.finfo(np.float32).eps) @ training.bias
    centred = training.features - origin
    vectors = np.linalg.eigh(centred.T @ centred / len(centred))[1]  # by rising eigenvalue
    # As haoqiwang/vim benchmark.py for 1024 and 2048 features; with fewer it takes 512, which leaves this book's
    # networks of 64 to 512 features no residual.
    dimension = min(width // 2, 1000)
    basis = vectors[:, : width - dimension]
    if np.linalg.norm(centred @ basis, axis=1).mean() < 1e-9 * np.linalg.norm(centred, axis=1).mean():
        raise ValueError(f"features lie within {dimension} dimensions; give more examples")
    return lambda answers: np.linalg.norm((answers.features - origin) @ basis, axis=1)


def neco(training: TrainingFeatures) -> Score:
    """Minus the share of the length of standardised features that lies in their principal components, in [-1, 0].

    Source: Ben Ammar et al. 2024, NECO: neural collapse based out-of-distribution detection; as its code does for
    ResNets, not multiplied by the largest logit.
    """
    scaler = StandardScaler().fit(training.features)
    components = PCA(EXPLAINED, svd_solver="covariance_eigh").fit(scaler.transform(training.features)).components_

    def score(answers: Answers) -> Array:
        standardised = scaler.transform(answers.features)
        return -_shares(np.linalg.norm(standardised @ components.T, axis=1), np.linalg.norm(standardised, axis=1))

    return score


def fdbd(training: TrainingFeatures) -> Score:
    r"""Minus the mean distance to the decision boundaries, by the distance from the mean training feature.

    $-\frac{1}{C - 1} \sum_{c \neq y} \frac{l_y - l_c}{\lVert w_y - w_c \rVert} / \lVert x - \mu \rVert$, y the class
    with the largest logit. Source: Liu and Qin 2024, Fast decision boundary based out-of-distribution detector.
    """
    between = np.linalg.norm(training.weight[:, None] - training.weight, axis=2)
    between[between == 0] = 1.0  # a class and itself, whose logits do not differ
    mean = training.features.mean(axis=0)

    def score(answers: Answers) -> Array:
        margins = answers.logits.max(axis=1, keepdims=True) - answers.logits
        distance = (margins / between[answers.logits.argmax(axis=1)]).sum(axis=1) / (len(between) - 1)
        return -_shares(distance, np.linalg.norm(answers.features - mean, axis=1))

    return score


def gradnorm(training: TrainingFeatures) -> Score:
    r"""Minus the L1 norm of the gradient of $D_{KL}(\mathcal{U} \| p)$ in the head's weights.

    That gradient is the outer product of $p - 1/C$ and the features, whose norm is the product of theirs.
    Source: Huang et al. 2021, On the importance of gradients for detecting distributional shifts in the wild.
    """

    def score(answers: Answers) -> Array:
        off_uniform = np.abs(softmax(answers.logits, axis=1) - 1 / len(training.bias)).sum(axis=1)
        return -off_uniform * np.abs(answers.features).sum(axis=1)

    return score


def _shares(part: Array, whole: Array) -> Array:
    """part / whole, and 0 of nothing."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
