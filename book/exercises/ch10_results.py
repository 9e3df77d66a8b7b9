"""The checks of chapter 10's exercises."""

import numpy as np

from exercises.answers import close, exercise, need, need_close, number, table
from oe_core import paper
from oe_core.paper import errata, grades

LEVELS = (0.5, 0.8, 0.95, 0.999)
DECIDED = (grades.AGREES, grades.AGAINST)
# Which chapter trains what a disagreement is about, by the beginning of its subject; of others any chapter may.
TRAINED_BY = {
    "All-Conv": "09_design_choices", "GAN": "05_gan", "PixelCNN++": "06_pixelcnn", "calibration": "08_calibration",
    "confidence branch": "04_confidence_branch", "language models": "07_language_models", "texts": "03_nlp",
    "20 Newsgroups": "03_nlp", "SST": "03_nlp", "SVHN": "02_vision_msp", "architectures": "02_vision_msp",
}  # fmt: skip


@exercise(1)
def stricter_rule(by_level, directions_at):
    """A table of counts: a row for each level, a column for each direction that is decided."""
    given = table(by_level, "by_level", LEVELS, DECIDED).to_numpy()
    need((given % 1 == 0).all(), "comparisons are counted in whole numbers")
    right = np.array([[directions_at(level).get(direction, 0) for direction in DECIDED] for level in LEVELS])
    need_close(given, right, 0, "by_level does not have the numbers of comparisons that each level decides",
               [(right[:, ::-1], "the two directions have changed their places"),
                (np.tile(right[list(LEVELS).index(0.95)], (len(LEVELS), 1)), "every row is that of one level; does yours reach the margins?")])  # fmt: skip


@exercise(2)
def by_chance(decided_by_chance, papers_way_by_chance, comparisons, measured, level):
    """How many of so many repeated comparisons, among all measured, would be decided at a level, and which way."""
    decided, papers = number(decided_by_chance, "decided_by_chance"), number(papers_way_by_chance, "papers_way_by_chance")
    need(not close(decided, level * comparisons, 0.5), "an interval holds what it is for with this level; a comparison is decided where it does not")
    need(not close(decided, comparisons, 0.5), "a difference that is nothing but chance is decided now and then only; how often does an interval miss?")
    need(not close(decided, 1 - level, 1e-6), "this is a share; how many comparisons is it?")
    need(comparisons == measured or not close(decided, (1 - level) * measured, 0.5), "this counts comparisons of one training, too; does their interval hold what another training would give?")
    need(close(decided, (1 - level) * comparisons, 0.5), "decided_by_chance does not follow from the level and the number of repeated comparisons")
    need(not close(papers, comparisons / 2, 0.5), "half of all would have the paper's sign, but not all would be decided")
    need(close(papers, decided / 2, 0.5), "where nothing is at work, what is decided goes either way equally often")


@exercise(3)
def own_errata(chosen, chapter, without):
    """The number of a disagreement that has not been measured, and the name of the chapter that could measure it."""
    place = number(chosen, "chosen")
    need(place in errata.DISAGREEMENTS, f"the book knows no disagreement {place:g}")
    need(place in without, "this one has a number already; choose one that has none")
    chapters = {row.chapter for row in paper.INDEX.values()}
    need(chapter in chapters, f"{chapter!r} is no chapter with a table; give its whole name, such as {min(chapters)}")
    subject = errata.DISAGREEMENTS[place].subject
    trained_by = [name for begins, name in TRAINED_BY.items() if subject.startswith(begins)] or chapters
    need(chapter in trained_by, f"it is about {subject}; is that what {chapter} trains?")
