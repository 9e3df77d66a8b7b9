from dataclasses import replace

import pytest

from oe_core.data.catalog import printed_name
from oe_core.detectors.registry import experiment
from oe_core.evaluation.holdout import HOLDOUT, IN_DISTS, PROTOCOLS, calibration_experiment
from oe_core.paper.comparison import paper_table
from oe_core.scales import SCALES


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_holds_the_same_examples_out_of_both_trainings(scale):
    for in_dist in IN_DISTS[scale]:
        plan = calibration_experiment(in_dist, scale)
        assert plan.exposed.parent == plan.baseline
        assert plan.baseline.holdout == plan.exposed.holdout == HOLDOUT[in_dist]


def test_the_papers_rows_and_hold_outs():
    assert [printed_name(key) for key in IN_DISTS["paper"]] == list(dict.fromkeys(paper_table(12)["in_dist"]))
    held_out = [calibration_experiment(key, "paper").baseline.holdout for key in IN_DISTS["paper"]]
    assert held_out == [5_000, 5_000, 5_000, 10_000]


@pytest.mark.parametrize("in_dist", IN_DISTS["paper"])
def test_without_the_hold_out_the_papers_recipes_are_those_of_table_7(in_dist):
    ours, table_7 = calibration_experiment(in_dist, "paper"), experiment(in_dist, "paper")
    assert replace(ours.baseline, holdout=0) == table_7.baseline
    assert replace(ours.exposed, holdout=0, parent=table_7.baseline) == table_7.exposed
    assert (ours.out_dists, ours.seeds, ours.draws) == (table_7.out_dists, table_7.seeds, table_7.draws)


def test_a_share_shortens_both_trainings_at_every_scale():
    short = calibration_experiment("cifar10", "paper", share=0.3)
    assert short == calibration_experiment("cifar10", "paper").shortened(0.3)
    assert short.extent == "paper, 30 of 100 epochs and 3 of 10"
    assert calibration_experiment("digits", "smoke", share=0.5).extent == "smoke, 1 of 2 epochs"


def test_cifar10_at_course_shares_its_networks_with_table_7():
    ours, table_7 = (make("cifar10", "course") for make in (calibration_experiment, experiment))
    assert (ours.baseline.digest, ours.exposed.digest) == (table_7.baseline.digest, table_7.exposed.digest)


def test_the_readings_differ_where_text_and_code_do():
    paper, code = PROTOCOLS["paper"], PROTOCOLS["code"]
    assert (paper.ratio, paper.last_bin, paper.bounds) == (1, True, None)
    assert (code.ratio, code.last_bin, code.bounds) == (5, False, (0.2, 5.0))
    assert (
        replace(paper, ratio=5) == PROTOCOLS["code-ratio"] and replace(paper, last_bin=False) == PROTOCOLS["code-bins"]
    )
    assert str(paper) == "1 inlier to one anomaly, all bins, any temperature"
    assert str(code) == "5 inliers to one anomaly, without the most confident bin, temperatures from 0.2 to 5.0"


def test_another_hold_out_is_taken_as_given():
    assert calibration_experiment("digits", "demo", holdout=200).exposed.parent.holdout == 200
    assert not calibration_experiment("mnist", "demo", holdout=200).between
    assert calibration_experiment("photo-china", "demo", outliers="font-letters", holdout=600).baseline.holdout == 600


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"in_dist": "photo-china", "outliers": "font-letters"}, "holdout=0, but .* nothing of 'photo-china'; say"),
        ({"holdout": -1}, "holdout=-1 must be a whole number of at least 0"),
        ({"in_dist": "places365", "scale": "paper"}, "'places365' starts from resnet18_.*; choose one of svhn"),
        ({"in_dist": "digit"}, "in_dist: 'digit' is unknown"),
        ({"variant": "both"}, "variant='both' is unknown"),
    ],
)
def test_what_cannot_be_held_out_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        calibration_experiment(**{"in_dist": "digits", "scale": "demo"} | arguments)
