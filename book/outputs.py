"""What slides show of a chapter's cells: a picture with its words, a table that fits, the lines that a cell printed."""

import base64
import io
import textwrap
from itertools import zip_longest
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup, Tag
from excerpts import PointerError
from lessons import Found
from markup import as_html, spoken
from pages import PUBLISHED_TABLE, clean, table_title
from PIL import Image

NARROW = 1.9  # width over height up to which a picture stands beside the text
WORDS = 40  # letters in a cell from which a table is one of texts
LETTERS_IN_A_ROW = {"plain": 70, "dense": 95}  # up to which a table has its class, see deck/deck.css


def outputs(found: Found, out: Path) -> tuple[list[nbformat.NotebookNode], list[str]]:
    """Return what is shown of a slide's cells, and remarks on it for the teacher; out: the folder of the build.

    Raises PointerError where the build has no such output.
    """
    shown, remarks = [], []
    for kind, cell in found.cells.items():
        there = cell.outputs if kind == "figure" else reversed(cell.outputs)  # the last of several tables is the result
        made = next(filter(None, (KINDS[kind](output, found, out) for output in there)), None)
        if made is None:
            words = getattr(found.slide, kind)
            raise PointerError(f"the cell with {words!r} below {found.slide.at!r} has no {kind} in this build")
        shown.append(made[0])
        remarks += made[1:]
    return shown, remarks


def is_narrow(output: nbformat.NotebookNode) -> bool:
    """Whether this is a picture that leaves room beside it."""
    if "image/png" not in output.get("data", {}):
        return False
    with Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))) as picture:
        return picture.width < NARROW * picture.height


def _figure(output, found: Found, out: Path) -> list | None:
    published = output.get("metadata", {}).get("published")
    if not published or not published["stem"].startswith(found.slide.figure):
        return None
    # The file has twice the dots of the notebook's picture.
    picture = (out / "figures" / f"{published['stem']}.png").read_bytes()
    said = published | {"alt": spoken(published["alt"])}
    return [_display({"image/png": base64.b64encode(picture).decode()}, published=said)]


def _table(output, found: Found, out: Path) -> list | None:
    html, text = (output.get("data", {}).get(kind, "") for kind in ("text/html", "text/markdown"))
    published, _, footnotes = text.partition("\n\n") if text.startswith("|") else ("", "", "")
    if not published and "<table" not in html:
        return None
    table = BeautifulSoup(as_html(published) if published else html, "html.parser").select_one("table")
    rows, most = table.select("tbody tr"), found.slide.rows
    for row in rows[most:]:
        row.decompose()
    said = []
    if published:
        said += [f"{in_dist}."] if (in_dist := _taken_out(table)) else []
        stems = PUBLISHED_TABLE.findall(found.cells["table"].source)
        said += [table_title(stem, published) for stem in stems]
    said += [f"The first {most} of {len(rows)} rows."] if len(rows) > most else []
    caption = f'<div class="caption">{as_html(" ".join(said))}</div>' if said else ""
    shown = _display({"text/html": f"{_fitted(table)}{caption}"})
    return [shown, *(line.removeprefix("- ") for line in footnotes.splitlines())]


def _taken_out(table: Tag) -> str:
    """Take the in-distribution out where every row has the same, and return it; the out-distribution names the rows."""
    if len({row.td.get_text() for row in table.select("tbody tr")}) > 1:
        return ""
    in_dist = table.tbody.td.get_text()
    for row in table.select("tr"):
        row.select_one("th, td").decompose()
    return in_dist


def _fitted(table: Tag) -> Tag:
    """The table in letters that fit, its index named in the row of the other names, as pandas does not."""
    *_, names, of_index = [None, None, *table.select("thead tr")]
    words = [cell.get_text(strip=True) for cell in of_index.select("th")] if names else []
    named = list(filter(None, words))
    if len(named) < len(words) and words[: len(named)] == named:
        for cell, name in zip(names.select("th"), named, strict=False):
            cell.string = name
        of_index.decompose()
    table["class"] = _size(table)
    return table


def _size(table: Tag) -> str:
    """The class of a table by what its longest words and cells take in a row."""
    cells = [[len(cell.get_text(strip=True)) for cell in row.select("td")] for row in table.select("tbody tr")]
    if max(map(max, cells)) > WORDS:
        return "words"
    widths = [max(column) for column in zip(*cells, strict=False)]
    heads = [max(map(len, [*head.get_text().split(), ""])) for head in table.select("thead tr:last-child th")]
    of_index = max(sum(len(cell.get_text(strip=True)) for cell in row.select("th")) for row in table.select("tbody tr"))
    letters = of_index + sum(map(max, zip_longest(widths, heads[-len(widths) :], fillvalue=0)))
    return next((size for size, most in LETTERS_IN_A_ROW.items() if letters <= most), "denser")


def _says(output, found: Found, out: Path) -> list | None:
    if output.output_type == "stream" and output.name == "stdout" and clean(output.text).strip():
        said = textwrap.dedent(clean(output.text)).strip("\n").rstrip()  # the first line may stand further in
        return [nbformat.v4.new_output("stream", name="stdout", text=said)]
    text = output.get("data", {}).get("text/markdown", "")
    return [_display({"text/markdown": text})] if text and not text.startswith("|") else None


KINDS = {"figure": _figure, "table": _table, "says": _says}


def _display(data: dict, **metadata) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("display_data", data, metadata=metadata)
