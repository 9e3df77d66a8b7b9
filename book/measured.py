"""The records that come with the book, `runs/reference`, as pages of its site: each with what stands behind it."""

import re
from pathlib import Path
from urllib.parse import quote

import described
import pandas as pd
from matplotlib.figure import Figure
from pages import FILES, PAPERS_TABLE

from oe_core import compare, figures, paper
from oe_core.atomic import read_record
from oe_core.paper import index, render, results
from oe_core.wording import several

LINK = re.compile(r"\]\((?P<path>(?!https?:|#)[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
# The front page's table: what was trained, its records, the paper's table, and the method without Outlier Exposure.
HEADLINES = (
    ("images", "cifar10-paper", 7, "MSP"),
    ("questions", "nlp-trec", 8, "MSP"),
    ("confidence branch", "branch-cifar10", 3, "Branch"),
    ("language model", "lm-ptb-words", 11, "BPC/BPW"),
)

CONTROL = "control.csv"  # the networks of records, and the one that was trained as long without outliers
EXPOSED = "+OE"
AS_LONG = "## As long without outliers"
NO_CONTROL = (
    f"{AS_LONG}\n\nNo network was trained as long without outliers beside these: a part of what exposure changes here "
    "may be the longer training's."
)
# Tables that the paper does not number, with the chapter that measures them.
OTHER_TABLES = {"table": index.row(index.LOGS).chapter, "detectors": "12_after_the_paper"}


def measured_pages(reference: Path) -> dict[str, str]:
    """Return the pages {name: Markdown}: the README of `reference`, and one page for each folder of records."""
    folders = [folder for folder in sorted(reference.iterdir()) if folder.is_dir()]
    by_folder = {source.folder: source for source in results.sources(reference)}
    found = {f"measured/{folder.name}.md": _page(folder, reference, by_folder.get(folder)) for folder in folders}
    overview = described.with_pictures((reference / "README.md").read_text("utf-8"), reference, by_folder)
    overview = relinked(overview, reference, reference, "../")
    found["measured/index.md"] = f"{overview}\n{_toctree(folder.name for folder in folders)}"
    found["_made/headline.md"] = _headline(by_folder, reference)
    return found


def _toctree(names) -> str:
    return "```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"


def _page(folder: Path, reference: Path, source: results.Source | None) -> str:
    readme = folder / "README.md"
    if readme.is_file():
        text = described.with_pictures(readme.read_text("utf-8"), folder, {} if source is None else {folder: source})
    else:
        text = f"# {described.title(folder.name)}\n\n{described.sentence(folder.name, reference)}"
    text = relinked(text, folder, reference, "../")
    parts = [text]
    if source is not None:
        row = results.evidence_table([source]).round(2).astype(str)
        parts.append(f"## Evidence\n\n{_markdown(row.reset_index())}")
    if (folder / CONTROL).exists():
        parts.append(_control(folder, source))
    elif source is not None and (source.records["method"] == EXPOSED).any():
        parts.append(NO_CONTROL)
    for table in sorted(folder.glob("*.md")):
        if table != readme:
            parts.append(f"## {_words(table)}\n\n{_measured_by(table)}\n\n{table.read_text('utf-8')}")
    for picture in sorted(folder.glob("*.png")):
        if picture.name not in text:
            line, shown = described.picture(picture, source)
            place = f"../{FILES}/reference/{folder.name}/{picture.name}"
            parts.append(f"## {_words(picture)}\n\n{line}.\n\n![{shown}]({place})")
    files = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    items = "".join(f'<li><a href="../{FILES}/reference/{folder.name}/{quote(name)}">{name}</a></li>' for name in files)
    parts.append(f"## Files\n\n<ul>{items}</ul>")
    return "\n\n".join(parts) + "\n"


def _control(folder: Path, source: results.Source) -> str:
    """What of the gain of a folder's records is the longer training's, as measured beside them."""
    measured, stamps = pd.read_csv(folder / CONTROL, index_col="trained"), read_record(folder / "control.json")
    stamps = stamps.get("runs", [stamps])  # of several seeds
    said = paper.parted(pd.concat({source.records["in_dist"].iloc[0]: measured}, names=["in_dist"]))
    rows = _markdown(measured.round(1).astype(str).reset_index())
    what = f"Percent, means over the out-distributions, of {several('training', len(stamps))} of each of the networks."
    return f"{AS_LONG}\n\n{said}.\n\n{rows}\n\n{what}"


def _words(path: Path) -> str:
    """The heading of a table or picture."""
    number = PAPERS_TABLE.fullmatch(path.stem)
    return f"Table {int(number[1])}{number[2]}" if number else path.stem.replace("_", " ").capitalize()


def _measured_by(table: Path) -> str:
    number = PAPERS_TABLE.fullmatch(table.stem)
    if number:
        number = int(number[1])
        return f"Measured by chapter `{index.row(number).chapter}`, where Table {number} has the same of this build."
    return f"Measured by chapter `{OTHER_TABLES[table.stem]}`, which has the same of this build."


def _markdown(frame: pd.DataFrame) -> str:
    return render.rows_of([], frame.itertuples(index=False), names=list(frame.columns))


def _headline(by_folder: dict[Path, results.Source], reference: Path) -> str:
    """Mean FPR and AUROC over all anomalies, without and with Outlier Exposure, from the records."""
    rows, controls, without = [], [], 0
    for what, name, table, plain in HEADLINES:
        records = by_folder[reference / name].records
        records = records[records["table"] == table]
        metric = records["metric"].str.replace(r"FPR\d+", "FPR", regex=True)
        means, in_dist = records.groupby([metric, "method"])["value"].mean(), records["in_dist"].iloc[0]
        cells = [f"{means[metric, plain]:.1f} → {means[metric, EXPOSED]:.1f}" for metric in ("FPR", "AUROC")]
        rows.append([f"[{what}](measured/{name}.md): {in_dist}", *cells])
        if (reference / name / CONTROL).exists():
            as_long = pd.read_csv(reference / name / CONTROL).iloc[1]
            fpr = next(value for metric, value in as_long.items() if metric.startswith("FPR"))
            left = f"{in_dist} at {fpr:.1f} and {as_long['AUROC']:.1f}"
            controls.append(f" As long a training without outliers leaves {left}")
        else:
            without += 1
    table = render.rows_of(["FPR ↓", "AUROC ↑"], rows, names=["trained on"])
    said = (
        "Measured on real data, in percent: without → with Outlier Exposure, mean over all anomalies; FPR at 95 % of "
        "them found, of texts at 90 %."
    )
    others = f"; the other {without} have none" if without else ""
    told = f"{';'.join(controls)}{others}." if controls else ""
    return f"{table}\n\n{said}{told}\n"


def front_figure(reference: Path) -> Figure:
    """The front page's figure: the AUROC of the first of its table's records on each kind of anomalies."""
    _, name, table, _ = HEADLINES[0]
    (source,) = (one for one in results.sources(reference) if one.folder == reference / name)
    compared = compare(source.records[source.records["table"] == table], table)
    return figures.before_after(compared.loc[source.records["in_dist"].iloc[0]][["AUROC"]])


def relinked(text: str, folder: Path, reference: Path, up: str = "") -> str:
    """Return Markdown whose links to chapters and records, as they stand in the repository, lead to the site's pages.

    folder: where the text stands in the repository; up: the way from its page to the site's root.
    """

    def target(found: re.Match) -> str:
        path, anchor = (folder / found["path"]).resolve(), found["anchor"] or ""
        if path.suffix == ".py" and path.parent.name == "book":
            return f"]({up}{path.stem}.ipynb)"
        if not path.is_relative_to(reference):
            return found[0]
        if path.name == "README.md":
            path = path.parent
        if path.is_dir():
            return f"]({up}measured/{'index' if path == reference else path.name}.md{anchor})"
        if path.suffix == ".md":
            return f"]({up}measured/{path.parent.name}.md#{_words(path).lower().replace(' ', '-')})"
        return f"]({up}{FILES}/reference/{path.relative_to(reference).as_posix()})"

    return LINK.sub(target, text)
