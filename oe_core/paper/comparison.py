"""Tables of the paper: our records beside the printed numbers, as data frame, Markdown and LaTeX.

A table is a frame with the index (in_dist, out_dist) and the columns (metric, method, field); its footnotes are
`frame.attrs["notes"]`. Fields of a cell: mean, std_seeds, std_draws (percent), seeds, draws (how many), paper.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from oe_core.atomic import write_text
from oe_core.evaluation import records as record_table
from oe_core.paper import index
from oe_core.paper.render import MEAN, NO_VALUE, footnotes, latex, rendered

ROW = ["in_dist", "out_dist", "metric", "method"]
FIELDS = ("mean", "std_seeds", "std_draws", "seeds", "draws", "paper")
_PRINTED, _LOGGED = (
    pd.read_csv(Path(__file__).with_name(name), dtype={"value": str, "spread": str}, keep_default_na=False)
    for name in ("tables.csv", "logs.csv")
)


def logged(number: int) -> pd.DataFrame:
    """What the logs of the official code have for the numbers of a table, of those that they have.

    in_dist, out_dist, metric, method, value and spread (over ten draws, "" for a Mean), as digits in percent, and the
    file, below the root of hendrycks/outlier-exposure at commit 565311391f (September 2018, Apache-2.0).
    """
    return _LOGGED[_LOGGED["table"] == index.row(number).number].drop(columns="table").reset_index(drop=True)


def paper_table(number: int) -> pd.DataFrame:
    """The paper's Table `number` in long form: in_dist, out_dist, metric, method, value (the printed digits, percent).

    LOGS for a number: the code's logs of MNIST, as `logged`. Errors as `index.row`.
    """
    if number == index.LOGS:
        return logged(number).drop(columns=["spread", "file"])
    return _PRINTED[_PRINTED["table"] == index.row(number).number].drop(columns="table").reset_index(drop=True)


def selected(records: pd.DataFrame, table: int) -> pd.DataFrame:
    """The records of `table` (or of its full table); ValueError unless one scale a table, one outliers set, schedule a
    method."""
    chosen = index.row(table).records(record_table.validate(records))
    if chosen.empty:
        raise ValueError(f"records hold nothing for table {table}, only for {sorted(set(records['table']))}")
    of_method = ["in_dist", "method"]
    for column, group in (("scale", []), ("outliers", of_method), ("shortened", of_method), ("table", ["in_dist"])):
        for name, part in chosen.groupby(group or (lambda row: "all rows")):
            if len(held := sorted(set(part[column]))) > 1:
                raise ValueError(f"records of table {table} mix the {column} {held} for {name}; keep one")
    return chosen


def with_means(chosen: pd.DataFrame) -> pd.DataFrame:
    """Records and, for each seed and draw, their plain mean over the out-distributions, as rows of their own.

    Raises ValueError unless every out-distribution has every seed and draw.
    """
    group = ["in_dist", "method", "metric"]
    for name, part in chosen.groupby(group):
        runs = part.groupby("out_dist").size()
        expected = len(part[["seed", "draw"]].drop_duplicates())
        short = runs[runs != expected]
        if len(short):
            raise ValueError(
                f"{' / '.join(name)}: {short.index[0]} has {short.iloc[0]} of {expected} (seed, draw) pairs, so there "
                "is no mean over the out-distributions; measure all of them with the same seeds and draws"
            )
    means = chosen.groupby([*group, "seed", "draw"], sort=False, as_index=False)["value"].mean()
    return pd.concat([chosen, means.assign(out_dist=MEAN)], ignore_index=True)


def cells(values: pd.DataFrame, cell: Sequence[str] = ROW) -> pd.DataFrame:
    """Reduce value per (cell, seed, draw) to mean, std over seeds, std over draws and their numbers (std: n - 1).

    cell: the columns of `values` that tell the cells apart, which become the index; every row is its own seed and draw.
    """
    by_seed = values.groupby([*cell, "seed"], sort=False)["value"].agg(["mean", "var", "count"]).reset_index("seed")
    frame = by_seed.groupby(list(cell), sort=False).agg(
        mean=("mean", "mean"), std_seeds=("mean", "std"), std_draws=("var", "mean"), seeds=("seed", "nunique"),
        draws=("count", "min"),
    )  # fmt: skip
    return frame.assign(std_draws=frame["std_draws"] ** 0.5)  # root of the mean variance, so that seeds weigh alike


def _paper_values(cells: pd.DataFrame, chosen: pd.DataFrame, table: int) -> pd.Series:
    """The printed value of each cell, or a dash: no such row, or a Mean over other out-distributions than ours."""
    printed, ours = paper_table(table), chosen.groupby("in_dist")["out_dist"].agg(set)
    same_sets = [in_dist for in_dist, held in ours.items() if held == paper_out_dists(table, in_dist)]
    printed = printed[(printed["out_dist"] != MEAN) | printed["in_dist"].isin(same_sets)]
    return printed.set_index(ROW)["value"].reindex(cells.index, fill_value=NO_VALUE)


def paper_out_dists(table: int, in_dist: str) -> set[str]:
    """The out-distributions under the paper's Mean of `table` for `in_dist`; empty where it has no such row."""
    row = index.row(table)
    full = row.named(paper_table(row.sets_of))
    return set(full[full["in_dist"] == in_dist]["out_dist"]) - {MEAN}


def compare(records: pd.DataFrame, table: int, notes: Sequence[str] = (), every_set: bool = False) -> pd.DataFrame:
    """Our records beside the paper's Table `table`, in the paper's order of rows, metrics and methods.

    records: as `evaluation.records`, of this table or of the full one that it summarises (1 of 7, 2 of 8, 6 of 11) or
    whose form it has (LOGS that of 7). notes: footnotes to stand before the table's own. every_set: where the paper
    prints the Mean alone, also show the rows behind it; other tables always do.
    The paper's value is a dash where it prints none: for a stand-in (which keeps its own name), and for a Mean over
    other out-distributions than ours. A cell that was not measured is missing (NaN).
    Raises ValueError for records without this table, of several scales, outliers or schedules, or with unequal seeds
    and draws.
    """
    paper, chosen = paper_table(table), selected(records, table)
    measured = cells(with_means(chosen))
    measured["paper"] = _paper_values(measured, chosen, table)
    if set(paper["out_dist"]) == {MEAN} and not every_set:
        measured = measured[measured.index.get_level_values("out_dist") == MEAN]
    # Names in the paper's order, then ours in the records' order, Mean last.
    order = {level: sorted(dict.fromkeys([*paper[level], *chosen[level], MEAN]), key=MEAN.__eq__) for level in ROW}
    frame = measured.unstack(["metric", "method"]).reorder_levels([1, 2, 0], axis=1)
    rows, columns = product(order["in_dist"], order["out_dist"]), product(order["metric"], order["method"], FIELDS)
    frame = frame.loc[[row for row in rows if row in frame.index], [cell for cell in columns if cell in frame.columns]]
    frame.attrs = {"table": table, "notes": (*notes, *footnotes(table, frame, chosen, paper))}
    return frame


def publish(frame: pd.DataFrame, stem: str, folder: Path | str) -> None:
    """Write a frame of `compare` as folder/stem.csv (every field of every cell), .md and .tex."""
    flat = frame.set_axis([" ".join(column) for column in frame.columns], axis=1)
    for suffix, text in {"csv": flat.to_csv(), "md": rendered(frame), "tex": latex(frame)}.items():
        write_text(Path(folder) / f"{stem}.{suffix}", text)
