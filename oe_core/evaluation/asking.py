"""The one loop over trained networks: every evaluation asks them through it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from oe_core.detectors.registry import kind_of
from oe_core.evaluation.test_sets import Tests, TestSet
from oe_core.recipe import Recipe
from oe_core.runs.store import Run, Store


@dataclass(frozen=True, eq=False)
class Asked:
    """A trained network that may be asked about any set. store: keeps its answers."""

    run: Run
    store: Store

    @property
    def recipe(self) -> Recipe:
        return self.run.recipe

    def outputs(self, of: TestSet) -> np.ndarray:
        """What it says of a set, float32 (n, numbers), as the `predict` of its kind: computed once, and kept."""
        return self.store.logits(self.run, of.key, of.inputs, of.fingerprint)

    def scores(self, of: TestSet) -> np.ndarray:
        """Anomaly scores float64 (n,) of a set by what it was taught, higher = more anomalous."""
        return kind_of(self.recipe).score(self.recipe)(self.outputs(of))


def networks(
    store: Store, tests: Tests, recipes: Mapping[str, Recipe], progress: Callable[[str], None] = lambda line: None
) -> Iterator[tuple[str, int, Asked]]:
    """(label, seed, network) of every recipe under every seed of the experiment, trained or found one after the other.

    recipes: by their labels. progress: is told of each whether it was trained or found. Errors as `Store.run`.
    """
    for seed in range(tests.experiment.seeds):
        for label, recipe in recipes.items():
            run = store.run(recipe.with_seed(seed), load=tests.load)
            progress(f"{', '.join(filter(None, (label, f'seed {seed}', recipe.shortening)))}: {run.origin}")
            yield label, seed, Asked(run, store)
