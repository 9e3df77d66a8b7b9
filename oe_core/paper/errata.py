"""Where the paper, its tables and its official code disagree, each with a quantity measured under both readings.

Some follow from printed tables or stored records, which this module asks; a chapter enters others with `enter`.
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
    unit; its value as the text and as the code has it; data and scale. Raises ValueError for other columns or numbers.
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

    found: `results.sources`. roots: folders whose errata/*.csv chapters have written.
    """
    files = [path for root in roots for path in sorted((Path(root) / FOLDER).glob("*.csv"))]
    entered = [_checked(read_table(path, keep_default_na=False), str(path)) for path in files]
    computed = [
        (number, measure, round(float(text), 2), round(float(code), 2), data)
        for rows in _COMPUTED
        for number, measure, text, code, data in rows(found)
    ]
    whole = pd.concat([pd.DataFrame(computed, columns=list(COLUMNS)), *entered])
    return whole.sort_values("number", kind="stable", ignore_index=True)


def page(values: pd.DataFrame) -> pd.DataFrame:
    """All disagreements with what was measured of each, one row a measurement; "" where nothing was."""
    said = {"subject": "about", "text": "the text", "code": "the code", "book": "the book"}
    renamed = values.rename(columns={"text": "as the text", "code": "as the code", "data": "on"})
    whole = _STATEMENTS.rename(columns=said).merge(renamed, on="number", how="left")
    return whole.astype(object).fillna("").set_index("number")


def _data(source: Source) -> str:
    return ", ".join(filter(None, (source.name, source.scale, max(source.records["shortened"], key=len))))


_BINS = ", all bins and without the last"
# Read by an experiment and a variant of it: number, how the folder with the text's reading is named after the
# experiment's and how the code's, table, metric, and what else the measure says.
_VARIANTS = (
    (3, "", "-code", 8, "AUROC", ""),
    (4, "", "-code", 11, "AUROC", ", 28 and 29 included"),
    (7, "", "-code", 12, "RMS", ""),
    (8, "", "-code-bins", 12, "RMS", _BINS),
    (15, "-one-case", "", 8, "AUROC", ""),
    *((26, "", "-code-padding", 8, metric, ", padding not read and read") for metric in ("FPR90", "AUPR")),
    (27, "", "-code", 9, "AUROC", ""),
    # The text's margin as the book reads it, beside every other reading that was trained.
    *((23, "", f"-{name}", 5, "AUROC", f", margin of a bit a sub-pixel and {name}")
      for name, changes in settings.VARIANTS.items() if changes),
)  # fmt: skip


def _by_variants(found: Sequence[Source]) -> Iterator[tuple]:
    """The exposed network's mean in an experiment and in its variant, on the seeds that both have."""
    by_folder = {source.folder: source for source in found}
    for number, as_text, as_code, table, metric, said in _VARIANTS:
        for base in found:
            pair = [by_folder.get(base.folder.with_name(base.folder.name + end)) for end in (as_text, as_code)]
            if all(pair) and table in set(base.records["table"]):
                seeds = sorted(set.intersection(*(set(source.records["seed"]) for source in pair)))
                exposed = f"table == {table} and metric == '{metric}' and method == '+OE' and seed in {seeds}"
                values = [source.records.query(exposed)["value"].mean() for source in pair]
                yield number, f"{base.records['in_dist'].iloc[0]}: mean {metric} with OE{said}", *values, _data(base)


def _last_bin(found: Sequence[Source]) -> Iterator[tuple]:
    """Chapter 8 keeps each reading as a variant; `runs/reference` keeps the means of all four in one file."""
    for source in found:
        path = source.folder / "readings.csv"
        if path.exists():
            table = read_table(path).query("table == 12 and metric == 'RMS' and method == '+OE'")
            means = table.groupby("reading")["value"].mean()
            measure = f"{source.records['in_dist'].iloc[0]}: mean RMS with OE{_BINS}"
            yield 8, measure, means["paper"], means["code-bins"], _data(source)


def _runs_and_draws(found: Sequence[Source]) -> Iterator[tuple]:
    for source in found:
        aurocs = source.records.query("table in (7, 8) and metric == 'AUROC' and method == 'MSP'")
        for in_dist, part in aurocs.groupby("in_dist", sort=False):
            by_seed = part.groupby(["seed", "draw"])["value"].mean().unstack("draw")
            if len(by_seed) > 2:
                measure = f"{in_dist}, MSP: standard deviation of the mean AUROC over trainings, over draws"
                yield 1, measure, by_seed.mean(axis=1).std(), by_seed.std(axis=1).mean(), _data(source)


