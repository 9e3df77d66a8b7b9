"""Books of Project Gutenberg as plain text, in one zip."""

import re
from pathlib import Path
from posixpath import basename

from oe_core.data.readers.archives import opened_zip
from oe_core.data.readers.lines import decoded, one_line, text_set
from oe_core.data.readers.pixels import FormatError
from oe_core.data.text_set import TextSet

START = re.compile(r"^\*\*\* ?START OF TH[^*]*\*\*\*", re.MULTILINE)
END = re.compile(r"^(\*\*\* ?END OF TH|End of (the )?Project Gutenberg).*", re.MULTILINE | re.DOTALL)


def read_books(path: Path, name: str = "gutenberg") -> TextSet:
    """A zip of .txt books, such as NLTK's gutenberg.zip: a paragraph an example, on one line, books in sorted order.

    Project Gutenberg's licence before START and after END of a book is left out. A book is UTF-8, else latin-1 as the
    older ones are. Raises FormatError naming archive and member when a book is empty or no text, or when there is none.
    """
    texts = []
    with opened_zip(path) as archive:
        for member in sorted(held for held in archive.namelist() if _is_book(held)):
            paragraphs = _paragraphs(archive.read(member), f"{path}: {member}")
            if not paragraphs:
                raise FormatError(f"{path}: {member} holds no paragraph; expected the text of a book")
            texts.extend(paragraphs)
    return text_set(name, texts, str(path), "books as .txt files in it")


def _is_book(member: str) -> bool:
    return member.endswith(".txt") and not basename(member).startswith(".")


def _paragraphs(raw: bytes, where: str) -> list[str]:
    if b"\0" in raw:
        raise FormatError(f"{where} holds the byte 0x00, which is no text; expected a book as plain text")
    try:
        text = decoded(raw, where)
    except FormatError:
        text = decoded(raw, where, "latin-1")
    text = text.replace("\r\n", "\n")
    begin = START.search(text)
    text = END.sub("", text[begin.end() :] if begin else text)
    return [one_line(part) for part in re.split(r"\n\s*\n", text) if part.strip()]
