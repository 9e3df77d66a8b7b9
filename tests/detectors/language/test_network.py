import pytest
import torch

from oe_core.detectors.language import forget_mult
from oe_core.detectors.language.network import QRNNLanguageModel, QRNNLayer, variational
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.networks.dropout import Dropout

PARTS = ("embedding", "input", "hidden", "output", "weight")


def network(layers=2, **dropouts):
    torch.manual_seed(0)
    dropouts = {f"{part}_dropout": dropouts.get(part, 0) for part in PARTS}
    recipe = LanguageRecipe("tiny", "tiny", embedding=5, hidden=7, layers=layers, **dropouts)
    return QRNNLanguageModel(11, recipe)


def segments(count=3, length=6):
    return torch.randint(11, (count, length), generator=torch.Generator().manual_seed(1))


def embedded(model, ids, read=None):
    """What the first layer of `model` reads of `ids`; with `read`, that is read in its place."""
    seen = []

    def hook(layer, inputs):
        seen.append(inputs[0])
        return None if read is None else (read,)

    with model.layers[0].register_forward_pre_hook(hook):
        outputs = model(ids)
    return seen[0].detach(), outputs


def test_its_size_at_the_papers_settings_is_that_counted_by_hand():
    with torch.device("meta"):
        model = QRNNLanguageModel(10_000, LanguageRecipe("ptb", "ptb"))
    embedding, output_bias = 10_000 * 400, 10_000
    first, middle, last = 3 * 1550 * (2 * 400 + 1), 3 * 1550 * (1550 + 1), 3 * 400 * (1550 + 1)
    assert sum(weights.numel() for weights in model.parameters()) == embedding + output_bias + first + 2 * middle + last


def test_the_logits_of_a_token_depend_on_all_tokens_up_to_it_and_on_no_later_one():
    model, ids = network(), segments(count=2)
    x = embedded(model, ids)[0].requires_grad_()
    logits = embedded(model, ids, read=x)[1][0].unflatten(0, ids.shape)
    for t in range(6):
        (grad,) = torch.autograd.grad(logits[0, t].square().sum(), x, retain_graph=True)
        touched = (grad != 0).any(dim=2)  # (length, batch)
        assert touched[:, 0].tolist() == [s <= t for s in range(6)]
        assert not touched[:, 1].any(), "the other segment of the batch"


def test_rows_are_those_of_one_segment_after_the_other_whatever_its_neighbours():
    model, ids = network().eval(), segments(count=3)
    together = model(ids)
    assert together.shape == (3 * 6, 11)
    one_by_one = torch.cat([model(row[None]) for row in ids])
    torch.testing.assert_close(together, one_by_one)
    assert not torch.allclose(together[:6], together[6:12])


@pytest.mark.parametrize("window", [1, 2])
def test_a_window_sees_just_so_many_tokens_where_nothing_is_remembered(window):
    torch.manual_seed(0)
    layer = QRNNLayer(inputs=4, hidden=3, window=window, weight_drop=0)
    with torch.no_grad():
        layer.linear.weight[3:6] = 0
        layer.linear.bias[3:6] = 100  # forget gates of exactly 1: h_t = z_t
    x = torch.randn(5, 1, 4, requires_grad=True)
    out = layer(x)
    for t in range(5):
        (grad,) = torch.autograd.grad(out[t].sum(), x, retain_graph=True)
        assert (grad != 0).any(dim=2)[:, 0].tolist() == [t - window < s <= t for s in range(5)]


def test_a_layer_by_hand():
    layer = QRNNLayer(inputs=1, hidden=1, window=2, weight_drop=0)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]))  # the token, the one before
        layer.linear.bias.copy_(torch.tensor([0.1, 0.2, 0.3]))
    x = torch.tensor([0.5, -0.3])
    sums = [(x[0], 0.0), (x[1], x[0])]
    (z1, f1, o1), (z2, f2, o2) = (
        (torch.tanh(now + 10 * before + 0.1), torch.sigmoid(2 * now + 20 * before + 0.2),
         torch.sigmoid(3 * now + 30 * before + 0.3)) for now, before in sums
    )  # fmt: skip
    expected = torch.stack([o1 * f1 * z1, o2 * (f2 * z2 + (1 - f2) * f1 * z1)])
    torch.testing.assert_close(layer(x.view(2, 1, 1)).flatten(), expected)


def test_states_are_summed_in_float32_where_products_are_in_bfloat16(monkeypatch):
    seen = []
    monkeypatch.setattr(forget_mult, "_forward_loop", lambda f, z: seen.extend([f.dtype, z.dtype]) or f * z)
    with torch.autocast("cpu", torch.bfloat16):
        QRNNLayer(inputs=4, hidden=3, window=1, weight_drop=0)(torch.randn(5, 1, 4))
    assert seen == [torch.float32, torch.float32]


