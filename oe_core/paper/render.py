"""Text of a comparison table: Markdown, LaTeX, and the footnotes that say what its numbers are."""

import math
from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from oe_core.evaluation.records import OWN_FOLDER
from oe_core.paper import index
from oe_core.scales import SCALES

NO_VALUE = "—"
MEAN = "Mean"
ARROWS = {"FPR": "↓", "AUROC": "↑", "AUPR": "↑", "RMS": "↓", "MAD": "↓", "SoftF1": "↑"}
DETECTION = "Percent. Anomalies are the positive class; FPR at the recall nearest the one named; AUPR by steps."
CALIBRATION = (
    "Percent. No prediction on an anomaly is right; errors over bins of 100 examples in the order of their confidence; "
    "mistakes are the positive class of the soft F1."
)


def _arrow(metric: str) -> str:
    return ARROWS["FPR" if metric.startswith("FPR") else metric]


def _groups(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """(metric, method) of the frame's cells, in order."""
    return list(dict.fromkeys((metric, method) for metric, method, _ in frame.columns))


def spread_of(frame: pd.DataFrame) -> str:
    """The field that ± shows: over seeds where every cell has two or more, else over draws, else none ("")."""
    counts = {field: frame.xs(field, axis=1, level=2).min(axis=None) for field in ("seeds", "draws")}
    return next((f"std_{field}" for field, least in counts.items() if least > 1), "")


def _cell(row: pd.Series, group: tuple[str, str], spread: str, paper_form: str) -> str:
    if math.isnan(row[*group, "mean"]):
        return "not run"
    text = f"{row[*group, 'mean']:.1f}"
    if spread:
        text += f" ±{row[*group, spread]:.1f}"
    paper = row[*group, "paper"]
    return text if paper == NO_VALUE else text + paper_form.format(paper)


def _body(frame: pd.DataFrame, paper_form: str) -> Iterator[list[str]]:
    """One list of texts a row: in-distribution, out-distribution, then the cells."""
    spread = spread_of(frame)
    for (in_dist, out_dist), row in frame.iterrows():
        yield [in_dist, out_dist, *(_cell(row, group, spread, paper_form) for group in _groups(frame))]


def markdown(frame: pd.DataFrame) -> str:
    """A GitHub-style table, `9.5 ±0.3 (paper 9.50)` in a cell, and its footnotes as a list."""
    groups = [f"{metric} {_arrow(metric)} {method}" for metric, method in _groups(frame)]
    notes = [f"- {note}" for note in frame.attrs["notes"]]
    return "\n".join([rows_of(groups, _body(frame, " (paper {})")), "", *notes, ""])


def rows_of(groups: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A GitHub-style table: in-distribution, out-distribution and a column of numbers a group."""
    head = [["In-distribution", "Out-distribution", *groups], ["---"] * 2 + ["---:"] * len(groups)]
    return "\n".join("| " + " | ".join(text.replace("|", r"\|") for text in row) + " |" for row in (*head, *body))


LATEX = {"\\": r"\textbackslash{}", "±": r"$\pm$", "—": "---", "↓": r"$\downarrow$", "↑": r"$\uparrow$"}
LATEX |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {sign: f"\\{sign}" for sign in "&%$#_{}"}


def _escaped(text: str) -> str:
    return "".join(LATEX.get(sign, sign) for sign in text)


def latex(frame: pd.DataFrame) -> str:
    """A booktabs tabular, `9.5 ±0.3 (9.50)` in a cell with the paper's value in parentheses, and its footnotes."""
    groups = _groups(frame)
    metrics = list(dict.fromkeys(metric for metric, _ in groups))
    widths = {name: sum(metric == name for metric, _ in groups) for name in metrics}
    spans = [rf"\multicolumn{{{widths[name]}}}{{c}}{{{_escaped(f'{name} {_arrow(name)}')}}}" for name in metrics]
    lines = [r"\begin{tabular}{ll" + "r" * len(groups) + "}", r"\toprule"]
    sets = [r"$\mathcal{D}_\mathrm{in}$", r"$\mathcal{D}_\mathrm{out}^\mathrm{test}$"]
    lines.append(" & ".join([*sets, *spans]) + r" \\")
    lines += [" & ".join(["", "", *(_escaped(method) for _, method in groups)]) + r" \\", r"\midrule"]
    previous = None
    for in_dist, *texts in _body(frame, " ({})"):
        if previous not in (None, in_dist):
            lines.append(r"\midrule")
        shown = "" if in_dist == previous else in_dist
        lines.append(" & ".join(_escaped(text) for text in (shown, *texts)) + r" \\")
        previous = in_dist
    lines += [r"\bottomrule", r"\end{tabular}", ""]
    lines += [rf"\par\footnotesize {_escaped(note)}" for note in frame.attrs["notes"]]
    return "\n".join([*lines, ""])


def footnotes(table: int, frame: pd.DataFrame, chosen: pd.DataFrame, paper: pd.DataFrame) -> tuple[str, ...]:
    """Everything a reader needs beside the numbers.

    frame: of `comparison.compare`, before its footnotes; chosen: the records behind it; paper: the printed table.
    """
    row = index.row(table)
    notes = [_spread_note(frame), *_data_notes(chosen), *_mean_notes(frame, chosen, paper)]
    if (frame.xs("paper", axis=1, level=2) == NO_VALUE).any(axis=None):
        source = "the logs of the paper's code" if table == index.LOGS else f"the paper's {row.title}"
        notes.append(f"A cell without a paper's value has none to compare with in {source}.")
    notes.append(CALIBRATION if "RMS" in frame.columns.get_level_values(0) else DETECTION)
    return (*notes, *row.notes)


def _spread_note(frame: pd.DataFrame) -> str:
    seeds, draws = (_range(frame.xs(field, axis=1, level=2)) for field in ("seeds", "draws"))
    meaning = {
        "std_seeds": "± is the standard deviation over training seeds (of means over draws).",
        "std_draws": "± is the standard deviation over draws of one trained network; training again may change more.",
        "": "One seed and one draw have no spread.",
    }[spread_of(frame)]
    return f"Ours: mean over {seeds} training seed(s) of {draws} draw(s) each. {meaning}"


def _range(counts: pd.DataFrame) -> str:
    low, high = int(counts.min(axis=None)), int(counts.max(axis=None))
    return f"{low}" if low == high else f"{low} to {high}"


def _data_notes(chosen: pd.DataFrame) -> Iterator[str]:
    for scale in dict.fromkeys(chosen["scale"]):
        yield f"Scale {scale}: {SCALES[scale]}."
    for outliers, part in chosen[chosen["outliers"] != ""].groupby("outliers", sort=False):
        yield f"Outliers of {_listed(dict.fromkeys(part['method']))}: {outliers}."
    pairs = {}
    for own, replaced in chosen[["out_dist", "stand_in_for"]].drop_duplicates().itertuples(index=False):
        # Without "=" the words name what the out-distribution replaces.
        for entry in filter(None, replaced.split("; ")):
            name, _, original = entry.rpartition("=")
            pairs[name or own] = original
    own_folders = [name for name, original in pairs.items() if original == OWN_FOLDER]
    stand_ins = [f"{own} stands in for {original}" for own, original in pairs.items() if original != OWN_FOLDER]
    if own_folders:
        yield f"Read from folders under OE_DATA, whatever they hold of the published sets: {_listed(own_folders)}."
    if stand_ins:
        yield f"Stand-ins, not to be compared with the paper's rows: {_listed(stand_ins)}."


def _mean_notes(frame: pd.DataFrame, chosen: pd.DataFrame, paper: pd.DataFrame) -> Iterator[str]:
    printed = paper[paper["out_dist"] == MEAN].set_index(["in_dist", "metric", "method"])["value"]
    for in_dist in dict.fromkeys(frame.index.get_level_values("in_dist")):
        if (in_dist, MEAN) not in frame.index:
            continue
        sets = dict.fromkeys(chosen.loc[chosen["in_dist"] == in_dist, "out_dist"])
        yield f"Mean for {in_dist}: plain mean over {_listed(sets)}."
        hidden = [
            f"{metric} {method} {printed[in_dist, metric, method]}"
            for metric, method in _groups(frame)
            if (in_dist, metric, method) in printed and frame.at[(in_dist, MEAN), (metric, method, "paper")] == NO_VALUE
        ]
        if hidden:
            yield f"The paper's Mean for {in_dist} runs over other sets, so it stands here: {_listed(hidden)}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
