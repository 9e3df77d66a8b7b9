"""Every recipe that an experiment can ask for keeps its digest, so that stored runs and measured records stay valid.

`golden_recipes.csv` has one row a network: detector, in-distribution, scale, options, role, name and 16 digits of its
digest; the role "tests" stands for outliers, out-distributions, seeds, draws and limit, "refused" for no experiment.
"""

import csv
import hashlib
import json
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from oe_core import calibration_experiment, experiment, from_scratch, with_objective

ROWS = list(csv.DictReader(Path(__file__).with_name("golden_recipes.csv").read_text(encoding="utf-8").splitlines()))


def _case(row):
    return row["detector"], row["in_dist"], row["scale"], row["options"]


CASES = {case: list(rows) for case, rows in groupby(sorted(ROWS, key=_case), _case)}


@pytest.fixture(scope="module", autouse=True)
def folders_of_a_reader(tmp_path_factory):
    home = tmp_path_factory.mktemp("data")
    (home / "shells" / "train").mkdir(parents=True)
    arrays = {"images": np.zeros((4, 8, 8, 3), np.uint8), "labels": np.arange(4) % 2}
    np.savez(home / "shells" / "train" / "images.npz", **arrays)
    (home / "letters").mkdir()
    (home / "letters" / "train.tsv").write_text("a\tone two\nb\tthree\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_DATA", str(home))
        yield


def _made(detector, in_dist, scale, options):
    """{role: (name, digest)} of one experiment; {"refused": ("", "")} where there is none."""
    if options == "from scratch":
        plan = experiment(in_dist, scale)
        recipe = from_scratch(plan.baseline, plan.exposed.outliers)
        return {"scratch": (recipe.name, recipe.digest)}
    settings = dict(option.split("=") for option in options.split())
    if detector == "objectives":
        plan, own_parent = experiment(in_dist, scale), settings["objective"] in ("reject-class", "multilabel")
        recipe = with_objective(plan.baseline if own_parent else plan.exposed, settings["objective"])
        return {"exposed": (recipe.name, recipe.digest)}
    held_out = settings.pop("holdout", "")
    try:
        if held_out:
            plan = calibration_experiment(
                in_dist, scale, holdout=0 if held_out == "paper" else int(held_out), **settings
            )
        else:
            plan = experiment(in_dist, scale, detector, **settings)
    except ValueError:
        return {"refused": ("", "")}
    of_test = [plan.exposed.outliers, list(plan.out_dists), plan.seeds, plan.draws, plan.test_limit, plan.in_place_of]
    networks = {role: (recipe.name, recipe.digest) for role, recipe in plan.networks.items()}
    return networks | {"tests": ("", hashlib.sha256(json.dumps(of_test).encode()).hexdigest())}


@pytest.mark.parametrize("detector", sorted({row["detector"] for row in ROWS}))
@pytest.mark.parametrize("scale", ["smoke", "demo", "course", "paper"])
def test_recipes_names_and_test_sets_are_those_of_the_stored_runs(detector, scale):
    for (kind, in_dist, of_scale, options), rows in CASES.items():
        if (kind, of_scale) == (detector, scale):
            made = _made(detector, in_dist, scale, options)
            expected = {row["role"]: (row["name"], row["digest"]) for row in rows}
            assert {role: (name, digest[:16]) for role, (name, digest) in made.items()} == expected, (in_dist, options)
