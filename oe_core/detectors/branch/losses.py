"""The losses of a confidence branch, in terms of its logit z: b(x) = sigmoid(z) is the confidence.

All are means in nats. With log b = -log(1 + exp(-z)) they need the clamps of uoguelph-mlrg/confidence_estimation
`train.py` (every probability in [1e-12, 1 - 1e-12]) in one place only, which says why.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

LEAST_CONFIDENCE = 1e-12  # train.py


def hinted_classification(logits: Tensor, confidence_logits: Tensor, labels: Tensor, hinted: Tensor) -> Tensor:
    """E[-log p'_y] with p' = c' p + (1 - c') y: a network that is not confident is told the label. >= 0.

    logits: (n, classes); confidence_logits, int64 labels, bool hinted: (n,). c' = b(x) where `hinted`, else 1: the
    prediction as it is. Source: DeVries & Taylor 2018, equations 2, 3 and section 2.3.
    """
    log_p = -F.cross_entropy(logits, labels, reduction="none")
    log_b, log_rest = F.logsigmoid(confidence_logits), F.logsigmoid(-confidence_logits)
    # p'_y = b p_y + (1 - b)
    return -torch.where(hinted, torch.logaddexp(log_b + log_p, log_rest), log_p).mean()


def confidence_penalty(confidence_logits: Tensor) -> Tensor:
    """E[-log b(x)], the price of asking for hints; >= 0, log 2 where all confidences are 1/2.

    Source: DeVries & Taylor 2018, equation 4.
    """
    return -F.logsigmoid(confidence_logits).mean()


def outlier_confidence(confidence_logits: Tensor) -> Tensor:
    """E[log b(x')] of outliers, which Outlier Exposure adds with its weight; in [log 1e-12, 0].

    Source: Hendrycks et al. 2019, section 4.3. As printed the term has no lower bound, and its gradient never fades: it
    would push outliers down for ever. The clamp of the branch's own code at b = 1e-12 ends that.
    """
    return F.logsigmoid(confidence_logits).clamp(min=math.log(LEAST_CONFIDENCE)).mean()


def next_weight(weight: Tensor, penalty: Tensor, budget: float) -> Tensor:
    """lambda of the next step: smaller while the penalty is below the budget (hints are cheap), else greater.

    Source: DeVries & Taylor 2018, section 2.2; train.py, which divides by 1.01 and by 0.99.
    """
    return torch.where(penalty < budget, weight / 1.01, weight / 0.99)
