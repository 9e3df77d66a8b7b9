"""The four scales of the book, and where its inputs and outputs live."""

import os
from pathlib import Path

from oe_core.arguments import check_choice, expanded

SCALES = {
    "smoke": "seconds a chapter; proves that everything runs, its numbers mean nothing",
    "demo": "embedded data on a laptop's CPU, the whole book in minutes (the default)",
    "course": "real data sets, shortened training: one GPU or a patient CPU",
    "paper": "the paper's data, networks and schedules",
}


def check_scale(scale: str) -> str:
    """Return `scale`, or raise a ValueError that lists the four scales."""
    check_choice("scale", scale, SCALES)
    return scale


def _root(variable: str, folder: str) -> Path:
    if os.environ.get(variable):
        return expanded(os.environ[variable]).resolve()
    checkout = Path(__file__).resolve().parents[1]
    base = checkout if (checkout / "pyproject.toml").exists() else Path.cwd()
    return (base / folder).resolve()


def data_root() -> Path:
    """Folder of the reader's own and of the downloaded data: `OE_DATA`, or `data/` in the checkout."""
    return _root("OE_DATA", "data")


def runs_root() -> Path:
    """Folder of everything that the book makes: `OE_RUNS`, or `runs/` in the checkout."""
    return _root("OE_RUNS", "runs")
