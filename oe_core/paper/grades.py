"""A mark for every printed number: what was measured for it, on what, and what may be claimed of it.

A value is compared with the paper's where network, training and data are the paper's, and nowhere else: would a further
training of ours give it? A direction leads from a table's first method to a later one, so that each pair of numbers
counts once: does the mean over trainings, on the same seeds and draws, go the paper's way?
"""

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import t as student

from oe_core.paper import comparison, index
from oe_core.paper.comparison import ROW
from oe_core.paper.likeness import Block
from oe_core.paper.render import MEAN, rows_of
from oe_core.paper.results import Source
from oe_core.scales import SCALES

MARKS = REPRODUCED, OTHER_VALUE, DIRECTION, UNDECIDED, AGAINST, BASELINE, NOT_RUN = (
    "reproduced", "another value", "direction alone", "undecided", "the other way", "baseline", "not run",
)  # fmt: skip
SIGNS = dict(zip(MARKS, "●◐▲△✕□·", strict=True))
CLAIMS = {
    REPRODUCED: "the paper's network and data; its value lies in our interval",
    OTHER_VALUE: "the paper's network and data; its value lies outside of our interval",
    DIRECTION: "another network or other data; changes the paper's way, no more",
    UNDECIDED: "another network or other data; no change beyond the spread",
    AGAINST: "changes beyond the spread, and not the paper's way",
    BASELINE: "another network or other data; what its row changes from",
    NOT_RUN: "no measurement at all",
}
AGREES = "as in the paper"
DIRECTIONS = (AGREES, UNDECIDED, AGAINST, NOT_RUN)
FLAGS = {"summary": "summaries", "repeated": "repetitions", "ceiling": "ceilings"}  # what a count may leave out
DRAWS_ALONE = "spread over draws alone"

CELL, PAIR = ["table", *ROW], ["table", *ROW[:-1]]  # a printed number; those that are compared with each other
STATISTICS = ["mean", "std_seeds", "std_draws", "seeds", "draws"]
CHANGES = [f"change_{name}" for name in STATISTICS]
BASIS = ["scale", "source", "own_in", "own_out", "unlike"]
COLUMNS = [
    *CELL, "paper", "logs", "ours", "margin", "near", "seeds", "draws", *BASIS,
    "change", "change_margin", "papers_change", "direction", "mark", "why", *FLAGS,
]  # fmt: skip
_NOTHING = pd.DataFrame({"table": pd.Series(dtype=int)} | {name: pd.Series(dtype=str) for name in (*ROW, *BASIS)}
                        | {name: pd.Series(dtype=float) for name in (*STATISTICS, *CHANGES, "stands_in")})  # fmt: skip


def margins(cells: pd.DataFrame, level: float = 0.95, further: int = 1) -> pd.Series:
    """Half the width of the t interval that holds, with probability `level`, the value of one further training.

    cells: of `comparison.cells`, n trainings of d draws each. further=0: not of one further training, but of the mean
    over all. Its square is (t_{n-1} s_seeds)^2 (further + 1/n) + (t_{d-1} s_draws)^2: each part with the quantile for
    its own number, which holds `level` or more for any sizes of the two. A draw's variance counts whole: the draws
    share most examples of one test set, and the trainings share the draws, so that no mean over them is much surer than
    one. Of one training it is the draws' alone; NaN where nothing was repeated, 0 where all repetitions are equal.
    """

    def part(name: str, number: pd.Series) -> pd.Series:
        return (student.ppf((1 + level) / 2, number - 1) * cells[name]).fillna(0) ** 2

    of_trainings = part("std_seeds", cells["seeds"]) * (further + 1 / cells["seeds"])
    repeated = cells["seeds"] * cells["draws"] > 1
    return np.sqrt(of_trainings + part("std_draws", cells["draws"])).where(repeated)


