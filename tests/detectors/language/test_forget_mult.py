import pytest
import torch

from oe_core.detectors.language.forget_mult import ForgetMult, _backward_loop, _backward_scan, _forward_loop, scan


def gates_and_candidates(length, batch=2, hidden=3):
    """f in (0, 1) and z in (-1, 1), float64 leaves."""
    drawn = torch.randn(2, length, batch, hidden, dtype=torch.float64, generator=torch.Generator().manual_seed(length))
    return drawn[0].sigmoid().requires_grad_(), drawn[1].tanh().requires_grad_()


def by_autograd(f, z):
    """The recurrence as it is written, a new tensor for each token."""
    states = [f[0] * z[0]]
    for t in range(1, len(f)):
        states.append(f[t] * z[t] + (1 - f[t]) * states[-1])
    return torch.stack(states)


def test_values_and_gradients_by_hand():
    f = torch.tensor([0.5, 0.25]).view(2, 1, 1).requires_grad_()
    z = torch.tensor([4.0, 8.0]).view(2, 1, 1).requires_grad_()
    h = ForgetMult.apply(f, z)
    assert h.flatten().tolist() == [0.5 * 4, 0.25 * 8 + 0.75 * 2]
    (h[0] + 10 * h[1]).sum().backward()
    reaching = 1 + 0.75 * 10  # h_1 itself, and through h_2
    assert z.grad.flatten().tolist() == [reaching * 0.5, 10 * 0.25]
    assert f.grad.flatten().tolist() == [reaching * 4, 10 * (8 - 2)]


@pytest.mark.parametrize("length", [1, 2, 3, 8, 70])
def test_values_and_gradients_are_those_of_a_loop_under_autograd(length):
    f, z = gates_and_candidates(length)
    ours, theirs = ForgetMult.apply(f, z), by_autograd(f, z)
    torch.testing.assert_close(ours, theirs)
    weights = torch.randn_like(ours)
    found, expected = (torch.autograd.grad((weights * h).sum(), (f, z)) for h in (ours, theirs))
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_gradients_are_those_of_finite_differences(length):
    assert torch.autograd.gradcheck(ForgetMult.apply, gates_and_candidates(length))


def test_the_gradient_of_a_plain_sum_and_strided_inputs_are_no_exception():
    f, z = (tensor.detach().transpose(0, 1).requires_grad_() for tensor in gates_and_candidates(4, batch=6))
    ours, theirs = ForgetMult.apply(f, z), by_autograd(f, z)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours.sum(), (f, z)), torch.autograd.grad(theirs.sum(), (f, z)))


def test_a_gate_that_is_shut_keeps_the_state_and_one_that_is_open_replaces_it():
    z = torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    assert ForgetMult.apply(torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1), z).flatten().tolist() == [1, 1, 1]
    assert ForgetMult.apply(torch.ones(3, 1, 1), z).flatten().tolist() == [1, 2, 3]


def test_a_scan_by_hand():
    keep, new = torch.tensor([9.0, 2.0, 3.0, 0.5]), torch.tensor([1.0, 1.0, 4.0, 2.0])
    assert scan(keep, new).tolist() == [1, 2 * 1 + 1, 3 * 3 + 4, 0.5 * 13 + 2]


@pytest.mark.parametrize("length", [*range(1, 10), 70])
def test_the_scans_of_a_gpu_equal_the_loops_of_a_cpu(length):
    f, z = (tensor.detach() for tensor in gates_and_candidates(length))
    h = _forward_loop(f, z)
    torch.testing.assert_close(scan(1 - f, f * z), h)
    grad = torch.randn_like(h)
    torch.testing.assert_close(_backward_scan(grad, f, z, h), _backward_loop(grad, f, z, h))


def test_neither_direction_writes_into_what_it_was_given():
    f, z = (tensor.detach() for tensor in gates_and_candidates(5))
    h = _forward_loop(f, z)
    given = (torch.randn_like(h), f, z, h)
    copies = [tensor.clone() for tensor in given]
    for backward in (_backward_loop, _backward_scan):
        backward(*given)
        assert all(torch.equal(tensor, copy) for tensor, copy in zip(given, copies, strict=True))
