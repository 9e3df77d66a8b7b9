"""What a published figure says of itself, for who does not see it and for the site."""

from matplotlib import pyplot as plt

from oe_core import figures
from oe_core.figures.style import described


def _drawn():
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([0, 1], label="without $OE$")
    left.set(title="digits", xlabel="epoch", ylabel="loss (nats)")
    right.plot([1, 0], label="with")
    right.text(0, 0, "here")
    for axes in (left, right):
        axes.legend()
    return figure


def test_a_figure_is_described_by_its_titles_axes_legends_and_words():
    words = "Panels: digits: loss (nats) over epoch. Legend: without OE; with. Written on it: here."
    assert described(_drawn()) == words


def test_a_description_repeats_no_word_and_not_every_one():
    figure, axes = plt.subplots()
    for number in range(100):
        axes.text(0, 0, f"word {number // 2}")
    assert described(figure) == "Written on it: " + "; ".join(f"word {number}" for number in range(10)) + "."


def test_a_notebook_keeps_the_caption_and_the_description_beside_the_picture(tmp_path):
    figure = _drawn()
    figures.publish(figure, "both", tmp_path, "Two losses.")
    data, words = figure._repr_mimebundle_(include=None, exclude=None)
    assert data == {} and words["published"]["stem"] == "both"
    assert words["image/png"]["alt"] == words["published"]["alt"] == f"Two losses. {described(figure)}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["both.png", "both.svg"]