def marked(found: Iterable[Source], level: float = 0.95) -> pd.DataFrame:
    """One row a number that the paper (or the logs of its code for MNIST) prints, in its order.

    Columns: table, in_dist, out_dist, metric, method; paper and logs (as printed; logs "" where they have none); ours
    and margin (percent, of `margins`), near (the paper's lies in that interval, but for rounding, whatever the data),
    seeds, draws, scale, source, own_in and own_out (what was measured, under its own name), unlike (`Block.unlike`);
    change, change_margin (of the mean) and papers_change (percent, from the table's first method to this one),
    direction (of DIRECTIONS, "" for the first method); mark (of MARKS) and why; summary (a Mean of rows that are
    printed, too), repeated (printed in another table as well), ceiling (FPR at most 1, AUROC or AUPR at least 99).
    Of the sources that hold a number, those with the paper's own sets come before stand-ins, then goes the largest
    scale, then the most trainings, then the first; scale "smoke" measures nothing. Raises ValueError unless
    0 < level < 1, and as `comparison.compare`.
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level} must lie between 0 and 1, the probability that an interval holds")
    trainings = {source.folder: len(source.evidence.get("seeds", ())) for source in found}
    ranked = sorted(found, key=lambda source: (-list(SCALES).index(source.scale), -trainings[source.folder]))
    held = [_measured(source, table) for source in ranked if source.scale != "smoke" for table in index.INDEX]
    measured = pd.concat([frame for frame in held if len(frame)] or [_NOTHING])
    measured = measured.sort_values("stands_in", kind="stable").drop_duplicates(CELL)
    cells = _printed().merge(measured, on=CELL, how="left")
    changes = cells[CHANGES].set_axis(STATISTICS, axis=1)
    cells = cells.assign(margin=margins(cells, level), change_margin=margins(changes, level, further=0))
    cells = cells.rename(columns={"mean": "ours", "change_mean": "change"}).fillna({"seeds": 0, "draws": 0})
    off = (cells["ours"] - cells["value"]).abs()
    cells["near"] = off <= cells["margin"].fillna(0) + cells["unit"] / 2
    cells = _directed(cells.astype({"seeds": int, "draws": int}))
    cells = cells.assign(mark=_marks(cells), missing=_missing(cells))
    return cells.assign(why=[_why(cell) for cell in cells.itertuples()])[COLUMNS]


@cache
def _printed() -> pd.DataFrame:
    """Every printed number, with what the logs have for it and what a count has to know of it."""
    tables = []
    for row in index.INDEX.values():
        printed = comparison.paper_table(row.number).assign(table=row.number)
        if row.number != index.LOGS:  # whose numbers are those of the logs
            logged = comparison.logged(row.number).rename(columns={"value": "logs"})
            printed = printed.merge(logged[[*ROW, "logs"]], on=ROW, how="left")
        has_rows = (comparison.paper_table(row.full)["out_dist"] != MEAN).any()
        printed["summary"] = has_rows & (printed["out_dist"] == MEAN)
        printed["repeated"] = printed["method"].isin(row.repeated.split())
        tables.append(printed.assign(first=printed["method"].iloc[0]))
    cells = pd.concat(tables, ignore_index=True).rename(columns={"value": "paper"}).fillna({"logs": ""})
    cells["value"], metric = cells["paper"].astype(float), cells["metric"]
    cells["unit"] = 10.0 ** -cells["paper"].str.partition(".")[2].str.len()  # of the last printed digit
    low, high = metric.str.startswith("FPR") & (cells["value"] <= 1), metric.isin(["AUROC", "AUPR"])
    return cells.assign(ceiling=low | high & (cells["value"] >= 99))


@cache  # another level asks for the same cells
def _measured(source: Source, table: int) -> pd.DataFrame:
    """What a source measured for a table, under the paper's names: no rows for nothing."""
    row = index.row(table)
    owns = row.shown(source.records)["in_dist"].unique() if source.variant == row.variant else ()
    blocks = [Block(source, table, own) for own in owns]
    return pd.concat([_of_block(block) for block in blocks if block.in_place] or [_NOTHING])


def _of_block(block: Block) -> pd.DataFrame:
    values = comparison.with_means(comparison.selected(block.records, block.table)).assign(in_dist=block.in_dist)
    places = pd.DataFrame(block.in_place.items(), columns=["out_dist", "own_out"])
    values = values.rename(columns={"out_dist": "own_out"}).merge(places, on="own_out")
    frame = comparison.cells(values).join(comparison.cells(_changes(values, block)).add_prefix("change_"))
    frame = frame.reset_index().merge(places, on="out_dist")
    outliers = block.records.groupby("method")["outliers"].first()
    own_in = index.row(block.table).title_of(block.own)
    return frame.assign(
        table=block.table, scale=block.source.scale, source=block.source.name, own_in=own_in,
        unlike=[block.unlike(out, outliers[method]) for out, method in frame[["out_dist", "method"]].to_numpy()],
        stands_in=(own_in != block.in_dist) | (frame["own_out"] != frame["out_dist"]),
    )  # fmt: skip


def _changes(values: pd.DataFrame, block: Block) -> pd.DataFrame:
    """The values of each later method less those of the table's first one, of the same seed and draw."""
    first = comparison.paper_table(block.table)["method"].iloc[0]
    by_method = values.set_index([*ROW, "seed", "draw"])["value"].unstack("method")
    changes = by_method.sub(by_method.get(first, np.nan), axis=0).drop(columns=first, errors="ignore")
    return changes.stack(future_stack=True).dropna().rename("value").reset_index()


