import math
import pickle

import pytest
import torch
import torchvision
from torch import nn

from oe_core.atomic import DamagedFileError
from oe_core.detectors.images.network import build
from oe_core.detectors.images.resnet18 import ResNet18, places365_weights
from oe_core.detectors.images.training import head


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("name", "published_millions"),
    [("wrn-40-2", 2.2), ("wrn-16-4", 2.7), ("wrn-40-4", 8.9), ("wrn-16-8", 11.0), ("wrn-28-10", 36.5)],
)
def test_parameter_counts_are_those_of_zagoruyko_and_komodakis(name, published_millions):
    assert round(parameters(build(name, 10)) / 1e6, 1) == published_millions


def test_wrn_10_1_parameter_count_by_hand():
    stem = 3 * 16 * 9
    group1 = 2 * 16 * 16 * 9 + 2 * 2 * 16
    group2 = (16 * 32 + 32 * 32) * 9 + 16 * 32 + 2 * 16 + 2 * 32
    group3 = (32 * 64 + 64 * 64) * 9 + 32 * 64 + 2 * 32 + 2 * 64
    assert parameters(build("wrn-10-1", 10)) == stem + group1 + group2 + group3 + 2 * 64 + 64 * 10 + 10


def test_wrn_convolutions_start_with_variance_two_over_fan_out():
    torch.manual_seed(0)
    model = build("wrn-16-4", 10)
    weight = model.blocks[-1].conv2.weight
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 256)), rel=0.01)
    assert model.head.bias.abs().max() == 0


def test_all_conv_parameter_count_by_hand():
    norms = 2 * (3 * 96 + 6 * 192)
    group1 = 3 * 96 * 9 + 96 + 2 * (96 * 96 * 9 + 96)
    group2 = 96 * 192 * 9 + 192 + 2 * (192 * 192 * 9 + 192)
    head = 192 * 192 * 9 + 192 + 2 * (192 * 192 + 192)
    assert parameters(build("allconv-96", 10, 0.5)) == norms + group1 + group2 + head + 192 * 10 + 10


def test_all_conv_with_gelu_and_with_relu_are_two_networks():
    inputs = torch.randn(2, 3, 32, 32)
    gelu, relu = build("allconv-8", 10).eval(), build("allconv-relu-8", 10).eval()
    relu.load_state_dict(gelu.state_dict())
    assert not torch.allclose(gelu(inputs), relu(inputs))


def code_s_features(network, inputs):
    """As hendrycks/outlier-exposure `models/allconv.py` pools what its padded 1x1 convolutions give."""
    pooled = nn.functional.avg_pool2d(network.body(inputs).float(), 8)  # the windows' 8x8, and what they leave over
    return pooled.mean(dim=(2, 3))


@pytest.mark.parametrize(("name", "size"), [("allconv-code-8", 32), ("allconv-relu-code-8", 64)])
def test_the_code_s_all_conv_averages_the_windows_of_its_padded_map(name, size):
    network, inputs = build(name, 10).eval(), torch.randn(2, 3, size, size)
    assert network.body(inputs).shape[2] == size // 4 + 2
    assert torch.allclose(network.features(inputs), code_s_features(network, inputs), atol=1e-6)


def test_averaging_the_code_s_padded_map_only_adds_a_constant_and_a_factor():
    network, padded = build("allconv-8", 10).eval(), build("allconv-code-8", 10).eval()
    padded.load_state_dict(network.state_dict())
    with torch.inference_mode():
        inputs = torch.randn(2, 3, 32, 32)
        border = 64 * padded.features(inputs) - 36 * network.features(inputs)
    assert torch.allclose(border[0], border[1], atol=1e-4)


def test_the_code_s_all_conv_starts_from_variance_two_over_fan_out_and_no_bias_of_the_head():
    torch.manual_seed(0)
    code, torchs = build("allconv-code-96", 10), build("allconv-96", 10)
    for number, kernel in ((5, 3), (12, 1)):
        expected = pytest.approx(math.sqrt(2 / (kernel**2 * 192)), rel=0.02)
        assert code.body[number].conv.weight.std().item() == expected
        assert torchs.body[number].conv.weight.std().item() != expected
    assert code.head.bias.abs().max() == 0 < torchs.head.bias.abs().max()


