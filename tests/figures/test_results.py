import numpy as np
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import to_rgb

from oe_core import figures
from oe_core.figures.results import COLOURS, INSIDE
from oe_core.paper import grades, results


@pytest.fixture(scope="module")
def cells():
    return grades.marked(results.sources(results.REFERENCE))


def test_the_wall_has_one_square_a_printed_number_and_its_legend_the_counts_and_claims(cells):
    figure = figures.wall(cells)
    blocks = [block.get_array() for block in figure.axes[0].collections if isinstance(block, QuadMesh)]
    assert sum(block.count() for block in blocks) == len(cells) and len(blocks) == 14
    counts = cells["mark"].value_counts()
    written = [text.get_text() for text in figure.legends[0].texts]
    assert written == [f"{counts.get(mark, 0)} {mark}: {claim}" for mark, claim in grades.CLAIMS.items()]


def test_marks_that_look_alike_in_grey_have_signs_of_their_own(cells):
    figure = figures.wall(cells)
    signs = [points for points in figure.axes[0].collections if isinstance(points, PathCollection)]
    counts = cells["mark"].value_counts()
    assert sum(len(points.get_offsets()) for points in signs) == counts.reindex(list(INSIDE), fill_value=0).sum()
    lightness = {mark: 100 * to_rgb(colour)[1] for mark, colour in COLOURS.items() if mark not in INSIDE}
    ordered = sorted(lightness.values())
    assert min(np.diff(ordered)) > 10, lightness  # of the green channel, which is most of what the eye calls light


def test_blocks_do_not_overlap(cells):
    figure = figures.wall(cells)
    axes = figure.axes[0]
    boxes = [block.get_datalim(axes.transData) for block in axes.collections if isinstance(block, QuadMesh)]
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_every_number_that_was_run_is_a_point_against_the_papers(cells):
    figure = figures.agreement(cells)
    drawn = sum(len(bars.lines[0].get_xdata()) for axes in figure.axes for bars in axes.containers)
    assert drawn == (cells["mark"] != grades.NOT_RUN).sum()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["FPR", "AUROC", "AUPR", "RMS", "MAD", "SoftF1"]


def test_nothing_run_is_nothing_to_compare():
    with pytest.raises(ValueError, match="none of them was run"):
        figures.agreement(grades.marked([]))