def _directed(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with the paper's change, and with the direction of each later method."""
    rows, later = cells.groupby(PAIR, sort=False), cells["method"] != cells["first"]
    theirs = (cells["value"] - rows["value"].transform("first")).where(later)
    printed = theirs.abs().round(6) >= rows["unit"].transform("max")  # less than a unit of the last digit is no change
    decided = printed & (cells["change"].abs() > cells["change_margin"])
    agrees = decided & (np.sign(theirs) == np.sign(cells["change"]))
    cases = {"": ~later, NOT_RUN: cells["change"].isna(), AGREES: agrees, AGAINST: decided}
    return cells.assign(papers_change=theirs, direction=_first_true(cases, UNDECIDED))


def _marks(cells: pd.DataFrame) -> np.ndarray:
    like, direction = cells["unlike"] == "", cells["direction"]
    cases = {NOT_RUN: cells["ours"].isna(), REPRODUCED: like & cells["near"], AGAINST: direction == AGAINST,
             OTHER_VALUE: like, BASELINE: direction == "", DIRECTION: direction == AGREES}  # fmt: skip
    return _first_true(cases, UNDECIDED)


def _missing(cells: pd.DataFrame) -> np.ndarray:
    """What a number that was not measured lacks: a training on the one set, a test on the other, or the method."""
    there, names = cells["ours"].notna(), [cells[name] for name in CELL]
    learned, tested = (there.groupby(names[:width]).transform("any") for width in (2, 3))
    cases = [~learned, ~tested]
    return np.select(cases, ["a training on " + cells["in_dist"], "a test on " + cells["out_dist"]], cells["method"])


def _first_true(cases: Mapping[str, pd.Series], otherwise: str) -> np.ndarray:
    return np.select([case.to_numpy(bool) for case in cases.values()], list(cases), otherwise)


def _why(cell) -> str:
    if cell.mark == NOT_RUN:
        return f"missing: {cell.missing}"
    off = "" if cell.unlike else f"{cell.ours - cell.value:+.1f}{_spread(cell, cell.margin)}"
    change = f"{cell.first} to {cell.method} {cell.change:+.1f}{_spread(cell, cell.change_margin)}"
    return "; ".join(filter(None, (
        off, cell.direction and f"{change}, in the paper {cell.papers_change:+.1f}", cell.unlike,
        DRAWS_ALONE if cell.seeds == 1 else "",
    )))  # fmt: skip


def _spread(cell, margin: float) -> str:
    """A margin in words, and nothing where nothing was repeated."""
    return f" ±{margin:.1f}" if cell.seeds * cell.draws > 1 else ""


def comparisons(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of later methods: one row a pair of numbers, which is at the ceiling where both of them are."""
    both = cells["ceiling"] & cells.groupby(PAIR, sort=False)["ceiling"].transform("first")
    return cells.assign(ceiling=both)[cells["direction"] != ""]


def counted(cells: pd.DataFrame, column: str = "mark") -> pd.DataFrame:
    """How many cells have which mark (or direction): all, without those of each flag, and without any flagged."""
    left_out = {"all": [], **{f"without {what}": [flag] for flag, what in FLAGS.items()}, "without all three": [*FLAGS]}
    kept = {name: cells.loc[~cells[flags].any(axis=1), column].value_counts() for name, flags in left_out.items()}
    counts = pd.DataFrame(kept).T.reindex(columns=MARKS if column == "mark" else DIRECTIONS)
    return counts.fillna(0).astype(int).assign(numbers=lambda frame: frame.sum(axis=1))


def by_table(cells: pd.DataFrame) -> pd.DataFrame:
    """How many cells of each table have which mark: one row a (table, in_dist), one column a mark, in their order."""
    counts = cells.groupby(["table", "in_dist"], sort=False)["mark"].value_counts().unstack(fill_value=0)
    order = cells[["table", "in_dist"]].drop_duplicates()
    return counts.reindex(index=pd.MultiIndex.from_frame(order), columns=list(MARKS), fill_value=0)


def beside(cells: pd.DataFrame, table: int) -> str:
    """One table of the paper as Markdown, `sign ours ±margin (paper; logs)` in a cell, in the paper's order.

    A row names what stands in for its sets; a cell says where its margin is that of draws alone.
    """
    part = cells[cells["table"] == table]
    part = part.assign(group=part["metric"] + " " + part["method"], text=[_text(cell) for cell in part.itertuples()])
    groups = part["group"].unique()
    body = [
        [_named(in_dist, row["own_in"]), _named(out_dist, row["own_out"]),
         *row.set_index("group")["text"].reindex(groups, fill_value="")]
        for (in_dist, out_dist), row in part.groupby(["in_dist", "out_dist"], sort=False)
    ]  # fmt: skip
    return rows_of(groups, body)


def _named(name: str, owns: pd.Series) -> str:
    instead = [own for own in owns.dropna().unique() if own != name]
    return f"{name} ← {', '.join(instead)}" if instead else name


def _text(cell) -> str:
    printed = f"({'; '.join(filter(None, (cell.paper, cell.logs)))})"
    if cell.mark == NOT_RUN:
        return f"{SIGNS[cell.mark]} {printed}"
    draws = " draws" if cell.seeds == 1 else ""
    return f"{SIGNS[cell.mark]} {cell.ours:.1f}{_spread(cell, cell.margin)}{draws} {printed}"
