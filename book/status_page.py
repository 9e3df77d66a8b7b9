"""How a build stands: `runs/<scale>/index.html`, one file that leads to the site and to every notebook.

Written after each chapter, also of a book whose site cannot be built yet.
"""

import html
from pathlib import Path
from urllib.parse import quote

from chapters import ChapterError, read_chapter
from stamps import notebook_path, read_stamp

from oe_core.atomic import write_text
from oe_core.scales import SCALES
from oe_core.wording import size_text

WORDS = {"done": "done", "failed": "failed", "missing": "not built", "damaged": "damaged"}
STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
li { margin: .8rem 0; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def write_index(paths: dict[str, Path], scale: str, out: Path) -> None:
    """Write `out/index.html`: the way to the site, and for each of the chapters `paths` (name -> file) its state."""
    site = out / "site" / "index.html"
    way = '<a href="site/index.html">Read the book</a>' if site.exists() else "<code>make site</code> makes its site"
    chapters = "\n".join(_chapter(name, path, out) for name, path in paths.items())
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Outlier Exposure, {scale}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n<body><main>\n'
        f"<h1>Outlier Exposure: the {scale} build</h1>\n<p>{html.escape(SCALES[scale])}. {way}.</p>\n"
        f"<ul>\n{chapters}\n</ul>\n</main></body></html>\n"
    )
    write_text(out / "index.html", page)


def _chapter(name: str, path: Path, out: Path) -> str:
    stamp = read_stamp(out, name)
    try:
        chapter = read_chapter(path)
        title, question = chapter.title, chapter.question
    except ChapterError as error:
        title, question = name, str(error)
    facts = [WORDS[stamp.get("status", "missing")]]
    facts += [f"{stamp['seconds']:.0f} s"] if stamp.get("seconds") is not None else []
    facts += [size_text(stamp["peak_memory"])] if stamp.get("peak_memory") else []
    places = {"page": out / "site" / f"{name}.html", "notebook": notebook_path(out, name)}
    there = {word: file.relative_to(out).as_posix() for word, file in places.items() if file.exists()}
    links = [f'<a href="{quote(file)}">{word}</a>' for word, file in there.items()]
    error = f"<pre>{html.escape(stamp['error'])}</pre>" if stamp.get("error") else ""
    return (
        f'<li id="{name}"><b>{html.escape(title)}</b> {" · ".join([", ".join(facts), *links])}'
        f"<br>{html.escape(question)}{error}</li>"
    )
