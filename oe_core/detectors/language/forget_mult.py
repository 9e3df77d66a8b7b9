"""ForgetMult, the recurrence of a quasi-recurrent network: the only step that cannot be done for all tokens at once.

Source: Bradbury et al. 2017, Quasi-recurrent neural networks, section 2.1 (f-pooling).
"""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class ForgetMult(torch.autograd.Function):
    """h_t = f_t * z_t + (1 - f_t) * h_(t-1) with h_0 = 0, for gates f in [0, 1] and candidates z.

    f, z: float (length, batch, hidden) -> h of the same shape. With g_t the gradient that reaches h_t in all,

        g_t = dL/dh_t + (1 - f_(t+1)) g_(t+1),    dL/dz_t = g_t f_t,    dL/df_t = g_t (z_t - h_(t-1)).

    By autograd the loop would keep a graph node and a copy for each token. On a CPU both directions are plain loops: a
    token's slice stays in the cache, which parallel scans do not achieve. On a GPU, where a loop is launches, both
    are scans that need log2(length) rounds.
    """

    @staticmethod
    def forward(ctx, f: Tensor, z: Tensor) -> Tensor:
        h = _forward_loop(f, z) if f.device.type == "cpu" else scan(1 - f, f * z)
        ctx.save_for_backward(f, z, h)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        f, z, h = ctx.saved_tensors
        return _backward_loop(grad, f, z, h) if f.device.type == "cpu" else _backward_scan(grad, f, z, h)


def _forward_loop(f: Tensor, z: Tensor) -> Tensor:
    h = torch.empty_like(z)
    torch.mul(f[0], z[0], out=h[0])
    for t in range(1, len(z)):
        torch.lerp(h[t - 1], z[t], f[t], out=h[t])
    return h


def _backward_loop(grad: Tensor, f: Tensor, z: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    df, dz = torch.empty_like(f), torch.empty_like(z)
    g = grad[-1].clone()
    for t in reversed(range(1, len(z))):
        torch.mul(g, f[t], out=dz[t])
        torch.sub(z[t], h[t - 1], out=df[t]).mul_(g)
        g.sub_(dz[t]).add_(grad[t - 1])  # (1 - f_t) g_t + dL/dh_(t-1)
    torch.mul(g, f[0], out=dz[0])
    torch.mul(g, z[0], out=df[0])
    return df, dz


def scan(keep: Tensor, new: Tensor) -> Tensor:
    """h_t = keep_t * h_(t-1) + new_t with h_0 = 0, all (length, ...), in ceil(log2(length)) rounds.

    After round r, new_t holds what the last 2^r tokens contribute to h_t, and keep_t what is left of h_(t - 2^r).
    Source: Hillis and Steele 1986, Data parallel algorithms.
    """
    step = 1
    while step < len(new):
        new = torch.cat([new[:step], torch.addcmul(new[step:], keep[step:], new[:-step])])
        keep = torch.cat([keep[:step], keep[step:] * keep[:-step]])
        step *= 2
    return new


def _backward_scan(grad: Tensor, f: Tensor, z: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    keep = torch.cat([1 - f[1:], torch.zeros_like(f[:1])])
    g = scan(keep.flip(0), grad.flip(0)).flip(0)
    before = torch.cat([torch.zeros_like(h[:1]), h[:-1]])
    return g * (z - before), g * f
