import json
import re

import pytest

from oe_core import figures


def _draw(figure, threshold, rate):
    figure.add_subplot().axvline(threshold)
    return f"threshold {threshold}, <rate> {rate}"


POSITIONS = {"threshold": [0.0, 1.0, 2.0], "base rate": ["1:5", "1:100"]}


@pytest.fixture(scope="module")
def turned():
    return figures.knobs(_draw, POSITIONS, [1, 0], size=(2, 1))


def _frames(html):
    return json.loads(re.search(r'<script type="application/json">(.*)</script>', html).group(1).replace("<\\/", "</"))


def test_every_position_has_its_picture_in_the_order_in_which_the_page_counts(turned):
    told = [words for _, words in _frames(turned.html)]
    thresholds, rates = POSITIONS.values()
    assert told == [f"threshold {threshold}, <rate> {rate}" for threshold in thresholds for rate in rates]
    assert len({picture for picture, _ in _frames(turned.html)}) == 3  # the drawing does not depend on the rate


def test_the_first_picture_is_that_of_the_start_and_says_what_it_shows(turned):
    shown = re.search(r'<img alt="([^"]*)" src="data:image/png;base64,([^"]*)"', turned.html)
    assert shown.group(1) == "threshold 1.0, &lt;rate&gt; 1:5" and shown.group(2) == _frames(turned.html)[2][0]
    bundle = turned._repr_mimebundle_()
    assert bundle["image/png"] == shown.group(2) and bundle["text/html"] == turned.html


def test_nothing_is_asked_of_a_network_and_each_knob_has_its_name(turned):
    assert not re.search(r"https?:|src=\"(?!data:)|<link", turned.html)
    assert [name for name in re.findall(r"<label>(.*?) <input", turned.html)] == list(POSITIONS)


@pytest.mark.parametrize("positions, start, words", [
    ({}, [], "two values"), ({"threshold": [1.0]}, [0], "two values"), ({"threshold": [1, 2]}, [2], "start"),
    ({"threshold": [1, 2]}, [0, 0], "start"), ({"a": range(20), "b": range(20)}, [0, 0], "20 x 20"),
])  # fmt: skip
def test_knobs_that_cannot_be_turned_are_refused(positions, start, words):
    with pytest.raises(ValueError, match=words):
        figures.knobs(_draw, positions, start)
