"""A figure with knobs, on a page, in JupyterLab and in print.

On a page it is drawn beforehand for each position, so that turning one needs neither a kernel nor a network; in
JupyterLab the kernel draws what is asked for (`live`); in print it is the picture of the first position.
"""

import base64
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import product
from math import prod

import matplotlib
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

MOST_POSITIONS = 120  # of all knobs together: some 20 kB each in the page
COLOURS = 96  # of a picture's palette
DPI = 120
SERVED = "JPY_SESSION_NAME"  # set in the kernels of a Jupyter server, and in no other
# Each knob is a slider; the pictures lie in the order of itertools.product. One function serves the figures of a page.
TURN = """
const box = this.closest('.knobs'), frames = JSON.parse(box.querySelector('script').textContent);
let place = 0;
for (const knob of box.querySelectorAll('input')) {
  place = place * (Number(knob.max) + 1) + Number(knob.value);
  const shown = JSON.parse(knob.dataset.values)[knob.value];
  knob.nextElementSibling.textContent = shown;
  knob.setAttribute('aria-valuetext', shown);
}
const image = box.querySelector('img');
image.src = 'data:image/png;base64,' + frames[place][0];
image.alt = frames[place][1];
box.querySelector('.told').textContent = frames[place][1];
"""
LOOK = (
    "<style>.knobs{max-width:100%}.knobs img{max-width:100%;height:auto;background:#fff}"
    ".knobs label{display:flex;gap:.7em;align-items:center;margin:.2em 0;flex-wrap:wrap}.knobs input{width:14em}"
    "@media print{.knobs label{display:none}}</style>"
)


@dataclass(frozen=True)
class Knobs:
    """What a notebook shows: html for a screen, png for what shows no page, and where a Jupyter server asks a widget.

    draw, positions, start and size as `knobs` has them; style: matplotlib's settings, of when it was made.
    """

    draw: Callable[..., str] = field(repr=False)
    positions: Mapping[str, Sequence]
    start: Sequence[int]
    size: tuple[float, float]
    style: Mapping[str, object] = field(repr=False)

    @cached_property
    def first(self) -> tuple[bytes, str, list[Bbox]]:
        """The `frame` of the start, by which the panels of the others are laid out."""
        return self.frame(self._at(self.start), None)

    @cached_property
    def html(self) -> str:
        """The figure drawn for every position, the sliders, and what changes one for another."""
        every = product(*(range(len(values)) for values in self.positions.values()))
        frames = [self.first if places == tuple(self.start) else self.frame(self._at(places), self.first[2])
                  for places in every]  # fmt: skip
        png, told, _ = self.first
        return _html([frame[:2] for frame in frames], self.positions, self.start, told, png)

    def _at(self, places: Sequence[int]) -> list:
        return [values[place] for place, values in zip(places, self.positions.values(), strict=True)]

    def frame(self, values: Sequence, laid_out: list[Bbox] | None) -> tuple[bytes, str, list[Bbox]]:
        """A PNG, its words, and where its panels lie: as in `laid_out`, which takes half of the drawing, if given."""
        with matplotlib.rc_context(self.style):
            figure = Figure(figsize=self.size, layout="constrained" if laid_out is None else "none")
            told, drawn, kept = self.draw(figure, *values), io.BytesIO(), io.BytesIO()
            for axes, place in zip(figure.axes, laid_out or [], strict=laid_out is not None):
                axes.set_position(place)
            figure.savefig(drawn, format="png", dpi=DPI)
        Image.open(drawn).convert("RGB").quantize(COLOURS).save(kept, format="PNG", optimize=True)
        return kept.getvalue(), told, [axes.get_position(original=True) for axes in figure.axes]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        picture = {"image/png": base64.b64encode(self.first[0]).decode()}
        if not os.environ.get(SERVED):
            return {"text/html": self.html, **picture}
        from oe_core.figures.live import widget  # of packages that the library can do without

        return widget(self)._repr_mimebundle_() | picture


def knobs(
    draw: Callable[..., str], positions: Mapping[str, Sequence], start: Sequence[int],
    size: tuple[float, float] = (8, 3),
) -> Knobs:  # fmt: skip
    """A figure that can be turned. draw: (figure, *values) draws into the empty figure, and says in words what is seen.

    positions: the values of each knob, by its name, shown as they are printed; a kernel that draws them while they are
    turned may ask for what is between two floats. start: which of each is shown first. size: of the figure, inches.
    Raises ValueError for a knob without two values, a start that is none of its positions, or more than MOST_POSITIONS
    altogether.
    """
    if not positions or any(len(values) < 2 for values in positions.values()):
        raise ValueError(f"positions={dict(positions)}: expected knobs with two values or more each")
    if prod(map(len, positions.values())) > MOST_POSITIONS:
        counts = " x ".join(str(len(values)) for values in positions.values())
        raise ValueError(f"positions has {counts} pictures; a page bears {MOST_POSITIONS}")
    if len(start) != len(positions) or any(
        not 0 <= place < len(values) for place, values in zip(start, positions.values(), strict=True)
    ):
        raise ValueError(f"start={list(start)}: expected a position of each of {', '.join(positions)}")
    # Settings of the backend would change it, and are none of the figure's.
    style = {name: value for name, value in matplotlib.rcParams.items() if not name.startswith("backend")}
    return Knobs(draw, positions, start, size, style)


def _html(
    frames: Sequence[tuple[bytes, str]], positions: Mapping[str, Sequence], start: Sequence[int], told: str, png: bytes
) -> str:
    content = [[base64.b64encode(picture).decode(), words] for picture, words in frames]
    sliders = "".join(
        # The last attribute keeps JupyterLab from taking the arrow keys, with which it folds headings.
        f'<label>{escape(name)} <input type="range" min="0" max="{len(values) - 1}" value="{place}" '
        f'aria-valuetext="{escape(str(values[place]))}" data-values="{escape(json.dumps([str(v) for v in values]))}" '
        f'oninput="{escape(TURN)}" data-lm-suppress-shortcuts="true">'
        f"<output>{escape(str(values[place]))}</output></label>"
        for (name, values), place in zip(positions.items(), start, strict=True)
    )
    kept = json.dumps(content).replace("</", "<\\/")
    return (
        f'<div class="knobs">{LOOK}{sliders}{shown(png, told)}'
        f'<script type="application/json">{kept}</script></div>'
    )


def shown(png: bytes, told: str) -> str:
    """The html of a picture and of the words that it shows, which are read out when they change."""
    picture = f'<img alt="{escape(told)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    return f'{picture}<p class="told" aria-live="polite">{escape(told)}</p>'
