"""The whole book beside the paper: every printed number, what was measured for it, and a mark. From records alone.

A source is a folder with the `records.csv` and `evidence.json` of an evaluation. One named like another beside it, a
dash and a word (`density-cifar10-letters`) is a variant of that experiment, and stands for no number of the paper.
"""

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from oe_core.atomic import DamagedFileError, read_record, read_whole, understood
from oe_core.evaluation import records as record_table
from oe_core.paper import comparison, index
from oe_core.paper.render import NO_VALUE, replaced, rows_of
from oe_core.runs.provenance import CHECKOUT
from oe_core.scales import SCALES

REFERENCE = CHECKOUT / "runs" / "reference"
REPRODUCED, DIRECTION, OTHER, NOT_RUN = MARKS = ("reproduced", "same direction", "not reproduced", "not run")
SIGNS = dict(zip(MARKS, "●◐○·", strict=True))
PLACE = ["out_dist", "metric", "method"]
UNMEASURED = {"ours": np.nan, "spread": np.nan, "seeds": 0, "draws": 0, "scale": "", "source": "", "comparable": False}
AGAIN = "build the chapter that wrote it again"


@dataclass(frozen=True, eq=False)
class Source:
    """The records of one evaluation and what they rest on.

    name: its folder below the root that it was found under. evidence: as `Evaluation.evidence`, {} where there is none.
    """

    name: str
    folder: Path
    evidence: dict

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


def sources(*roots: Path, variants: bool = False) -> list[Source]:
    """Every evaluation saved below the roots, in their order and by name; without `variants`, the main ones alone.

    Raises ValueError naming a root that is no folder, or a file of evidence that cannot be read.
    """
    found = []
    for root in map(Path, roots):
        if not root.is_dir():
            raise ValueError(f"{root} is no folder; give folders below which evaluations were saved")
        folders = sorted(path.parent for path in root.rglob("records.csv"))
        for folder in folders:
            if variants or not any(str(folder).startswith(f"{other}-") for other in folders):
                evidence = _evidence(folder / "evidence.json")
                found.append(Source(folder.relative_to(root).as_posix(), folder, evidence))
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


def marked(found: Sequence[Source], spreads: float = 2.0) -> pd.DataFrame:
    """One row a number that the paper (or the logs of its code for MNIST) prints, in its order.

    Columns: table, in_dist, out_dist, metric, method; paper (as printed); ours and spread (percent, NaN where not
    run), seeds, draws, scale, source (its name); mark (of `MARKS`) and why, in words. Of the sources that have
    an in-distribution of a table, the one of the largest scale is taken, of equals the first.
    reproduced: within `spreads` standard deviations (over trainings and over draws together) and the rounding of the
    paper's value. same direction: another value, or a Mean over other out-distributions than the paper's, but the
    method is better or worse than the table's first one as in the paper (the first one itself: than the last).
    Raises ValueError unless `spreads` is positive, and as `comparison.compare`.
    """
    if not spreads > 0:
        raise ValueError(f"spreads={spreads} must be positive, a number of standard deviations")
    rows = [row for table in index.INDEX for row in _of_table(table, found, spreads)]
    return pd.DataFrame(rows).drop(columns="comparable")


def _of_table(table: int, found: Sequence[Source], spreads: float) -> Iterator[dict]:
    for in_dist, printed in comparison.paper_table(table).groupby("in_dist", sort=False):
        holding = [source for source in found if len(source.of(table, in_dist))]
        source = max(holding, key=lambda source: list(SCALES).index(source.scale), default=None)
        ours = _measured(source, table, in_dist) if source else {}
        theirs = printed.set_index(PLACE)["value"].astype(float)
        methods = list(printed["method"].unique())
        for place, value in zip(theirs.index, printed["value"], strict=True):
            cell = {"table": table, "in_dist": in_dist, **dict(zip(PLACE, place, strict=True)), "paper": value}
            if place in ours:
                cell |= ours[place]
                yield cell | _verdict(cell, spreads, theirs, ours, methods)
            else:
                yield cell | UNMEASURED | {"mark": NOT_RUN, "why": _why_not_run(table, in_dist, place[0], source)}


