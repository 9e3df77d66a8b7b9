"""The records that come with the book, as pages of its site: `runs/reference`, each folder with what stands behind it."""

import re
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from pages import FILES

from oe_core.paper import render, results

LINK = re.compile(r"\]\((?P<path>(?!https?:|#)[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
# The front page's table: records, the method without Outlier Exposure, and what was trained.
HEADLINES = (
    ("cifar10-paper", "MSP", "images, the paper's network"),
    ("nlp-trec", "MSP", "questions"),
    ("branch-cifar10", "Branch", "images, a confidence branch"),
    ("lm-ptb-words", "BPC/BPW", "words, a language model"),
)


def measured_pages(reference: Path) -> dict[str, str]:
    """Return the pages {name: Markdown}: the README of `reference`, and one page for each folder of records."""
    folders = [folder for folder in sorted(reference.iterdir()) if folder.is_dir()]
    by_folder = {source.folder: source for source in results.sources(reference)}
    found = {f"measured/{folder.name}.md": _page(folder, reference, by_folder.get(folder)) for folder in folders}
    overview = _relinked((reference / "README.md").read_text("utf-8"), reference, reference)
    found["measured/index.md"] = f"{overview}\n{_toctree(folder.name for folder in folders)}"
    found["_made/headline.md"] = _headline(by_folder, reference)
    return found


def _toctree(names) -> str:
    return "```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"


def _page(folder: Path, reference: Path, source: results.Source | None) -> str:
    readme = folder / "README.md"
    text = _relinked(readme.read_text("utf-8"), folder, reference) if readme.is_file() else f"# {folder.name}\n"
    parts = [text]
    if source is not None:
        row = results.evidence_table([source]).round(2).astype(str)
        parts.append(f"## Evidence\n\n{_markdown(row.reset_index())}")
    for table in sorted(folder.glob("*.md")):
        if table != readme:
            parts.append(f"## {_words(table)}\n\n{table.read_text('utf-8')}")
    for picture in sorted(folder.glob("*.png")):
        if picture.name not in text:
            alt = f"{_words(picture)}, of the record {folder.name}"
            parts.append(f"## {_words(picture)}\n\n![{alt}](../{FILES}/reference/{folder.name}/{picture.name})")
    files = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    items = "".join(f'<li><a href="../{FILES}/reference/{folder.name}/{quote(name)}">{name}</a></li>' for name in files)
    parts.append(f"## Files\n\n<ul>{items}</ul>")
    return "\n\n".join(parts) + "\n"


def _words(path: Path) -> str:
    return path.stem.replace("_", " ").capitalize()


def _markdown(frame: pd.DataFrame) -> str:
    return render.rows_of([], frame.itertuples(index=False), names=list(frame.columns))


def _headline(by_folder: dict[Path, results.Source], reference: Path) -> str:
    """Mean FPR and AUROC over all anomalies, without and with Outlier Exposure, from the records."""
    rows = []
    for name, plain, what in HEADLINES:
        records = by_folder[reference / name].records
        metric = records["metric"].where(~records["metric"].str.startswith("FPR"), "FPR")
        means = records.groupby([metric, "method"])["value"].mean()
        cells = [f"{means[metric, plain]:.1f} → {means[metric, '+OE']:.1f}" for metric in ("FPR", "AUROC")]
        rows.append([f"[{records['in_dist'].iloc[0]}](measured/{name}.md)", what, *cells])
    head = ["trained on", "", "FPR ↓", "AUROC ↑"]
    return f"{render.rows_of(head[2:], rows, names=head[:2])}\n\nMeasured on real data, without → with Outlier Exposure, in percent.\n"


def _relinked(text: str, folder: Path, reference: Path) -> str:
    """Links to folders of records lead to their pages, to chapters likewise, and others to the files."""

    def target(found: re.Match) -> str:
        path, anchor = (folder / found["path"]).resolve(), found["anchor"] or ""
        if path.parent.name == "book":
            return f"](../{path.stem}.ipynb)"
        if path.name == "README.md":
            path = path.parent
        if path == reference:
            return f"](index.md{anchor})"
        if path.is_dir():
            return f"]({path.name}.md{anchor})"
        if path.suffix == ".md":
            return f"]({path.parent.name}.md#{path.stem.replace('_', '-')})"
        return f"](../{FILES}/reference/{path.relative_to(reference).as_posix()})"

    return LINK.sub(target, text)
