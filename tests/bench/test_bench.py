from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import nn

from bench import comparisons, plain
from bench.__main__ import line, main
from bench.timing import Comparison, alternate, seconds_of
from oe_core.evaluation import calibration, metrics
from oe_core.networks.dropout import Dropout

CPU = torch.device("cpu")


def test_the_quick_form_prints_a_line_for_every_comparison(capsys, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0}, raising=False)  # fewer cores than workers: no warning
    main(["--quick"])
    head, *lines = capsys.readouterr().out.splitlines()
    assert f"torch {torch.__version__}" in head and "threads" in head
    works = [
        "input pipeline", "OE step, wrn-10-1", "OE step in bfloat16, wrn-10-1", "text step, gru, shared",
        "OE step, wrn-10-1, shared", "LM step, qrnn", "density step, 1 x 4", "GAN step, wrn-10-1",
        "scoring, wrn-10-1", "scoring files, wrn-10-1", "metrics, 100 + 20 scores", "calibration, 250 examples",
    ]  # fmt: skip
    assert [text.split("  ")[0] for text in lines] == works
    assert all("ratio" in text for text in lines)
    shared = ["slowed (beside 2 busy processes)" in text and "at most 3" in text for text in lines]
    assert shared == [work.endswith("shared") for work in works]
    assert all("plain (" in text for text in lines if "slowed" not in text)


def test_ratios_pair_the_rounds_and_use_the_fastest_plain_variant():
    result = Comparison("work", {"slow": [9.0, 9.0, 9.0], "fast": [4.0, 6.0, 2.0]}, [1.0, 2.0, 2.0], items=8)
    assert result.best_plain == "fast"
    assert result.ratios == [1.0, 3.0, 4.0]


def test_a_line_holds_medians_ratio_with_range_and_share_of_the_peak():
    result = Comparison("work", {"float32": [0.4, 0.6, 0.2]}, [0.1, 0.2, 0.2], items=8, target=2.5, flops=3e11)
    text = line(result, peak=6e12)
    assert "200.00 ms" in text and "40/s" in text and "plain (float32)    400.00 ms" in text
    assert "ratio 3.0 (1.0 to 4.0, n=3) | target 2.5" in text
    assert text.endswith("2 TFLOP/s, 25% of the bf16 peak")


def test_variants_alternate_and_the_warm_up_does_not_count():
    calls = []
    variants = {name: lambda name=name: calls.append(name) or float(len(calls)) for name in "abc"}
    seconds = alternate(variants, 2)
    assert "".join(calls) == "abc" + "abc" + "bca"
    assert seconds == {"a": [4.0, 9.0], "b": [5.0, 7.0], "c": [6.0, 8.0]}


def test_seconds_are_of_one_call():
    calls = []
    assert seconds_of(lambda: calls.append(1), CPU, repeats=5) < 1
    assert len(calls) == 5


def test_the_operations_of_a_wide_resnet_40_2_step_are_those_counted_by_hand():
    # 327.6 million multiply-adds forward an image; backward costs twice that, but for the first convolution.
    assert comparisons.step_flops(comparisons.WRN, 384) == pytest.approx(384 * 327.6e6 * 2 * 3, rel=0.005)


def test_the_step_that_is_measured_is_the_papers():
    recipe = comparisons.WRN
    assert (recipe.model, recipe.batch_size, recipe.outlier_batch_size) == ("wrn-40-2", 128, 256)
    assert (recipe.dropout, recipe.oe_weight, recipe.momentum, recipe.weight_decay) == (0.3, 0.5, 0.9, 5e-4)


def test_the_plain_network_differs_in_its_dropout_only():
    recipe = replace(comparisons.TINY, dropout=0.3)
    model = plain.network(recipe, 10, CPU)
    kinds = [type(module) for module in model.modules()]
    assert Dropout not in kinds and kinds.count(nn.Dropout) == 3
    assert all(module.p == 0.3 for module in model.modules() if isinstance(module, nn.Dropout))


def test_plain_batches_join_inliers_and_outliers_and_normalise_them():
    white = torch.full((20, 3, 8, 8), 255, dtype=torch.uint8)
    batch = next(plain.pil_batches(comparisons.TINY, white, white, workers=0))
    assert batch.shape == (24, 3, 8, 8)
    red = batch[:, 0]  # white or the black border of a crop, under the CIFAR statistics
    assert red.max().item() == pytest.approx((255 - 125.3) / 63.0, abs=1e-5)
    assert red.min().item() == pytest.approx(-125.3 / 63.0, abs=1e-5)


def test_plain_scores_are_minus_the_largest_probability():
    class Fixed(nn.Module):
        def forward(self, inputs):
            return inputs.flatten(1)[:, :2]

    inputs = torch.zeros(3, 3, 1, 1)
    inputs[2, 0] = np.log(3)
    assert plain.msp_scores(Fixed(), inputs, batch_size=2) == pytest.approx([-0.5, -0.5, -0.75])


@pytest.mark.parametrize("decimals", [1, 6])
def test_both_routes_to_the_metrics_agree_with_ties_and_without(decimals):
    rng = np.random.default_rng(1)
    in_scores, out_scores = rng.normal(0, 1, 500).round(decimals), rng.normal(1, 1, 100).round(decimals)
    theirs = plain.detection_metrics(in_scores, out_scores)
    assert theirs == pytest.approx(metrics.detection_metrics(in_scores, out_scores), abs=1e-12)
    labels, scores = np.repeat([0, 1], [500, 100]), np.concatenate([in_scores, out_scores])
    assert theirs["AUROC"] == roc_auc_score(labels, scores)
    assert theirs["AUPR"] == average_precision_score(labels, scores)


def test_metrics_that_disagree_are_not_timed(monkeypatch):
    monkeypatch.setattr(metrics, "detection_metrics", lambda *_: {"FPR95": 0.0, "AUROC": 1.0, "AUPR": 1.0})
    with pytest.raises(ArithmeticError, match="scikit-learn .* apart"):
        comparisons.detection(100, 20, rounds=1)


def test_calibration_errors_that_disagree_are_not_timed(monkeypatch):
    monkeypatch.setattr(calibration, "calibration_metrics", lambda *_: {"RMS": 0.0, "MAD": 0.0, "SoftF1": 1.0})
    with pytest.raises(ArithmeticError, match="calibration, 250 examples: .* two loops .* apart"):
        comparisons.calibration_errors(250, rounds=1)


def test_a_training_too_short_for_its_rounds_is_an_error():
    recipe = replace(comparisons.TINY, epochs=1)
    with pytest.raises(ValueError, match="a training of 16 steps is too short for 1 [+] 20 x 1"):
        comparisons.training_step(recipe, CPU, steps=1, warm_up=1, rounds=20)
