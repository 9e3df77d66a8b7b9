"""The English Web Treebank: CoNLL-U of Universal Dependencies, and the CoNLL files of the LDC release."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from oe_core.data.examples import TextSet
from oe_core.data.readers.lines import file_bytes, shown, split_lines, text_set
from oe_core.data.readers.pixels import FormatError

GENRES = ("answers", "email", "newsgroup", "reviews", "weblog")
COLUMNS = 10  # of CoNLL-U; FORM is the second
SENT_ID = "# sent_id = "


def read_conllu(paths: Sequence[Path], genre: str, name: str) -> TextSet:
    """The sentences of one genre in en_ewt-ud-*.conllu files, in their order: syntactic words joined by spaces.

    The genre is the prefix of `sent_id`. Ranges ("29-30 didn't") and empty nodes ("8.1") are skipped, as their words
    stand beside them; case is kept. Raises FormatError naming file and line for a sentence without `sent_id`, a genre
    outside GENRES, a word without its ten columns, or a file that ends within a sentence; ValueError for `genre`.
    """
    if genre not in GENRES:
        raise ValueError(f"genre={genre!r} is unknown; choose one of {', '.join(GENRES)}")
    texts = [text for path in paths for found, text in _sentences(path) if found == genre]
    return text_set(name, texts, ", ".join(map(str, paths)), f"sentences whose sent_id begins with {genre}-")


def read_conll(path: Path, name: str) -> TextSet:
    """A plain CoNLL file, <genre>_penntrees.dev.conll: the word in column 2, a blank line between sentences.

    Columns are parted by tabs; case is kept (hendrycks/outlier-exposure NLP_classification/eval_OOD_sst.py reads it
    so). Raises FormatError naming file and line for a line without a second column.
    """
    texts, words = [], []
    for number, line in enumerate([*split_lines(file_bytes(path), str(path)), ""], 1):
        if line.strip():
            words.append(_second_column(line, f"{path} line {number}", at_least=2))
        elif words:
            texts.append(" ".join(words))
            words = []
    return text_set(name, texts, str(path), "a word a line, in column 2")


def _sentences(path: Path) -> Iterator[tuple[str, str]]:
    """Genre and text of every sentence of a CoNLL-U file."""
    genre, words, number = "", [], 0
    for number, line in enumerate(split_lines(file_bytes(path), str(path)), 1):
        where = f"{path} line {number}"
        if line.startswith(SENT_ID):
            genre = _genre(line, where)
        elif line.strip() and not line.startswith("#"):
            form = _second_column(line, where, at_least=COLUMNS)
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


def _second_column(line: str, where: str, at_least: int) -> str:
    columns = line.split("\t")
    if len(columns) < at_least or not columns[1]:
        raise FormatError(
            f"{where} is {shown(line)} with {len(columns)} columns; expected at least {at_least}, parted by tabs, "
            "with the word in the second"
        )
    return columns[1]