@cache  # another rule asks for the same cells
def _measured(source: Source, table: int, in_dist: str) -> dict[tuple, dict]:
    """{(out_dist, metric, method): the measured cell}; comparable: not a mean over other sets than the paper's."""
    frame = comparison.compare(source.of(table, in_dist), table)
    cells = frame.loc[in_dist].stack([0, 1], future_stack=True).dropna(subset="mean")
    spread = np.hypot(cells["std_seeds"].fillna(0), cells["std_draws"].fillna(0))
    shown = {"ours": cells["mean"], "spread": spread, "seeds": cells["seeds"].astype(int),
             "draws": cells["draws"].astype(int), "scale": source.scale, "source": source.name,
             "comparable": cells["paper"] != NO_VALUE}  # fmt: skip
    return pd.DataFrame(shown).to_dict("index")


def _why_not_run(table: int, in_dist: str, out_dist: str, source: Source | None) -> str:
    if source is None:
        return f"no record of {in_dist}; `make book SCALE=paper CHAPTER={index.row(table).chapter}` measures it"
    instead = [own for own, original in replaced(source.of(table, in_dist)).items() if original == out_dist]
    return f"{instead[0]} stands in for it" if instead else "not among the sets that were tested"


def _verdict(cell: dict, spreads: float, theirs: pd.Series, ours: dict[tuple, dict], methods: list[str]) -> dict:
    off = cell["ours"] - float(cell["paper"])
    unit = 10.0 ** -len(cell["paper"].partition(".")[2])  # of the last printed digit
    why = f"{off:+.1f}, spread {cell['spread']:.1f}" if cell["comparable"] else "mean over other sets"
    if cell["comparable"] and abs(off) <= spreads * cell["spread"] + unit / 2:
        return {"mark": REPRODUCED, "why": why}
    # The order of two methods is the direction of a cell: the first and this one; for the first, and the last.
    first, other = methods[0], methods[-1] if cell["method"] == methods[0] else cell["method"]
    before, after = ((cell["out_dist"], cell["metric"], method) for method in (first, other))
    in_paper = _direction(theirs[after] - theirs[before], unit)
    here = _direction(ours[after]["ours"] - ours[before]["ours"])
    if in_paper == here:
        return {"mark": DIRECTION, "why": f"{why}; it {here} from {first} to {other} in both"}
    return {"mark": OTHER, "why": f"{why}; from {first} to {other} it {in_paper} in the paper, {here} here"}


def _direction(change: float, least: float = 0.0) -> str:
    if abs(change) < least or not change:
        return "stays"
    return "rises" if change > 0 else "falls"


def by_table(cells: pd.DataFrame) -> pd.DataFrame:
    """How many cells of each table have which mark: one row a (table, in_dist), one column a mark, in their order."""
    counts = cells.groupby(["table", "in_dist"], sort=False)["mark"].value_counts().unstack(fill_value=0)
    order = cells[["table", "in_dist"]].drop_duplicates()
    return counts.reindex(index=pd.MultiIndex.from_frame(order), columns=list(MARKS), fill_value=0)


def beside(cells: pd.DataFrame, table: int) -> str:
    """One table of the paper as Markdown, `sign ours ±spread (paper)` in a cell, in the paper's order."""
    part = cells[cells["table"] == table]
    part = part.assign(group=part["metric"] + " " + part["method"], text=[_text(cell) for cell in part.itertuples()])
    groups = part["group"].unique()
    body = [
        [*names, *row.set_index("group")["text"].reindex(groups, fill_value="")]
        for names, row in part.groupby(["in_dist", "out_dist"], sort=False)
    ]
    return rows_of(groups, body)


def _text(cell) -> str:
    ours = "" if cell.mark == NOT_RUN else f"{cell.ours:.1f} ±{cell.spread:.1f} "
    return f"{SIGNS[cell.mark]} {ours}({cell.paper})"


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
    return facts["name"] + (f", {facts['threads']} thread(s)" if "threads" in facts else "")


def _listed(names: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(names))


def ledgers(*roots: Path) -> pd.DataFrame:
    """The claims that chapter 9 tested in each build: one row a claim and build, with the folder of its ledger."""
    paths = [(root, path) for root in roots for path in sorted(Path(root).rglob("ledger.csv"))]
    tested = [read_table(path).assign(records=path.parent.relative_to(root).as_posix()) for root, path in paths]
    return pd.concat(tested, ignore_index=True) if tested else pd.DataFrame(columns=["claim", "test", "number", "held"])


def printed_figures(*folders: Path) -> dict[int, Path]:
    """The pictures of the paper's Figures 1 to 4 below the folders: the first found of each, by number."""
    paths = [path for folder in folders for path in sorted(Path(folder).rglob("figure_[1-4]*.png"))]
    return {int(path.name[len("figure_")]): path for path in reversed(paths)}
