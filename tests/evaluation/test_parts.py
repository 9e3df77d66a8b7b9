"""Parts of the paper's sets in the places of the whole ones: every experiment with them, on small folders."""

import numpy as np
import pytest
from tqdm import tqdm

from oe_core import Store, calibration_experiment, evaluate, experiment
from oe_core.evaluation.test_sets import out_sets, prepared, substituted
from oe_core.paper import comparison

BOTH = ("cifar10", "cifar100", "svhn-10k", "tiny-imagenet-32", "places-mini")
TEST = ("svhn", "textures", "chars74k", "icons", "imagenet-800", "intel-scenes", "scene15", "lsun-categories")
SCENES = {"textures", "places-mini", "lsun-categories"}
NO_CIFAR10 = "tiny-imagenet-32-no-cifar10"


@pytest.fixture(scope="module")
def at_hand(tmp_path_factory):
    """A folder of 20 pictures for every set that stands for one of the paper's; only SVHN's training set is missing."""
    root, generator = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    splits = [(name, split) for name in BOTH for split in ("train", "test")]
    for name, split in [*splits, *((name, "test") for name in TEST), (NO_CIFAR10, "train")]:
        (root / name / split).mkdir(parents=True)
        images = generator.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
        np.savez(root / name / split / "images.npz", images=images, labels=np.arange(20) % 2, classes=["X", "w"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_DATA", str(root))
        yield


@pytest.mark.parametrize(
    ("in_dist", "outliers", "noise", "others"),
    [
        ("svhn-10k", NO_CIFAR10, "Bernoulli", SCENES | {"icons", "cifar10", "chars74k"}),
        ("cifar10", NO_CIFAR10, "Rademacher", SCENES | {"svhn", "cifar100"}),
        ("cifar100", NO_CIFAR10, "Rademacher", SCENES | {"svhn", "cifar10"}),
        ("tiny-imagenet-32", "places-mini", "Rademacher",
         {"textures", "svhn", "intel-scenes", "scene15", "imagenet-800"}),
        ("places-mini", "tiny-imagenet-32", "Rademacher", {"textures", "svhn", "icons", "imagenet-800"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scale", ["smoke", "course", "paper"])
def test_the_paper_s_sets_are_replaced_by_those_at_hand_and_none_has_two_roles(
    at_hand, in_dist, outliers, noise, others, scale
):
    plan = substituted(experiment(in_dist, scale))
    found, missing = out_sets(plan, num_inliers=20)
    assert plan.exposed.outliers == outliers
    assert {out.key for out in found if out.examples is not None} == others
    assert [out.printed for out in found if out.examples is None] == ["Gaussian", noise, "Blobs"]
    assert list(missing) == (["Places69"] if in_dist == "places-mini" else [])


@pytest.mark.parametrize("in_dist", BOTH)
@pytest.mark.parametrize("detector", ["images", "branch", "gan", "density"])
def test_every_detector_of_images_has_an_experiment_with_each_whose_noise_fits_its_inputs(at_hand, in_dist, detector):
    for scale in ("smoke", "course", "paper"):
        plan = substituted(experiment(in_dist, scale, detector))
        noise = [out for out in out_sets(plan, num_inliers=4)[0] if out.examples is None]
        assert [float(out.inputs().min()) < 0 for out in noise] == [plan.exposed.signed] * 3


@pytest.mark.parametrize("in_dist", BOTH)
def test_table_9_and_the_calibration_have_an_experiment_with_each(at_hand, in_dist):
    usual, other = experiment(in_dist, "paper"), experiment(in_dist, "paper", network="allconv")
    assert other.baseline.model == ("allconv-relu-96" if in_dist == "tiny-imagenet-32" else "allconv-96")
    assert (other.baseline.epochs, other.exposed.epochs) == (usual.baseline.epochs, usual.exposed.epochs)
    held_out = calibration_experiment(in_dist, "paper")
    assert held_out.baseline.holdout == held_out.exposed.holdout > 0


def test_a_part_is_measured_under_its_own_name_and_said_to_stand_in_for_the_whole(at_hand, tmp_path):
    store = Store(tmp_path, progress=lambda **bar: tqdm(disable=True, **bar))
    found = evaluate(store, experiment("svhn-10k", "demo", share=0.5), seeds=1, draws=1)
    table = comparison.compare(found.records, 7)
    assert {in_dist for in_dist, _ in table.index} == {"svhn-10k"}
    assert (table.xs("paper", axis=1, level=2) == "—").all(axis=None)
    text = comparison.rendered(table)
    for said in ("svhn-10k stands in for SVHN", "places-mini stands in for Places365", f"Outliers of +OE: {NO_CIFAR10}",
                 "lsun-categories stands in for LSUN", "+OE of svhn-10k, trained for 2 of 5 epochs and 1 of 2",
                 "Different pictures of one source: places-mini, lsun-categories"):  # fmt: skip
        assert said in text


@pytest.mark.parametrize(
    ("in_dist", "roles"),
    [
        ("places-mini", {"out_dists": ["gaussian", "lsun-categories"]}),
        ("svhn-10k", {"out_dists": ["svhn"]}),
        ("tiny-imagenet-32", {"outliers": NO_CIFAR10}),
        ("cifar10", {"outliers": "places-mini", "out_dists": ["lsun-categories"]}),
    ],
)
def test_parts_of_one_set_in_two_roles_are_refused_before_any_training(at_hand, in_dist, roles):
    plan = experiment(in_dist, "smoke", **roles)
    with pytest.raises(ValueError, match="must be different data sets, and no parts of the same one"):
        prepared(plan)


def test_outliers_named_by_the_reader_leave_their_source_out_of_the_test_sets(at_hand):
    found = prepared(experiment("cifar10", "smoke", outliers="places-mini"))
    assert {"intel-scenes", "scene15"} <= {out.key for out in found.outs}
    assert not {"places-mini", "lsun-categories"} & {out.key for out in found.outs}
