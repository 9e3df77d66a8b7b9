"""The penalties beside a language model's likelihood."""

from torch import Tensor


def activation_penalty(dropped: Tensor) -> Tensor:
    """Mean square of a recurrent layer's activations after dropout, (length, batch, width); >= 0.

    Source: Merity et al. 2018a, Regularizing and optimizing LSTM language models, section 4.7 (AR).
    """
    return dropped.float().square().mean()


def slowness_penalty(raw: Tensor) -> Tensor:
    """Mean square of the change from token to token of activations before dropout, (length, batch, width); >= 0.

    0 for a segment of one token. Source: as `activation_penalty` (TAR).
    """
    return raw.float().diff(dim=0).square().mean() if len(raw) > 1 else raw.new_zeros(())
