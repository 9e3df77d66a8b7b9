import math

import pytest
import torch

from oe_core.losses import (
    classification,
    outlier_exposure,
    uniform_cross_entropy,
)


def test_classification_is_the_mean_negative_log_probability():
    logits = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]))
    expected = -(math.log(0.25) + math.log(0.8)) / 2
    assert classification(logits, torch.tensor([1, 1])).item() == pytest.approx(expected)


def test_uniform_cross_entropy_by_hand():
    logits = torch.log(torch.tensor([[0.7, 0.2, 0.1]]))
    expected = -(math.log(0.7) + math.log(0.2) + math.log(0.1)) / 3
    assert uniform_cross_entropy(logits).item() == pytest.approx(expected)


def test_uniform_cross_entropy_is_least_at_the_uniform_posterior():
    uniform, sharp = torch.zeros(1, 10), torch.tensor([[5.0] + [0.0] * 9])
    assert uniform_cross_entropy(uniform).item() == pytest.approx(math.log(10))
    assert uniform_cross_entropy(sharp) > uniform_cross_entropy(uniform)


def test_uniform_cross_entropy_equals_kl_to_the_posterior_plus_log_k():
    logits = torch.randn(64, 7, generator=torch.Generator().manual_seed(0))
    uniform = torch.full((64, 7), 1 / 7)
    kl = torch.nn.functional.kl_div(logits.log_softmax(1), uniform, reduction="batchmean")
    assert uniform_cross_entropy(logits).item() == pytest.approx(kl.item() + math.log(7), abs=1e-5)


def test_each_part_is_averaged_by_itself():
    """Twice as many outliers, the same loss: averaging over the joint batch would have changed lambda."""
    generator = torch.Generator().manual_seed(0)
    inliers, outliers = torch.randn(4, 3, generator=generator), torch.randn(5, 3, generator=generator)
    labels = torch.tensor([0, 1, 2, 0])
    once, *_ = outlier_exposure(torch.cat([inliers, outliers]), labels, 0.5)
    twice, *_ = outlier_exposure(torch.cat([inliers, outliers, outliers]), labels, 0.5)
    expected = classification(inliers, labels) + 0.5 * uniform_cross_entropy(outliers)
    assert once.item() == pytest.approx(expected.item())
    assert twice.item() == pytest.approx(once.item())


def test_without_outliers_the_loss_is_the_classification_loss():
    logits, labels = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    total, inlier_part, outlier_part = outlier_exposure(logits, labels, 0.5)
    assert total == inlier_part == classification(logits, labels)
    assert outlier_part == 0


def test_each_parts_gradient_reaches_its_own_rows_alone():
    logits = torch.randn(7, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    _, inlier_part, outlier_part = outlier_exposure(logits, torch.tensor([0, 1, 2, 0]), 0.5)
    of_inliers, of_outliers = (
        torch.autograd.grad(p, logits, retain_graph=True)[0] for p in (inlier_part, outlier_part)
    )
    assert (of_inliers[4:] == 0).all() and (of_inliers[:4] != 0).all()
    assert (of_outliers[:4] == 0).all() and (of_outliers[4:] != 0).all()
