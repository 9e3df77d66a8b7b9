"""aclImdb_v1.tar.gz: film reviews, a file each."""

import re
from pathlib import Path

from oe_core.data.readers.archives import tar_members
from oe_core.data.readers.lines import decoded, one_line, text_set
from oe_core.data.readers.pixels import FormatError
from oe_core.data.text_set import TextSet

IMDB_CLASSES = ("neg", "pos")
BREAK = re.compile(r"<br\s*/?>")


def read_imdb(path: Path, split: str = "test", name: str = "imdb") -> TextSet:
    """aclImdb/<split>/{neg,pos}/*.txt, in the archive's order; the markup `<br />` becomes a space.

    Raises FormatError naming the archive when it is cut off or lacks one of the two folders, and the member when it is
    empty or no UTF-8.
    """
    review = re.compile(rf"(?:^|/)aclImdb/{re.escape(split)}/(neg|pos)/[^/]+\.txt$")
    labels, texts = [], []
    for member, raw in tar_members(path, lambda held: bool(review.search(held))):
        text = one_line(BREAK.sub(" ", decoded(raw, f"{path}: {member}")))
        if not text:
            raise FormatError(f"{path}: {member} is empty; expected a review. Get the archive again")
        labels.append(review.search(member)[1])
        texts.append(text)
    if missing := sorted(set(IMDB_CLASSES) - set(labels)):
        raise FormatError(f"{path}: holds no review under aclImdb/{split}/{missing[0]}/; expected reviews there")
    return text_set(name, texts, str(path), f"aclImdb/{split}/", labels, IMDB_CLASSES)