@pytest.mark.parametrize("name", ["wrn-16-1", "allconv-8", "allconv-relu-code-8", "fast-8"])
@pytest.mark.parametrize("size", [16, 32, 64])
def test_any_image_size_gives_float32_logits_for_each_class(name, size):
    logits = build(name, 7).eval()(torch.randn(2, 3, size, size))
    assert logits.shape == (2, 7)
    assert logits.dtype == torch.float32


def test_logits_stay_float32_under_autocast_so_that_scores_do_not_tie():
    with torch.autocast("cpu", torch.bfloat16):
        logits = build("wrn-10-1", 10).eval()(torch.randn(64, 3, 16, 16))
    assert logits.dtype == torch.float32
    assert len(logits[:, 0].unique()) == 64


NETWORKS = {"wrn-10-1": 64, "allconv-4": 8, "fast-8": 32, "resnet18": 512, "grey-conv": 50}


@pytest.mark.parametrize(("name", "num_features"), NETWORKS.items())
def test_a_network_is_its_features_and_an_affine_head_in_float32(name, num_features):
    torch.manual_seed(0)
    model, inputs = build(name, 7).eval(), torch.randn(3, 3, 28, 28)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        features, logits = model.features(inputs), model(inputs)
    assert features.shape == (3, num_features) and features.dtype == logits.dtype == torch.float32
    weight, bias = head(model, num_features)
    assert torch.allclose(logits, features @ weight.T + bias, atol=1e-5)


def test_the_resnet_is_torchvisions():
    torch.manual_seed(0)
    model, other = build("resnet18", 5).eval(), torchvision.models.resnet18(num_classes=5).eval()
    other.load_state_dict(model.state_dict())
    inputs = torch.randn(2, 3, 64, 64)
    assert torch.equal(model(inputs), other(inputs))


@pytest.mark.parametrize(
    ("name", "dropout", "message"),
    [
        ("wrn-41-2", 0, r"depth=41 must be 6 n \+ 4"),
        ("vgg", 0, "model='vgg' is unknown; choose wrn-<depth>-<widen>"),
        *((name, 0, f"model='{name}' is unknown") for name in ("fast-0", "allconv-0", "wrn-10-0")),
        ("resnet18", 0.3, "resnet18 has no dropout, set dropout=0"),
        ("fast-8", 0.3, "fast-8 has no dropout, set dropout=0"),
        ("wrn-10-1", 1.0, r"probability=1.0 must be in \[0, 1\)"),
    ],
)
def test_impossible_networks_are_refused(name, dropout, message):
    with pytest.raises(ValueError, match=message):
        build(name, 10, dropout)


def test_places365_weights_lose_their_data_parallel_prefix_and_may_count_no_batches(tmp_path):
    torch.manual_seed(0)
    model = ResNet18(365).eval()
    named = {name: tensor for name, tensor in model.state_dict().items() if "num_batches" not in name}
    state = {f"module.{name}": tensor for name, tensor in named.items()}
    torch.save({"state_dict": state, "arch": "resnet18"}, tmp_path / "places.pth.tar")
    other = ResNet18(365).eval()
    other.load_state_dict(places365_weights(tmp_path / "places.pth.tar"))
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(model(x), other(x))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", pickle.dumps({"state_dict": print})])
def test_a_damaged_file_of_places365_weights_is_named_and_no_code_of_it_runs(tmp_path, content):
    (tmp_path / "broken.pth.tar").write_bytes(content)
    with pytest.raises(DamagedFileError, match="broken.pth.tar is damaged, or no file of weights alone"):
        places365_weights(tmp_path / "broken.pth.tar")


def test_places365_weights_of_another_network_are_refused(tmp_path):
    torch.save({"state_dict": nn.Linear(2, 2).state_dict()}, tmp_path / "wrong.pth.tar")
    with pytest.raises(ValueError, match="wrong.pth.tar: no ResNet-18 with 365 classes"):
        places365_weights(tmp_path / "wrong.pth.tar")
