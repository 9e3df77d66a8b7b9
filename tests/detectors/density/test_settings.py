from functools import partial

import pytest

from oe_core.data.anomalies import ANOMALY_NAMES
from oe_core.data.catalog import printed_name
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.density.settings import SETTINGS, VARIANTS
from oe_core.detectors.registry import experiment
from oe_core.paper.comparison import paper_out_dists

IN_DISTS = SETTINGS.in_dists
OUT_DISTS = SETTINGS.out_dists["cifar10"]
density_experiment = partial(experiment, detector="density")


def test_the_out_distributions_are_those_of_the_papers_table_5():
    names = {ANOMALY_NAMES.get(key) or printed_name(key) for key in OUT_DISTS}
    assert names == paper_out_dists(5, "CIFAR-10")


def test_the_papers_network_is_the_public_one_fine_tuned_for_two_epochs():
    plan = density_experiment("cifar10", "paper")
    assert (plan.baseline.filters, plan.baseline.blocks, plan.baseline.mixtures, plan.baseline.dropout) == (
        160,
        5,
        10,
        0.5,
    )
    assert (plan.exposed.epochs, plan.exposed.outliers, plan.test_limit) == (2, "tiny-images-80m", None)


def test_variants_share_the_baseline_and_differ_in_the_margin_alone():
    plans = {name: density_experiment("cifar10", "course", variant=name) for name in VARIANTS}
    assert len({plan.baseline for plan in plans.values()}) == 1
    assert len({plan.exposed.digest for plan in plans.values()}) == len(VARIANTS)
    exposed = {name: plan.exposed for name, plan in plans.items()}
    settings = {name: (r.margin_unit, r.margin_count, r.inlier_likelihood) for name, r in exposed.items()}
    assert settings["paper"] == ("bits", "sub-pixels", True)
    assert settings["nats-pixels"] == ("nats", "pixels", True)
    assert settings["margin-alone"] == ("bits", "sub-pixels", False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"margin_unit": "digits"}, "margin_unit='digits' is unknown; choose one of bits, nats"),
        ({"margin_count": "images"}, "margin_count='images' is unknown; choose one of sub-pixels, pixels"),
        ({"size": 30}, "size=30 must be divisible by 4"),
        ({"polyak": 1.0}, r"polyak=1.0 must be in \[0, 1\)"),
        ({"rate_decay": 0}, "rate_decay=0 must be a number above 0, at most 1"),
        ({"outliers": "b", "outlier_batch_size": 32}, "outlier_batch_size=32 must equal batch_size=64"),
    ],
)
def test_impossible_settings_name_the_field(change, message):
    with pytest.raises(ValueError, match=message):
        DensityRecipe("a", "a", **change)
