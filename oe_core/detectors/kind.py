"""What a kind of network is: all that the store, the evaluation and the tables need to know of it, in one value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from oe_core import train
from oe_core.data.examples import Examples
from oe_core.data.sources import Sources
from oe_core.data.streams import AnyExamples
from oe_core.devices import autocast
from oe_core.experiments import Settings
from oe_core.recipe import Recipe

Score = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Column:
    """One method in a table of the paper: which network of an experiment is asked, and which of its scores is taken.

    method: the paper's word. network: a role in `Experiment.networks`. score: a name in `Kind.scores`.
    """

    table: int
    method: str
    network: str
    score: str


def before_after(table: int, score: str) -> tuple[Column, Column]:
    """One score without and with Outlier Exposure; the paper's word for the former is the name of the score."""
    return Column(table, score, "baseline", score), Column(table, "+OE", "exposed", score)


def right(outputs: np.ndarray, test: Examples) -> np.ndarray:
    """Whether an example's class has the largest of the classes' outputs, which come first in a row: bool (n,)."""
    return outputs[:, : len(test.classes)].argmax(axis=1) == test.labels.numpy()


@torch.inference_mode()
def asked(part: Callable[[Tensor], Tensor], recipe: Recipe, batches: Iterable[Tensor]) -> Tensor:
    """What a part of a network, or all of it, returns for batches on its device: float32 on the CPU, joined."""
    outputs = []
    for inputs in batches:
        with autocast(recipe.precision, inputs.device):
            outputs.append(part(inputs).float().cpu())
    return torch.cat(outputs)


def accuracy(outputs: np.ndarray, test: Examples) -> float:
    """Percent of the examples that a classifier gets right."""
    return 100 * float(right(outputs, test).mean())


@dataclass(frozen=True)
class Kind:
    """One kind of network.

    name: the detector's, as `Recipe.KIND` and in JSON. task: how it is trained. predict: (network, inputs, recipe) ->
    float32 (n, numbers): a classifier's logits come first. sources, load: where its data are, and (name, split,
    *recipe.load_options) -> examples. inputs: (examples, recipe, training) -> what the network takes, where training()
    gives the in-distribution's training examples. printed: (name, recipe) -> the name of a set in the paper's tables.
    scores: recipe -> its scores by name. quality: how well a network does its own task, by name, and (what it says of
    the test examples, the examples) -> its value; a classifier's is "accuracy". columns: what is measured; the table of
    the first is the main one, whose scores are kept for figures. tpr: share of the anomalies at which the FPR is read.
    settings: its experiments; None where they are made of another kind's. features: (network, images, recipe) ->
    features before an affine head, None where later detectors have nothing to look at.
    """

    recipe: type[Recipe]
    task: train.Task
    predict: Callable[[nn.Module, Tensor, Recipe], Tensor]
    sources: Sources
    load: Callable[..., AnyExamples]
    inputs: Callable[[AnyExamples, Recipe, Callable[[], AnyExamples]], Tensor]
    printed: Callable[[str, Recipe], str]
    scores: Callable[[Recipe], Mapping[str, Score]]
    columns: tuple[Column, ...]
    tpr: float
    quality: tuple[str, Callable[[np.ndarray, AnyExamples], float]] = ("accuracy", accuracy)
    settings: Settings | None = None
    features: Callable[[nn.Module, Tensor, Recipe], Tensor] | None = None

    @property
    def name(self) -> str:
        """The detector's, as `Recipe.KIND`."""
        return self.recipe.KIND

    @property
    def classifies(self) -> bool:
        """Whether it is a classifier: the first of its outputs are the logits of its classes."""
        return self.quality[0] == "accuracy"

    @property
    def main_columns(self) -> tuple[Column, ...]:
        """The columns of the main table."""
        return tuple(column for column in self.columns if column.table == self.columns[0].table)

    @property
    def exposed_column(self) -> Column:
        """The exposed network's in the main table."""
        return next(column for column in self.main_columns if column.network == "exposed")

    def score(self, recipe: Recipe) -> Score:
        """The score that fits what a network was taught: the exposed one's in the main table."""
        return self.scores(recipe)[self.exposed_column.score]

    def fit(
        self, recipe: Recipe, inliers: AnyExamples, outliers: AnyExamples | None = None, **settings
    ) -> train.Trained:
        """Train `recipe`; arguments and errors as `train.fit`."""
        return train.fit(self.task, recipe, inliers, outliers, **settings)

    def network(
        self, recipe: Recipe, weights: Mapping[str, Tensor], num_classes: int, device: torch.device
    ) -> nn.Module:
        """The network of `recipe` with `weights`, ready to be asked."""
        model = self.task.network(recipe, num_classes, device)
        model.load_state_dict(weights)
        return model.eval()
