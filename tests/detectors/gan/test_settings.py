from dataclasses import replace
from functools import partial

import pytest
from tqdm import tqdm

from oe_core.data.anomalies import ANOMALY_NAMES
from oe_core.data.catalog import printed_name
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.gan.settings import SETTINGS
from oe_core.detectors.registry import KINDS, experiment
from oe_core.evaluation.evaluate import evaluate
from oe_core.paper import comparison
from oe_core.runs.store import Store
from oe_core.scales import SCALES

IN_DISTS = SETTINGS.in_dists
OUT_DISTS = SETTINGS.out_dists
SEEDS = SETTINGS.seeds
gan_experiment = partial(experiment, detector="gan")


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_has_three_networks_that_share_optimiser_and_length(scale):
    for in_dist in IN_DISTS[scale]:
        plan = gan_experiment(in_dist, scale)
        assert list(plan.networks) == ["baseline", "synthetic", "exposed"]
        assert plan.exposed.parent == plan.networks["synthetic"] and plan.exposed.beta == 0
        synthetic = plan.networks["synthetic"]
        of_the_gan = {"name": f"{in_dist}-gan", "beta": synthetic.beta, "batch_size": synthetic.batch_size}
        assert synthetic.beta > 0 and synthetic == replace(plan.baseline, **of_the_gan)
        assert plan.seeds == SEEDS[scale]


def test_the_papers_settings_are_those_of_lee_et_al():
    plans = [gan_experiment(name, "paper") for name in ("cifar10", "cifar100")]
    ten, hundred = (plan.networks["synthetic"] for plan in plans)
    assert [plan.baseline.batch_size for plan in plans] == [128, 128]
    assert (ten.batch_size, ten.beta, hundred.batch_size, hundred.beta) == (64, 0.1, 128, 1.0)
    for recipe in (ten, hundred):
        assert (recipe.model, recipe.epochs, recipe.drop_after, recipe.rate_drop) == ("wrn-40-4", 100, 60, 0.1)
        assert (recipe.learning_rate, recipe.latent, recipe.filters, recipe.scaling) == (2e-4, 100, 64, "unit")
    assert gan_experiment("cifar10", "paper").exposed.outliers == "tiny-images-80m"


@pytest.mark.parametrize("in_dist", ["cifar10", "cifar100"])
def test_the_out_distributions_are_those_of_table_7_with_noise_in_the_unit_range(in_dist):
    named = {ANOMALY_NAMES.get(key) or printed_name(key) for key in OUT_DISTS[in_dist]}
    assert named ^ comparison.paper_out_dists(4, printed_name(in_dist)) == {"Bernoulli", "Rademacher"}


def test_the_columns_are_those_of_the_papers_table_4():
    columns = KINDS[GanRecipe.KIND].columns
    assert [column.method for column in columns] == list(dict.fromkeys(comparison.paper_table(4)["method"]))


def test_the_protocol_measures_three_columns_and_table_4_shows_means_alone(tmp_path):
    plan = gan_experiment("digits", "smoke", out_dists=["gaussian", "bernoulli"])
    store = Store(tmp_path, progress=lambda **bar: tqdm(disable=True, **bar))
    found = evaluate(store, plan, draws=2)
    counted = found.records.groupby(["table", "method", "out_dist"]).size()
    assert counted.to_dict() == {
        (4, method, name): 2 * 3 for method in ("MSP", "+GAN", "+OE") for name in ("Gaussian", "Bernoulli")
    }
    assert set(found.records.loc[found.records["method"] != "+OE", "outliers"]) == {""}
    table = comparison.compare(found.records, 4)
    assert table.index.tolist() == [("digits", "Mean")]
    noise = found.tests.outs[0].inputs()
    assert noise.min() == 0 and noise.max() == 1
    assert found.quality["method"].tolist() == ["MSP", "+GAN", "+OE"]
    assert "samples" in found.runs["+GAN", 0].weights and "samples" not in found.runs["+OE", 0].weights
