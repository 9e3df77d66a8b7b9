"""A chapter's executed notebook as a page of the site: numbered figures and tables, folded solutions, clean lines.

Pictures and tables that a chapter published are told from the words that `figures.publish` left beside each picture,
and from the cell that calls `paper.publish`.
"""

import html
import itertools
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import nbformat
from bs4 import BeautifulSoup, Tag
from markup import spoken
from PIL import Image
from progress import TERMINAL_CODES
from questions import tagged
from quiz import Question, quiz_section
from stamps import read_stamp

from oe_core.wording import size_text

Numbers = Mapping[str, Iterator[str]]
FILES = "files"  # the site's folder of everything that can be downloaded
# Tags of cells that only the curious open, and what they are offered as.
FOLDED = {"checks": "What checks the parameters", "injected-parameters": "The parameters of this build"}
PUBLISHED_TABLE = re.compile(r'paper\.publish\(\w+, "(\w+)"')
PAPERS_TABLE = re.compile(r"table_(\d+)(.*)")
# A bar of tqdm: what it counts, how far it came, how long it took, and what it says in the end.
BAR = re.compile(
    r"([^\n|]*?): *(\d+)%\|[^|\n]*\| *(\d+)/\d+ \[([\d:]+)<[^\]\n,]*(?:, +[\d.?]+(?:it/s|s/it))?([^\]\n]*)\]\n?"
)
# A chapter built beside others waits for them; the lock that it names lies on the machine of the build.
WAITED = re.compile(r"^[^\n]*another process is [^\n]*; waiting for it \(lock [^\n]*\)\n?", re.MULTILINE)
WARNING = re.compile(r"^[^\n]+?\.py:\d+: (\w*Warning: .*)\n(?:  .*\n?)?", re.MULTILINE)
FORMS = {"png": "PNG", "svg": "SVG", "csv": "CSV", "md": "Markdown", "tex": "LaTeX"}
NUMBER = re.compile(r"[^\w\s]{0,3}\d")  # what begins a cell with a number
LONG = 40  # letters from which a text in a table has a column that is not narrowed to its longest word
MISSING = {"nan", "NaN", "<NA>"}  # what pandas writes for a value that does not exist, on pages a dash
NOTHING = {"", "—", "–", "None", *MISSING}  # what a cell says that has no value
TITLE = re.compile(r"^# .+$", re.MULTILINE)
REFERENCES = re.compile(r"\A## References$", re.MULTILINE)


def page(
    name: str, notebook: nbformat.NotebookNode, out: Path, quiz: tuple[Question, ...] = ()
) -> nbformat.NotebookNode:
    """Return the page of chapter `name`, whose executed notebook is given and whose files lie below `out`.

    quiz: questions that are asked before the references.
    """
    numbers = {
        what: (f"{int(name.split('_')[0])}.{count}" for count in itertools.count(1)) for what in ("figure", "table")
    }
    cells, said = [], {}
    for solved, group in groupby(notebook.cells, lambda cell: tagged(cell, "solution")):
        shown = [_cell(cell, numbers, said, out) for cell in group]
        cells += _folded(shown) if solved else shown
    if quiz:
        before = next((place for place, cell in enumerate(cells) if REFERENCES.search(cell.source)), len(cells))
        cells.insert(before, nbformat.v4.new_markdown_cell(f"## Quiz\n\n{quiz_section(quiz)}"))
    titled = next((cell for cell in cells if TITLE.search(cell.source)), cells[0])
    titled.source = TITLE.sub(lambda title: f"{title[0]}\n\n{_made(name, notebook, out)}\n", titled.source, count=1)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # a new one each time would make every page new
    made = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    _, made = nbformat.validator.normalize(made)
    return made


