"""What was measured, as chapters and the reference keep it: evaluations with their evidence, ledgers, figures.

A source is a folder with the `records.csv` and `evidence.json` of an evaluation. One named like another beside it, a
dash and words (`density-cifar10-letters`) is a variant of that experiment: another reading, which stands for no number
of the paper but where the paper's own numbers follow it (`index.Table.variant`).
"""

import io
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from oe_core.atomic import DamagedFileError, read_record, read_whole, understood, write_text
from oe_core.data.anomalies import ANOMALIES
from oe_core.evaluation import records as record_table
from oe_core.paper import index
from oe_core.runs.provenance import CHECKOUT
from oe_core.wording import several

REFERENCE = CHECKOUT / "runs" / "reference"
AGAIN = "build the chapter that wrote it again"
# claims.csv: what chapters 9 and 12 test, each claim with what would contradict it, stated before it is tested.
CLAIMS = pd.read_csv(Path(__file__).with_name("claims.csv"), index_col="key")
CONTRADICTED = "contradicted by"


@dataclass(frozen=True, eq=False)
class Source:
    """The records of one evaluation and what they rest on.

    name: its folder below the root that it was found under. evidence: as `Evaluation.evidence`, {} where there is none.
    variant: what its name adds to that of the experiment that it is a variant of, "" for the experiment itself.
    """

    name: str
    folder: Path
    evidence: dict
    variant: str = ""

    @cached_property
    def records(self) -> pd.DataFrame:
        """As `oe_core.evaluation.records.read`; ValueError as well for others than the evidence was written with."""
        path = self.folder / "records.csv"
        try:
            if written := self.evidence.get("records_sha256"):
                read_whole(path, written)
            return record_table.read(path)
        except (ValueError, DamagedFileError) as error:
            raise ValueError(f"{error}; {AGAIN}") from error

    @property
    def scale(self) -> str:
        return self.records["scale"].iloc[0]

    def of(self, table: int, in_dist: str) -> pd.DataFrame:
        """The records that a table of the paper shows of one in-distribution, under the table's name for it."""
        shown = index.row(table).records(self.records)
        return shown[shown["in_dist"] == in_dist]


def sources(*roots: Path) -> list[Source]:
    """Every evaluation saved below the roots, in their order and by name.

    Raises ValueError naming a root that is no folder, or a file of evidence that cannot be read.
    """
    found = []
    for root in map(Path, roots):
        if not root.is_dir():
            raise ValueError(f"{root} is no folder; give folders below which evaluations were saved")
        folders = sorted(path.parent for path in root.rglob("records.csv"))
        for folder in folders:
            # The shortest name that it begins with is that of the experiment.
            bases = [other for other in folders if str(folder).startswith(f"{other}-")]
            variant = str(folder)[len(str(bases[0])) + 1 :] if bases else ""
            evidence = _evidence(folder / "evidence.json")
            found.append(Source(folder.relative_to(root).as_posix(), folder, evidence, variant))
    return found


def _evidence(path: Path) -> dict:
    if not os.path.lexists(path):
        return {}
    found = _parsed(path, lambda text: dict(json.loads(text)))
    if "record_sha256" in found:  # not in evidence that was written before it carried its own hash
        try:
            return read_record(path)
        except DamagedFileError as error:
            raise ValueError(f"{error}; {AGAIN}") from error
    return found


def _parsed(path: Path, parse: Callable):
    try:
        payload = read_whole(path)
        with understood(path, "is damaged"):
            return parse(payload.decode())
    except DamagedFileError as error:
        raise ValueError(f"{error}; {AGAIN}") from error


def read_table(path: Path, **options) -> pd.DataFrame:
    """A CSV that a chapter wrote, with the options of `pandas.read_csv`. Raises ValueError naming a damaged file."""

    def parse(text: str) -> pd.DataFrame:
        if not text.endswith("\n"):
            raise ValueError("its last line has no end")
        return pd.read_csv(io.StringIO(text), **options)

    return _parsed(path, parse)


def evidence_table(found: Iterable[Source]) -> pd.DataFrame:
    """What each source rests on: one row each with scale, seeds, draws, networks, hours, hardware, torch and commits.

    networks: trainings, parents included that were asked; hours: what they took on the clock. A network that several
    sources ask is counted in each; `attrs["hours"]` counts it once.
    """
    rows, once = [], {}
    for source in found:
        stamps = {stamp["identity"]: stamp for stamp in source.evidence.get("runs", [])}
        once |= stamps
        counts = source.records.groupby("table")[["seed", "draw"]].nunique().max()
        rows.append({
            "source": source.name, "scale": source.scale, "seeds": counts["seed"], "draws": counts["draw"],
            "networks": len(stamps), "hours": _hours(stamps),
            "hardware": _listed(_device(stamp["device"]) for stamp in stamps.values()),
            "torch": _listed(stamp["packages"]["torch"] for stamp in stamps.values()),
            "commits": _listed(stamp["commit"][:7] for stamp in stamps.values()),
        })  # fmt: skip
    frame = pd.DataFrame(rows).set_index("source")
    frame.attrs["hours"] = _hours(once)
    return frame


def _hours(stamps: Mapping[str, dict]) -> float:
    return sum(stamp["seconds"] for stamp in stamps.values()) / 3600


def _device(facts: dict) -> str:
    return facts["name"] + (f", {several('thread', facts['threads'])}" if "threads" in facts else "")


def _listed(names: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(names))


@dataclass
class Ledger:
    """Verdicts on CLAIMS, in their order. condition: what stands with every number, such as a shortened schedule."""

    condition: str = ""
    rows: list[dict] = field(default_factory=list)

    def enter(self, key: str, test: str, number: str, held: bool) -> str:
        """Add the verdict on the claim `key`, the number that it rests on, and return it in words."""
        claim, test = CLAIMS["claim"][key], ", ".join(filter(None, (test, self.condition)))
        self.rows.append({"claim": claim, "test": test, "number": number, "held": "yes" if held else "no"})
        return f"{claim}: {'held' if held else 'did not hold'} here\n    {number}"

    def save(self, folder: Path) -> pd.DataFrame:
        """Write `ledger.csv` into `folder`, and return it as `ledgers` reads it."""
        write_text(folder / "ledger.csv", pd.DataFrame(self.rows).to_csv(index=False))
        return ledgers(folder).drop(columns="records")


def ledgers(*roots: Path) -> pd.DataFrame:
    """The claims that chapters 9 and 12 tested in each build: one row a claim and build, with the folder of its ledger.

    Beside each stands what would contradict it, "" where it is none of CLAIMS.
    """
    paths = [(root, path) for root in roots for path in sorted(Path(root).rglob("ledger.csv"))]
    tested = [read_table(path).assign(records=path.parent.relative_to(root).as_posix()) for root, path in paths]
    frame = pd.concat([pd.DataFrame(columns=["claim", "test", "number", "held"]), *tested], ignore_index=True)
    frame.insert(1, CONTRADICTED, frame["claim"].map(CLAIMS.set_index("claim")[CONTRADICTED]).fillna(""))
    return frame


def printed_figures(*folders: Path) -> dict[int, Path]:
    """The pictures of the paper's Figures 1 to 4 below the folders, by number: the first, not of noise."""

    def generated(path: Path) -> tuple[bool, Path]:
        return path.stem.rpartition("_")[2].lower() in ANOMALIES, path

    paths = [path for folder in folders for path in sorted(Path(folder).rglob("figure_[1-4]*.png"), key=generated)]
    return {int(path.name[len("figure_")]): path for path in reversed(paths)}
