"""Records: one long table of measured values, percent, one row a (cell, metric, seed, draw)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from oe_core.atomic import write_text
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
}
OWN_FOLDER = "own folder"  # in `stand_in_for`: the paper's name, but read from a folder of the reader's
COLUMNS = tuple(TYPES)
KEY = ("table", "in_dist", "out_dist", "method", "metric", "seed", "draw", "outliers", "scale")


def detection_records(
    *,
    table: int,
    in_dist: str,
    out_dist: str,
    method: str,
    in_scores: np.ndarray,
    out_scores: np.ndarray,
    seed: int,
    draws: Sequence[Draw],
    tpr: float = 0.95,
    outliers: str = "",
    scale: str,
    stand_in_for: str | Mapping[str, str] = "",
) -> pd.DataFrame:
    """Measure FPR, AUROC and AUPR on every draw; three rows a draw, values in percent.

    in_scores: (inliers,); out_scores: (anomalies,), higher = more anomalous; draws: index pairs into the two.
    stand_in_for: the paper's name of the out-distribution that `out_dist` replaces, or a mapping
    {own name: paper's name} when the in-distribution is a stand-in too; "" for none.
    Raises ValueError for scores or draws that do not fit (naming the argument), or for an unknown scale.
    """
    if not draws:
        raise ValueError("draws is empty; make at least one with oe_core.evaluation.draws.base_rate_draws")
    if isinstance(stand_in_for, Mapping):
        stand_in_for = "; ".join(f"{own}={paper}" for own, paper in stand_in_for.items() if paper)
    in_scores, out_scores = np.asarray(in_scores), np.asarray(out_scores)
    common = {"table": table, "in_dist": in_dist, "out_dist": out_dist, "method": method, "seed": seed}
    common |= {"outliers": outliers, "scale": scale, "stand_in_for": stand_in_for}
    measured = on_draws(in_scores, out_scores, draws, tpr)
    return validate(pd.DataFrame([common | row for row in measured]))


def on_draws(in_scores: np.ndarray, out_scores: np.ndarray, draws: Sequence[Draw], tpr: float = 0.95) -> Iterator[dict]:
    """FPR, AUROC and AUPR of every draw: {"metric", "draw", "value"} each, values in percent; arguments as above."""
    for draw, (in_indices, out_indices) in enumerate(draws):
        measured = detection_metrics(
            _taken(in_scores, in_indices, "in_scores"), _taken(out_scores, out_indices, "out_scores"), tpr
        )
        for metric, value in measured.items():
            yield {"metric": metric, "draw": draw, "value": 100 * value}


def _taken(scores: np.ndarray, indices: np.ndarray, argument: str) -> np.ndarray:
    if len(indices) and indices.max() >= len(scores):
        raise ValueError(
            f"{argument} holds {len(scores)} scores but a draw asks for index {indices.max()}; "
            "the draws were made for another test set"
        )
    return scores[indices]


def validate(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the records with the columns in order and typed, or raise ValueError saying what is wrong.

    Allowed: the columns of `COLUMNS` and no others, values in [0, 100], known scales, measured out-distributions (no
    Mean rows), each `KEY` once.
    """
    missing, unknown = set(COLUMNS) - set(frame.columns), set(frame.columns) - set(COLUMNS)
    if missing or unknown:
        raise ValueError(f"records: missing columns {sorted(missing)}, unknown {sorted(unknown)}; need {list(COLUMNS)}")
    frame = frame.loc[:, list(COLUMNS)].astype(TYPES)
    if unknown := set(frame["scale"]) - set(SCALES):
        raise ValueError(f"records: scale {sorted(unknown)} is unknown; choose from {', '.join(SCALES)}")
    if (frame["out_dist"] == "Mean").any():
        raise ValueError("records: out_dist 'Mean' is no measurement; tables.compare computes it, leave those rows out")
    outside = frame[~frame["value"].between(0, 100)]
    if len(outside):
        first = outside.iloc[0]
        raise ValueError(
            f"records: {len(outside)} values are not percent in [0, 100]; the first is {first['metric']}="
            f"{first['value']} of {first['method']} on {first['in_dist']} / {first['out_dist']}"
        )
    repeated = frame[frame.duplicated(list(KEY))]
    if len(repeated):
        first = ", ".join(f"{name}={repeated.iloc[0][name]}" for name in KEY)
        raise ValueError(f"records: {len(repeated)} rows repeat a measurement; the first repeated is {first}")
    return frame


def write(frame: pd.DataFrame, path: Path | str) -> str:
    """Write validated records as CSV, whole or not at all; returns the sha256 (hex) of the file."""
    return write_text(Path(path), validate(frame).to_csv(index=False))


def read(path: Path | str) -> pd.DataFrame:
    """Read records that `write` wrote, bit for bit; raise ValueError naming the file when they are not valid."""
    try:
        # Empty words stay "" and the word "NA" stays a word; Python's float reads back the very bits.
        frame = pd.read_csv(path, keep_default_na=False, converters={"value": float})
        return validate(frame)
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(f"{path}: {error}") from error
