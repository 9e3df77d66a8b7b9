import pytest
import torch

from oe_core.detectors.branch.network import ConfidenceNetwork
from oe_core.detectors.images.network import build


def network(name, num_classes, penalty_weight=0.1):
    return ConfidenceNetwork(build(name, num_classes), penalty_weight)


@pytest.mark.parametrize("name", ["wrn-10-1", "fast-8"])
def test_the_first_outputs_are_the_body_s_logits_and_the_last_is_one_linear_unit_of_its_features(name):
    torch.manual_seed(0)
    model = network(name, 7).eval()
    inputs = torch.randn(4, 3, 16, 16)
    outputs = model(inputs)
    features = model.body.features(inputs)
    assert outputs.shape == (4, 8) and outputs.dtype == torch.float32
    assert torch.equal(outputs[:, :-1], model.body(inputs))
    assert torch.allclose(outputs[:, -1], features @ model.branch.weight[0] + model.branch.bias, atol=1e-6)


def test_the_branch_adds_one_weight_a_feature_and_a_bias():
    def count(model):
        return sum(parameter.numel() for parameter in model.parameters())

    assert count(network("wrn-40-4", 10)) == count(build("wrn-40-4", 10)) + 256 + 1


def test_lambda_is_kept_with_the_weights_and_not_optimised():
    model, other = (network("wrn-10-1", 2, weight) for weight in (0.1, 0.7))
    model.load_state_dict(other.state_dict())
    assert model.penalty_weight.item() == pytest.approx(0.7)
    assert "penalty_weight" not in dict(model.named_parameters())


def test_confidence_logits_stay_float32_under_autocast():
    model = network("wrn-10-1", 10).eval()
    with torch.autocast("cpu", torch.bfloat16):
        outputs = model(torch.randn(64, 3, 16, 16))
    assert outputs.dtype == torch.float32 and len(outputs[:, -1].unique()) == 64


@pytest.mark.parametrize(("name", "size"), [("resnet18", 64), ("allconv-8", 32), ("grey-conv", 28)])
def test_every_network_has_room_for_a_branch(name, size):
    model = network(name, 10).eval()
    assert model(torch.zeros(2, 3, size, size)).shape == (2, 11)
