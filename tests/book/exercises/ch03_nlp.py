"""Answers to chapter 3's exercises: a right one each, and typical wrong ones with words that tell where they err."""

import numpy as np
import torch

from oe_core.evaluation import metrics

TEXTS = ("the dog saw it", "a cat ran away", "no", "it is a long day")
SHUFFLED = ["saw it the dog", "away cat a ran", "no", "day is it a long"]


def _read(texts):
    """Scores of a network that minds the first word alone."""
    return np.array([-0.2 - 0.1 * len(text.split()[0]) for text in texts])


WRITTEN, AFTER = _read(TEXTS), _read(SHUFFLED)
NOTICED = 100 * metrics.auroc(WRITTEN, AFTER)


def _ask(method, ids):
    """A baseline that is sure of unknown words (1) and an exposed network that is not; padding (0) is undecided."""
    sure = {"MSP": 5.0, "+OE": 0.5}[method] * (ids == 1).float().mean(dim=1, keepdim=True)
    return torch.cat([sure, torch.zeros(len(ids), 3)], dim=1)


def _score(logit):
    return -float(np.exp(logit) / (np.exp(logit) + 3))


RIGHT = {
    "word_order": (SHUFFLED, WRITTEN, AFTER, NOTICED, TEXTS, _read),
    "only_unknown_words": ({"MSP": _score(5.0), "+OE": _score(0.5)}, _ask),
    "averaged_together": (1.0, 1.0),
}
WRONG = {
    "word_order": [
        (([*SHUFFLED[1:], SHUFFLED[0]], WRITTEN, AFTER, NOTICED, TEXTS, _read), "not letters, and not texts"),
        ((["".join(sorted(text)) for text in TEXTS], WRITTEN, AFTER, NOTICED, TEXTS, _read), "shuffle the words within each text"),
        ((list(TEXTS), WRITTEN, WRITTEN, 50.0, TEXTS, _read), "still in its own order"),
        (([SHUFFLED[0], *TEXTS[1:]], WRITTEN, AFTER, NOTICED, TEXTS, _read), "most texts are still in their own order"),
        ((SHUFFLED, WRITTEN / 2, AFTER / 2, NOTICED, TEXTS, _read), "gives the texts as written"),
        ((SHUFFLED, WRITTEN, AFTER / 2, NOTICED, TEXTS, _read), "gives your shuffled texts"),
        ((SHUFFLED, WRITTEN, AFTER, 100 - NOTICED, TEXTS, _read), "with the shuffled texts as the anomalies"),
        ((SHUFFLED, -WRITTEN, -AFTER, NOTICED, TEXTS, _read), "is it the negative of the largest probability"),
    ],
    "only_unknown_words": [
        (({"MSP": _score(0.0), "+OE": _score(0.0)}, _ask), "no padding and no word of the vocabulary"),
        (({"MSP": -_score(5.0), "+OE": -_score(0.5)}, _ask), "confidence has its sign turned"),
        (({"MSP": _score(0.5), "+OE": _score(5.0)}, _ask), "the MSP network gives another score"),
    ],
    "averaged_together": [
        ((0.5, 1.0), "which weight is left between the two"),
        ((1.0, 0.5), "by what does Adam divide a gradient"),
    ],
}
