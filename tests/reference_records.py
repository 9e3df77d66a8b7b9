"""The measured results that the repository keeps in runs/reference, as tests read them."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOM = ROOT / "runs" / "reference"
COURSE = ROOM / "cifar10-course"
RESULTS = ROOT / "book" / "site" / "results.md"


def evidence_of(folder: Path) -> dict:
    """What the records in a folder rest on."""
    return json.loads((folder / "evidence.json").read_text(encoding="utf-8"))


def prose(page: Path) -> str:
    """The text of a page, its lines joined."""
    return " ".join(page.read_text(encoding="utf-8").split())
