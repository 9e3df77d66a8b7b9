import pytest
from matplotlib.collections import QuadMesh

from oe_core import figures
from oe_core.paper import results


@pytest.fixture(scope="module")
def cells():
    return results.marked(results.sources(results.REFERENCE))


def test_the_wall_has_one_square_a_printed_number_and_its_legend_the_counts(cells):
    figure = figures.wall(cells)
    blocks = [block.get_array() for block in figure.axes[0].collections if isinstance(block, QuadMesh)]
    assert sum(block.count() for block in blocks) == len(cells) and len(blocks) == 14
    counts = cells["mark"].value_counts()
    written = [text.get_text() for text in figure.legends[0].texts]
    assert written == [f"{mark}: {counts[mark]}" for mark in results.MARKS]


def test_blocks_do_not_overlap(cells):
    figure = figures.wall(cells)
    axes = figure.axes[0]
    boxes = [block.get_datalim(axes.transData) for block in axes.collections if isinstance(block, QuadMesh)]
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_every_number_that_was_run_is_a_point_against_the_papers(cells):
    figure = figures.agreement(cells)
    drawn = sum(len(bars.lines[0].get_xdata()) for axes in figure.axes for bars in axes.containers)
    assert drawn == (cells["mark"] != results.NOT_RUN).sum()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["FPR", "AUROC", "AUPR", "RMS", "MAD", "SoftF1"]


def test_nothing_run_is_nothing_to_compare():
    with pytest.raises(ValueError, match="none of them was run"):
        figures.agreement(results.marked([]))