def test_only_the_first_layer_has_a_window_of_two():
    assert [layer.window for layer in network(layers=3).layers] == [2, 1, 1]


def test_the_output_layer_shares_the_embeddings_weights():
    model, ids = network().eval(), segments().clamp(max=9)  # token 10 is never read
    with torch.no_grad():
        before = model(ids)
        model.embedding.weight[10] = 0
        model.output_bias[10] = 3
        after = model(ids)
    assert torch.equal(before[:, :10], after[:, :10]) and (after[:, 10] == 3).all() and (before[:, 10] != 3).all()
    assert [name for name, weights in model.named_parameters() if 11 in weights.shape] == [
        "output_bias", "embedding.weight",
    ]  # fmt: skip


def test_evaluation_returns_logits_only_and_the_same_ones_each_time():
    model, ids = network(**dict.fromkeys(PARTS, 0.3)), segments()
    assert not torch.equal(model(ids)[0], model(ids)[0])
    model.eval()
    assert torch.equal(model(ids), model(ids))
    assert torch.equal(model(ids), network().eval()(ids))


def test_training_also_returns_the_upper_activations_after_and_before_their_dropout():
    model, ids = network(output=0.5), segments(count=64)
    logits, dropped, raw = model(ids)
    assert logits.shape == (64 * 6, 11) and dropped.shape == raw.shape == (6, 64, 5)
    kept = dropped != 0
    torch.testing.assert_close(dropped[kept], 2 * raw[kept])
    assert kept.float().mean() == pytest.approx(0.5, abs=0.1)
    of_one = model.embedding.weight @ dropped[2, 1] + model.output_bias  # the third token of the second segment
    torch.testing.assert_close(logits[1 * 6 + 2], of_one)


def test_a_variational_mask_is_one_for_all_tokens_of_a_segment_and_another_for_each_segment():
    torch.manual_seed(0)
    masked = variational(torch.ones(7, 20, 30), Dropout(0.4))
    assert all(torch.equal(token, masked[0]) for token in masked)
    assert len(masked[0].unique(dim=0)) == 20
    assert (masked == 0).float().mean() == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("part", ["input", "hidden", "output"])
def test_the_masks_of_the_network_are_variational(part):
    model, ids = network(**{part: 0.5}), torch.full((8, 6), 3)
    masked = {"input": lambda: embedded(model, ids)[0], "hidden": lambda: _read_by_the_last(model, ids),
              "output": lambda: model(ids)[1].detach()}[part]()  # fmt: skip
    zero = masked == 0
    assert all(torch.equal(token, zero[0]) for token in zero) and len(zero[0].unique(dim=0)) > 1


def _read_by_the_last(model, ids):
    seen = []
    with model.layers[-1].register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0].detach())):
        model(ids)
    return seen[0]


def test_the_embeddings_dropout_drops_a_word_wherever_it_stands():
    model = network(embedding=0.5)
    ids = torch.arange(11).repeat(4, 2)
    read, _ = embedded(model, ids)
    words = read.view(2, 11, 4, 5)
    assert torch.equal(words, words[:1, :, :1].expand_as(words))
    kept = words[0, :, 0].any(dim=1)
    assert 0 < kept.sum() < 11
    torch.testing.assert_close(words[0, kept, 0], 2 * model.embedding.weight.detach()[kept])


def test_the_weights_dropout_draws_one_mask_for_all_tokens_and_segments_of_a_step():
    torch.manual_seed(0)
    layer = QRNNLayer(inputs=4, hidden=50, window=1, weight_drop=0.5)
    x = torch.randn(1, 1, 4).expand(1, 6, 4)
    out = layer(x)
    torch.testing.assert_close(out, out[:, :1].expand_as(out))
    assert not torch.allclose(out, layer(x))


@pytest.mark.parametrize("recurrence", ["loops", "scans"])
def test_a_compiled_network_has_the_same_outputs_and_gradients(recurrence, monkeypatch):
    if recurrence == "scans":  # as on a GPU
        monkeypatch.setattr(forget_mult, "_forward_loop", lambda f, z: forget_mult.scan(1 - f, f * z))
        monkeypatch.setattr(forget_mult, "_backward_loop", forget_mult._backward_scan)
    torch._dynamo.reset()
    model, ids = network(), segments()
    found = []
    for forward in (model, torch.compile(model, backend="aot_eager", fullgraph=True)):
        model.zero_grad()
        logits, dropped, raw = forward(ids)
        (logits.square().mean() + dropped.square().mean() + raw.diff(dim=0).square().mean()).backward()
        found.append([logits, dropped, raw, *(weights.grad.clone() for weights in model.parameters())])
    torch.testing.assert_close(*found)