def _printed(table: int, in_dist: str, metric: str) -> pd.Series:
    rows = comparison.paper_table(table).query("in_dist == @in_dist and metric == @metric and method == '+OE'")
    return rows.set_index("out_dist")["value"].astype(float)


def _printed_means(found: Sequence[Source]) -> Iterator[tuple]:
    fpr, rms = _printed(7, "CIFAR-10", "FPR95")[MEAN], _printed(12, "CIFAR-10", "RMS")[MEAN]
    yield 9, "CIFAR-10 with OE: FPR95 of Table 7, RMS error of Table 12", fpr, rms, "the paper's tables"
    rows = [(10, 8, "SST", metric) for metric in ("FPR90", "AUROC", "AUPR")]
    for number, table, in_dist, metric in (*rows, (11, 11, "PTB Char", "FPR90")):
        printed = _printed(table, in_dist, metric)
        measure = f"{metric} with OE: the printed Mean, the mean of its rows"
        yield number, measure, printed[MEAN], printed.drop(MEAN).mean(), f"the paper's Table {table}"


def _texts(found: Sequence[Source]) -> Iterator[tuple]:
    """Of the first source on each set: how many texts it holds; how many anomalies the code's loader draws to them."""
    tested = {test["name"]: source for source in reversed(found) if (test := source.evidence.get("in_dist_test"))}
    asked = (("sst", "SST: sentences", 8544 + 2210), ("20newsgroups", "20 Newsgroups: posts", 20000))
    for name, what, printed in asked:
        if source := tested.get(name):
            training, test = source.evidence["runs"][0]["data"]["inliers"], source.evidence["in_dist_test"]
            yield 12, f"{what} for training and test", printed, training["n"] + test["examples"], _data(source)
    if source := tested.get("trec"):
        inliers = source.evidence["in_dist_test"]["examples"]
        ((_, drawn),) = loader_draws(inliers, np.ones(inliers, int), 1, by_length=False)
        measured = 100 * len(drawn) / (len(drawn) + inliers)
        yield 13, "TREC: AUPR of guessing, the share of anomalies", 100 / 6, measured, _data(source)


def _shortest(found: Sequence[Source]) -> Iterator[tuple]:
    for folder in dict.fromkeys(source.folder.parent for source in found):
        path = folder / "nlp-code-draws.csv"
        if path.exists():
            values = read_table(path).query("method == 'MSP'")
            means = values.groupby(["in_dist", "out_dist", "texts"], sort=False)["AUROC"].mean().unstack("texts")
            for (in_dist, out_dist), row in means.iterrows():
                yield 14, f"{in_dist} against {out_dist}: AUROC of MSP", row["random"], row["shortest"], path.name


def _image_folder(found: Sequence[Source]) -> Iterator[tuple]:
    from PIL import Image
    from torchvision.datasets import ImageFolder

    with tempfile.TemporaryDirectory() as folder:
        for kind in ("numbers", "animals"):
            (Path(folder) / kind).mkdir()
            Image.new("RGB", (2, 2)).save(Path(folder) / kind / "picture.png")
        images = ImageFolder(folder)
        images.imgs = [entry for entry in images.imgs if "numbers" not in entry[0]]
        yield 19, "pictures read of two, one filtered out", len(images.imgs), len(images), "a folder made for it"


def _heading(found: Sequence[Source]) -> Iterator[tuple]:
    """The block that the log heads CIFAR-10: ours against CIFAR-100. A test set against itself is a coin, always."""
    measure = "CIFAR-10: AUROC of MSP against CIFAR-100, against itself"
    for source in found:
        against = source.of(7, "CIFAR-10").query("out_dist == 'CIFAR-100' and metric == 'AUROC' and method == 'MSP'")
        if len(against):
            yield 21, measure, against["value"].mean(), 50, _data(source)


def _accuracy(found: Sequence[Source]) -> Iterator[tuple]:
    """Points of accuracy that exposure costs: nothing, as the text has it, and ours."""
    for source in found:
        quality = pd.DataFrame(source.evidence.get("accuracy", []))
        if len(quality) and {"MSP", "+OE"} <= set(quality["method"]):
            means = quality.groupby("method")["accuracy"].mean()
            measure = f"{quality['in_dist'].iloc[0]}: points of accuracy lost"
            yield 25, measure, 0, means["MSP"] - means["+OE"], _data(source)


# Each yields (number, measure, value as the text has it, value as the code has it, data) of the sources that hold it.
_COMPUTED: Sequence[Callable[[Sequence[Source]], Iterator[tuple]]] = (
    _by_variants, _last_bin, _runs_and_draws, _printed_means, _texts, _shortest, _image_folder, _heading, _accuracy,
)  # fmt: skip
