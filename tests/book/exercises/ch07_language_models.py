"""Answers to chapter 7's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import numpy as np
import torch

from oe_core.evaluation import metrics

generator = torch.Generator().manual_seed(0)
PIECES = torch.randint(0, 9, (40, 12), generator=generator).sort(dim=1).values
SHUFFLED = PIECES.gather(1, torch.rand(PIECES.shape, generator=generator).argsort(dim=1))
TURNED = PIECES[torch.randperm(40, generator=generator)]
MIXED = PIECES.flatten()[torch.randperm(PIECES.numel(), generator=generator)].view(PIECES.shape)


def bits(segments, method="BPC/BPW"):
    """A model to which a step back is a surprise, and a large token a small one."""
    steps = (segments.diff(dim=1) < 0).double().mean(dim=1)
    return ((6 if method == "+OE" else 0.2) * steps + segments.double().mean(dim=1)).numpy()


def _order_auroc(change=lambda auroc: auroc):
    return {method: change(100 * metrics.auroc(bits(PIECES, method), bits(SHUFFLED, method))) for method in ("BPC/BPW", "+OE")}


def pooled(scores, k):
    return scores[: len(scores) // k * k].reshape(-1, k).mean(axis=1)


INS, OUTS = np.random.default_rng(0).normal(8, 1, 90), np.random.default_rng(1).normal(9, 1, 30)
BY_K = {k: 100 * metrics.auroc(pooled(INS, k), pooled(OUTS, k)) for k in (1, 2, 4)}
VOCABULARY = 300  # 8.2 bits
ABOVE = 100 * np.mean(np.log2(VOCABULARY) < INS)
RIGHT = {
    "word_order": (SHUFFLED, _order_auroc(), PIECES, bits),
    "more_text": (pooled, BY_K, INS, OUTS),
    "knowing_nothing": (np.log2(VOCABULARY), VOCABULARY, ABOVE, VOCABULARY, INS),
}
WRONG = {
    "word_order": [
        ((PIECES, _order_auroc(), PIECES, bits), "stand where they stood"),
        ((TURNED, _order_auroc(), PIECES, bits), "whole segments have changed places"),
        ((MIXED, _order_auroc(), PIECES, bits), "shuffle within each one"),
        ((SHUFFLED, _order_auroc(lambda auroc: 100 - auroc), PIECES, bits), "the shuffled ones are"),
        ((SHUFFLED, _order_auroc(lambda auroc: auroc / 100), PIECES, bits), "give percent"),
    ],
    "more_text": [
        ((lambda scores, k: np.convolve(scores, np.ones(k) / k, "valid"), BY_K, INS, OUTS), "your groups overlap"),
        ((lambda scores, k: scores[: len(scores) // k * k].reshape(k, -1).mean(axis=0), BY_K, INS, OUTS), "neighbours"),
        ((lambda scores, k: np.array([scores[i : i + k].mean() for i in range(0, len(scores), k)]), BY_K, INS, OUTS), "leave it out"),
        ((lambda scores, k: k * pooled(scores, k), BY_K, INS, OUTS), "asks for a mean"),
        ((pooled, {k: 100 - auroc for k, auroc in BY_K.items()}, INS, OUTS), "takes the inliers for the anomalies"),
    ],
    "knowing_nothing": [
        ((np.log(VOCABULARY), VOCABULARY, ABOVE, VOCABULARY, INS), "these are nats"),
        ((np.log2(VOCABULARY), np.exp(np.log2(VOCABULARY)), ABOVE, VOCABULARY, INS), "powers of two"),
        ((np.log2(VOCABULARY), VOCABULARY, 100 - ABOVE, VOCABULARY, INS), "cost less"),
    ],
}
