"""Which genuine files each split of the catalog's text sets is read from, and by which reader."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from oe_core.data.readers.books import read_books
from oe_core.data.readers.conll import GENRES, read_conll, read_conllu
from oe_core.data.readers.corpora import read_ptb, read_wikitext
from oe_core.data.readers.imdb import read_imdb
from oe_core.data.readers.lines import read_lines
from oe_core.data.readers.newsgroups import read_bydate, read_no_short
from oe_core.data.readers.sst import read_sst
from oe_core.data.readers.tables import read_multi30k, read_snli, read_yelp
from oe_core.data.readers.trec import read_trec
from oe_core.data.text_set import TextSet

CORPUS_SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class TextSource:
    """How one split is read: `read(paths)` gets the paths of `files`, in that order."""

    files: tuple[str, ...]
    read: Callable[[Sequence[Path]], TextSet]


def _one(file: str, reader: Callable[..., TextSet], **settings) -> TextSource:
    return TextSource((file,), lambda paths: reader(paths[0], **settings))


def _wikitext(name: str) -> dict[str, TextSource]:
    return {split: _one(f"{name}-v1.zip", read_wikitext, split=split, name=name) for split in CORPUS_SPLITS}


def _web_treebank(genre: str) -> dict[str, TextSource]:
    name = f"ewt-{genre}"
    released = ("en_ewt-ud-dev.conllu", "en_ewt-ud-test.conllu")
    return {
        "dev": _one(f"{genre}_penntrees.dev.conll", read_conll, name=name),
        "test": TextSource(released, partial(read_conllu, genre=genre, name=name)),
    }


TEXT_SOURCES: dict[str, dict[str, TextSource]] = {
    "20newsgroups": {split: _one(f"20ng-{split}-no-short.txt", read_no_short) for split in ("train", "test")},
    "20news-bydate": {split: _one("20news-bydate.tar.gz", read_bydate, split=split) for split in ("train", "test")},
    "trec": {"train": _one("train_5500.label", read_trec), "test": _one("TREC_10.label", read_trec)},
    "sst": {split: _one("trainDevTestTrees_PTB.zip", read_sst, split=split) for split in ("train", "dev", "test")},
    "wikitext-2": _wikitext("wikitext-2"),
    "wikitext-103": _wikitext("wikitext-103"),
    "gutenberg": {"train": _one("gutenberg.zip", read_books)},
    "ptb": {split: _one(f"ptb.{split}.txt", read_ptb) for split in CORPUS_SPLITS},
    **{f"ewt-{genre}": _web_treebank(genre) for genre in GENRES},
    "snli": {"test": _one("snli_1.0.zip", read_snli)},
    "imdb": {"test": _one("aclImdb_v1.tar.gz", read_imdb)},
    # The captions of the train part are what the paper tests on.
    "multi30k": {"test": _one("train.txt", read_multi30k)},
    "wmt16": {"test": _one("wmt16_sentences", read_lines, name="wmt16")},
    "yelp": {"test": _one("yelp_review_full_csv.tgz", read_yelp)},
}
