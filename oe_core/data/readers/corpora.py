"""Running texts and sentences without labels: WikiText, books, the English Web Treebank."""

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import basename

from oe_core.data.examples import TextSet
from oe_core.data.readers.archives import opened_zip, zip_member
from oe_core.data.readers.lines import decoded, file_bytes, one_line, split_lines, text_lines, text_set
from oe_core.data.readers.pixels import FormatError
from oe_core.errors import shown

START = re.compile(r"^\*\*\* ?START OF TH[^*]*\*\*\*", re.MULTILINE)
END = re.compile(r"^(\*\*\* ?END OF TH|End of (the )?Project Gutenberg).*", re.MULTILINE | re.DOTALL)


def read_wikitext(path: Path, split: str, name: str = "wikitext-2") -> TextSet:
    """wikitext-2-v1.zip or wikitext-103-v1.zip, split "train", "valid" or "test": a line (a paragraph) an example.

    Lines are as they are, with the space at both ends, `<unk>` and `@-@`; headings (` = Title = `) are kept, lines of
    blanks alone are dropped. Raises FormatError naming archive and member when it is absent, empty or no UTF-8.
    """
    member = f"wiki.{split}.tokens"
    lines = text_lines(zip_member(path, member), f"{path}: {member}")
    return text_set(name, [line for _, line in lines], f"{path}: {member}", "one paragraph a line")


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


GENRES = ("answers", "email", "newsgroup", "reviews", "weblog")
COLUMNS = 10  # of CoNLL-U; FORM is the second
SENT_ID = "# sent_id = "


def read_conllu(*paths: Path, genre: str, name: str) -> TextSet:
    """The sentences of one genre in en_ewt-ud-*.conllu files, in their order: syntactic words joined by spaces.

    The genre is the prefix of `sent_id`. Ranges ("29-30 didn't") and empty nodes ("8.1") are skipped, as their words
    stand beside them; case is kept. Raises FormatError naming file and line for a sentence without `sent_id`, a genre
    outside GENRES, a word without its ten columns, or a file that ends within a sentence.
    """
    texts = [text for path in paths for found, text in _sentences(path) if found == genre]
    return text_set(name, texts, ", ".join(map(str, paths)), f"sentences whose sent_id begins with {genre}-")


def _sentences(path: Path) -> Iterator[tuple[str, str]]:
    """Genre and text of every sentence of a CoNLL-U file."""
    genre, words, number = "", [], 0
    for number, line in enumerate(split_lines(file_bytes(path), str(path)), 1):
        where = f"{path} line {number}"
        if line.startswith(SENT_ID):
            genre = _genre(line, where)
        elif line.strip() and not line.startswith("#"):
            form = _second_column(line, where)
            if line.partition("\t")[0].isdigit():
                words.append(form)
        elif not line.strip() and words:
            if not genre:
                raise FormatError(f"{where} ends a sentence without sent_id; expected `{SENT_ID}<genre>-...` before it")
            yield genre, " ".join(words)
            genre, words = "", []
    if words:
        raise FormatError(f"{path} line {number}: ends within a sentence; expected a blank line after it. Get it again")


def _genre(line: str, where: str) -> str:
    genre = line.removeprefix(SENT_ID).partition("-")[0]
    if genre not in GENRES:
        raise FormatError(f"{where} is {shown(line)}; expected a genre of {', '.join(GENRES)} after `{SENT_ID}`")
    return genre


def _second_column(line: str, where: str) -> str:
    columns = line.split("\t")
    if len(columns) < COLUMNS or not columns[1]:
        raise FormatError(
            f"{where} is {shown(line)} with {len(columns)} columns; expected at least {COLUMNS}, parted by tabs, "
            "with the word in the second"
        )
    return columns[1]