def _folded(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    begin, end = '<details class="solution"><summary>Solution</summary>', "</details>"
    return [nbformat.v4.new_markdown_cell(begin), *cells, nbformat.v4.new_markdown_cell(end)]


def _cell(cell: nbformat.NotebookNode, numbers: Numbers, said: dict, out: Path) -> nbformat.NotebookNode:
    if cell.cell_type != "code":
        return nbformat.v4.new_markdown_cell(cell.source)
    tables = iter(PUBLISHED_TABLE.findall(cell.source))
    shown = (_output(output, numbers, tables, said, out) for output in cell.outputs)
    outputs = [output for output in shown if output]
    words = next((words for tag, words in FOLDED.items() if tagged(cell, tag)), None)
    metadata = {"tags": ["hide-input"], "mystnb": {"code_prompt_show": words}} if words else {}
    return nbformat.v4.new_code_cell(cell.source, outputs=outputs, metadata=metadata)


def _output(output, numbers: Numbers, tables: Iterator[str], said: dict[str, str], out: Path):
    """An output as the page has it, None for one that leaves nothing to read.

    numbers: of the next figure and of the next table. said: the footnotes of the tables so far, and for each a link to
    its table.
    """
    if output.output_type == "stream":
        output.text = clean(output.text)
        return output if output.text.strip() else None
    if output.output_type == "error":
        return output
    if "published" in output.metadata:
        return _markdown(_figure(output.metadata["published"], next(numbers["figure"]), out))
    if "image/png" in output.data and "text/html" not in output.data:  # a figure with knobs is both
        alt = output.metadata.get("image/png", output.metadata).get("alt", "")
        source = f"data:image/png;base64,{output.data['image/png']}"
        output.data = {"text/html": f'<img alt="{html.escape(spoken(alt))}" src="{source}">'}
    if "text/markdown" in output.data:
        stem = next(tables, None)
        text = output.data["text/markdown"]
        return _markdown(_table(text, stem, numbers["table"], out, said) if stem else text)
    if "<table" in output.data.get("text/html", ""):
        return _markdown(_numbered(output.data["text/html"], numbers["table"]))
    return output


def _markdown(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/markdown": text})


def clean(text: str) -> str:
    """What a cell said but for waiting, one line for each bar that came to its end and for each warning."""

    def ended(bar: re.Match) -> str:
        what, percent, steps, took, rest = bar.groups()
        return f"{what}: {steps} steps in {took}{rest}\n" if percent == "100" else ""

    return WARNING.sub(r"\1\n", WAITED.sub("", BAR.sub(ended, TERMINAL_CODES.sub("", text))))


def _numbered(shown: str, numbers: Iterator[str]) -> str:
    """The tables that a cell shows as HTML, as Markdown: each with a number and an anchor, in a box that scrolls."""
    soup = BeautifulSoup(re.sub(r"<style scoped>.*?</style>", "", shown, flags=re.DOTALL), "html.parser")
    for around in soup.find_all(lambda tag: tag.name == "div" and not tag.attrs, recursive=False):
        around.unwrap()  # pandas puts one around its table
    first = ""
    for table, number in zip(soup.find_all("table"), numbers, strict=False):
        _align(table)
        del table["border"]  # the look that pandas brings along
        caption = table.caption or soup.new_tag("caption")
        named = soup.new_tag("strong")
        named.string = f"Table {number}{'. ' if caption.contents else ''}"
        caption.insert(0, named)
        table.insert(0, caption)
        table.wrap(soup.new_tag("div", attrs={"class": "scroll", "tabindex": "0", "role": "region"}))
        table.parent["aria-label"] = f"Table {number}"
        first = first or f"table-{number.replace('.', '-')}"
    return f"````````{{container}}\n:name: {first}\n\n```````{{raw}} html\n{soup}\n```````\n````````\n"


def _align(table: Tag) -> None:
    """Mark the columns of a table, cells and heading: words where more than half of the cells are no number."""
    rows = [[cell for cell in row.find_all(["td", "th"]) if cell.name == "td"] for row in table.select("tbody tr")]
    of_rows = [row.find_all("th") for row in table.select("thead tr")]
    # A row of names that each span columns is nobody's own; pandas writes an index's name below the columns'.
    own_heads = [heads for heads in of_rows if len(heads) == len(of_rows[-1])]
    for cell in table.find_all("td", string=lambda text: text and text.strip() in MISSING):
        cell.string = "–"
    for place, cells in enumerate(zip(*rows, strict=False)):
        said = [text for cell in cells if (text := cell.get_text(strip=True)) not in NOTHING]
        words = 2 * sum(not NUMBER.match(text) for text in said) > len(said)
        look = ["text-left" if words else "text-right", *(["long"] if words and max(map(len, said)) > LONG else [])]
        heads = [heads[place - len(rows[0])] for heads in own_heads]
        for cell in (*cells, *heads):
            cell["class"] = [*cell.get("class", []), *look]


def links(stem: str, folder: str, out: Path) -> str:
    """Links to the forms of a file below `out` that are there, as HTML."""
    found = [form for form in FORMS if (out / folder / f"{stem}.{form}").is_file()]
    return " · ".join(f'<a href="{FILES}/{folder}/{quote(stem)}.{form}">{FORMS[form]}</a>' for form in found)


def _figure(published: dict, number: str, out: Path) -> str:
    stem, caption = published["stem"], published["caption"]
    picture = out / "figures" / f"{stem}.png"
    # As PNG, with twice the dots of the screen: the letters of an SVG depend on the reader's fonts.
    with Image.open(picture) as opened:
        width = f"{opened.width // 2}px"
    options = f":name: figure-{number.replace('.', '-')}\n:alt: {spoken(published['alt'])}\n:width: {width}"
    text = f'**Figure {number}.** {caption} <span class="forms">{links(stem, "figures", out)}</span>'
    return f"```{{figure}} {FILES}/figures/{picture.name}\n{options}\n\n{text}\n```\n"


def table_title(stem: str, rows: str) -> str:
    """What a published table is, as Markdown: the paper's by its number, another by its name without the chapter's.

    rows: of the table, as Markdown; the paper's values are named where some stand in them.
    """
    number = PAPERS_TABLE.fullmatch(stem)
    title = f"{_named(stem)} of the paper{number[2].replace('_', ', ')}" if number else _named(stem)
    return f"**{title}**: this build{', and in parentheses the paper' if '(paper ' in rows else ''}."


def _named(stem: str) -> str:
    number = PAPERS_TABLE.fullmatch(stem)
    return f"Table {int(number[1])}" if number else re.sub(r"^\d+_", "", stem)


def _table(text: str, stem: str, numbers: Iterator[str], out: Path, said: dict[str, str]) -> str:
    """A published table with its caption; its footnotes stay below, but for those that a table before has `said`.

    The paper's tables keep the paper's numbers.
    """
    rows, _, notes = text.partition("\n\n")
    number = PAPERS_TABLE.fullmatch(stem)
    counted = "" if number else f"**Table {next(numbers)}.** "
    caption = f'{counted}{table_title(stem, rows)} <span class="forms">{links(stem, "tables", out)}</span>'
    anchor = f"table-{int(number[1])}{number[2]}" if number else stem
    anchor = anchor.replace("_", "-")
    notes = _new_notes(notes, f"[{_named(stem)}](#{anchor})", said)
    return f"```{{table}} {caption}\n:name: {anchor}\n\n{rows}\n```\n\n{notes}\n"


def _new_notes(notes: str, here: str, said: dict[str, str]) -> str:
    """The footnotes that no table of the page has said before, and a link to those that have said the others."""
    lines = notes.splitlines()
    before = list(dict.fromkeys(said[line] for line in lines if line in said))
    new = [line for line in lines if line not in said]
    said |= {line: here for line in new if line.startswith("- ")}
    return "\n".join([*new, *([f"- The other notes are those of {' and '.join(before)}."] if before else [])])


def _made(name: str, notebook: nbformat.NotebookNode, out: Path) -> str:
    """One line below the title: how the page was made, and where everything behind it lies."""
    stamp = read_stamp(out, name)
    # An experiment that a chapter makes beside its own keeps its records in a folder of the same number.
    records = sorted((out / "records").glob(f"{name.partition('_')[0]}_*/**/evidence.json"))
    given = [f"{key} = {value!r}" for key, value in stamp.get("made_from", {}).get("parameters", {}).items()]
    facts = ["Built" if stamp.get("status") == "done" else f"Build {stamp.get('status', 'unknown')}", *given]
    facts += [f"{stamp['seconds']:.0f} s"] if stamp.get("seconds") else []
    facts += [size_text(stamp["peak_memory"])] if stamp.get("peak_memory") else []
    files = {"source": f"chapters/{name}.py", "notebook": f"notebooks/{name}.ipynb"}
    places = " · ".join(f'<a href="{FILES}/{path}">{word}</a>' for word, path in files.items())
    evidence = "".join(
        f"<li>{html.escape(_kept_as(kept, out, name))}: "
        f"{_links([*sorted(kept.glob('*.csv')), kept / 'evidence.json'], out)}</li>"
        for kept in (path.parent for path in records)
    )
    published = {stem for cell in notebook.cells for stem in PUBLISHED_TABLE.findall(cell.source)}
    written = sorted(out / path for path in stamp.get("outputs", ()) if re.fullmatch(r"tables/.+\.csv", path))
    if others := [path for path in written if path.is_file() and path.stem not in published]:
        evidence += f"<li>tables: {_links(others, out)}</li>"
    kept = "records, evidence and" if others else "records and evidence"
    what = " ".join([*([kept] if records else []), *(["tables"] if others else [])])
    more = f"<details><summary>{what}</summary><ul>{evidence}</ul></details>" if evidence else ""
    return f'<div class="made"><p>{html.escape(", ".join(facts))} · {places}</p>{more}</div>'


def _kept_as(folder: Path, out: Path, name: str) -> str:
    """What a folder of evidence is called: by its own name below the chapter's folder, else by that of both."""
    place = folder.relative_to(out / "records")
    return place.relative_to(name).as_posix() if place.parts[0] == name and len(place.parts) > 1 else place.as_posix()


def _links(kept: list[Path], out: Path) -> str:
    """Files of a build by their names, each leading to the site's copy."""
    places = {path.stem: quote(path.relative_to(out).as_posix()) for path in kept}
    return ", ".join(f'<a href="{FILES}/{place}">{html.escape(word)}</a>' for word, place in places.items())
