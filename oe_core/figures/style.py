"""One restrained style, told apart with any colour vision; how panels are laid out, and how a figure is kept."""

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
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
MORE_COLOURS, MARKERS = ("#E69F00", "#56B4E9", "#000000"), "osD^v"
IN_COLOUR, OUT_COLOUR = BLUE, VERMILION
STYLE = {
    "font.size": 10, "axes.titlesize": 10.5, "axes.titlelocation": "left", "axes.spines.top": False,
    "axes.spines.right": False, "axes.edgecolor": GREY, "axes.grid": True, "axes.axisbelow": True,
    "grid.color": "#E6E6E6", "grid.linewidth": 0.6, "lines.linewidth": 1.8, "legend.framealpha": 0.85,
    "legend.edgecolor": "none", "legend.fontsize": 9, "figure.constrained_layout.use": True, "figure.dpi": 110,
}  # fmt: skip
# Equal figures give equal files; text stays text; a long curve has no more corners than can be seen: files stay light.
KEPT = {"svg.hashsalt": "oe_core", "svg.fonttype": "none", "path.simplify_threshold": 0.3}

SCREEN = 96  # dots an inch of a web page; pictures have twice as many
MOST_WRITTEN = 20  # words on a figure that its description repeats


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


def series() -> Iterator[tuple[str, str, str]]:
    """(colour, dash, marker) of any number of series, as `LINES` at first; those of the first 140 all differ."""
    return zip(cycle([*PALETTE, *MORE_COLOURS]), cycle([dash for _, dash in LINES]), cycle(MARKERS), strict=True)


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


def described(figure: Figure) -> str:
    """What a figure shows, in words, for who does not see it: its titles, its axes and what its legends name."""
    panels = []
    for axes in figure.axes:
        title = axes.get_title(loc="left") or axes.get_title()
        span = " over ".join(filter(None, (axes.get_ylabel(), axes.get_xlabel())))
        panels += filter(None, [": ".join(filter(None, (title, span)))])
    boxes = [*figure.legends, *filter(None, (axes.get_legend() for axes in figure.axes))]
    named = [text.get_text() for box in boxes for text in box.get_texts()]
    written = [text.get_text() for axes in figure.axes for text in axes.texts][:MOST_WRITTEN]
    parts = {"Panels": panels, "Legend": named, "Written on it": written}
    texts = [f"{name}: {'; '.join(dict.fromkeys(words))}." for name, words in parts.items() if words]
    return " ".join(" ".join(texts).replace("$", "").split())


def publish(figure: Figure, stem: str, folder: Path | str, caption: str = "") -> None:
    """Write the figure as folder/stem.png and folder/stem.svg, each whole or not at all; equal figures, equal files.

    caption: one sentence that says what it shows. A notebook keeps it with the picture, as its alternative text
    together with what is `described`, and the site prints it below.
    """
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        content = io.BytesIO()
        with styled(KEPT):
            figure.savefig(content, format=kind, dpi=2 * SCREEN, metadata=metadata)
        write_whole(Path(folder) / f"{stem}.{kind}", content.getvalue())
    alt = " ".join(filter(None, (caption, described(figure))))
    kept = {"image/png": {"alt": alt}, "published": {"stem": stem, "caption": caption, "alt": alt}}
    # IPython's protocol: no other data than it would show of the figure, but these words beside them.
    figure._repr_mimebundle_ = lambda **_: ({}, kept)
