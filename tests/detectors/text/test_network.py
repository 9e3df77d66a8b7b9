import torch
from torch import nn

from oe_core.data.vocabulary import PADDING
from oe_core.detectors.text.network import GRUClassifier


def network():
    torch.manual_seed(0)
    return GRUClassifier(vocabulary=20, num_classes=3, embedding=5, hidden=7).eval()


def test_its_size_is_that_of_the_papers_network():
    model = GRUClassifier(vocabulary=10_000, num_classes=50)
    embedding, head = 10_002 * 50, 128 * 50 + 50
    first, second = 3 * 128 * (50 + 128 + 2), 3 * 128 * (128 + 128 + 2)
    assert sum(weights.numel() for weights in model.parameters()) == embedding + first + second + head


def test_each_text_gets_the_logits_that_torchs_gru_gives_it_alone_and_unpadded():
    model, texts = network(), [[3, 4, 5, 6], [7, 8], [9]]
    together = model(torch.tensor([[PADDING] * (6 - len(text)) + text for text in texts]))
    for row, text in zip(together, texts, strict=True):
        output, _ = model.gru(model.embedding(torch.tensor(text))[:, None])
        assert torch.allclose(row, model.head(output[-1, 0]), atol=1e-6)


def test_the_order_of_tokens_counts():
    assert not torch.allclose(network()(torch.tensor([[3, 4]])), network()(torch.tensor([[4, 3]])))


def test_a_text_without_tokens_has_logits_too_and_padding_learns_nothing():
    model = network()
    logits = model(torch.tensor([[PADDING, PADDING], [3, 4]]))
    assert torch.isfinite(logits).all()
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert model.embedding.weight.grad[PADDING].abs().sum() == 0
