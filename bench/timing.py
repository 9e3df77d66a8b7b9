"""Two ways of doing one thing, timed in alternation in one process, so that a busy machine slows both alike."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Comparison:
    """Seconds per unit of work, one number a round; the rounds of all variants alternated.

    plain: seconds (rounds,) by variant; the variant with the lowest median stands for the plain way.
    work: what is timed. items: images, words or scores in one unit. target: wanted ratio on two CPU cores, None for no
    claim. flops: floating point operations of one unit, 0 where that says nothing. limit: the largest ratio that is
    allowed, where `plain` is a worse place to work and not another way; None where it is.
    """

    work: str
    plain: dict[str, list[float]]
    ours: list[float]
    items: int
    target: float | None = None
    flops: float = 0.0
    limit: float | None = None

    @property
    def best_plain(self) -> str:
        """The fastest plain variant's name."""
        return min(self.plain, key=lambda variant: statistics.median(self.plain[variant]))

    @property
    def ratios(self) -> list[float]:
        """How many times faster this engine was, round by round, ascending."""
        rounds = zip(self.plain[self.best_plain], self.ours, strict=True)
        return sorted(plain / ours for plain, ours in rounds)


def clock(device: torch.device) -> float:
    """Seconds on a monotonic clock, after everything queued on `device` is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def seconds_of(work: Callable[[], object], device: torch.device, repeats: int = 1) -> float:
    """Seconds that one call of `work` takes, averaged over `repeats` calls in a row."""
    start = clock(device)
    for _ in range(repeats):
        work()
    return (clock(device) - start) / repeats


def alternate(variants: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Call every variant once to warm up, then `rounds` times in turn; a variant returns its own seconds.

    The order turns by one place each round, so that no variant always follows the same neighbour.
    """
    for measure in variants.values():
        measure()
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    names = list(variants)
    for round_ in range(rounds):
        shift = round_ % len(names)
        for name in names[shift:] + names[:shift]:
            seconds[name].append(variants[name]())
    return seconds


def bfloat16_peak(device: torch.device, side: int = 8192) -> float:
    """Operations per second of a large bfloat16 matrix product on `device`: the rate that networks are held against."""
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds_of(lambda: left @ right, device, repeats=3)
    return 2 * side**3 / seconds_of(lambda: left @ right, device, repeats=20)
