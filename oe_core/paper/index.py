"""The tables of the paper, a row each: which chapter and which detector measure it, and what its reader has to know.

The printed numbers stand beside this file: `tables.csv`, and `logs.csv` for MNIST.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

# Section 5 quotes one number of MNIST and prints no table: the logs of the official code, in the form of Table 7.
LOGS = 0
_TEN_RUNS = "The paper's values are means over ten draws of one trained network."
_SST_MEAN = (
    "The paper's Mean row for SST, +OE (25.31 / 90.07 / 64.37) is not the mean of its ten rows, which is "
    "27.33 / 89.27 / 59.23, as its Table 2 prints."
)
_CHARACTERS_MEAN = (
    "The paper's Mean FPR90 for PTB Char, +OE (89.4, as in its Table 6) is not the mean of its five rows, "
    "which is 82.92."
)


@dataclass(frozen=True)
class Table:
    """One table of the paper.

    chapter: as `make book CHAPTER=` wants it. detector: a name in `detectors.registry.KINDS`. full: the table whose
    records this one shows; for a summary in the paper's text, which has the Mean rows of the same experiment, the one
    in its appendix. sets_of: the table with the rows that its means run over. renamed: {name of an in-distribution in
    the full table: here}. notes: footnotes.
    """

    number: int
    chapter: str
    detector: str
    full: int
    sets_of: int
    renamed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"Table {self.number}" if self.number != LOGS else "MNIST"

    def named(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with the column in_dist, under the names that it has for them."""
        return rows.replace({"in_dist": dict(self.renamed)}) if self.renamed else rows

    def records(self, records: pd.DataFrame) -> pd.DataFrame:
        """Those records that it shows, under its own names."""
        return self.named(records[records["table"].isin({self.number, self.full})])


# number, chapter, detector, full, sets_of. The detector's columns of `full` measure all but 9, 12 and 13.
_ROWS = (
    Table(1, "02_vision_msp", "images", 7, 7, notes=(_TEN_RUNS,)),
    Table(2, "03_nlp", "text", 8, 8, notes=(_SST_MEAN,)),
    Table(3, "04_confidence_branch", "branch", 3, 7),
    Table(4, "05_gan", "gan", 4, 7),
    Table(5, "06_pixelcnn", "density", 5, 5),
    Table(6, "07_language_models", "language", 11, 11, notes=(_CHARACTERS_MEAN,),
          renamed={"PTB Char": "PTB Characters", "PTB Word": "PTB Words"}),  # Table 6 writes out what 11 shortens
    Table(7, "02_vision_msp", "images", 7, 7, notes=(_TEN_RUNS,)),
    Table(8, "03_nlp", "text", 8, 8, notes=(_SST_MEAN,)),
    # Measured by the columns of Table 7, asked of an experiment with network="allconv".
    Table(9, "09_design_choices", "images", 9, 7, notes=(_TEN_RUNS,)),
    Table(10, "02_vision_msp", "images", 10, 7, notes=(
        _TEN_RUNS, "Both columns score the network fine-tuned with Outlier Exposure; only the score differs.")),
    Table(11, "07_language_models", "language", 11, 11, notes=(_CHARACTERS_MEAN,)),
    # Both measured by evaluation.calibrate on the networks of Table 7, trained with held-out examples.
    Table(12, "08_calibration", "images", 12, 7, notes=(
        'Appendix C of the paper gives "RMS calibration errors" of 9.50 % and 6.15 % for CIFAR-10; these are the FPR95 '
        "values of the sentence before.",)),
    Table(13, "08_calibration", "images", 13, 7, notes=(
        "The first two columns are of the baseline; +OE has temperature and rescaling, too.",)),
    Table(LOGS, "09_design_choices", "images", 7, LOGS, notes=(
        "No table of the paper: its section 5 prints the Mean's AUPR alone, 94.2 and with Outlier Exposure 97.0. The "
        "values in parentheses are those of the logs of its code, means over ten draws of one trained network.",)),
)  # fmt: skip
INDEX: Mapping[int, Table] = {row.number: row for row in _ROWS}


def row(number: int) -> Table:
    """The row of a table by its number, or LOGS. Raises ValueError where the paper has no such table."""
    if number not in INDEX:
        raise ValueError(f"table={number!r} is none of the paper's tables 1 to {max(INDEX)}, nor LOGS")
    return INDEX[number]
