"""The checks of chapter 3's exercises."""

import torch

from exercises.answers import close, exercise, need, number, numbers
from oe_core.evaluation import metrics
from oe_core.scores import msp

UNKNOWN = 1  # its number in every vocabulary


@exercise(1)
def word_order(shuffled, written_scores, shuffled_scores, noticed, texts, score):
    """Texts, scores of the texts as written and shuffled, and an AUROC in percent; the texts as written, and texts -> scores."""
    need(len(shuffled) == len(texts), f"there are {len(texts)} inliers, and {len(shuffled)} shuffled texts")
    need(all(sorted(one.split()) == sorted(other.split()) for one, other in zip(shuffled, texts, strict=True)),
         "a shuffled text has other words than its own text; shuffle the words within each text, not letters, and not texts")  # fmt: skip
    need(list(shuffled) != list(texts), "every text is still in its own order")
    long = [(one, other) for one, other in zip(shuffled, texts, strict=True) if len(set(other.split())) > 2]
    need(sum(one != other for one, other in long) >= len(long) / 2, "most texts are still in their own order; is each of them shuffled?")
    written, after = (numbers(scores, what, len(texts)) for scores, what in
                      ((written_scores, "written_scores"), (shuffled_scores, "shuffled_scores")))  # fmt: skip
    need(written.max() < 0 and after.max() < 0, "scores of MSP are negative; is it the negative of the largest probability?")
    need(close(written, score(texts), 0.02), "written_scores are not those that the exposed network gives the texts as written")
    need(close(after, score(shuffled), 0.02), "shuffled_scores are not those that the exposed network gives your shuffled texts")
    need(close(number(noticed, "noticed"), 100 * metrics.auroc(written, after), 0.06),
         "noticed is not the AUROC of your two kinds of scores, in percent, with the shuffled texts as the anomalies")  # fmt: skip


@exercise(2)
def only_unknown_words(ten_unknown, ask):
    """A dict from method to score; and (method, ids) -> logits."""
    for method in ("MSP", "+OE"):
        given = number(ten_unknown[method], f"the score for {method}")
        need(given < 0, f"the score for {method} is not negative; higher means more anomalous, so confidence has its sign turned")
        right = msp(ask(method, torch.full((1, 10), UNKNOWN)))[0]
        need(close(given, right, 0.002), f"the {method} network gives another score to a text of ten unknown words; "
             "are there ten of them, and no padding and no word of the vocabulary among them?")  # fmt: skip


@exercise(3)
def averaged_together(lambda_seen, step_ratio):
    """Two numbers."""
    need(close(number(lambda_seen, "lambda_seen"), 1.0, 1e-3),
         "a joint mean divides both parts by the same number; which weight is left between the two?")  # fmt: skip
    need(close(number(step_ratio, "step_ratio"), 1.0, 0.01),
         "the loss changes by a factor, and with it every gradient; but by what does Adam divide a gradient before it steps?")  # fmt: skip
