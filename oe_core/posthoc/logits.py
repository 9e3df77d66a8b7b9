"""Later detectors that read logits alone, (n, classes); float64 (n,), higher = more anomalous. Beyond the paper."""

import numpy as np
from scipy.special import log_softmax, softmax

from oe_core.posthoc.answers import Answers, Array, Score, TrainingFeatures, class_means

GAMMA, LARGEST = 0.1, 100  # GEN's for ImageNet's 1000 classes; XixiLiu95/GEN benchmark.py


def entropy(logits: Array) -> Array:
    r"""Entropy of the posterior, $-\sum_c p_c \log p_c$, in [0, log(classes)].

    Source: Chan et al. 2021, Entropy maximization and meta classification, for the pixels of a scene.
    """
    logs = log_softmax(logits, axis=1)
    return -np.sum(np.exp(logs) * logs, axis=1)


def gen(logits: Array) -> Array:
    r"""Generalised entropy, $\sum_c p_c^\gamma (1 - p_c)^\gamma$ over the `LARGEST` probabilities, $\gamma$ = 0.1.

    Source: Liu et al. 2023, GEN: pushing the limits of softmax-based out-of-distribution detection; XixiLiu95/GEN.
    1 - p is computed without rounding, so that a posterior next to certain still has its rank.
    """
    logs = np.sort(log_softmax(logits, axis=1), axis=1)[:, -LARGEST:]
    return np.sum((np.exp(logs) * -np.expm1(logs)) ** GAMMA, axis=1)


def kl_matching(training: TrainingFeatures) -> Score:
    r"""Divergence of the posterior from the nearest typical one, $\min_k D_{KL}(p(x) \| d_k)$.

    $d_k$ is the mean posterior of the training examples that are taken for class k; a class for which none is has no
    part. Source: Hendrycks et al. 2022, Scaling out-of-distribution detection for real-world settings, who take
    validation examples.
    """
    typical, _ = class_means(softmax(training.logits, axis=1), training.logits.argmax(axis=1))
    logs = np.log(np.maximum(typical, np.finfo(np.float64).tiny))

    def score(answers: Answers) -> Array:
        # D(p || d) = sum p log p - sum p log d, the first of which is minus the entropy.
        return np.min(-softmax(answers.logits, axis=1) @ logs.T, axis=1) - entropy(answers.logits)

    return score
