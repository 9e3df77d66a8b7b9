"""A figure with knobs: drawn beforehand for each position, so that turning one needs neither a kernel nor a network.

The same in JupyterLab, on a page that is opened as a file, and, as the picture of the first position, in print.
"""

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import product
from math import prod

from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

MOST_POSITIONS = 120  # of all knobs together: some 20 kB each in the page
COLOURS = 96  # of a picture's palette
DPI = 120
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
    """What a notebook shows: html for a screen, png for what shows no page."""

    html: str
    png: bytes

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/html": self.html, "image/png": base64.b64encode(self.png).decode()}


def knobs(
    draw: Callable[..., str], positions: Mapping[str, Sequence], start: Sequence[int],
    size: tuple[float, float] = (8, 3),
) -> Knobs:  # fmt: skip
    """A figure that can be turned. draw: (figure, *values) draws into the empty figure, and says in words what is seen.

    positions: the values of each knob, by its name, shown as they are printed. start: which of each is shown first.
    size: of the figure, inches. Raises ValueError for a knob without two values, a start that is none of its
    positions, or more than MOST_POSITIONS altogether.
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
    frames, laid_out = {}, None
    for places in product(*(range(len(values)) for values in positions.values())):
        at = [values[place] for place, values in zip(places, positions.values(), strict=True)]
        *frames[places], laid_out = _frame(draw, at, size, laid_out)
    png, told = frames[tuple(start)]
    return Knobs(_html(list(frames.values()), positions, start, told, png), png)


def _frame(
    draw: Callable[..., str], values: Sequence, size: tuple[float, float], laid_out: list[Bbox] | None
) -> tuple[bytes, str, list[Bbox]]:
    """A picture, its words, and where its panels lie: where those of the first do, which takes half of the drawing."""
    figure = Figure(figsize=size, layout="constrained" if laid_out is None else "none")
    told, drawn, kept = draw(figure, *values), io.BytesIO(), io.BytesIO()
    for axes, place in zip(figure.axes, laid_out or [], strict=laid_out is not None):
        axes.set_position(place)
    figure.savefig(drawn, format="png", dpi=DPI)
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(kept, format="PNG", optimize=True)
    return kept.getvalue(), told, [axes.get_position(original=True) for axes in figure.axes]


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
    picture = f'<img alt="{escape(told)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    kept = json.dumps(content).replace("</", "<\\/")
    return (
        f'<div class="knobs">{LOOK}{sliders}{picture}'
        f'<p class="told" aria-live="polite">{escape(told)}</p>'
        f'<script type="application/json">{kept}</script></div>'
    )
