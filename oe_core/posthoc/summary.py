"""What a comparison of later detectors comes to: one table, and one sentence of answer. All values in percent.

A metric's plain name is its mean over all out-distributions, and "AUROC near" or "AUROC far" that over those sets.
"""

from itertools import product

import numpy as np
import pandas as pd

from oe_core.data.anomalies import DISTANCES
from oe_core.evaluation.bootstrap import interval
from oe_core.evaluation.metrics import lower_is_better
from oe_core.paper.comparison import cells
from oe_core.paper.render import groups_of, rows_of, spread_of

CELL = ["detector", "metric", "network"]
OWN, EXPOSED = "MSP", "exposed"  # the exposed network's own score, by which it was tested in the paper


def intervals(resampled: pd.DataFrame) -> pd.DataFrame:
    """95 % bootstrap intervals over examples of means over sets and seeds: a row a detector, metric and network.

    resampled: out_dist, distance, network, detector, metric, seed, values, an array (resamples,) in percent; each
    resample is of the same examples for all networks and detectors. Columns: detector, metric, network, low, high, and
    gain_low and gain_high, of the difference to the same network's MSP, positive = better.
    """
    parts = _apart(resampled).groupby(CELL, sort=False)["values"]
    values = {cell: np.mean(part.to_list(), axis=0) for cell, part in parts}
    rows = []
    for (detector, metric, network), own in values.items():
        low, high = interval(own)
        gain_low, gain_high = interval(_sign(metric) * (own - values[OWN, metric, network]))
        rows.append((detector, metric, network, low, high, gain_low, gain_high))
    return pd.DataFrame(rows, columns=[*CELL, "low", "high", "gain_low", "gain_high"])


def summary(records: pd.DataFrame, limits: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a detector, columns (metric, network, field): those of `paper.comparison.cells`, low and high.

    records: of one in-distribution, as `Comparison.records`. limits: as `intervals`; without them there is no low and
    high. A part such as `frame[["AUROC near", "AUROC far"]]` is a summary, too. `figures.before_after` draws it.
    """
    frame = cells(_means(records), CELL)
    if limits is not None:
        frame = frame.join(limits.set_index(CELL)[["low", "high"]])
    fields = list(frame.columns)
    frame = frame.unstack(["metric", "network"]).reorder_levels([1, 2, 0], axis=1)
    detectors, networks = records["detector"].unique(), records["network"].unique()
    return frame.loc[detectors, list(product(_metrics(records), networks, fields))]


def rendered(frame: pd.DataFrame) -> str:
    """A frame of `summary` as a Markdown table, `mean ±spread [low, high]` in a cell.

    The spread is the standard deviation over seeds (over draws, where one is), none of a single draw; the interval is
    that over examples.
    """
    spread = spread_of(frame)

    def cell(row: pd.Series, group: tuple[str, str]) -> str:
        text = f"{row[*group, 'mean']:.1f}" + (f" ±{row[*group, spread]:.1f}" if spread else "")
        return f"{text} [{row[*group, 'low']:.1f}, {row[*group, 'high']:.1f}]" if (*group, "low") in row else text

    groups = groups_of(frame)
    body = ([name, *(cell(row, group) for group in groups)] for name, row in frame.iterrows())
    return rows_of([" ".join(group) for group in groups], body, ["Detector"]) + "\n"


def gains(records: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """What each detector adds to the exposed network's MSP, in points, positive = better: a row a (metric, detector).

    Differences are paired by seed and draw. Columns: mean, std_seeds, std_draws, seeds, draws, low, high (95 %, over
    examples), spread (over seeds, or draws where one seed is), and beyond: more than the spread, and low above 0. Each
    interval is of one detector: of 40 that gain nothing, one is expected to lie above 0.
    """
    means = _means(records[records["network"] == EXPOSED])
    key = ["metric", "seed", "draw"]
    own = means[means["detector"] == OWN].set_index(key)["value"]
    pairs = means[means["detector"] != OWN].join(own.rename("own"), on=key)
    sign = pairs["metric"].map(_sign)
    frame = cells(pairs.assign(value=sign * (pairs["value"] - pairs["own"])), ["metric", "detector"])
    found = limits[limits["network"] == EXPOSED].set_index(["metric", "detector"])[["gain_low", "gain_high"]]
    frame = frame.join(found.rename(columns={"gain_low": "low", "gain_high": "high"}))
    spread = frame["std_seeds"].fillna(frame["std_draws"])
    return frame.assign(spread=spread, beyond=(frame["mean"] > spread) & (frame["low"] > 0))


def answer(added: pd.DataFrame, metric: str = "AUROC") -> str:
    """One sentence: how many detectors gain by more than the spread, apart for near and far sets, and which most.

    added: a frame of `gains`.
    """
    held = added.index.unique("metric")
    parts = [_found(added.loc[f"{metric} {which}"], which) for which in DISTANCES if f"{metric} {which}" in held]
    return f"Beyond the exposed network's own {OWN}, by {metric} and by more than the spread, " + "; ".join(parts) + "."


def _found(rows: pd.DataFrame, where: str) -> str:
    beyond = rows[rows["beyond"]].sort_values("mean", ascending=False)
    if beyond.empty:
        return f"none of {len(rows)} detectors gains on {where} anomalies"
    best = beyond.iloc[0]
    number = f"{best['mean']:+.1f} points, 95 % interval {best['low']:.1f} to {best['high']:.1f}"
    verb = "gains" if len(beyond) == 1 else "gain"
    return f"{len(beyond)} of {len(rows)} detectors {verb} on {where} anomalies, {beyond.index[0]} most ({number})"


def _apart(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows, and each again under the name of its metric with its distance."""
    return pd.concat([frame, frame.assign(metric=frame["metric"] + " " + frame["distance"])], ignore_index=True)


def _means(records: pd.DataFrame) -> pd.DataFrame:
    """Means over out-distributions by cell, seed and draw."""
    return _apart(records).groupby([*CELL, "seed", "draw"], sort=False, as_index=False)["value"].mean()


def _metrics(records: pd.DataFrame) -> list[str]:
    apart = [f" {which}" for which in DISTANCES if which in set(records["distance"])]
    return [metric + which for metric in records["metric"].unique() for which in ("", *apart)]


def _sign(metric: str) -> int:
    return -1 if lower_is_better(metric) else 1
