"""What a training loses on a busy machine: its steps alone and beside processes that leave no core idle, in turn."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import torch

from bench.timing import Comparison, clock
from oe_core.data.text_set import TextSet
from oe_core.detectors.text import TEXT
from oe_core.detectors.text.recipe import TextRecipe

SPIN = "print(flush=True)\nwhile True: pass"
# Texts of 60 tokens in batches of 64: hundreds of small products, at each of which one thread may wait for another.
GRU = TextRecipe("bench", "random words", learning_rate=1e-5, epochs=1000)
TINY_GRU = replace(GRU, batch_size=4, vocabulary=30)


@contextmanager
def busy_processes(count: int) -> Iterator[list[subprocess.Popen]]:
    """`count` processes that compute without a pause while the context lasts; all have begun when it begins."""
    processes = [subprocess.Popen([sys.executable, "-S", "-c", SPIN], stdout=subprocess.PIPE) for _ in range(count)]
    try:
        for process in processes:
            process.stdout.readline()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdout.close()


class _EnoughRoundsError(Exception):
    """Ends a training from inside its progress bar."""


class _InTurn:
    """A progress bar for `fit` that times its steps alone, then beside `count` busy processes, and so on."""

    def __init__(self, count: int, device: torch.device, steps: int, warm_up: int, rounds: int):
        self.count, self.device, self.steps, self.rounds = count, device, steps, rounds
        self.alone: list[float] = []
        self.beside: list[float] = []
        self.timed, self.left = self.beside, warm_up  # the warm-up is dropped when the first half begins
        self.others = ExitStack()

    def __call__(self, **_) -> "_InTurn":
        return self

    def __enter__(self) -> "_InTurn":
        self.start = clock(self.device)
        return self

    def __exit__(self, *_) -> None:
        self.others.close()

    def set_postfix(self, **_) -> None:
        return None

    def update(self) -> None:
        """Called by `fit` after each of its steps; `steps` of them are one half of a round."""
        self.left -= 1
        if self.left > 0:
            return
        self.timed.append((clock(self.device) - self.start) / self.steps)
        self.others.close()
        if not self.alone:
            self.beside.clear()
        elif len(self.beside) == self.rounds:
            raise _EnoughRoundsError
        self._turn()

    def _turn(self) -> None:
        """Begin the other half of a round."""
        self.timed, self.left = (self.beside if self.timed is self.alone else self.alone), self.steps
        if self.timed is self.beside:
            self.others.enter_context(busy_processes(self.count))
        self.start = clock(self.device)


def beside_others(
    work: str, training: Callable[..., object], items: int, count: int, steps: int, warm_up: int, rounds: int
) -> Comparison:
    """A step of `training(device=..., progress=...)` alone, and beside `count` busy processes, which may cost thrice.

    steps: steps in a row that make one half of a round. Raises ValueError if the training ends before all rounds.
    """
    cpu = torch.device("cpu")
    turns = _InTurn(count, cpu, steps, warm_up, rounds)
    try:
        training(device=cpu, progress=turns)
    except _EnoughRoundsError:
        others = {f"beside {count} busy processes": turns.beside}
        return Comparison(f"{work}, shared", others, turns.alone, items, limit=3.0)
    raise ValueError(f"a training of {work} ended before {warm_up} + 2 x {rounds} x {steps} steps")


def random_texts(count: int, words: int) -> TextSet:
    """Texts of `words` tokens, each of 1,000 kinds as likely as the others, in 6 classes."""
    ids = torch.randint(1000, (count, words), generator=torch.Generator().manual_seed(0)).tolist()
    texts = tuple(" ".join(f"word{number}" for number in row) for row in ids)
    return TextSet("random words", texts, torch.arange(count) % 6, tuple("012345"), "embedded")


def text_step(recipe: TextRecipe, words: int, steps: int, warm_up: int, rounds: int) -> Comparison:
    """`beside_others` of a text classifier without Outlier Exposure; items are texts."""
    texts = random_texts(10 * recipe.batch_size, words)

    def training(**settings) -> object:
        return TEXT.fit(recipe, texts, **settings)

    return beside_others("text step, gru", training, recipe.batch_size, 2, steps, warm_up, rounds)
