"""Tables of the paper: our records beside the printed numbers, as data frame, Markdown and LaTeX.

A table is a frame with the index (in_dist, out_dist) and the columns (metric, method, field); its footnotes are
`frame.attrs["notes"]`. Fields of a cell: mean, std_seeds, std_draws (percent), seeds, draws (how many), paper.
"""

from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path

import pandas as pd

from oe_core.atomic import write_text
from oe_core.evaluation import records as record_table
from oe_core.experiments import check_choice
from oe_core.paper import index
from oe_core.paper.render import MEAN, NO_VALUE, footnotes, latex, markdown

PAPER_CSV = Path(__file__).with_name("tables.csv")
LOGS, LOGS_CSV = index.LOGS, PAPER_CSV.with_name("logs.csv")
ROW = ["in_dist", "out_dist", "metric", "method"]
FIELDS = ("mean", "std_seeds", "std_draws", "seeds", "draws", "paper")


@cache
def _paper() -> pd.DataFrame:
    read = (pd.read_csv(path, dtype={"value": str}, keep_default_na=False) for path in (PAPER_CSV, LOGS_CSV))
    return pd.concat(read, ignore_index=True)


def paper_table(number: int) -> pd.DataFrame:
    """The paper's Table `number` in long form: in_dist, out_dist, metric, method, value (the printed digits, percent).

    LOGS instead of a number: the logs of the paper's code for MNIST (hendrycks/outlier-exposure MNIST/snapshots).
    Raises ValueError as `index.row`.
    """
    paper = _paper()
    return paper[paper["table"] == index.row(number).number].drop(columns="table").reset_index(drop=True)


def _selected(records: pd.DataFrame, table: int) -> pd.DataFrame:
    """Return the records of `table` (or of its full table); one scale a table, one outliers set a method."""
    chosen = index.row(table).records(record_table.validate(records))
    if chosen.empty:
        raise ValueError(f"records hold nothing for table {table}, only for {sorted(set(records['table']))}")
    for column, group in (("scale", []), ("outliers", ["in_dist", "method"]), ("table", ["in_dist"])):
        for name, part in chosen.groupby(group or (lambda row: "all rows")):
            if part[column].nunique() > 1:
                held = sorted(set(part[column]))
                raise ValueError(f"records of table {table} mix the {column} {held} for {name}; keep one")
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


def cells(values: pd.DataFrame, cell: Sequence[str] = ROW) -> pd.DataFrame:
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
    paper = paper_table(table).set_index(ROW)["value"]
    values = paper.reindex(cells.index).fillna(NO_VALUE)
    ours = chosen.groupby("in_dist")["out_dist"].agg(set)
    other_sets = [in_dist for in_dist, held in ours.items() if held != paper_out_dists(table, in_dist)]
    is_mean = values.index.get_level_values("out_dist") == MEAN
    return values.mask(is_mean & values.index.get_level_values("in_dist").isin(other_sets), NO_VALUE)


def paper_out_dists(table: int, in_dist: str) -> set[str]:
    """The out-distributions under the paper's Mean of `table` for `in_dist`; empty where it has no such row."""
    row = index.row(table)
    full = row.named(paper_table(row.sets_of))
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
    paper, chosen = paper_table(table), _selected(records, table)
    means = _mean_rows(chosen).assign(out_dist=MEAN)
    measured = cells(pd.concat([chosen, means]))
    measured["paper"] = _paper_values(measured, chosen, table)
    if set(paper["out_dist"]) == {MEAN} and not every_set:
        measured = measured[measured.index.get_level_values("out_dist") == MEAN]
    order = {name: _order(paper[name], chosen[name]) for name in ROW}
    frame = measured.unstack(["metric", "method"]).reorder_levels([1, 2, 0], axis=1)
    rows, columns = product(order["in_dist"], order["out_dist"]), product(order["metric"], order["method"], FIELDS)
    frame = frame.loc[[row for row in rows if row in frame.index], [cell for cell in columns if cell in frame.columns]]
    frame.attrs = {"table": table, "notes": (*notes, *footnotes(table, frame, chosen, paper))}
    return frame


def _order(printed: pd.Series, ours: pd.Series) -> list[str]:
    """Names in the paper's order, then ours in the records' order, Mean last."""
    names = dict.fromkeys([*printed, *ours])
    return [name for name in names if name != MEAN] + [MEAN]


def rendered(frame: pd.DataFrame, form: str = "markdown") -> str:
    """A frame of `compare` with its footnotes as text; form is "markdown" or "latex" (booktabs)."""
    forms = {"markdown": markdown, "latex": latex}
    check_choice("form", form, forms)
    return forms[form](frame)


def publish(frame: pd.DataFrame, stem: str, folder: Path | str) -> None:
    """Write a frame of `compare` as folder/stem.csv (every field of every cell), .md and .tex."""
    flat = frame.set_axis([" ".join(column) for column in frame.columns], axis=1)
    for suffix, text in {"csv": flat.to_csv(), "md": rendered(frame), "tex": rendered(frame, "latex")}.items():
        write_text(Path(folder) / f"{stem}.{suffix}", text)
