"""20 Newsgroups: the text file without short words that the paper used, and the posts by date that stand in for it."""

import re
from pathlib import Path

from oe_core.data.readers.archives import tar_members
from oe_core.data.readers.lines import decoded, labelled_lines, text_set
from oe_core.data.readers.pixels import FormatError
from oe_core.data.text_set import TextSet

NEWSGROUPS = (
    *("alt.atheism", "comp.graphics", "comp.os.ms-windows.misc", "comp.sys.ibm.pc.hardware"),
    *("comp.sys.mac.hardware", "comp.windows.x", "misc.forsale", "rec.autos", "rec.motorcycles"),
    *("rec.sport.baseball", "rec.sport.hockey", "sci.crypt", "sci.electronics", "sci.med", "sci.space"),
    *("soc.religion.christian", "talk.politics.guns", "talk.politics.mideast", "talk.politics.misc"),
    "talk.religion.misc",
)
LONG_WORD = re.compile("[a-z]{3,}")
SUBJECT = re.compile("^Subject:(.*)$", re.MULTILINE)


def read_no_short(path: Path, name: str = "20newsgroups") -> TextSet:
    """20ng-train-no-short.txt or 20ng-test-no-short.txt: a line group<TAB>text a post, words below 3 letters removed.

    A post without any word left is dropped. Raises FormatError naming file and line for a line without a tab or a group
    outside the twenty.
    """
    posts = labelled_lines(path)
    if unknown := [(number, group) for number, group, _ in posts if group not in NEWSGROUPS]:
        number, group = unknown[0]
        raise FormatError(f"{path} line {number} is of the group {group!r}; expected one of {', '.join(NEWSGROUPS)}")
    kept = [(group, text.strip()) for _, group, text in posts if text.strip()]
    groups, texts = [group for group, _ in kept], [text for _, text in kept]
    return text_set(name, texts, str(path), "group<TAB>text in each line", groups, NEWSGROUPS)


def read_bydate(path: Path, split: str, name: str = "20news-bydate") -> TextSet:
    """20news-bydate.tar.gz, split "train" or "test": the posts in 20news-bydate-<split>/<group>/<number>.

    Of a post its subject and body are kept, in lower case, as words of at least three letters: the nearest to the
    file without short words. A post without any is dropped. Raises FormatError naming the archive when it is cut
    off or lacks the folder, and the member when its group is none of the twenty.
    """
    folder = f"20news-bydate-{split}"
    groups, texts = [], []
    for member, raw in tar_members(path, lambda held: held.removeprefix("./").startswith(f"{folder}/")):
        group = member.split("/")[-2]
        if group not in NEWSGROUPS:
            raise FormatError(f"{path}: {member} is of no group of the twenty; expected {folder}/<group>/<number>")
        if words := _long_words(decoded(raw, f"{path}: {member}", "latin-1")):
            groups.append(group)
            texts.append(words)
    return text_set(name, texts, str(path), f"posts in {folder}/<group>/", groups, NEWSGROUPS)


def _long_words(post: str) -> str:
    head, _, body = post.partition("\n\n")
    subject = SUBJECT.search(head)
    return " ".join(LONG_WORD.findall(f"{subject[1] if subject else ''} {body}".lower()))
