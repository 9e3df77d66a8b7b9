"""What records say of one method against another, in sentences that are computed from them."""

import pandas as pd

from oe_core.paper.comparison import selected, with_means
from oe_core.paper.render import MEAN


def gains(records: pd.DataFrame, table: int, before: str, after: str, metric: str = "AUROC") -> pd.DataFrame:
    """Return what `after` gains on `before`, one row an in-distribution and out-distribution, their Mean included.

    records: as `comparison.compare`, with errors as there; a metric of which more is better. Columns: before, after and
    gain (percent, means over trainings and draws), least (the gain of the training that gains least) and trainings. The
    two methods are compared training by training; in-distributions that have only one of them are left out.
    """
    values = with_means(selected(records, table)).query("metric == @metric and method in [@before, @after]")
    means = values.groupby(["in_dist", "out_dist", "seed", "method"], sort=False)["value"].mean().unstack("method")
    if absent := {before, after} - set(means):
        missing, known = (", ".join(sorted(names)) for names in (absent, set(records["method"])))
        raise ValueError(f"no {metric} of the method {missing!r} for table {table}; there are {known}")
    means = means[[before, after]].dropna()
    by_set = means.assign(gain=means[after] - means[before]).groupby(["in_dist", "out_dist"], sort=False)
    found = by_set.mean().set_axis(["before", "after", "gain"], axis=1)
    return found.assign(least=by_set["gain"].min(), trainings=by_set.size())


def told(
    records: pd.DataFrame, quality: pd.DataFrame, table: int, before: str, after: str, measure: str = "accuracy"
) -> str:  # fmt: skip
    """Return Markdown, a point an in-distribution: whether `after` won, where it did not, and what it cost.

    quality: `Evaluation.quality` of the same networks, with the column `measure`. Errors as `gains`.
    """
    found = gains(records, table, before, after)
    points = {name: (_won(found.loc[name], before, after), _cost(quality, name, before, after, measure))
              for name in found.index.unique("in_dist")}  # fmt: skip
    return "\n".join(f"- **{name}**: {won} {cost}" for name, (won, cost) in points.items())


def parted(controlled: pd.DataFrame, metric: str = "AUROC") -> str:
    """Sentences, a line each, on which part of a gain came with longer training, and which with the outliers.

    controlled: as `evaluation.ablations.controlled` gives it, percent. The parts add up as printed.
    """
    lines = []
    for name, (alone, as_long, with_outliers) in controlled[metric].groupby(level=0, sort=False):
        whole, longer = round(with_outliers - alone, 1), round(as_long - alone, 1)
        parts = f"{longer:+z.1f} by the longer training, {whole - longer:+z.1f} by the outliers"
        lines.append(f"{name}: {whole:+z.1f} points of {metric}: {parts}")
    return "\n".join(lines)


def _won(rows: pd.DataFrame, before: str, after: str) -> str:
    mean, sets = rows.loc[MEAN], rows.drop(index=MEAN).sort_values("gain")
    verb = "raises" if mean["gain"] > 0 else "does not raise"
    always, trainings = int((sets["least"] > 0).sum()), int(mean["trainings"])
    least, most = (f"{name} ({gain:+.1f})" for name, gain in sets["gain"].iloc[[0, -1]].items())
    said = [f"{after} {verb} the mean AUROC: {mean['before']:.1f} for {before}, {mean['after']:.1f} for {after}.",
            f"It gains on {always} of {len(sets)} out-distributions in {_each(trainings)},",
            f"most on {most}, least on {least}."]  # fmt: skip
    lost = [f"{name} ({row['before']:.1f} to {row['after']:.1f}, where {100 - row['before']:.1f} were left to gain)"
            for name, row in sets[sets["gain"] <= 0].iterrows()]  # fmt: skip
    return " ".join([*said, f"It does not win on {', '.join(lost)}."] if lost else said)


def _each(trainings: int) -> str:
    return "the one training" if trainings == 1 else f"each of {trainings} trainings"


def _cost(quality: pd.DataFrame, in_dist: str, before: str, after: str, measure: str) -> str:
    of_set = quality[quality["in_dist"] == in_dist].pivot(index="seed", columns="method", values=measure)
    means, spread = of_set.mean(), of_set[after].std()
    around = f", ±{spread:.2f} over trainings" if len(of_set) > 1 else ""
    return f"{measure.capitalize()}: {means[before]:.2f} before, {means[after]:.2f} after{around}."
