"""Trainings that are timed from inside, by the progress bar that `fit` is given."""

from collections.abc import Callable

import torch

from bench.timing import clock, seconds_of


class EnoughStepsError(Exception):
    """Ends a training from inside its progress bar."""


class Bar:
    """A progress bar for `fit` that shows nothing; what it does after each step is `update`'s."""

    def __call__(self, **_) -> "Bar":
        return self

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_) -> None:
        return None

    def set_postfix(self, **_) -> None:
        return None


class Alternation(Bar):
    """A progress bar for `fit` that times its steps and lets the plain way make its own in between."""

    def __init__(self, plain_step: Callable[[], None], device: torch.device, steps: int, warm_up: int, rounds: int):
        self.plain_step, self.device, self.steps, self.warm_up, self.rounds = plain_step, device, steps, warm_up, rounds
        self.ours: list[float] = []
        self.plain: list[float] = []
        self.done = 0

    def __enter__(self) -> "Alternation":
        self.start = clock(self.device)
        return self

    def update(self) -> None:
        """Called by `fit` after each of its steps; every `steps` of them are one round."""
        self.done += 1
        if self.done <= self.warm_up:
            seconds_of(self.plain_step, self.device)
        elif (self.done - self.warm_up) % self.steps == 0:
            self.ours.append((clock(self.device) - self.start) / self.steps)
            self.plain.append(seconds_of(self.plain_step, self.device, self.steps))
        else:
            return
        if len(self.ours) == self.rounds:
            raise EnoughStepsError
        self.start = clock(self.device)

    def leave_early(self, training: Callable[..., object]) -> None:
        """Let `training(device=..., progress=...)` run until all rounds are measured; ValueError if it ends before."""
        try:
            training(device=self.device, progress=self)
        except EnoughStepsError:
            return
        needed = f"{self.warm_up} + {self.rounds} x {self.steps}"
        raise ValueError(f"a training of {self.done} steps is too short for {needed}")
