"""Every folder of measured results: whole evidence, and no path of one machine."""

import re

import pandas as pd
import pytest
from reference_records import ROOM, evidence_of

from oe_core.detectors.registry import recipe_from_json
from oe_core.evaluation import records
from oe_core.paper import comparison

FOLDERS = sorted(path.parent for path in ROOM.glob("*/records.csv"))
# A lent GPU had a copy without history; its README says of what.
UNCOMMITTED = [ROOM / name for name in ("cifar10-paper", "mnist", "svhn-paper")]
OTHERS = [ROOM / name for name in ("detectors-cifar10", "outlier-classes-cifar10", "design-cifar10")]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_evidence_says_scale_seeds_draws_hardware_time_data_and_commit(folder):
    evidence, measured = evidence_of(folder), records.read(folder / "records.csv")
    assert evidence["scale"] == measured["scale"].unique().item()
    assert evidence["seeds"] == sorted(measured["seed"].unique())
    assert {name: draws["count"] for name, draws in evidence["draws"].items()} == (
        measured.groupby("out_dist")["draw"].nunique().to_dict()
    )
    for run in evidence["runs"]:
        assert run["device"]["name"] and run["seconds"] > 0
        assert re.fullmatch("[0-9a-f]{40}", run["commit"])
        assert run["dirty"] is (run["device"]["type"] == "cuda" and folder in UNCOMMITTED)
        assert re.fullmatch("[0-9a-f]{64}", run["data"]["inliers"]["fingerprint"])
        assert recipe_from_json(run["recipe"]).digest == run["digest"]


@pytest.mark.parametrize("folder", [*FOLDERS, *OTHERS], ids=lambda folder: folder.name)
def test_no_evidence_names_a_path_of_one_machine(folder):
    for file in folder.iterdir():
        if file.suffix in (".json", ".csv", ".md"):
            assert not re.search(r"/(work|root|home|tmp|Users)/", file.read_text(encoding="utf-8")), file


TABLES = sorted(path for folder in FOLDERS for path in folder.glob("table_[01][0-9].md"))


@pytest.mark.parametrize("table", TABLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_below_a_kept_table_stands_what_its_records_say_today(table):
    # The page of the words has the rows of the characters, too.
    folders = [table.parent, *ROOM.glob("lm-ptb-characters")] if table.parent.name == "lm-ptb-words" else [table.parent]
    measured = pd.concat([records.read(folder / "records.csv") for folder in folders])
    today = comparison.rendered(comparison.compare(measured, int(table.stem[-2:]))).splitlines()
    notes = [line for line in table.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    # How calibration is sampled is the chapter's to say.
    assert [line for line in notes if line not in today and not line.startswith("- Samples: ")] == []
    assert "(s)" not in table.read_text(encoding="utf-8")
