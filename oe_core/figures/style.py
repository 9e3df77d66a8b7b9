"""One restrained style, told apart with any colour vision; how panels are laid out, and how a figure is kept."""

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from oe_core.atomic import write_whole

# Okabe and Ito's palette; lines differ in dash as well.
BLUE, VERMILION, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#6E6E6E"
LINES = [(BLUE, "--"), (VERMILION, "-"), (GREEN, "-."), (PURPLE, ":")]
PALETTE = [colour for colour, _ in LINES]
IN_COLOUR, OUT_COLOUR = BLUE, VERMILION
STYLE = {
    "font.size": 10, "axes.titlesize": 10.5, "axes.titlelocation": "left", "axes.spines.top": False,
    "axes.spines.right": False, "axes.edgecolor": GREY, "axes.grid": True, "axes.axisbelow": True,
    "grid.color": "#E6E6E6", "grid.linewidth": 0.6, "lines.linewidth": 1.8, "legend.framealpha": 0.85,
    "legend.edgecolor": "none", "legend.fontsize": 9, "figure.constrained_layout.use": True, "figure.dpi": 110,
}  # fmt: skip
# Equal figures give equal files; text stays text; a long curve has no more corners than can be seen: files stay light.
KEPT = {"svg.hashsalt": "oe_core", "svg.fonttype": "none", "path.simplify_threshold": 0.3}


@contextmanager
def styled(settings: Mapping[str, object] = STYLE) -> Iterator[None]:
    """Draw with matplotlib's `settings` for a while, or, as a decorator, in a function.

    The first figure of a session loads the backend, which in a notebook turns interactive drawing on. That has to
    outlast the context, or no later figure is shown.
    """
    with plt.rc_context(settings):
        yield
        interactive = plt.isinteractive()
    matplotlib.interactive(interactive)


def check_count(argument: str, names: Collection[str], what: str, most: int = len(LINES)) -> None:
    """Raise a ValueError unless there are 1 to `most` of the `names`, which are a figure's panels or methods."""
    if not 1 <= len(names) <= most:
        raise ValueError(f"{argument} has {len(names)} {what} ({', '.join(names)}); a figure shows 1 to {most}")


def row(titles: Sequence[str], height: float, widths: Sequence[float]) -> tuple[Figure, list[Axes]]:
    """A figure and its panels side by side on one scale, a title each; sizes in inches."""
    size = (sum(widths) + 0.5, height)
    figure, (panels,) = plt.subplots(1, len(titles), figsize=size, squeeze=False, sharey=True, width_ratios=widths)
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title)
    return figure, list(panels)


def legend_above(figure: Figure, panels: Sequence[Axes]) -> None:
    """One legend for all panels, what the first one shows, in place of their own."""
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2 * len(LINES))
    for axes in filter(Axes.get_legend, panels):
        axes.get_legend().remove()


def publish(figure: Figure, stem: str, folder: Path | str) -> None:
    """Write the figure as folder/stem.png and folder/stem.svg, each whole or not at all; equal figures, equal files."""
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        content = io.BytesIO()
        with styled(KEPT):
            figure.savefig(content, format=kind, dpi=160, metadata=metadata)
        write_whole(Path(folder) / f"{stem}.{kind}", content.getvalue())
