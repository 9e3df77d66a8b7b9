"""What holds for the experiments of every detector."""

from dataclasses import replace

import pytest

from oe_core.data.catalog import CATALOG
from oe_core.detectors.registry import KINDS, experiment
from oe_core.scales import SCALES

DETECTORS = [name for name, kind in KINDS.items() if kind.settings]


def learned(detector):
    """An in-distribution of the paper, and outliers of the other sort than the detector reads."""
    return KINDS[detector].settings.in_dists["paper"][-1]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("detector", DETECTORS)
def test_every_scale_has_experiments_whose_sets_have_one_role(detector, scale):
    settings = KINDS[detector].settings
    for in_dist in settings.in_dists[scale]:
        plan = experiment(in_dist, scale, detector)
        assert plan.baseline.outliers is None and plan.baseline.KIND == detector
        assert plan.exposed.parent == plan.networks[settings.parent]
        assert plan.exposed.outliers not in plan.out_dists and in_dist not in plan.out_dists
        assert (plan.seeds, plan.test_limit) == (settings.seeds[scale], settings.test_limit.get(scale))


@pytest.mark.parametrize("detector", DETECTORS)
def test_every_choice_of_every_option_is_an_experiment(detector):
    for option, choices in KINDS[detector].settings.options.items():
        for choice in choices:
            plan = experiment(learned(detector).replace("places365", "cifar10"), "paper", detector, **{option: choice})
            assert plan.exposed.KIND == detector


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_share_shortens_every_network_and_nothing_else_of_an_experiment(detector):
    in_dist = KINDS[detector].settings.in_dists["paper"][0]
    whole, short = (experiment(in_dist, "paper", detector, share=share) for share in (1, 0.3))
    assert short.exposed.parent == short.networks[KINDS[detector].settings.parent]
    for role, recipe in short.networks.items():
        assert recipe.epochs == max(1, round(0.3 * whole.networks[role].epochs)) < whole.networks[role].epochs
        assert f"{recipe.epochs} of {whole.networks[role].epochs}" in recipe.shortening
    assert replace(short, baseline=whole.baseline, between=whole.between, exposed=whole.exposed) == whole
    assert (whole.extent, short.extent) == ("paper", f"paper, {short.exposed.shortening}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"share": 2}, "share=2 must be a number above 0, at most 1"),
        ({"in_dist": "ciphar"}, "in_dist: 'ciphar' is unknown; known are"),
        ({"outliers": "no-such-set"}, "outliers: 'no-such-set' is unknown"),
        (
            {"out_dists": ["no-such-set"]},
            "out_dists: 'no-such-set' is unknown; .* put a folder at",
        ),
        ({"scale": "tiny"}, "scale='tiny' is unknown; choose one of smoke, demo, course, paper"),
        ({"colour": "red"}, "option='colour' is unknown; choose one of"),
    ],
)
@pytest.mark.parametrize("detector", DETECTORS)
def test_unknown_names_are_refused_and_the_known_ones_listed(detector, arguments, message):
    with pytest.raises(ValueError, match=message):
        experiment(**{"in_dist": learned(detector), "scale": "demo", "detector": detector} | arguments)


@pytest.mark.parametrize(
    ("detector", "option"), [(name, option) for name in DETECTORS for option in KINDS[name].settings.options]
)
def test_an_unknown_choice_of_an_option_lists_the_known_ones(detector, option):
    known = ", ".join(KINDS[detector].settings.options[option])
    with pytest.raises(ValueError, match=f"{option}='both' is unknown; choose one of {known}"):
        experiment(learned(detector), "demo", detector, **{option: "both"})


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_set_in_two_roles_and_one_of_the_other_sort_are_refused(detector):
    in_dist, kind = learned(detector), KINDS[detector].sources.kind
    with pytest.raises(ValueError, match="must be different data sets"):
        experiment(in_dist, "demo", detector, out_dists=[in_dist])
    other = next(name for name, row in CATALOG.items() if row.kind != kind)
    with pytest.raises(ValueError, match=f"outliers: '{other}' is unknown"):
        experiment(in_dist, "demo", detector, outliers=other)


@pytest.mark.parametrize(
    ("roles", "shared"),
    [({"outliers": "font-letters~part=5"}, True), ({"out_dists": ["font-letters~noise=0.2"]}, False),
     ({"out_dists": ["digits~noise=0.2"]}, True), ({"outliers": "digits~noise=0.2"}, False)],
)  # fmt: skip
def test_what_is_made_of_a_set_shares_its_role_where_anomalies_are_concerned(roles, shared):
    roles = {"out_dists": ["font-letters"], "outliers": "photo-china"} | roles
    if shared:
        with pytest.raises(ValueError, match="must be different data sets"):
            experiment("digits", "demo", **roles)
    else:
        plan = experiment("digits", "demo", **roles)
        assert (plan.exposed.outliers, list(plan.out_dists)) == (roles["outliers"], roles["out_dists"])


def test_what_is_made_of_an_in_distribution_is_learned_with_its_settings():
    plan, made = experiment("digits", "demo"), experiment("digits~tail=20", "demo")
    assert made.baseline == replace(plan.baseline, name="digits~tail=20", in_dist="digits~tail=20")


def test_a_way_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="'loud' is no way to make a set of another; choose one of noise=<sigma>"):
        experiment("digits", "demo", outliers="photo-china~loud")
    with pytest.raises(ValueError, match="'raw' is no way to make a set of another; choose one of none"):
        experiment("docstrings", "demo", "language", outliers="docstrings-stdlib~raw")


def test_an_unknown_detector_lists_the_known_ones():
    with pytest.raises(ValueError, match=f"detector='vae' is unknown; choose one of {', '.join(DETECTORS)}"):
        experiment("digits", "demo", "vae")
