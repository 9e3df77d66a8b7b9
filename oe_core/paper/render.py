"""Text of a comparison table: Markdown, LaTeX, and the footnotes that say what its numbers are."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import pandas as pd

from oe_core.data.catalog import source_of
from oe_core.evaluation.metrics import lower_is_better
from oe_core.evaluation.records import OWN_FOLDER
from oe_core.paper import index
from oe_core.scales import SCALES
from oe_core.wording import several

NO_VALUE = "—"
MEAN = "Mean"
SETS = ("In-distribution", "Out-distribution")
DETECTION = "Percent. Anomalies are the positive class; FPR at the recall nearest the one named; AUPR by steps."
CALIBRATION = (
    "Percent. No prediction on an anomaly is right; errors over bins of 100 examples in the order of their confidence; "
    "mistakes are the positive class of the soft F1."
)
SPREADS = {
    "std_seeds": "± is the standard deviation over training seeds (of means over draws).",
    "std_draws": "± is the standard deviation over draws of one trained network; training again may change more.",
    "": "One seed and one draw have no spread.",
}
_ESCAPES = {"\\": r"\textbackslash{}", "±": r"$\pm$", "—": "---", "↓": r"$\downarrow$", "↑": r"$\uparrow$"}
_ESCAPES |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {sign: f"\\{sign}" for sign in "&%$#_{}"}
LATEX = str.maketrans(_ESCAPES)


def _arrow(metric: str) -> str:
    return "↓" if lower_is_better(metric) else "↑"


def groups_of(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """(metric, method) of the frame's cells, in order."""
    return list(frame.columns.droplevel(2).unique())


def spread_of(frame: pd.DataFrame) -> str:
    """The field that ± shows: over seeds where every cell has two or more, else over draws, else none ("")."""
    counts = {field: frame.xs(field, axis=1, level=2).min(axis=None) for field in ("seeds", "draws")}
    return next((f"std_{field}" for field, least in counts.items() if least > 1), "")


def _body(frame: pd.DataFrame, paper_form: str) -> Iterator[list[str]]:
    spread = spread_of(frame)
    for names, row in frame.iterrows():
        yield [*names, *(_cell(row, group, spread, paper_form) for group in groups_of(frame))]


def _cell(row: pd.Series, group: tuple[str, str], spread: str, paper_form: str) -> str:
    mean, paper = row[*group, "mean"], row[*group, "paper"]
    if math.isnan(mean):
        return "not run"
    text = f"{mean:.1f} ±{row[*group, spread]:.1f}" if spread else f"{mean:.1f}"
    return text if paper == NO_VALUE else text + paper_form.format(paper)


def rendered(frame: pd.DataFrame) -> str:
    """A frame of `comparison.compare` in Markdown, `9.5 ±0.3 (paper 9.50)` in a cell, and its footnotes as a list."""
    groups = [f"{metric} {_arrow(metric)} {method}" for metric, method in groups_of(frame)]
    notes = [f"- {note}" for note in frame.attrs["notes"]]
    return "\n".join([rows_of(groups, _body(frame, " (paper {})")), "", *notes, ""])


def rows_of(groups: Sequence[str], body: Iterable[Sequence[str]], names: Sequence[str] = SETS) -> str:
    """A GitHub-style table: the columns `names` and a column of numbers a group."""
    head = [[*names, *groups], ["---"] * len(names) + ["---:"] * len(groups)]
    return "\n".join("| " + " | ".join(text.replace("|", r"\|") for text in row) + " |" for row in (*head, *body))


def latex(frame: pd.DataFrame) -> str:
    """The same as a booktabs tabular, `9.5 ±0.3 (9.50)` in a cell, and its footnotes."""
    groups = groups_of(frame)
    sets = [r"$\mathcal{D}_\mathrm{in}$", r"$\mathcal{D}_\mathrm{out}^\mathrm{test}$"]
    metrics = [
        rf"\multicolumn{{{len(list(methods))}}}{{c}}{{{f'{metric} {_arrow(metric)}'.translate(LATEX)}}}"
        for metric, methods in groupby(groups, key=itemgetter(0))
    ]
    lines = [r"\begin{tabular}{ll" + "r" * len(groups) + "}", r"\toprule", _latex_row([*sets, *metrics])]
    lines.append(_latex_row(["", "", *(method.translate(LATEX) for _, method in groups)]))
    for in_dist, rows in groupby(_body(frame, " ({})"), key=itemgetter(0)):
        lines.append(r"\midrule")
        for place, (_, *texts) in enumerate(rows):
            lines.append(_latex_row(text.translate(LATEX) for text in ("" if place else in_dist, *texts)))
    notes = [rf"\par\footnotesize {note.translate(LATEX)}" for note in frame.attrs["notes"]]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", "", *notes, ""])


