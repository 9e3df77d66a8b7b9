"""What a training loses on a busy machine: its steps alone and beside processes that leave no core idle, in turn."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

import torch

from bench.alternation import EnoughStepsError
from bench.comparisons import random_images
from bench.timing import Comparison, clock
from oe_core.data.examples import TextSet
from oe_core.detectors.images import IMAGES
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.text import TEXT
from oe_core.detectors.text.recipe import TextRecipe

SPIN = "print(flush=True)\nwhile True: pass"
# Texts of 60 tokens in batches of 64: hundreds of small products, at each of which one thread may wait for another.
GRU = TextRecipe("bench", "random words", learning_rate=1e-5, epochs=1000)
# The demo's network: 128 + 128 digits at 16 px.
SMALL_WRN = ImageRecipe(
    "bench", "random pixels", outliers="random pixels", learning_rate=1e-3, model="wrn-10-1", size=16, dropout=0.0,
    crop_padding=1, outlier_crop_padding=0, outlier_batch_size=128, epochs=1000,
)  # fmt: skip
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
            raise EnoughStepsError
        self._turn()

    def _turn(self) -> None:
        """Begin the other half of a round."""
        self.timed, self.left = (self.beside if self.timed is self.alone else self.alone), self.steps
        if self.timed is self.beside:
            self.others.enter_context(busy_processes(self.count))
        self.start = clock(self.device)


def beside_others(
    work: str, training: Callable[..., object], items: int, steps: int, warm_up: int, rounds: int, count: int = 2
) -> Comparison:
    """A step of `training(device=..., progress=...)` on the CPU, alone and beside `count` busy processes.

    steps: steps in a row that make one half of a round. Raises ValueError if the training ends before all rounds.
    """
    cpu = torch.device("cpu")
    turns = _InTurn(count, cpu, steps, warm_up, rounds)
    try:
        training(device=cpu, progress=turns)
    except EnoughStepsError:
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
    fit = partial(TEXT.fit, recipe, texts)
    return beside_others("text step, gru", fit, recipe.batch_size, steps, warm_up, rounds)


def image_step(recipe: ImageRecipe, steps: int, warm_up: int, rounds: int) -> Comparison:
    """`beside_others` of an image classifier with Outlier Exposure; items are images."""
    counts = recipe.batch_size, recipe.outlier_batch_size
    fit = partial(IMAGES.fit, recipe, *(random_images("random pixels", 16 * count, recipe.size) for count in counts))
    return beside_others(f"OE step, {recipe.model}", fit, sum(counts), steps, warm_up, rounds)
