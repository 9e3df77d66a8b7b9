"""The page that links everything of one scale: `runs/<scale>/index.html`, one file that works without a server."""

import csv
import html
from collections import defaultdict
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from chapters import ChapterError, read_chapter
from stamps import html_path, made_files, notebook_path, read_stamp

from oe_core.atomic import write_text
from oe_core.scales import SCALES

LINK_NAMES = {".csv": "CSV", ".md": "Markdown", ".tex": "LaTeX", ".png": "PNG", ".svg": "SVG", ".json": "JSON"}
ROWS_SHOWN = 60
STYLE = Path(__file__).with_name("index.css")


def write_index(paths: dict[str, Path], scale: str, out: Path) -> None:
    """Write `out/index.html`: for each of the chapters `paths` (name -> file) its state and all that it made."""
    chapters = [_describe(name, path, out) for name, path in paths.items()]
    claimed = {file for chapter in chapters for file in chapter["outputs"]}
    others = [file for file in made_files(out) if file not in claimed]
    body = [_head(scale, chapters), *(_section(chapter, out) for chapter in chapters)]
    if others:
        body.append(f"<section><h2>Made by earlier builds</h2>{_outputs(others, out)}</section>")
    style = STYLE.read_text(encoding="utf-8")
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Outlier Exposure, {scale}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )
    write_text(out / "index.html", page)


def _describe(name: str, path: Path, out: Path) -> dict:
    stamp = read_stamp(out, name)
    try:
        chapter = read_chapter(path)
        title, question = chapter.title, chapter.question
    except ChapterError as error:
        title, question = name, str(error)
    files = {"HTML": html_path(out, name), "notebook": notebook_path(out, name)}
    return {
        "name": name,
        "title": title,
        "question": question,
        "status": stamp.get("status", "missing"),
        "seconds": stamp.get("seconds"),
        "peak_memory": stamp.get("peak_memory"),
        "finished": stamp.get("finished", ""),
        "error": stamp.get("error", ""),
        "parameters": stamp.get("made_from", {}).get("parameters", {}),
        "links": {text: file.relative_to(out).as_posix() for text, file in files.items() if file.exists()},
        "outputs": [file for file in stamp.get("outputs", {}) if (out / file).exists()],
    }


def _head(scale: str, chapters: list[dict]) -> str:
    rows = "".join(
        f'<tr><td><a href="#{chapter["name"]}">{html.escape(chapter["title"])}</a>'
        f'<br><span class="soft">{html.escape(chapter["question"])}</span></td>'
        f'<td>{_status(chapter)}</td><td class="time">{_cost(chapter)}</td><td>{_links(chapter["links"])}</td></tr>'
        for chapter in chapters
    )
    return (
        f"<h1>Outlier Exposure: the experiments</h1>"
        f'<p class="soft">Scale <b>{scale}</b>: {html.escape(SCALES[scale])}.</p>'
        f"<nav><table><tr><th>chapter</th><th>state</th><th>time, memory</th><th>files</th></tr>{rows}"
        "</table></nav>"
    )


def _section(chapter: dict, out: Path) -> str:
    given = ", ".join(f"{name} = {value!r}" for name, value in chapter["parameters"].items())
    facts = " · ".join(filter(None, (_cost(chapter), chapter["finished"].replace("T", " "), html.escape(given))))
    error = f'<p class="error">{html.escape(chapter["error"])}</p>' if chapter["error"] else ""
    return (
        f'<section id="{chapter["name"]}"><h2>{html.escape(chapter["title"])} {_status(chapter)}</h2>'
        f"<p>{html.escape(chapter['question'])}</p>"
        f'<p>{_links(chapter["links"])} <span class="soft">{facts}</span></p>'
        f"{error}{_outputs(chapter['outputs'], out)}</section>"
    )


def _status(chapter: dict) -> str:
    words = {"done": "done", "failed": "failed", "missing": "not built", "damaged": "damaged"}
    return f'<span class="status {chapter["status"]}">{words[chapter["status"]]}</span>'


def _cost(chapter: dict) -> str:
    """Seconds and, where the system tells it, peak memory."""
    seconds = [] if chapter["seconds"] is None else [f"{chapter['seconds']:.0f} s"]
    return ", ".join(seconds + [f"{peak / 1e9:.1f} GB" for peak in [chapter["peak_memory"]] if peak])


def _links(links: dict[str, str]) -> str:
    return " · ".join(f'<a href="{quote(target)}">{html.escape(text)}</a>' for text, target in links.items())


def _outputs(files: list[str], out: Path) -> str:
    """Figures as pictures, then tables and records, each with links to its forms."""
    stems: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        path = PurePosixPath(file)
        stems[path.parts[0]][str(path.with_suffix("").relative_to(path.parts[0]))].append(file)
    figures = "".join(_figure(stem, forms) for stem, forms in sorted(stems["figures"].items()))
    parts = [f'<h3>Figures</h3><div class="gallery">{figures}</div>' if figures else ""]
    for folder in ("tables", "records"):
        items = "".join(f"<li>{_table(stem, forms, out)}</li>" for stem, forms in sorted(stems[folder].items()))
        parts.append(f"<h3>{folder.capitalize()}</h3><ul>{items}</ul>" if items else "")
    return "".join(parts)


def _forms(files: list[str]) -> str:
    return _links({LINK_NAMES.get(PurePosixPath(file).suffix, PurePosixPath(file).name): file for file in files})


def _figure(stem: str, files: list[str]) -> str:
    shown = next((file for suffix in (".png", ".svg") for file in files if file.endswith(suffix)), None)
    name = html.escape(stem.replace("_", " "))
    picture = f'<a href="{quote(shown)}"><img src="{quote(shown)}" alt="{name}" loading="lazy"></a>' if shown else ""
    return f"<figure>{picture}<figcaption>{name} · {_forms(files)}</figcaption></figure>"


def _table(stem: str, files: list[str], out: Path) -> str:
    name, found = html.escape(stem.replace("_", " ")), next((file for file in files if file.endswith(".csv")), None)
    if found is None:
        return f"{name} · {_forms(files)}"
    try:
        with (out / found).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return f'{name} · {_forms(files)} <p class="error">{html.escape(f"{found} cannot be shown: {error}")}</p>'
    shown = "".join(_row("td" if number else "th", row) for number, row in enumerate(rows[: ROWS_SHOWN + 1]))
    more = f"{len(rows) - 1} rows, the first {ROWS_SHOWN} shown" if len(rows) > ROWS_SHOWN + 1 else ""
    return (
        f"<details><summary>{name} · {_forms(files)}</summary>"
        f'<div class="scroll"><table>{shown}</table></div><p class="soft">{more}</p></details>'
    )


def _row(tag: str, cells: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
