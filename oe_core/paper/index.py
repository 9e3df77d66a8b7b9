"""The tables of the paper, a row each: which chapter and which detector measure it, and what its reader has to know.

The rows stand beside this file in `index.csv` and their footnotes in `notes.csv`; the printed numbers in `tables.csv`,
and in `logs.csv` what the official code's own reports have for them, and for MNIST, which the paper prints no table of.
The detector's columns of its `full` measure a table, but for three: 9 (the columns of 7, of an experiment with
network="allconv"), 12 and 13 (`evaluation.calibrate` on networks of 7 with a hold-out).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

# Section 5 quotes one number of MNIST and prints no table: the logs of the official code, in the form of Table 7.
LOGS = 0
RENAMED = {6: {"PTB Char": "PTB Characters", "PTB Word": "PTB Words"}}  # Table 6 writes out what 11 shortens


@dataclass(frozen=True)
class Table:
    """One table of the paper.

    chapter: as `make book CHAPTER=` wants it. detector: a name in `detectors.registry.KINDS`. full: the table whose
    records this one shows; for a summary in the paper's text, which has the Mean rows of the same experiment, the one
    in its appendix. sets_of: the table with the rows that its means run over. variant: which reading of the experiment
    its printed numbers follow, "" for the text's. repeated: methods whose numbers another table prints as well, parted
    by blanks.
    """

    number: int
    chapter: str
    detector: str
    full: int
    sets_of: int
    variant: str
    repeated: str

    @property
    def title(self) -> str:
        return f"Table {self.number}" if self.number != LOGS else "MNIST"

    def notes(self, in_dists: Collection[str]) -> list[str]:
        """Its footnotes, those of single in-distributions only where it has their rows, under its names."""
        own = (row for row in _NOTES.itertuples(index=False) if str(self.number) in row.tables.split())
        return [row.note for row in own if not row.in_dist or self.title_of(row.in_dist) in in_dists]

    def title_of(self, in_dist: str) -> str:
        """The name that it has for an in-distribution."""
        return RENAMED.get(self.number, {}).get(in_dist, in_dist)

    def named(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with the column in_dist, under the names that it has for them."""
        return rows.assign(in_dist=rows["in_dist"].map(self.title_of))

    def shown(self, records: pd.DataFrame) -> pd.DataFrame:
        """Those records that it shows, under the names that they have."""
        return records[records["table"].isin({self.number, self.full})]

    def records(self, records: pd.DataFrame) -> pd.DataFrame:
        """Those records that it shows, under its own names."""
        return self.named(self.shown(records))


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name(name), keep_default_na=False)


_NOTES = _read("notes.csv")
INDEX: Mapping[int, Table] = {row.number: Table(*row) for row in _read("index.csv").itertuples(index=False)}


def row(number: int) -> Table:
    """The row of a table by its number, or LOGS. Raises ValueError where the paper has no such table."""
    if number not in INDEX:
        raise ValueError(f"table={number!r} is none of the paper's tables 1 to {max(INDEX)}, nor LOGS")
    return INDEX[number]
