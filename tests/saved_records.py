"""Records as an evaluation saves them, made of the paper's own numbers."""

import numpy as np
import pandas as pd

from oe_core.evaluation import records
from oe_core.paper import comparison

NEAR = (-0.3, 0.0, 0.3)  # what three trainings add to the paper's value


def saved(folder, table=3, in_dist="CIFAR-10", shift=0.0, swapped=False, scale="course", sets=None):
    """Records of a table that prints means: every out-distribution has the paper's Mean, shifted for each seed."""
    printed = comparison.paper_table(table).query("in_dist == @in_dist and out_dist == 'Mean'")
    methods = list(dict.fromkeys(printed["method"]))
    other = dict(zip(methods, reversed(methods), strict=True)) if swapped else dict(zip(methods, methods, strict=True))
    values = printed.set_index(["metric", "method"])["value"].astype(float)
    rows = [
        {"table": table, "in_dist": in_dist, "out_dist": out, "method": method, "metric": metric, "seed": seed,
         "draw": 0, "value": np.clip(values[metric, other[method]] + shift + more, 0, 100), "outliers": "",
         "scale": scale, "stand_in_for": ""}
        for out in sets or sorted(comparison.paper_out_dists(table, in_dist))
        for metric, method in values.index
        for seed, more in enumerate(NEAR)
    ]  # fmt: skip
    records.write(pd.DataFrame(rows), folder / "records.csv")
    return folder
