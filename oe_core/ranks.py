"""One training on several GPUs: every process, a rank, computes its rows of each batch, and all have the same network.

Every rank draws the whole batch and puts its rows of it through the network. What comes out is put together again, and
each rank takes the loss of the whole batch: any loss is right, whatever it does with its rows. The gradient that
reaches a rank's weights is that of its rows, so that the sum over all ranks is the whole batch's, and batch norm takes
its statistics over the rows of all. But for dropout, whose masks each rank draws for itself, the loss curve is that of
one process to float tolerance. In a process that is no rank nothing here does anything.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd import Function
from torch.distributed.nn.functional import all_reduce
from torch.optim import Optimizer

# Of a rank for the others, which may wait for a lock or load their data: a rank that fails is not found out by waiting.
PATIENCE = timedelta(days=7)

Value = TypeVar("Value")


def count() -> int:
    """How many ranks there are; 1 where there is but this process."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this process is; the first, 0, alone writes files."""
    return dist.get_rank() if count() > 1 else 0


def check(name: str, kind: str, divides: bool) -> None:
    """Raise ValueError where there are several ranks and the training of recipe `name` cannot be divided."""
    if count() > 1 and not divides:
        raise ValueError(f"recipe {name!r} is of kind {kind!r}, which trains in one process and not in {count()}")


@contextmanager
def joined() -> Iterator[None]:
    """Be one of the ranks that torchrun has started, on a GPU of its own where there are GPUs."""
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo", timeout=PATIENCE)
    yield
    dist.destroy_process_group()  # not after an error: the others might be waited for


def shared(value: Value) -> Value:
    """What the first rank gives here, on every rank."""
    if count() == 1:
        return value
    values = [value]
    dist.broadcast_object_list(values, src=0, device=torch.device("cpu"))
    return values[0]


def agreed(drawn: Tensor) -> Tensor:
    """Random numbers as the first rank has drawn them."""
    if count() > 1:
        dist.broadcast(drawn, src=0)
    return drawn


def unite(model: nn.Module, optimiser: Optimizer) -> bool:
    """Make one network of every rank's: the first one's weights, batch norm over all rows, and gradients summed.

    Returns whether a forward pass of the network waits for the other ranks.
    """
    if count() == 1:
        return False
    for tensor in model.state_dict().values():
        dist.broadcast(tensor, src=0)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.__class__ = BatchNorm  # the same state, under the same names
    optimiser.register_step_pre_hook(_sum_gradients)
    return bool(norms)


def part_ways() -> None:
    """Let every rank but the first draw other numbers from torch's global generators: dropout's masks."""
    if rank() > 0:
        torch.manual_seed(int(torch.randint(2**62, (rank(),))[-1]))


def divided(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """`forward`, a network's, of a whole batch (n, ...) -> (n, ...): each rank does its rows of it."""
    if count() == 1:
        return forward

    def whole(inputs: Tensor) -> Tensor:
        first, last = (len(inputs) * number // count() for number in (rank(), rank() + 1))
        return _Together.apply(forward(inputs[first:last]), slice(first, last), len(inputs))

    return whole


class _Together(Function):
    """The rows of all ranks; each takes the gradient of its own, since all compute the same loss from them."""

    @staticmethod
    def forward(ctx, own: Tensor, rows: slice, total: int) -> Tensor:
        ctx.rows = rows
        whole = own.new_zeros(total, *own.shape[1:])
        whole[rows] = own
        dist.all_reduce(whole)  # adds nothing but zeros: ranks may have unequally many rows, and none
        return whole

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:
        return gradient[ctx.rows], None, None


def _sum_gradients(optimiser: Optimizer, *_) -> None:
    """Before a step of the optimiser: all gradients in one message."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    joined = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(joined)
    for gradient, summed in zip(gradients, joined.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(summed.view_as(gradient))


class BatchNorm(nn.BatchNorm2d):
    """Batch norm over the rows of all ranks. `torch.nn.SyncBatchNorm` is that on GPUs alone, and so no test sees it."""

    def forward(self, x: Tensor) -> Tensor:
        """(rows of this rank, channels, h, w) -> the same, normalised."""
        if not self.training:
            return super().forward(x)
        wide, per_channel = x.to(self.weight.dtype), (1, -1, 1, 1)
        values = all_reduce(x.new_tensor([x.numel() / x.shape[1]], dtype=wide.dtype))
        mean = all_reduce(wide.sum(dim=(0, 2, 3))) / values
        centred = wide - mean.view(per_channel)
        variance = all_reduce(centred.square().sum(dim=(0, 2, 3))) / values
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * values / (values - 1), self.momentum)
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale.view(per_channel) + self.bias.view(per_channel)).to(x.dtype)
