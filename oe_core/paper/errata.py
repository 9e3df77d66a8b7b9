"""Where the paper, its tables and its official code disagree, each with a number of our own.

A disagreement is a question with two answers; what a reading is worth is a quantity measured under both. Some follow
from the printed tables or from stored records, which this module asks; others need trained networks or texts, and
the chapter that has them enters them with `enter`.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from oe_core.atomic import write_text
from oe_core.detectors.density import settings
from oe_core.evaluation.draws import loader_draws
from oe_core.evaluation.readings import COLUMNS
from oe_core.paper import comparison
from oe_core.paper.render import MEAN
from oe_core.paper.results import Source, read_table

FOLDER = "errata"


# errata.csv: what each is about, what the text says, what the code does, and which of the two the chapters follow.
_STATEMENTS = pd.read_csv(Path(__file__).with_name("errata.csv"))
DISAGREEMENTS = {said.number: said for said in _STATEMENTS.itertuples(index=False, name="Disagreement")}


def enter(records: Path, chapter: str, rows: Sequence[Mapping]) -> None:
    """Keep what a chapter measured under both readings, in `records`/errata/`chapter`.csv.

    rows: each {"number", "measure", "text", "code", "data"}: which disagreement; what was measured, with network and
    unit; its value under the text's and under the code's reading; on which data at which scale. Raises ValueError for
    other columns or an unknown number.
    """
    frame = _checked(pd.DataFrame(rows), "rows")
    write_text(records / FOLDER / f"{chapter}.csv", frame.to_csv(index=False))


def _checked(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    if set(frame.columns) != set(COLUMNS):
        raise ValueError(f"{where}: columns {list(frame.columns)}; need {', '.join(COLUMNS)}")
    if unknown := sorted(set(frame["number"]) - set(DISAGREEMENTS)):
        raise ValueError(f"{where}: number {unknown} is unknown; the disagreements are 1 to {max(DISAGREEMENTS)}")
    return frame[list(COLUMNS)]


def measured(found: Sequence[Source], *roots: Path) -> pd.DataFrame:
    """Every measurement under both readings, in the order of the disagreements; the columns are COLUMNS.

    found: `results.sources(..., variants=True)`. roots: folders whose errata/*.csv chapters have written.
    """
    files = [path for root in roots for path in sorted((Path(root) / FOLDER).glob("*.csv"))]
    entered = [_checked(read_table(path, keep_default_na=False), str(path)) for path in files]
    computed = [{"number": number, **row} for number, rows in _COMPUTED.items() for row in rows(found)]
    whole = pd.concat([pd.DataFrame(computed, columns=list(COLUMNS)), *entered], ignore_index=True)
    return whole.sort_values("number", kind="stable", ignore_index=True)


def page(values: pd.DataFrame) -> pd.DataFrame:
    """All disagreements with what was measured of each, one row a measurement; "" where nothing was."""
    said = {"subject": "about", "text": "the text", "code": "the code", "book": "the book"}
    renamed = values.rename(columns={"text": "as the text", "code": "as the code", "data": "on"})
    whole = _STATEMENTS.rename(columns=said).merge(renamed, on="number", how="left")
    return whole.astype(object).fillna("").set_index("number")


def _row(measure: str, text: float, code: float, data: str) -> dict:
    return {"measure": measure, "text": round(float(text), 2), "code": round(float(code), 2), "data": data}


def _mean(source: Source, metric: str, method: str, **where) -> float:
    chosen = source.records[(source.records["metric"] == metric) & (source.records["method"] == method)]
    for column, value in where.items():
        chosen = chosen[chosen[column].isin(value)]
    return chosen["value"].mean()


def _data(source: Source) -> str:
    """Which records, and the scale at which they were made."""
    return f"{source.name}, {source.scale}"


def _variants(found: Sequence[Source], word: str, table: int) -> Iterator[tuple[Source, Source]]:
    """Pairs of an experiment with `table` and its variant called `word`."""
    for base in found:
        for other in found:
            named = other.folder == base.folder.with_name(f"{base.folder.name}-{word}")
            if named and table in set(base.records["table"]):
                yield base, other


def _beside(word: str, table: int, metric: str, flipped: bool = False, said: str = "") -> Callable:
    """The exposed network's mean in an experiment and in its variant `word`, on the variant's seeds.

    flipped: the experiment itself is as the code has it, and the variant the other reading. said: more of the measure.
    """

    def rows(found: Sequence[Source]) -> Iterator[dict]:
        for base, other in _variants(found, word, table):
            seeds = {"seed": set(other.records["seed"]), "table": {table}}
            values = [_mean(source, metric, "+OE", **seeds) for source in (base, other)]
            measure = f"{base.records['in_dist'].iloc[0]}: mean {metric} with OE{said}"
            yield _row(measure, *(reversed(values) if flipped else values), _data(base))

    return rows


def _runs_and_draws(found: Sequence[Source]) -> Iterator[dict]:
    for source in found:
        many = source.records[source.records["table"].isin({7, 8}) & (source.records["metric"] == "AUROC")]
        for (in_dist, method), part in many.groupby(["in_dist", "method"], sort=False):
            by_seed = part.groupby(["seed", "draw"])["value"].mean().unstack("draw")
            if len(by_seed) > 2 and method == "MSP":
                spread = by_seed.mean(axis=1).std(), by_seed.std(axis=1).mean()
                measure = f"{in_dist}, MSP: standard deviation of the mean AUROC over trainings, over draws"
                yield _row(measure, *spread, _data(source))


def _bins(found: Sequence[Source]) -> Iterator[dict]:
    """Chapter 8 keeps each reading as a variant; `runs/reference` keeps the means of all four in one file."""
    yield from _beside("code-bins", 12, "RMS", said=", all bins and without the last")(found)
    for source in found:
        path = source.folder / "readings.csv"
        if path.exists():
            table = read_table(path).query("table == 12 and metric == 'RMS' and method == '+OE'")
            means = table.groupby("reading")["value"].mean()
            measure = f"{source.records['in_dist'].iloc[0]}: mean RMS with OE, all bins and without the last"
            yield _row(measure, means["paper"], means["code-bins"], _data(source))


def _printed(table: int, in_dist: str, metric: str, method: str) -> pd.Series:
    printed = comparison.paper_table(table)
    rows = (printed["in_dist"] == in_dist) & (printed["metric"] == metric) & (printed["method"] == method)
    return printed[rows].set_index("out_dist")["value"].astype(float)


def _appendix_c(found: Sequence[Source]) -> Iterator[dict]:
    fpr, rms = _printed(7, "CIFAR-10", "FPR95", "+OE")[MEAN], _printed(12, "CIFAR-10", "RMS", "+OE")[MEAN]
    yield _row("CIFAR-10 with OE: FPR95 of Table 7, RMS error of Table 12", fpr, rms, "the paper's tables")


def _mean_row(table: int, in_dist: str, *metrics: str) -> Callable:
    def rows(found: Sequence[Source]) -> Iterator[dict]:
        for metric in metrics:
            printed = _printed(table, in_dist, metric, "+OE")
            yield _row(f"{metric} with OE: the printed Mean, the mean of its rows", printed[MEAN],
                       printed.drop(MEAN).mean(), f"the paper's Table {table}")  # fmt: skip

    return rows


def _examples(found: Sequence[Source], in_dist: str) -> tuple[Source, dict] | None:
    return next(((source, source.evidence) for source in found
                 if source.evidence.get("in_dist_test", {}).get("name") == in_dist), None)  # fmt: skip


def _sizes(found: Sequence[Source]) -> Iterator[dict]:
    asked = (("sst", "SST: sentences", 8544 + 2210), ("20newsgroups", "20 Newsgroups: posts", 20000))
    for name, measure, printed in asked:
        if of_set := _examples(found, name):
            source, evidence = of_set
            held = evidence["runs"][0]["data"]["inliers"]["n"] + evidence["in_dist_test"]["examples"]
            yield _row(f"{measure} for training and test", printed, held, _data(source))


def _base_rate(found: Sequence[Source]) -> Iterator[dict]:
    if of_trec := _examples(found, "trec"):
        source, evidence = of_trec
        inliers = evidence["in_dist_test"]["examples"]
        ((_, drawn),) = loader_draws(inliers, np.ones(inliers, int), 1, by_length=False)
        yield _row("TREC: AUPR of guessing, the share of anomalies", 100 / 6, 100 * len(drawn) / (len(drawn) + inliers),
                   _data(source))  # fmt: skip


def _shortest(found: Sequence[Source]) -> Iterator[dict]:
    for folder in dict.fromkeys(source.folder.parent for source in found):
        path = folder / "nlp-code-draws.csv"
        if path.exists():
            values = read_table(path).query("method == 'MSP'")
            means = values.groupby(["in_dist", "out_dist", "texts"], sort=False)["AUROC"].mean().unstack("texts")
            for (in_dist, out_dist), row in means.iterrows():
                yield _row(f"{in_dist} against {out_dist}: AUROC of MSP", row["random"], row["shortest"], path.name)


def _image_folder(found: Sequence[Source]) -> Iterator[dict]:
    from PIL import Image
    from torchvision.datasets import ImageFolder

    with tempfile.TemporaryDirectory() as folder:
        for kind in ("numbers", "animals"):
            (Path(folder) / kind).mkdir()
            Image.new("RGB", (2, 2)).save(Path(folder) / kind / "picture.png")
        images = ImageFolder(folder)
        images.imgs = [entry for entry in images.imgs if "numbers" not in entry[0]]
        yield _row("pictures read of two, one filtered out", len(images.imgs), len(images), "a folder made for it")


def _accuracy(found: Sequence[Source]) -> Iterator[dict]:
    """Points of accuracy that exposure costs: nothing, as the text has it, and ours."""
    for source in found:
        quality = pd.DataFrame(source.evidence.get("accuracy", []))
        if len(quality) and {"MSP", "+OE"} <= set(quality["method"]):
            means = quality.groupby("method")["accuracy"].mean()
            measure = f"{quality['in_dist'].iloc[0]}: points of accuracy lost"
            yield _row(measure, 0, means["MSP"] - means["+OE"], _data(source))


def _heading(found: Sequence[Source]) -> Iterator[dict]:
    """The block that the log heads CIFAR-10: ours against CIFAR-100. A test set against itself is a coin, always."""
    for source in found:
        of_10 = source.of(7, "CIFAR-10")
        against = of_10[(of_10["out_dist"] == "CIFAR-100") & (of_10["metric"] == "AUROC") & (of_10["method"] == "MSP")]
        if len(against):
            measure = "CIFAR-10: AUROC of MSP against CIFAR-100, against itself"
            yield _row(measure, against["value"].mean(), 50, _data(source))


def _margins(found: Sequence[Source]) -> Iterator[dict]:
    """The text's margin as the book reads it, beside every other reading that was trained."""
    for name, changes in settings.VARIANTS.items():
        if changes:
            yield from _beside(name, 5, "AUROC", said=f", margin of a bit a sub-pixel and {name}")(found)


_COMPUTED: Mapping[int, Callable[[Sequence[Source]], Iterator[dict]]] = {
    1: _runs_and_draws,
    3: _beside("code", 8, "AUROC"),
    4: _beside("code", 11, "AUROC"),
    7: _beside("code", 12, "RMS"),
    8: _bins,
    9: _appendix_c,
    10: _mean_row(8, "SST", "FPR90", "AUROC", "AUPR"),
    11: _mean_row(11, "PTB Char", "FPR90"),
    12: _sizes,
    13: _base_rate,
    14: _shortest,
    15: _beside("one-case", 8, "AUROC", flipped=True),
    19: _image_folder,
    21: _heading,
    23: _margins,
    25: _accuracy,
}
