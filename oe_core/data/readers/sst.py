"""The Stanford Sentiment Treebank: one tree a line, whose root says what the sentence feels."""

import re
from pathlib import Path

from oe_core.data.readers.archives import opened_zip, zip_member
from oe_core.data.readers.lines import shown, text_lines, text_set
from oe_core.data.readers.pixels import FormatError
from oe_core.data.text_set import TextSet

SST_CLASSES = ("negative", "positive")
FEELING = {"0": "negative", "1": "negative", "2": "neutral", "3": "positive", "4": "positive"}
# Parentheses and what lies between them. Only the plain space parts two tokens: "2 1\/2" holds a no-break space.
TOKEN = re.compile(r"[()]|[^() ]+")
SPELLED = {"-LRB-": "(", "-RRB-": ")", "\\/": "/"}


def read_sst(path: Path, split: str, name: str = "sst") -> TextSet:
    """trainDevTestTrees_PTB.zip, split "train", "dev" or "test": whole sentences, negative (0, 1) or positive (3, 4).

    Neutral sentences (2) are left out, as in hendrycks/outlier-exposure NLP_classification/train.py, and phrases are
    no examples. Case is kept; brackets and slashes are spelled as in the review.
    Raises FormatError naming archive, member and line for a tree that is not whole or whose root is not 0 to 4.
    """
    member = f"trees/{split}.txt"
    with opened_zip(path) as archive:
        lines = text_lines(zip_member(path, archive, member), f"{path}: {member}")
    sentences = [_sentence(line, f"{path}: {member} line {number}") for number, line in lines]
    kept = [(feeling, text) for feeling, text in sentences if feeling in SST_CLASSES]
    labels, texts = [feeling for feeling, _ in kept], [text for _, text in kept]
    return text_set(name, texts, f"{path}: {member}", "one tree a line", labels, SST_CLASSES)


def _sentence(tree: str, where: str) -> tuple[str, str]:
    """What the root of `tree` feels, and the words of its leaves joined by spaces."""
    broken = FormatError(f"{where} is not one whole tree: {shown(tree)}; expected words, and a `)` for each `(`")
    words, labels, depth, before = [], [], 0, ""
    for token in TOKEN.findall(tree.strip()):
        if depth == 0 and before:
            raise broken
        if before == "(":
            if token not in FEELING:
                raise FormatError(f"{where} has {token!r} where a label must stand; expected 0 to 4 after `(`")
            labels.append(token)
        elif token in "()":
            depth += 1 if token == "(" else -1
        else:
            words.append(token)
        before = token
    if depth != 0 or not words:
        raise broken
    return FEELING[labels[0]], _respelled(" ".join(words))


def _respelled(text: str) -> str:
    for escaped, spelled in SPELLED.items():
        text = text.replace(escaped, spelled)
    return text
