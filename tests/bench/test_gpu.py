"""The check of a GPU, as far as it goes without one."""

import json
import warnings

import pytest
import torch

from bench.gpu import agreement
from bench.gpu.__main__ import Report, main
from bench.gpu.speed import PRODUCTS, Speed
from bench.gpu.work import SMALL, TIMED
from oe_core.detectors.text import network

CPU = torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(capsys):
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "torch sees no CUDA device" in capsys.readouterr().err


@pytest.fixture
def unheard(monkeypatch):
    """Nothing is waited for on a CPU."""
    monkeypatch.setattr(agreement, "WaitingBar", type("Unheard", (agreement.CountingBar,), {"waits": []}))


@pytest.mark.parametrize("name", ["images, grey-conv", "text", "language, adam"])
def test_a_device_agrees_with_itself_also_after_an_interruption(name, unheard):
    result = agreement.agreement(name, SMALL[name], CPU, comparable=True)
    assert result.problems == []
    exact = ("float32 losses", "float32 scores", "resumed losses")
    assert [result.distances[of] for of in exact] == [0, 0, 0]
    assert 0 < result.distances["bfloat16 scores"] < agreement.TOLERANCES["bfloat16 scores"]


def test_a_training_that_is_not_taken_up_where_it_was_left_is_a_problem(unheard, monkeypatch):
    class Doubled(agreement.Memory):
        def load(self):
            return self.state and self.state | {"epoch_losses": 2 * self.state["epoch_losses"]}

    monkeypatch.setattr(agreement, "Memory", Doubled)
    result = agreement.agreement("text", SMALL["text"], CPU, comparable=False)
    assert [problem.split(" by ")[0] for problem in result.problems] == ["resumed losses differ"]


def test_apart_is_by_the_value_and_a_nan_is_far_away():
    assert agreement.apart(torch.tensor([2.0, 0.0]), torch.tensor([2.5, 0.0])) == 0.25
    assert agreement.apart(torch.tensor([1.0]), torch.tensor([float("nan")])) == float("inf")


def test_a_captured_kind_must_not_wait_and_another_one_may():
    waiting = [
        agreement.Agreement("a", {}, ["waits at x.py:1", "waits at x.py:1"], captured) for captured in (True, False)
    ]
    assert [result.problems for result in waiting] == [["waits at x.py:1"], []]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0.01, "Python and the batch: the GPU computes 20% of the time"),
        (0.002, "600 kernels: 50% of the time in convolutions and matrix products, at 10% of the peak, "
                "50% in memory traffic and launches"),
    ],
)  # fmt: skip
def test_what_bounds_a_step_is_computed(step, expected):
    speed = Speed(TIMED[0], step, device=0.002, products=0.001, kernels=600, start=1, flops=1e9, memory=1)
    assert speed.bound(peak=1e13) == expected
    assert speed.seconds == {100: pytest.approx(step * 39_100)}


def test_kernels_that_multiply_are_known_by_their_names():
    products = ["sm90_xmma_wgrad_indexed_implicit_gemm_bf16", "void cutlass__5x_cudnn::Kernel<x>", "nvjet_sm90_tst"]
    others = ["triton_red_fused__native_batch_norm_legit_7", "void at::native::vectorized_elementwise_kernel"]
    assert [name for name in products + others if PRODUCTS.search(name)] == products


def test_a_report_keeps_every_row_that_came_so_far_and_an_error_as_a_row(tmp_path, capsys):
    def broken():
        raise ValueError("no such kernel\nand more")

    report = Report(tmp_path / "h200", {"device": "a card"})
    report.table("speed", ["training", "ms", ""], {
        "one": lambda: ({"step": 1.5}, ["1.50", "fine"], True),
        "two": broken,
        "three": lambda: ({"step": 2.5}, ["2.50", "far"], False),
    })  # fmt: skip
    written = (tmp_path / "h200" / "report.md").read_text()
    assert written.splitlines()[:5] == [
        "| training | ms |  |", "| --- | ---: | --- |", "| one | 1.50 | fine |",
        "| two |  | ValueError: no such kernel |", "| three | 2.50 | far |",
    ]  # fmt: skip
    assert report.failed == ["two", "three"]
    kept = json.loads((tmp_path / "h200" / "report.json").read_text())
    assert (kept["device"], kept["speed"]) == ("a card", [{"step": 1.5}, {"step": 2.5}])
    assert "no such kernel" in capsys.readouterr().err


def test_where_a_step_waits_is_said_without_the_place_of_the_checkout():
    def place(filename):
        return agreement._place(warnings.WarningMessage("called a synchronizing operation", UserWarning, filename, 26))

    assert place(network.__file__) == "waits at oe_core/detectors/text/network.py:26"
    assert place("/some/where/site-packages/torch/optim/asgd.py") == "waits at torch/optim/asgd.py:26"
