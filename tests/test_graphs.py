"""Rates and settings of captured steps; capturing itself needs a GPU: `python -m bench.gpu`."""

import torch
from torch import nn

from oe_core.graphs import _settings, set_rate


def an_optimiser(kind, **settings):
    return kind([{"params": [nn.Parameter(torch.ones(2))]}, {"params": [nn.Parameter(torch.ones(3))]}], **settings)


def test_a_rate_is_a_number_where_nothing_is_captured():
    optimiser = an_optimiser(torch.optim.SGD, lr=1.0, fused=True)
    set_rate(optimiser, 0.25)
    assert [group["lr"] for group in optimiser.param_groups] == [0.25, 0.25]


def test_a_fused_optimiser_reads_its_rate_from_the_device_and_changes_it_without_a_new_capture():
    optimiser, resident = an_optimiser(torch.optim.SGD, lr=1.0, fused=True), torch.zeros(())
    before = []
    for rate in (0.5, 0.125):
        set_rate(optimiser, rate, resident)
        before.append(_settings(optimiser))
        for group in optimiser.param_groups:
            group["params"][0].grad = torch.ones_like(group["params"][0])
        optimiser.step()
    assert all(group["lr"] is resident for group in optimiser.param_groups)
    assert before[0] == before[1]
    assert optimiser.param_groups[0]["params"][0].tolist() == [0.375, 0.375]


def test_every_other_setting_asks_for_a_new_capture():
    optimiser, resident = an_optimiser(torch.optim.ASGD, lr=1.0, t0=1e6), torch.zeros(())
    set_rate(optimiser, 0.5, resident)
    before = _settings(optimiser)
    assert before == _settings(optimiser)
    set_rate(optimiser, 0.25, resident)  # ASGD is not fused: its rate is a number
    slower = _settings(optimiser)
    optimiser.param_groups[1]["t0"] = 7.0
    assert len({before, slower, _settings(optimiser)}) == 3
