"""Tables of the paper: our records beside the printed numbers, as data frame, Markdown and LaTeX.

A table is a frame with the index (in_dist, out_dist) and the columns (metric, method, field); its footnotes are
`frame.attrs["notes"]`. Fields of a cell: mean, std_seeds, std_draws (percent), seeds, draws (how many), paper.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from oe_core.evaluation import records as record_table
from oe_core.paper.render import MEAN, NO_VALUE, footnotes, latex, markdown

PAPER_CSV = Path(__file__).with_name("tables.csv")
# Section 5 quotes one number of MNIST and prints no table: the logs of the official code, in the form of Table 7.
LOGS, LOGS_CSV = 0, PAPER_CSV.with_name("logs.csv")
NUMBERS = range(1, 14)  # of the paper's tables
# A summary in the paper's text shows the Mean rows of the same experiment's full table in its appendix.
FULL_TABLE = {1: 7, 2: 8, 6: 11, LOGS: 7}
# These print means alone, over the out-distributions of another table.
SETS_OF = FULL_TABLE | {3: 7, 4: 7, 9: 7, 10: 7, 12: 7, 13: 7, LOGS: LOGS}
# Table 6 writes out what Table 11 shortens.
RENAMED = {6: {"PTB Char": "PTB Characters", "PTB Word": "PTB Words"}}


@cache
def _paper() -> pd.DataFrame:
    if not PAPER_CSV.exists():
        raise FileNotFoundError(f"{PAPER_CSV} is missing; the paper's numbers come with a checkout: run from one")
    read = (pd.read_csv(path, dtype={"value": str}, keep_default_na=False) for path in (PAPER_CSV, LOGS_CSV))
    return pd.concat(read, ignore_index=True)


def paper_table(number: int) -> pd.DataFrame:
    """The paper's Table `number` in long form: in_dist, out_dist, metric, method, value (the printed digits, percent).

    LOGS instead of a number: the logs of the paper's code for MNIST (hendrycks/outlier-exposure MNIST/snapshots).
    Raises ValueError for a number that the paper has no such table for.
    """
    if number not in (*NUMBERS, LOGS):
        raise ValueError(f"table={number!r} is none of the paper's tables {NUMBERS[0]} to {NUMBERS[-1]}, nor LOGS")
    paper = _paper()
    return paper[paper["table"] == number].drop(columns="table").reset_index(drop=True)


def _selected(records: pd.DataFrame, table: int) -> pd.DataFrame:
    """Return the records of `table` (or of its full table); one scale a table, one outliers set a method."""
    chosen = record_table.validate(records)
    chosen = chosen[chosen["table"].isin({table, FULL_TABLE.get(table, table)})]
    if chosen.empty:
        raise ValueError(f"records hold nothing for table {table}, only for {sorted(set(records['table']))}")
    chosen = chosen.replace({"in_dist": RENAMED.get(table, {})})
    for column, group in (("scale", []), ("outliers", ["in_dist", "method"]), ("table", ["in_dist"])):
        parts = chosen.groupby(group) if group else [("all rows", chosen)]
        for name, part in parts:
            if part[column].nunique() > 1:
                raise ValueError(
                    f"records of table {table} mix the {column} {sorted(set(part[column]))} for {name}; keep one"
                )
    return chosen


def _mean_rows(chosen: pd.DataFrame) -> pd.DataFrame:
    """Plain mean over the out-distributions for each seed and draw; every one must have every seed and draw."""
    group = ["in_dist", "method", "metric"]
    for name, part in chosen.groupby(group):
        runs = part.groupby("out_dist").size()
        expected = len(part[["seed", "draw"]].drop_duplicates())
        if (runs != expected).any():
            short = runs[runs != expected].index[0]
            raise ValueError(
                f"{' / '.join(name)}: {short} has {runs[short]} of {expected} (seed, draw) pairs, so there is no mean "
                "over the out-distributions; measure all of them with the same seeds and draws"
            )
    return chosen.groupby([*group, "seed", "draw"], sort=False, as_index=False)["value"].mean()


def cells(values: pd.DataFrame, cell: Sequence[str] = ("in_dist", "out_dist", "metric", "method")) -> pd.DataFrame:
    """Reduce value per (cell, seed, draw) to mean, std over seeds, std over draws and their numbers (std: n - 1).

    cell: the columns of `values` that tell the cells apart, which become the index; every row is its own seed and draw.
    """
    cell = list(cell)
    by_seed = values.groupby([*cell, "seed"], sort=False)["value"].agg(["mean", "var", "count"]).reset_index()
    grouped = by_seed.groupby(cell, sort=False)
    return pd.DataFrame(
        {
            "mean": grouped["mean"].mean(),
            "std_seeds": grouped["mean"].std(),
            "std_draws": grouped["var"].mean() ** 0.5,  # of the variances, so that seeds weigh alike
            "seeds": grouped["seed"].nunique(),
            "draws": grouped["count"].min(),
        }
    )


def _paper_values(cells: pd.DataFrame, chosen: pd.DataFrame, table: int) -> pd.Series:
    """The printed value of each cell, or a dash: no such row, or a Mean over other out-distributions than ours."""
    paper = paper_table(table).set_index(["in_dist", "out_dist", "metric", "method"])["value"]
    values = paper.reindex(cells.index).fillna(NO_VALUE)
    ours = chosen.groupby("in_dist")["out_dist"].agg(set)
    other_sets = [in_dist for in_dist, held in ours.items() if held != paper_out_dists(table, in_dist)]
    is_mean = values.index.get_level_values("out_dist") == MEAN
    return values.mask(is_mean & values.index.get_level_values("in_dist").isin(other_sets), NO_VALUE)


def paper_out_dists(table: int, in_dist: str) -> set[str]:
    """The out-distributions under the paper's Mean of `table` for `in_dist`; empty where it has no such row."""
    full = paper_table(SETS_OF.get(table, table)).replace({"in_dist": RENAMED.get(table, {})})
    return set(full.loc[full["in_dist"] == in_dist, "out_dist"]) - {MEAN}


