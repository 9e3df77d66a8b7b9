"""Running texts: WikiText as its zip, the Penn Treebank word by word, and books of Project Gutenberg in one zip."""

import re
from pathlib import Path
from posixpath import basename

from oe_core.data.examples import TextSet
from oe_core.data.readers.archives import opened_zip, zip_member
from oe_core.data.readers.lines import decoded, one_line, read_lines, text_lines, text_set
from oe_core.data.readers.pixels import FormatError

START = re.compile(r"^\*\*\* ?START OF TH[^*]*\*\*\*", re.MULTILINE)
END = re.compile(r"^(\*\*\* ?END OF TH|End of (the )?Project Gutenberg).*", re.MULTILINE | re.DOTALL)


def read_wikitext(path: Path, split: str, name: str = "wikitext-2") -> TextSet:
    """wikitext-2-v1.zip or wikitext-103-v1.zip, split "train", "valid" or "test": a line (a paragraph) an example.

    Lines are as they are, with the space at both ends, `<unk>` and `@-@`; headings (` = Title = `) are kept, lines of
    blanks alone are dropped. Raises FormatError naming archive and member when it is absent, empty or no UTF-8.
    """
    member = f"wiki.{split}.tokens"
    with opened_zip(path) as archive:
        lines = text_lines(zip_member(path, archive, member), f"{path}: {member}")
    return text_set(name, [line for _, line in lines], f"{path}: {member}", "one paragraph a line")


def read_ptb(path: Path, name: str = "ptb") -> TextSet:
    """ptb.train.txt, ptb.valid.txt or ptb.test.txt: a sentence a line, with `<unk>` and N; errors as `read_lines`."""
    return read_lines(path, name)


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
