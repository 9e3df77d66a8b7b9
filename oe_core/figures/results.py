"""Figures of the whole book: every printed number as a square in the colour of its mark, ours against the paper's."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from oe_core.figures.style import GREY, STYLE, VERMILION, styled
from oe_core.paper import grades, index
from oe_core.paper.grades import CLAIMS, MARKS, NOT_RUN

# Okabe and Ito's hues: what claims more is darker, and a sign tells apart what looks alike in grey.
COLOURS = {
    grades.REPRODUCED: "#00624A", grades.OTHER_VALUE: "#E69F00", grades.DIRECTION: "#56B4E9",
    grades.UNDECIDED: "#EBD000", grades.AGAINST: VERMILION, grades.BASELINE: "#D3D7DC", NOT_RUN: "#FFFFFF",
}  # fmt: skip
AS_POINTS = COLOURS | {grades.BASELINE: GREY}  # what is light enough for a square is too faint for a point
MARKERS = dict(zip(MARKS[:-1], "oP^DXs", strict=True))  # of points; not run is none
INSIDE = {grades.OTHER_VALUE: ("+", "black"), grades.UNDECIDED: ("_", "black"), grades.AGAINST: ("x", "white")}
EDGE = "#B8B8B8"
HEAD = 2.5  # rows of squares that the heading of a block takes
GAP = 3.0  # squares between two columns of blocks


@styled(STYLE | {"axes.grid": False})
def wall(cells: pd.DataFrame) -> Figure:
    """Every printed number, a square each: one block a table, its rows and columns as printed, coloured by mark.

    cells: of `grades.marked`. A line parts the in-distributions. Blocks stand in columns, in the order of the tables,
    each column no higher than the highest block and a quarter more. The legend says what each mark claims, and how
    many numbers have it.
    """
    blocks = {table: _block(part) for table, part in cells.groupby("table", sort=False)}
    highest = max(len(grid) for grid, _ in blocks.values())
    figure, axes = plt.subplots()
    left, top, width, height = 0.0, HEAD, 0.0, 0.0  # of the next block, then of all so far
    for table, (grid, ends) in blocks.items():
        rows, columns = grid.shape
        if top > HEAD and top - HEAD + rows > 1.25 * highest:
            left, top = width + GAP, HEAD
        _draw(axes, grid, left, top)
        axes.hlines(top + np.array(ends[:-1]), left, left + columns, color="black", linewidth=1.2)
        axes.text(left, top - 0.3, index.row(table).title, va="bottom", fontsize=9)
        top += rows + HEAD
        width, height = max(width, left + columns), max(height, top - HEAD)
    figure.set_size_inches(0.16 * width + 0.4, 0.16 * height + 1.7)
    axes.set(xlim=(-0.5, width + 0.5), ylim=(height + 0.2, 0.5), aspect="equal")
    axes.axis("off")
    counts = cells["mark"].value_counts()
    labels = [f"{counts.get(mark, 0)} {mark}: {CLAIMS[mark]}" for mark in MARKS]
    figure.legend(_squares(), labels, loc="outside lower left", handler_map={tuple: HandlerTuple(ndivide=1)})
    return figure


def _draw(axes: Axes, grid: np.ndarray, left: float, top: float) -> None:
    """A block's squares with their upper left corner at (left, top), and the signs of their marks."""
    rows, columns = grid.shape
    colours = ListedColormap([COLOURS[mark] for mark in MARKS])
    axes.pcolormesh(left + np.arange(columns + 1), top + np.arange(rows + 1), grid, cmap=colours, vmin=-0.5,
                    vmax=len(MARKS) - 0.5, edgecolors=EDGE, linewidth=0.4)  # fmt: skip
    for mark, (sign, colour) in INSIDE.items():
        down, across = np.nonzero(grid == MARKS.index(mark))
        axes.scatter(left + across + 0.5, top + down + 0.5, s=14, marker=sign, color=colour, linewidths=1.0)


def _squares() -> list[tuple[Line2D, ...]]:
    """A square of each mark with its sign, for a legend."""

    def point(marker: str, size: float, **colours: str) -> Line2D:
        return Line2D([], [], linestyle="", marker=marker, markersize=size, **colours)

    signs = [INSIDE.get(mark, ("", "none")) for mark in MARKS]
    return [
        (point("s", 9, color=COLOURS[mark], markeredgecolor=EDGE), point(sign, 5, color=colour))
        for mark, (sign, colour) in zip(MARKS, signs, strict=True)
    ]


def _block(part: pd.DataFrame) -> tuple[np.ndarray, list[int]]:
    """The marks of one table by number, masked where it prints nothing, and the row after each in-distribution."""
    rows, row_names = pd.factorize(pd.MultiIndex.from_frame(part[["in_dist", "out_dist"]]))
    columns, column_names = pd.factorize(pd.MultiIndex.from_frame(part[["metric", "method"]]))
    grid = np.ma.masked_all((len(row_names), len(column_names)), int)
    grid[rows, columns] = part["mark"].map(MARKS.index)
    return grid, [rows[part["in_dist"] == in_dist].max() + 1 for in_dist in part["in_dist"].unique()]


@styled()
def agreement(cells: pd.DataFrame) -> Figure:
    """Ours against the paper's value, one panel a kind of metric, with their margins; the diagonal is equal.

    cells: of `grades.marked`; hollow is what another network or other data gave. Raises ValueError when none was run.
    """
    run = cells[cells["mark"] != NOT_RUN]
    if run.empty:
        raise ValueError("cells: none of them was run, so there is nothing to compare")
    run = run.assign(kind=run["metric"].str.replace(r"FPR\d+", "FPR", regex=True), hollow=run["unlike"] != "")
    kinds = [kind for kind in ("FPR", "AUROC", "AUPR", "RMS", "MAD", "SoftF1") if kind in set(run["kind"])]
    lines, columns = -(-len(kinds) // 3), min(3, len(kinds))
    figure, panels = plt.subplots(lines, columns, squeeze=False, figsize=(3.3 * columns, 3.4 * lines + 0.4))
    for axes, kind in zip(panels.flat, kinds, strict=False):
        axes.plot([0, 100], [0, 100], color=GREY, linewidth=0.9)
        for (mark, hollow), part in run[run["kind"] == kind].groupby(["mark", "hollow"]):
            axes.errorbar(part["paper"].astype(float), part["ours"], yerr=part["margin"].fillna(0), linestyle="",
                          marker=MARKERS[mark], markersize=4, color=AS_POINTS[mark], elinewidth=0.7, alpha=0.7,
                          markerfacecolor="white" if hollow else AS_POINTS[mark])  # fmt: skip
        axes.set(title=kind, xlabel="the paper", ylabel="ours", xlim=(-3, 103), ylim=(-3, 103), box_aspect=1)
    for axes in panels.flat[len(kinds) :]:
        axes.axis("off")
    points = MARKERS.items()
    handles = [Line2D([], [], linestyle="", color=AS_POINTS[mark], marker=sign, label=mark) for mark, sign in points]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure
