"""What a training will take: from operations, then from what such devices took; shared by ranks, of each its part."""

import pytest
import torch

from oe_core.atomic import read_record, write_record
from oe_core.data.sources import load_images
from oe_core.detectors.registry import experiment
from oe_core.runs.engine import kept_loads
from oe_core.runs.estimates import Estimates
from oe_core.runs.store import STAMP, Store

PLAN = experiment("digits", "smoke")
LOAD = kept_loads()[PLAN.baseline.KIND]


def test_ranks_share_the_operations_and_the_batch_and_each_has_all_data_and_parameters(tmp_path):
    alone, shared = (Estimates(Store(tmp_path), ranks).of(PLAN.exposed, LOAD) for ranks in (1, 4))
    assert shared.seconds == pytest.approx(alone.seconds / 4)
    assert alone.memory / 4 < shared.memory < alone.memory
    assert (shared.disk, shared.measured) == (alone.disk, False)


def test_a_network_that_comes_trained_takes_no_step(tmp_path):
    plan = experiment("places365", "paper")
    load = lambda name, split, *options: load_images("digits", "train", *options).take(torch.arange(8))  # noqa: E731
    found = Estimates(Store(tmp_path)).of(plan.baseline, load)
    assert plan.baseline.epochs == found.seconds == 0 and found.memory > 0


def test_a_finished_run_speaks_for_its_own_number_of_ranks_alone_and_for_every_seed(tmp_path):
    store = Store(tmp_path)
    store.run(PLAN.baseline)
    (path,) = store.trained.glob(f"*/{STAMP}")
    stamp = read_record(path)
    other = PLAN.baseline.with_seed(7)
    found = Estimates(store).of(other, LOAD)
    assert (found.seconds, found.measured) == (stamp["seconds"], True)
    assert not Estimates(store, ranks=2).of(other, LOAD).measured
    write_record(path, stamp | {"device": stamp["device"] | {"ranks": 2}})
    assert not Estimates(store).of(other, LOAD).measured
    assert Estimates(store, ranks=2).of(other, LOAD).seconds == stamp["seconds"]
