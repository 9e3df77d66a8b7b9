"""Table 5 as it was measured, and the READMEs that quote it."""

import re

import pytest
from reference_records import RESULTS, ROOM

from oe_core.evaluation import records
from oe_core.paper import comparison


@pytest.mark.parametrize("readme", [RESULTS, ROOM / "README.md"])
def test_the_density_tables_quote_the_records(readme):
    """Each row's measured AUROCs stand in their columns, without exposure first and letters last."""
    folders = [f"density-cifar10{part}" for part in ("", "-longer", "-letters")]
    whole = [records.read(ROOM / folder / "records.csv") for folder in folders]
    aurocs = [part[part["metric"] == "AUROC"].groupby(["method", "out_dist"])["value"].mean() for part in whole]
    lines = re.split(r"\n(?:## )?Density", readme.read_text(encoding="utf-8"))[1].splitlines()
    for out in ("Rademacher", "Blobs", "Textures", "CIFAR-100", "Chars74K"):
        measured = [aurocs[0]["BPP", out], *(part["+OE", out] for part in aurocs)]
        if readme == RESULTS:
            measured.pop(2)  # the longer exposure is not in it
        row = next(line for line in lines if line.startswith((f"| {out} |", f"| {out} (for")))
        assert row.split(" | ")[1 : 1 + len(measured)] == [f"{value:.1f}" for value in measured]


def test_letters_help_a_density_estimator_and_photographs_do_not():
    tables_5 = [comparison.compare(records.read(ROOM / folder / "records.csv"), 5)["AUROC"]
                for folder in ("density-cifar10-longer", "density-cifar10-letters")]  # fmt: skip
    gains = [table["+OE", "mean"] - table["BPP", "mean"] for table in tables_5]
    assert abs(gains[0]["CIFAR-10", "Mean"]) < 1 and gains[1].drop([("CIFAR-10", "Gaussian")]).min() > 1
    assert tables_5[0]["BPP", "mean"]["CIFAR-10", "Chars74K"] < 50  # likelier than the inliers
