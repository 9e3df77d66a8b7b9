import pytest
import torch

from oe_core.detectors.language.losses import activation_penalty, slowness_penalty


def test_penalties_of_hand_worked_activations():
    activations = torch.tensor([1.0, 3.0, 2.0]).view(3, 1, 1)
    assert activation_penalty(activations).item() == pytest.approx((1 + 9 + 4) / 3)
    assert slowness_penalty(activations).item() == pytest.approx((4 + 1) / 2)
    assert slowness_penalty(activations[:1]).item() == 0
