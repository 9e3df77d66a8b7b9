"""Figures of the whole book: every printed number as a square in the colour of its mark, ours against the paper's."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from oe_core.figures.style import BLUE, GREEN, GREY, STYLE, VERMILION, styled
from oe_core.paper import index
from oe_core.paper.results import DIRECTION, MARKS, NOT_RUN, OTHER, REPRODUCED

COLOURS = {REPRODUCED: GREEN, DIRECTION: BLUE, OTHER: VERMILION, NOT_RUN: "#DDDDDD"}
MARKERS = {REPRODUCED: "o", DIRECTION: "s", OTHER: "X"}  # told apart without colour as well
HEAD = 2.5  # rows of squares that the heading of a block takes
GAP = 3.0  # squares between two columns of blocks


def wall(cells: pd.DataFrame) -> Figure:
    """Every printed number, a square each: one block a table, its rows and columns as printed, coloured by mark.

    cells: of `results.marked`. A line parts the in-distributions.
    """
    blocks = {table: _block(part) for table, part in cells.groupby("table", sort=False)}
    stacks = _stacked({table: len(grid) for table, (grid, _) in blocks.items()})
    widths = [max(blocks[table][0].shape[1] for table in stack) for stack in stacks]
    height = max(sum(len(blocks[table][0]) + HEAD for table in stack) for stack in stacks)
    width = sum(widths) + GAP * (len(stacks) - 1)
    colours = ListedColormap([to_rgb(COLOURS[mark]) for mark in MARKS])
    with styled(STYLE | {"axes.grid": False}):
        figure, axes = plt.subplots(figsize=(0.16 * width + 0.4, 0.16 * height + 0.9))
        left = 0.0
        for stack, of_stack in zip(stacks, widths, strict=True):
            top = HEAD
            for table in stack:
                grid, ends = blocks[table]
                rows, columns = grid.shape
                axes.pcolormesh(left + np.arange(columns + 1), top + np.arange(rows + 1), np.ma.masked_less(grid, 0),
                                cmap=colours, vmin=-0.5, vmax=len(MARKS) - 0.5, edgecolors="white",
                                linewidth=0.6)  # fmt: skip
                axes.hlines(top + np.array(ends[:-1]), left, left + columns, color="black", linewidth=1.2)
                axes.text(left, top - 0.3, index.row(table).title, va="bottom", fontsize=9)
                top += rows + HEAD
            left += of_stack + GAP
        axes.set(xlim=(-0.5, width + 0.5), ylim=(height, 0), aspect="equal")
        axes.axis("off")
        counts = cells["mark"].value_counts()
        handles = [Patch(color=COLOURS[mark], label=f"{mark}: {counts.get(mark, 0)}") for mark in MARKS]
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _stacked(heights: dict[int, int]) -> list[list[int]]:
    """The tables in columns, in their order, each column no higher than the highest table and a quarter more."""
    limit, stacks = 1.25 * max(heights.values()), [[]]
    for table, rows in heights.items():
        if stacks[-1] and sum(heights[other] + HEAD for other in stacks[-1]) + rows > limit:
            stacks.append([])
        stacks[-1].append(table)
    return stacks


def _block(part: pd.DataFrame) -> tuple[np.ndarray, list[int]]:
    """The marks of one table by number, -1 where it prints nothing, and the row after each in-distribution."""
    rows = part[["in_dist", "out_dist"]].drop_duplicates()
    columns = part[["metric", "method"]].drop_duplicates()
    numbers = part.assign(number=part["mark"].map(MARKS.index))
    grid = numbers.set_index(["in_dist", "out_dist", "metric", "method"])["number"].unstack(["metric", "method"])
    grid = grid.reindex(index=pd.MultiIndex.from_frame(rows), columns=pd.MultiIndex.from_frame(columns))
    ends = rows.groupby("in_dist", sort=False).size().cumsum().tolist()
    return grid.fillna(-1).to_numpy(int), ends


def agreement(cells: pd.DataFrame) -> Figure:
    """Ours against the paper's value, one panel a kind of metric, with two standard deviations; the diagonal is equal.

    cells: of `results.marked`; a Mean over other out-distributions than the paper's is hollow. Raises ValueError when
    nothing was run.
    """
    run = cells[cells["mark"] != NOT_RUN]
    if run.empty:
        raise ValueError("cells: none of them was run, so there is nothing to compare")
    kinds = run["metric"].str.replace(r"FPR\d+", "FPR", regex=True)
    order = [kind for kind in ("FPR", "AUROC", "AUPR", "RMS", "MAD", "SoftF1") if kind in set(kinds)]
    with styled():
        figure, panels = plt.subplots(-(-len(order) // 3), min(3, len(order)), squeeze=False,
                                      figsize=(3.3 * min(3, len(order)), 3.4 * -(-len(order) // 3) + 0.4))  # fmt: skip
        for axes, kind in zip(panels.flat, order, strict=False):
            axes.plot([0, 100], [0, 100], color=GREY, linewidth=0.9)
            for mark, part in run[kinds == kind].groupby("mark"):
                _points(axes, part, mark)
            axes.set(title=kind, xlabel="the paper", ylabel="ours", xlim=(-3, 103), ylim=(-3, 103), box_aspect=1)
        for axes in panels.flat[len(order) :]:
            axes.axis("off")
        handles = [
            Line2D([], [], linestyle="", color=COLOURS[mark], marker=marker, label=mark)
            for mark, marker in MARKERS.items()
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _points(axes: Axes, part: pd.DataFrame, mark: str) -> None:
    other_sets = part["why"].str.startswith("mean over other sets")
    for hollow, some in part.groupby(other_sets):
        axes.errorbar(some["paper"].astype(float), some["ours"], yerr=2 * some["spread"], linestyle="", markersize=4,
                      marker=MARKERS[mark], color=COLOURS[mark], elinewidth=0.7, alpha=0.7,
                      markerfacecolor="white" if hollow else COLOURS[mark])  # fmt: skip
