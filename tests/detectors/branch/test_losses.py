import math

import pytest
import torch

from oe_core.detectors.branch.losses import (
    LEAST_CONFIDENCE,
    confidence_penalty,
    hinted_classification,
    next_weight,
    outlier_confidence,
)


def logit(probability):
    return math.log(probability / (1 - probability))


def plain(logits, confidence_logits, labels, hinted):
    """The way of the branch's public code: probabilities, clamped, interpolated with one-hot labels."""
    p = logits.softmax(dim=1).clamp(1e-12, 1 - 1e-12)
    b = confidence_logits.sigmoid().clamp(1e-12, 1 - 1e-12)
    c = torch.where(hinted, b, 1.0)[:, None]
    y = torch.nn.functional.one_hot(labels, logits.shape[1])
    mixed = p * c + y * (1 - c)
    return -mixed.log().gather(1, labels[:, None]).mean(), -b.log().mean()


def test_a_hint_mixes_the_label_into_the_prediction():
    """p_y = 0.2 and b = 0.25: p'_y = 0.25 * 0.2 + 0.75 = 0.8 with a hint, 0.2 without."""
    logits, confidence = torch.tensor([[0.2, 0.5, 0.3]]).log(), torch.tensor([logit(0.25)])
    losses = [hinted_classification(logits, confidence, torch.tensor([0]), torch.tensor([h])) for h in (True, False)]
    assert [loss.item() for loss in losses] == pytest.approx([-math.log(0.8), -math.log(0.2)], rel=1e-6)


def test_the_penalty_is_the_mean_negative_log_confidence():
    confidence = torch.tensor([logit(0.5), logit(0.9), logit(0.01)])
    assert confidence_penalty(confidence).item() == pytest.approx(-math.log(0.5 * 0.9 * 0.01) / 3, rel=1e-6)


def test_losses_and_gradients_equal_the_plain_way_where_that_one_has_the_digits():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(200, 10, generator=generator, dtype=torch.float64)
    confidence = 3 * torch.randn(200, generator=generator, dtype=torch.float64)
    labels, hinted = torch.randint(10, (200,), generator=generator), torch.rand(200, generator=generator) < 0.5
    ours, theirs = [logits.clone().requires_grad_(), confidence.clone().requires_grad_()], []
    theirs = [values.detach().clone().requires_grad_() for values in ours]
    mine = hinted_classification(*ours, labels, hinted), confidence_penalty(ours[1])
    plainly = plain(*theirs, labels, hinted)
    for ours_part, plain_part in zip(mine, plainly, strict=True):
        assert ours_part.item() == pytest.approx(plain_part.item(), rel=1e-10)
    (mine[0] + 0.1 * mine[1]).backward()
    (plainly[0] + 0.1 * plainly[1]).backward()
    assert all(torch.allclose(a.grad, b.grad, atol=1e-12) for a, b in zip(ours, theirs, strict=True))


def test_in_float32_the_penalty_still_falls_where_the_plain_way_has_rounded_it_off():
    confidence = torch.tensor([20.0])
    logits, none = torch.zeros(1, 2), torch.tensor([True])
    assert confidence_penalty(confidence).item() == pytest.approx(math.exp(-20), rel=1e-4)
    assert plain(logits, confidence, torch.tensor([0]), none)[1].item() == 0


def test_impossible_labels_and_extreme_confidences_give_finite_losses_and_gradients():
    logits = torch.tensor([[-200.0, 200.0], [-200.0, 200.0]], requires_grad=True)
    confidence = torch.tensor([200.0, -200.0], requires_grad=True)
    loss = hinted_classification(logits, confidence, torch.tensor([0, 0]), torch.tensor([True, True]))
    (loss + confidence_penalty(confidence)).backward()
    assert loss.item() == pytest.approx((200 + 0) / 2)
    assert torch.isfinite(logits.grad).all() and torch.isfinite(confidence.grad).all()


def test_a_row_without_a_hint_moves_no_confidence():
    confidence = torch.zeros(2, requires_grad=True)
    hinted_classification(torch.randn(2, 3), confidence, torch.tensor([0, 1]), torch.tensor([True, False])).backward()
    assert confidence.grad[0] != 0 and confidence.grad[1] == 0


def test_outliers_are_pushed_down_until_the_least_confidence_and_no_further():
    confidence = torch.tensor([logit(0.5), -30.0], requires_grad=True)
    loss = outlier_confidence(confidence)
    loss.backward()
    assert loss.item() == pytest.approx((math.log(0.5) + math.log(LEAST_CONFIDENCE)) / 2)
    assert confidence.grad.tolist() == pytest.approx([0.25, 0.0])  # half of 1 - b; a descent lowers b


@pytest.mark.parametrize(("penalty", "factor"), [(0.29, 1 / 1.01), (0.3, 1 / 0.99), (0.31, 1 / 0.99)])
def test_lambda_falls_while_there_is_budget_left_and_rises_otherwise(penalty, factor):
    after = next_weight(torch.tensor(0.1, dtype=torch.float64), torch.tensor(penalty, dtype=torch.float64), 0.3)
    assert after.item() == pytest.approx(0.1 * factor, rel=1e-12)
