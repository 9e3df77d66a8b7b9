"""Records as an evaluation saves them, made of the paper's own numbers."""

import json

import numpy as np
import pandas as pd

from oe_core.detectors.registry import experiment
from oe_core.evaluation import records
from oe_core.paper import comparison

NEAR = (-0.3, 0.0, 0.3)  # what three trainings add to the paper's value, once for each method so far


def saved(
    folder, table=3, in_dist="CIFAR-10", shift=0.0, swapped=False, sets=None, near=NEAR, evidence=None, **columns
):
    """Records of a table that prints means: every out-distribution has the paper's Mean, shifted for each seed.

    near: what each seed adds. evidence: to be written beside them, None for none. columns: other columns of the
    records, as for `pandas.DataFrame.assign`.
    """
    printed = comparison.paper_table(table).query("in_dist == @in_dist and out_dist == 'Mean'")
    methods = list(dict.fromkeys(printed["method"]))
    other = dict(zip(methods, reversed(methods), strict=True)) if swapped else dict(zip(methods, methods, strict=True))
    values = printed.set_index(["metric", "method"])["value"].astype(float)
    rows = [
        {"table": table, "in_dist": in_dist, "out_dist": out, "method": method, "metric": metric, "seed": seed,
         "draw": 0, "value": np.clip(values[metric, other[method]] + shift + place * more, 0, 100),
         "outliers": "", "scale": "course", "stand_in_for": ""}
        for out in sets or sorted(comparison.paper_out_dists(table, in_dist))
        for metric in dict.fromkeys(printed["metric"])
        for place, method in enumerate(methods, start=1)
        for seed, more in enumerate(near)
    ]  # fmt: skip
    records.write(pd.DataFrame(rows).assign(**columns), folder / "records.csv")
    if evidence is not None:
        (folder / "evidence.json").write_text(json.dumps(evidence))
    return folder


def witnessed(in_dist="cifar10", detector="branch", inliers="", **settings):
    """Evidence of the networks of an experiment at scale paper, with the fingerprint of what they learned."""
    data = {"inliers": {"fingerprint": inliers}, "outliers": None}
    networks = experiment(in_dist, "paper", detector, **settings).networks.values()
    return {"runs": [{"recipe": recipe.to_json(), "data": data} for recipe in networks]}
