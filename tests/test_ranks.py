"""Several processes that train one network: they come to what one process comes to, and end with each other."""

import multiprocessing
import runpy
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from rank_process import fit

from bench.gpu.work import SMALL
from oe_core import ranks
from oe_core.detectors.branch.recipe import BranchRecipe
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.objectives.losses import OBJECTIVES
from oe_core.detectors.objectives.recipe import with_objective
from oe_core.detectors.registry import KINDS, kind_of
from oe_core.runs import checkpoint

SCRIPT = str(Path(__file__).parent / "rank_process.py")
# Batches of 16 + 9 and at last of 13 + 9 rows: neither 2 nor 3 ranks have equally many. GELUs and a seed, because where
# an activation is within 1e-7 of a ReLU's kink, the order of a sum decides its gradient, in one process as well.
FAST = ImageRecipe(
    "fast", "random", model="fast-2", size=16, epochs=2, learning_rate=0.02, batch_size=16, dropout=0.0,
    crop_padding=1, outliers="random", outlier_batch_size=9, precision="float32", seed=1,
)  # fmt: skip
WIDE = replace(FAST, name="wide", model="wrn-10-1", size=8)
BRANCH = BranchRecipe(**{**vars(FAST), "name": "branch"}, milestones=(), cutout=6, budget=0.6)
DENSITY = DensityRecipe(
    "density", "random", size=8, filters=4, blocks=1, mixtures=2, dropout=0.0, epochs=2, learning_rate=1e-2,
    batch_size=7, outliers="random", outlier_batch_size=7, precision="float32", polyak=0.5, seed=1,
)  # fmt: skip
ONE_ROW = replace(WIDE, name="one-row", outliers=None, epochs=1)
PLAN = {
    recipe.name: (recipe, *counts)
    for recipe, *counts in (
        (FAST, 45, 40), (WIDE, 45, 40), (DENSITY, 19, 20), (BRANCH, 45, 40), (ONE_ROW, 33, None),
        *((with_objective(FAST, objective), 45, 40) for objective in OBJECTIVES),
    )
}  # fmt: skip


def start(folder, plan, count, killed_after=0):
    """Train on so many ranks, in processes that have the packages loaded already; returns their exit statuses."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.comparisons", "oe_core.runs.checkpoint"])
    given = [(folder, plan, number, count, killed_after) for number in range(count)]
    processes = [context.Process(target=runpy.run_path, args=(SCRIPT, {"ARGUMENTS": one}, "__main__")) for one in given]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def trained(folder, plan, count):
    """What every rank has trained."""
    assert start(folder, plan, count) == [0] * count
    return [[SimpleNamespace(**one) for one in torch.load(folder / f"{number}.pt")] for number in range(count)]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each of two ranks has trained, by name."""
    of_each = trained(tmp_path_factory.mktemp("ranks"), list(PLAN.values()), 2)
    return {name: ones for name, *ones in zip(PLAN, *of_each, strict=True)}


def losses(found):
    return torch.tensor([[row["inlier_loss"], row["outlier_loss"]] for row in found.log])


def distances(ours, others):
    """The largest differences of two trainings: of losses, relative where above 1, and of tensors of weights."""
    ours_of = {name: value for name, value in ours.weights.items() if value.is_floating_point()}
    apart = [((value - others.weights[name]).norm() / value.norm()).item() for name, value in ours_of.items()]
    of_losses = (losses(ours) - losses(others)) / losses(others).abs().clamp(min=1)
    return of_losses.abs().max().item(), max(apart)


def same(ours, others):
    loss, weights = distances(ours, others)
    assert loss < 1e-5
    assert weights < 5e-4


@pytest.mark.parametrize("name", PLAN)
def test_two_ranks_have_the_loss_curve_and_the_weights_of_one_process(both, name):
    first, second = both[name]
    same(first, fit(PLAN[name]))
    # Batch norm's running statistics are among the weights.
    assert all(torch.equal(value, second.weights[name]) for name, value in first.weights.items())
    assert torch.equal(losses(first), losses(second))


def test_a_rank_that_is_killed_ends_the_others_and_any_number_of_ranks_goes_on(tmp_path):
    killed = tmp_path / "killed"
    killed.mkdir()
    first, second = start(killed, [PLAN["fast"]], 2, killed_after=4)
    assert (first, second) == (1, -signal.SIGKILL)
    state = checkpoint.read(killed / "checkpoint.pt")["state"]
    assert 3 <= 3 * state["epoch"] + state["step"] <= 4  # of 6 steps
    whole = fit(PLAN["fast"])
    for count in (1, 2, 3):
        folder = tmp_path / str(count)
        folder.mkdir()
        shutil.copy(killed / "checkpoint.pt", folder)
        same(trained(folder, [PLAN["fast"]], count)[0][0], whole)


def test_kinds_that_ranks_cannot_share_are_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(ranks, "count", lambda: 2)
    for recipe in (SMALL["text"], SMALL["language, asgd"], SMALL["gan, baseline"]):
        said = f"recipe '{recipe.name}' is of kind '{recipe.KIND}', which trains in one process and not in 2"
        with pytest.raises(ValueError, match=said):
            kind_of(recipe).fit(recipe, "inliers", "outliers")
    assert {name for name, kind in KINDS.items() if kind.task.divides} == {"images", "objectives", "branch", "density"}


def test_each_rank_draws_masks_of_its_own_and_the_first_those_of_one_process(monkeypatch):
    def drawn(number):
        monkeypatch.setattr(ranks, "rank", lambda: number)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            ranks.part_ways()
            return torch.rand(3).tolist()

    assert drawn(0) == torch.rand(3, generator=torch.Generator().manual_seed(0)).tolist()
    assert len({tuple(drawn(number)) for number in range(4)}) == 4
    assert drawn(2) == drawn(2)


def test_without_ranks_nothing_is_shared_nor_divided():
    assert (ranks.count(), ranks.rank()) == (1, 0)
    value, forward = object(), object()
    assert ranks.shared(value) is value
    assert ranks.divided(forward) is forward
