"""Sentences of a running text, each one example: how WikiText and Gutenberg become outliers.

Source: hendrycks/outlier-exposure NLP_classification (its WikiText reformatting script). That script splits with NLTK's
Punkt; WikiText writes a sentence's end as a token of its own, which is exact and needs no model.
"""

import re
from collections.abc import Iterable, Iterator

FEWEST, MOST = 3, 60  # whitespace tokens of a sentence that is kept
HEADING = re.compile(r"^\s*(=\s+.*\s=|=+)\s*$")
# A lone end mark, with the closing quotes and brackets that belong to it, and then a blank.
LONE_END = r"""(?<=\s)[.?!](?:\s["')\]”’]|\s'')*(?=\s|$)"""
# A mark that clings to its word, before a capital, a digit or an opening quote.
CLINGING_END = r"""(?<=[^\s.][.?!])["')\]”’]*(?=\s+["'(“‘]?[A-Z0-9])"""
ENDS = {False: re.compile(LONE_END), True: re.compile(f"{LONE_END}|{CLINGING_END}")}
ABBREVIATION = re.compile(r"\b(?:Mrs?|Ms|Dr|St|Messrs|Capt|Col|Gen|Rev|Hon|Prof|Jr|Sr|No|[A-Z])\.$")
LONGEST_ABBREVIATION = 8  # characters, with the blank before


def sentences(texts: Iterable[str], clinging: bool = False) -> list[str]:
    """The sentences of `texts` that are kept, in order.

    Left out: empty lines and headings (` = Title = `), sentences that begin with `@`, `=` or a digit, and those
    with fewer than 3 or more than 60 tokens. clinging: end marks may cling to their words, as in
    ordinary prose.
    """
    found = (
        sentence
        for text in texts
        if not HEADING.match(text)
        for sentence in _split(" ".join(text.split()), ENDS[clinging])
    )
    return [sentence for sentence in found if _kept(sentence)]


def _split(text: str, ends: re.Pattern) -> Iterator[str]:
    start = 0
    for end in ends.finditer(text):
        if not ABBREVIATION.search(text[max(start, end.start() - LONGEST_ABBREVIATION) : end.start()]):
            yield text[start : end.end()].strip()
            start = end.end()
    yield text[start:].strip()


def _kept(sentence: str) -> bool:
    return bool(sentence) and sentence[0] not in "@0123456789=" and FEWEST <= len(sentence.split()) <= MOST
