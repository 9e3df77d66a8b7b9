"""The checks of chapter 7's exercises."""

import numpy as np
import torch

from exercises.answers import close, exercise, need, need_close, number, numbers
from oe_core.evaluation import metrics

METHODS = ("BPC/BPW", "+OE")


@exercise(1)
def word_order(shuffled, order_auroc, pieces, bits):
    """Segments whose tokens are shuffled, each within itself; and an AUROC in percent by method."""
    given = torch.as_tensor(shuffled)
    need(given.shape == pieces.shape, f"pieces has the shape {tuple(pieces.shape)}, and shuffled has {tuple(given.shape)}")
    need(not torch.equal(given, pieces), "the tokens stand where they stood")
    together = [torch.sort(torch.sort(segments, dim=1).values, dim=0).values for segments in (given, pieces)]
    own = torch.equal(torch.sort(given, dim=1).values, torch.sort(pieces, dim=1).values)
    need(own or not torch.equal(*together), "whole segments have changed places; it is the tokens within each that are to")
    need(own, "a segment holds tokens that it did not hold before; shuffle within each one")
    for method in METHODS:
        right = 100 * metrics.auroc(bits(pieces, method), bits(given, method))
        need_close(number(order_auroc[method], f"order_auroc of {method}"), right, 0.5,
                   f"{method} tells your shuffled segments from those as written with another AUROC",
                   [(100 - right, "your AUROC takes the segments as written for the anomalies; the shuffled ones are"),
                    (right / 100, "your AUROC is a share of one; give percent")])  # fmt: skip


@exercise(2)
def more_text(pooled, by_k, in_bits, out_bits):
    """A function of scores and k; and an AUROC in percent by k."""
    pieces = np.array([1.0, 3.0, 5.0, 9.0, 20.0, 40.0, 100.0])
    found = np.asarray(pooled(pieces, 2))
    need(len(found) != 6, "your groups overlap; each segment belongs to one group")
    need(len(found) != 4, "the last segment fills no group of two; leave it out")
    found = numbers(found, "pooled(scores, 2) of seven scores", 3)
    need(not close(found, [5, 11.5, 22.5]), "your groups are made of segments that stand apart; a page is made of neighbours")
    need(not close(found, [4, 14, 60]), "you add where the exercise asks for a mean")
    need(close(found, [2, 7, 30]), "pooled([1, 3, 5, 9, 20, 40, 100], 2) is not the means of neighbouring pairs")
    need(close(pooled(pieces, 1), pieces), "with k = 1 every score stays as it is")
    for k in (k for k in (1, 2, 4) if k <= min(len(in_bits), len(out_bits))):
        ins, outs = (scores[: len(scores) // k * k].reshape(-1, k).mean(axis=1) for scores in (in_bits, out_bits))
        right = 100 * metrics.auroc(ins, outs)
        need_close(number(by_k[k], f"by_k of {k}"), right, 0.06, f"by_k of {k} is not the AUROC of the pooled scores of both",
                   [(100 - right, "your AUROC takes the inliers for the anomalies"), (right / 100, "by_k holds shares of one; give percent")])  # fmt: skip


@exercise(3)
def knowing_nothing(nothing_bits, nothing_perplexity, above, vocabulary, in_bits):
    """Bits and perplexity of the uniform distribution over a vocabulary of so many tokens; a percent of the inliers."""
    asked = number(nothing_bits, "nothing_bits")
    need_close(asked, np.log2(vocabulary), 1e-3, f"nothing_bits is not what one of {vocabulary} equally likely tokens costs",
               [(np.log(vocabulary), "these are nats; a bit is a factor of two"), (vocabulary, "this is how many tokens there are, not what one costs")])  # fmt: skip
    need(not close(number(nothing_perplexity, "nothing_perplexity"), np.exp(asked), 0.5), "bits belong to powers of two, nats to powers of e")
    need(close(nothing_perplexity, vocabulary, 0.5), "a perplexity says among how many equally likely tokens a model hesitates")
    right = 100 * np.mean(np.asarray(in_bits) > np.log2(vocabulary))
    need_close(number(above, "above"), right, 0.06, "above is not the share of the inliers that cost more than knowing nothing",
               [(right / 100, "above is a share of one; give percent"), (100 - right, "you count the inliers that cost less")])  # fmt: skip
