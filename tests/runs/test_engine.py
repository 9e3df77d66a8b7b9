"""Many trainings: parents first, nothing twice, failures apart, and an end in the middle that loses nothing."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from store_process import damage

from oe_core.detectors.registry import experiment
from oe_core.recipe import fine_tuned
from oe_core.runs.engine import Here, Processes, jobs, run
from oe_core.runs.store import STAMP, Store
from oe_core.runs.training import TrainingError

PLAN = experiment("digits", "smoke")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


def recipes(seeds=2):
    return [recipe.with_seed(seed) for seed in range(seeds) for recipe in PLAN.networks.values()]


class Pretended:
    """A place where a training only makes its stamp, unless `fails` says how often it fails first."""

    attempts = 3

    def __init__(self, fails=None):
        self.fails, self.began, self.ended = dict(fails or {}), [], threading.Event()
        self.pool = ThreadPoolExecutor(2)

    def submit(self, job) -> "Future[bool]":
        self.began.append(job.name)
        return self.pool.submit(self._train, job)

    def _train(self, job):
        if self.fails.get(job.name, 0) > 0:
            self.fails[job.name] -= 1
            raise TrainingError("it broke")
        if self.ended.is_set():
            return False
        job.folder.mkdir(parents=True, exist_ok=True)
        (job.folder / STAMP).write_text("{}")
        return True

    def end(self):
        self.ended.set()

    def close(self):
        self.pool.shutdown()


def test_every_network_is_listed_once_and_after_the_one_it_starts_from(tmp_path):
    wanted = jobs(Store(tmp_path), [*recipes(), *recipes()])
    assert [job.name for job in wanted] == [
        "digits, seed 0", "digits-oe, seed 0", "digits, seed 1", "digits-oe, seed 1",
    ]  # fmt: skip
    assert [job.parent for job in wanted] == [None, wanted[0].identity, None, wanted[2].identity]


def test_a_parent_that_nobody_named_is_wanted_as_well(tmp_path):
    assert [job.recipe.name for job in jobs(Store(tmp_path), [PLAN.exposed])] == ["digits", "digits-oe"]


def test_a_child_begins_after_its_parent_and_what_is_stored_is_left_out(tmp_path):
    wanted, place = jobs(Store(tmp_path), recipes()), Pretended()
    Store(tmp_path).run(PLAN.baseline)
    outcome = run(wanted, place, every=0.01)
    assert sorted(outcome.done) == sorted(job.identity for job in wanted)
    assert (outcome.failed, outcome.left) == ({}, [])
    assert wanted[0].name not in place.began
    assert place.began.index("digits, seed 1") < place.began.index("digits-oe, seed 1")


def test_what_is_stored_but_damaged_is_not_done(tmp_path):
    wanted, place = jobs(Store(tmp_path), recipes(seeds=1)), Pretended()
    damage(Store(tmp_path).run(PLAN.baseline).folder / "weights.safetensors")
    run(wanted, place, every=0.01)
    assert place.began == ["digits, seed 0", "digits-oe, seed 0"]


def test_a_training_that_fails_twice_is_done_the_third_time(tmp_path):
    place = Pretended(fails={"digits, seed 0": 2})
    outcome = run(jobs(Store(tmp_path), recipes()), place, every=0.01)
    assert (len(outcome.done), outcome.failed) == (4, {})
    assert place.began.count("digits, seed 0") == 3


def test_one_that_fails_three_times_is_told_with_its_reason_and_the_others_finish(tmp_path):
    wanted = jobs(Store(tmp_path), recipes())
    outcome = run(wanted, Pretended(fails={"digits, seed 0": 9}), every=0.01)
    assert outcome.failed == {
        wanted[0].identity: "it broke", wanted[1].identity: "the network that it starts from failed",
    }  # fmt: skip
    assert sorted(outcome.done) == sorted(job.identity for job in wanted[2:])


def test_an_end_leaves_the_rest_for_another_call_and_starts_nothing_more(tmp_path):
    wanted, place = jobs(Store(tmp_path), recipes()), Pretended()
    place.ended.set()
    outcome = run(wanted, place, every=0.01, ends=lambda: True)
    assert outcome.done == []
    assert set(outcome.left) == {job.identity for job in wanted}
    assert len(place.began) == 2  # the parents


@pytest.mark.parametrize("place", [Here, lambda root: Processes(root, [ONE_THREAD, ONE_THREAD])])
def test_trainings_here_and_in_processes_give_what_the_store_alone_gives(tmp_path, place):
    two = [PLAN.baseline, PLAN.baseline.with_seed(1)]
    outcome = run(jobs(Store(tmp_path / "many"), two), place(tmp_path / "many"), every=0.2)
    assert (len(outcome.done), outcome.failed, outcome.left) == (2, {}, [])
    run(jobs(Store(tmp_path / "one"), two), Here(tmp_path / "one"), every=0.2)
    if torch.get_num_threads() == 1:  # as the processes: another number rounds otherwise
        for recipe in two:
            many, one = (Store(tmp_path / root).run(recipe) for root in ("many", "one"))
            assert many.weights_sha256 == one.weights_sha256


def further(wanted):
    """Whether a training has come some steps further since it was first seen to run."""
    first = {}

    def ends():
        steps = {job: job.state()[1].get("step", 0) for job in wanted}
        return any(step > first.setdefault(job, step) for job, step in steps.items() if step)

    return ends


def test_a_budget_that_ends_in_the_middle_costs_nothing_of_the_result(tmp_path):
    long = replace(PLAN.baseline, name="long", epochs=40)
    tuned = fine_tuned(long, PLAN.exposed.outliers, epochs=2)
    wanted, never = jobs(Store(tmp_path / "parts"), [tuned]), lambda: False
    first, _, last = (
        run(wanted, Processes(tmp_path / "parts", [ONE_THREAD]), ends=ends, every=0.1)
        for ends in (further(wanted), further(wanted), never)
    )
    assert first.left and last.left == []
    run(jobs(Store(tmp_path / "whole"), [tuned]), Processes(tmp_path / "whole", [ONE_THREAD]))
    parts, whole = (Store(tmp_path / root).run(tuned) for root in ("parts", "whole"))
    assert parts.weights_sha256 == whole.weights_sha256


def test_a_place_that_takes_no_more_work_ends_the_call_with_what_is_left(tmp_path):
    class Lost(Pretended):
        def submit(self, job):
            if self.began:
                raise OSError("the scheduler does not answer")
            return super().submit(job)

    wanted = jobs(Store(tmp_path), recipes())
    place = Lost()
    outcome = run(wanted, place, every=0.01)
    assert outcome.lost == "OSError: the scheduler does not answer" and place.ended.is_set()
    assert len(outcome.done) == 1 and len(outcome.left) == len(wanted) - 1 and not outcome.failed
