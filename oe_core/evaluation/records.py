"""Records: one long table of measured values, percent, one row a (cell, metric, seed, draw)."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from oe_core.atomic import DamagedFileError, read_whole, write_text
from oe_core.evaluation.draws import Draw
from oe_core.evaluation.metrics import detection_metrics
from oe_core.scales import SCALES

TYPES = {
    "table": "int64",  # of the paper; where it has none (MNIST, a reader's own set), the one whose form the rows have
    "in_dist": "str",
    "out_dist": "str",
    "method": "str",
    "metric": "str",
    "seed": "int64",
    "draw": "int64",
    "value": "float64",  # percent
    "outliers": "str",  # the auxiliary training set, "" for none
    "scale": "str",
    "stand_in_for": "str",  # "own name=paper's name" joined by "; ", or the out-distribution's alone
    "shortened": "str",  # what is left of the network's schedule, "30 of 100 epochs and 3 of 10"; "" of a whole one
}
OWN_FOLDER = "own folder"  # in `stand_in_for`: the paper's name, but read from a folder of the reader's
COLUMNS = tuple(TYPES)
KEY = ("table", "in_dist", "out_dist", "method", "metric", "seed", "draw", "outliers", "scale", "shortened")


def on_draws(in_scores: np.ndarray, out_scores: np.ndarray, draws: Iterable[Draw], tpr: float = 0.95) -> Iterator[dict]:
    """FPR, AUROC and AUPR of every draw, index pairs into the scores: {"metric", "draw", "value"}, in percent.

    in_scores: (inliers,); out_scores: (anomalies,), higher = more anomalous. Raises ValueError, naming the argument,
    for scores that the draws do not fit, and as `detection_metrics`.
    """
    for draw, (inside, outside) in enumerate(draws):
        pair = _taken(in_scores, inside, "in_scores"), _taken(out_scores, outside, "out_scores")
        for metric, value in detection_metrics(*pair, tpr).items():
            yield {"metric": metric, "draw": draw, "value": 100 * value}


def _taken(scores: np.ndarray, indices: np.ndarray, argument: str) -> np.ndarray:
    if len(indices) and indices.max() >= len(scores):
        raise ValueError(f"{argument} holds {len(scores)} scores but a draw asks for index {indices.max()}; "
                         "the draws were made for another test set")  # fmt: skip
    return scores[indices]


def validate(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the records with the columns in order and typed, or raise ValueError saying what is wrong.

    Allowed: the columns of `COLUMNS` and no others, values in [0, 100], known scales, no Mean rows, each `KEY` once.
    Records without the column `shortened`, which older ones do not have, are of whole schedules.
    """
    frame = frame if "shortened" in frame else frame.assign(shortened="")
    missing, unknown = set(COLUMNS) - set(frame.columns), set(frame.columns) - set(COLUMNS)
    if missing or unknown:
        raise ValueError(f"records: missing columns {sorted(missing)}, unknown {sorted(unknown)}; need {list(COLUMNS)}")
    frame = frame.loc[:, list(COLUMNS)].astype(TYPES)
    if unknown := set(frame["scale"]) - set(SCALES):
        raise ValueError(f"records: scale {sorted(unknown)} is unknown; choose from {', '.join(SCALES)}")
    if (frame["out_dist"] == "Mean").any():
        raise ValueError("records: out_dist 'Mean' is no measurement; paper.compare computes it, leave those rows out")
    _refuse(frame[~frame["value"].between(0, 100)], "hold no percent in [0, 100]")
    _refuse(frame[frame.duplicated(list(KEY))], "repeat a measurement")
    return frame


def _refuse(rows: pd.DataFrame, why: str) -> None:
    if len(rows):
        first = ", ".join(f"{column}={value}" for column, value in rows.iloc[0].items())
        raise ValueError(f"records: {len(rows)} rows {why}; the first is {first}")


def write(frame: pd.DataFrame, path: Path | str) -> str:
    """Write validated records as CSV, whole or not at all; returns the sha256 (hex) of the file."""
    return write_text(Path(path), validate(frame).to_csv(index=False))


def read(path: Path | str) -> pd.DataFrame:
    """Read records that `write` wrote, bit for bit; raise ValueError naming the file when they are not valid."""
    try:
        content = io.BytesIO(read_whole(Path(path)))
        # Empty words stay "" and the word "NA" stays a word; Python's float reads back the very bits.
        return validate(pd.read_csv(content, keep_default_na=False, converters={"value": float}))
    except DamagedFileError as error:
        raise ValueError(str(error)) from error
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(f"{path}: {error}") from error