def compare(records: pd.DataFrame, table: int, notes: Sequence[str] = (), every_set: bool = False) -> pd.DataFrame:
    """Our records beside the paper's Table `table`, in the paper's order of rows, metrics and methods.

    records: as `evaluation.records`, of this table or of the full table that it summarises (1 of 7, 2 of 8, 6 of 11) or
    whose form it has (LOGS that of 7). notes: footnotes to stand before the table's own.
    Tables that print means only get the Mean rows only, unless every_set asks for the rows that they average, too; the
    others get them after those rows. The paper's value is a dash where it prints none: for a stand-in (which keeps its
    own name), and for a Mean over other out-distributions than ours. A cell that was not measured is missing (NaN).
    Raises ValueError for records without this table, of several scales or outliers, or with unequal seeds and draws.
    """
    chosen = _selected(records, table)
    means = _mean_rows(chosen).assign(out_dist=MEAN)
    measured = cells(pd.concat([chosen, means]))
    measured["paper"] = _paper_values(measured, chosen, table)
    paper = paper_table(table)
    if set(paper["out_dist"]) == {MEAN} and not every_set:
        measured = measured[measured.index.get_level_values("out_dist") == MEAN]
    order = {name: _order(paper[name], chosen[name]) for name in ("in_dist", "out_dist", "metric", "method")}
    frame = measured.unstack(["metric", "method"]).reorder_levels([1, 2, 0], axis=1)
    columns = [
        (metric, method, field)
        for metric in order["metric"]
        for method in order["method"]
        for field in measured.columns
        if (metric, method, field) in frame.columns
    ]
    rows = [row for in_dist in order["in_dist"] for out in order["out_dist"] if (row := (in_dist, out)) in frame.index]
    frame = frame.loc[rows, columns]
    frame.attrs = {"table": table, "notes": (*notes, *footnotes(table, frame, chosen, paper))}
    return frame


def _order(printed: pd.Series, ours: pd.Series) -> list[str]:
    """Names in the paper's order, then ours in the records' order, Mean last."""
    names = dict.fromkeys([*printed, *ours])
    return [name for name in names if name != MEAN] + [MEAN]


def rendered(frame: pd.DataFrame, form: str = "markdown") -> str:
    """A frame of `compare` with its footnotes as text; form is "markdown" or "latex" (booktabs)."""
    forms = {"markdown": markdown, "latex": latex}
    if form not in forms:
        raise ValueError(f"form={form!r} is unknown; choose one of {', '.join(forms)}")
    return forms[form](frame)


def publish(frame: pd.DataFrame, stem: str, folder: Path | str) -> None:
    """Write a frame of `compare` as folder/stem.csv (every field of every cell), .md and .tex."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    flat = frame.copy()
    flat.columns = [" ".join(column) for column in frame.columns]
    flat.to_csv(folder / f"{stem}.csv")
    for suffix, form in ((".md", "markdown"), (".tex", "latex")):
        (folder / f"{stem}{suffix}").write_text(rendered(frame, form), encoding="utf-8")
