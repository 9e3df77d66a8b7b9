"""Knobs in the kernel of a Jupyter server are widgets, whose figure is drawn when one is turned."""

import kernels
import pytest

from oe_core import figures
from oe_core.figures.knobs import SERVED

POSITIONS = {"threshold": [0.0, 1.0, 3.0], "base rate": ["1:5", "1:100"]}


@pytest.fixture
def drawn():
    return []


@pytest.fixture
def turned(drawn):
    def draw(figure, threshold, rate):
        drawn.append((threshold, rate))
        figure.add_subplot().axvline(threshold)
        return f"threshold {threshold}, <rate> {rate}"

    return figures.knobs(draw, POSITIONS, [1, 0], size=(2, 1))


def test_only_what_is_turned_to_is_drawn_and_said(turned, drawn):
    from oe_core.figures.live import widget

    *sliders, seen = widget(turned).children
    assert [slider.description for slider in sliders] == list(POSITIONS)
    assert drawn == [(1.0, "1:5")] and "threshold 1.0, &lt;rate&gt; 1:5" in seen.value
    before = seen.value
    sliders[0].value = 1.22
    assert drawn[1:] == [(1.22, "1:5")] and "threshold 1.22, &lt;rate&gt; 1:5" in seen.value != before
    sliders[1].value = "1:100"
    assert drawn[2:] == [(1.22, "1:100")]


def test_floats_are_divided_and_keep_their_values_and_nothing_else_is():
    from oe_core.figures.live import divided

    stops = divided([0.5, 1.0, 3.1234])
    assert len(stops) == 19 and stops == sorted(stops) and {0.5, 1.0, 3.1234} <= set(stops)
    assert divided([1e-9, 2e-9]) == sorted(divided([1e-9, 2e-9]))
    assert divided([25, 100]) == [25, 100] and divided(["1:5", "1:100"]) == ["1:5", "1:100"]


def test_a_widget_is_shown_where_a_server_asks_and_elsewhere_the_page(turned, drawn, monkeypatch):
    view = "application/vnd.jupyter.widget-view+json"
    monkeypatch.setenv(SERVED, "chapter.ipynb")
    of_server = turned._repr_mimebundle_()
    assert view in of_server and "text/html" not in of_server
    assert len(drawn) == 1  # of the widget and of print, not a picture for every position
    monkeypatch.setenv(SERVED, "")
    of_build = turned._repr_mimebundle_()
    assert view not in of_build and of_build["image/png"] == of_server["image/png"]
    assert len(drawn) == 6 and len(set(drawn)) == 6


def test_the_kernels_of_a_build_are_no_servers(tmp_path):
    assert kernels.environment(tmp_path, 0, "1")[SERVED] == ""