def _latex_row(texts: Iterable[str]) -> str:
    return " & ".join(texts) + r" \\"


def footnotes(table: int, frame: pd.DataFrame, chosen: pd.DataFrame, paper: pd.DataFrame) -> tuple[str, ...]:
    """Everything a reader needs beside the numbers.

    frame: of `comparison.compare`, before its footnotes; chosen: the records behind it; paper: the printed table.
    """
    row = index.row(table)
    notes = [_spread_note(frame), *_same_draws(chosen), *_data_notes(chosen), *_mean_notes(frame, chosen, paper)]
    if (frame.xs("paper", axis=1, level=2) == NO_VALUE).any(axis=None):
        source = "the logs of the paper's code" if table == index.LOGS else f"the paper's {row.title}"
        notes.append(f"A cell without a paper's value has none to compare with in {source}.")
    notes.append(CALIBRATION if "RMS" in frame.columns.get_level_values(0) else DETECTION)
    return (*notes, *row.notes(frame.index.unique("in_dist")))


def _spread_note(frame: pd.DataFrame) -> str:
    seeds, draws = (_range(frame.xs(field, axis=1, level=2)) for field in ("seeds", "draws"))
    trainings, each = several("training seed", seeds), several("draw", draws)
    return f"Ours: mean over {trainings} of {each} each. {SPREADS[spread_of(frame)]}"


def _same_draws(chosen: pd.DataFrame) -> Iterator[str]:
    """Whose draws are all the same, which happens where a calibration sample is all that there is."""
    if "RMS" not in set(chosen["metric"]) or chosen["draw"].nunique() == 1:
        return
    values = chosen.groupby(["out_dist", "metric", "method", "in_dist", "seed"], sort=False)["value"].nunique()
    if whole := [name for name, group in values.groupby(level=0, sort=False) if (group == 1).all()]:
        yield f"Every draw takes all examples, so that none differs: {', '.join(whole)}."


def _range(counts: pd.DataFrame) -> str:
    low, high = int(counts.min(axis=None)), int(counts.max(axis=None))
    return f"{low}" if low == high else f"{low} to {high}"


def _data_notes(chosen: pd.DataFrame) -> Iterator[str]:
    scale = chosen["scale"].iloc[0]
    yield f"Scale {scale}: {SCALES[scale]}."
    for shortened, part in chosen[chosen["shortened"] != ""].groupby("shortened", sort=False):
        methods, in_dists = (", ".join(part[column].unique()) for column in ("method", "in_dist"))
        yield f"Shortened, so not the schedule of that scale: {methods} of {in_dists}, trained for {shortened}."
    for outliers, part in chosen[chosen["outliers"] != ""].groupby("outliers", sort=False):
        yield f"Outliers of {', '.join(part['method'].unique())}: {outliers}."
    sources = pd.Series({name: source_of(name) for name in chosen["out_dist"].unique()})
    for _, names in sources.groupby(sources):
        if len(names) > 1:
            yield f"Different pictures of one source: {', '.join(names.index)}."
    originals = replaced(chosen)
    own_folders = [own for own, original in originals.items() if original == OWN_FOLDER]
    stand_ins = [f"{own} stands in for {original}" for own, original in originals.items() if original != OWN_FOLDER]
    if own_folders:
        yield f"Read from folders under OE_DATA, whatever they hold of the published sets: {', '.join(own_folders)}."
    if stand_ins:
        yield f"Stand-ins, not to be compared with the paper's rows: {', '.join(stand_ins)}."


def replaced(records: pd.DataFrame) -> dict[str, str]:
    """What each of the sets stands in for that are not the paper's: {its name: the paper's name, or OWN_FOLDER}."""
    originals = {}
    for out_dist, words in records[["out_dist", "stand_in_for"]].drop_duplicates().itertuples(index=False):
        for entry in filter(None, words.split("; ")):
            own, _, original = entry.rpartition("=")
            originals[own or out_dist] = original  # without "=" the words name what the out-distribution replaces
    return originals


def _mean_notes(frame: pd.DataFrame, chosen: pd.DataFrame, paper: pd.DataFrame) -> Iterator[str]:
    printed = paper[paper["out_dist"] == MEAN].set_index(["in_dist", "metric", "method"])["value"]
    for in_dist, mean in frame.xs(MEAN, level="out_dist").iterrows():
        sets = chosen[chosen["in_dist"] == in_dist]["out_dist"].unique()
        yield f"Mean for {in_dist}: plain mean over {', '.join(sets)}."
        hidden = [
            f"{metric} {method} {printed[in_dist, metric, method]}"
            for metric, method in groups_of(frame)
            if (in_dist, metric, method) in printed and mean[metric, method, "paper"] == NO_VALUE
        ]
        if hidden:
            yield f"The paper's Mean for {in_dist} runs over other sets, so it stands here: {', '.join(hidden)}."
