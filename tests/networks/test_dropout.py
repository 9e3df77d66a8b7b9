import pytest
import torch

from oe_core.networks.dropout import Dropout


def test_dropout_zeroes_the_asked_share_and_keeps_the_mean():
    torch.manual_seed(0)
    out = Dropout(0.3).train()(torch.ones(64, 16, 32, 32))
    assert (out == 0).float().mean().item() == pytest.approx(0.3, abs=0.002)
    assert out.mean().item() == pytest.approx(1, abs=0.003)
    assert len(out.unique()) == 2


def test_dropout_gradient_goes_through_the_kept_values_only():
    x = torch.ones(8, 4, 5, 5).to(memory_format=torch.channels_last).requires_grad_()
    out = Dropout(0.5).train()(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


def test_dropout_is_the_identity_in_evaluation():
    x = torch.randn(3, 3)
    assert torch.equal(Dropout(0.5).eval()(x), x)


def test_dropout_drops_each_element_independently_of_its_neighbours():
    torch.manual_seed(1)
    kept = (Dropout(0.5).train()(torch.ones(1, 1, 512, 512)) != 0).flatten().float() - 0.5
    for lag in (1, 2, 3, 4, 512):
        assert abs((kept[:-lag] * kept[lag:]).mean().item()) < 0.003
