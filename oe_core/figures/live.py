"""Knobs in JupyterLab: widgets, whose figure the kernel draws while they are turned."""

from collections.abc import Sequence

import ipywidgets
import numpy as np

from oe_core.figures.knobs import LOOK, Knobs, shown

BETWEEN = 8  # positions between two floats of a page's knob


def widget(turned: Knobs) -> ipywidgets.VBox:
    """The sliders of `turned`, more finely divided where their values are floats, above its picture and its words."""
    sliders = [_slider(name, values, place)
               for (name, values), place in zip(turned.positions.items(), turned.start, strict=True)]  # fmt: skip
    seen = ipywidgets.HTML()

    def show(png: bytes, told: str, _: object) -> None:
        seen.value = f'<div class="knobs">{LOOK}{shown(png, told)}</div>'

    def draw(change: object) -> None:
        show(*turned.frame([slider.value for slider in sliders], turned.first[2]))

    for slider in sliders:
        slider.observe(draw, names="value")
    show(*turned.first)
    return ipywidgets.VBox([*sliders, seen])


def _slider(name: str, values: Sequence, place: int) -> ipywidgets.SelectionSlider:
    label = {"description": name, "style": {"description_width": "initial"}, "layout": {"width": "28em"}}
    return ipywidgets.SelectionSlider(
        options=[(str(value), value) for value in divided(values)], value=values[place], **label
    )


def divided(values: Sequence) -> list:
    """`values`, and between any two that are floats BETWEEN more, to three digits; what is no float stays alone."""
    if not all(isinstance(value, float) for value in values):
        return list(values)
    places = np.arange(len(values))
    stops = np.interp(np.arange((len(values) - 1) * (BETWEEN + 1) + 1) / (BETWEEN + 1), places, values)
    between = [float(f"{stop:.3g}") for stop in stops]
    between[:: BETWEEN + 1] = values
    return list(dict.fromkeys(between))
