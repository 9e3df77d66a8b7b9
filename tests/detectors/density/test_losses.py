import pytest
import torch

from oe_core.detectors.density.losses import likelihood_margin


def test_the_likelihood_margin_of_hand_worked_pairs():
    inliers, outliers = torch.tensor([2.0, 3.0, 4.0]), torch.tensor([2.5, 9.0])
    assert likelihood_margin(inliers, outliers, 1.0).item() == pytest.approx((0.5 + 0) / 2)
    assert likelihood_margin(inliers, outliers, 7.0).item() == pytest.approx((6.5 + 1) / 2)
