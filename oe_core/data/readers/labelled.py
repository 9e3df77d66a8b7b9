"""The labelled text sets: 20 Newsgroups, TREC, the Stanford Sentiment Treebank and IMDB."""

import re
from pathlib import Path

from oe_core.data.examples import TextSet
from oe_core.data.readers.archives import tar_members, zip_member
from oe_core.data.readers.lines import decoded, file_bytes, labelled_lines, labelled_set, one_line, text_lines
from oe_core.data.readers.pixels import FormatError
from oe_core.errors import shown

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
    return labelled_set(name, kept, str(path), "group<TAB>text in each line", NEWSGROUPS)


def read_bydate(path: Path, split: str, name: str = "20news-bydate") -> TextSet:
    """20news-bydate.tar.gz, split "train" or "test": the posts in 20news-bydate-<split>/<group>/<number>.

    Of a post its subject and body are kept, in lower case, as words of at least three letters: the nearest to the
    file without short words. A post without any is dropped. Raises FormatError naming the archive when it is cut
    off or lacks the folder, and the member when its group is none of the twenty.
    """
    folder = f"20news-bydate-{split}"
    found = []
    for member, raw in tar_members(path, lambda held: held.removeprefix("./").startswith(f"{folder}/")):
        group = member.split("/")[-2]
        if group not in NEWSGROUPS:
            raise FormatError(f"{path}: {member} is of no group of the twenty; expected {folder}/<group>/<number>")
        if words := _long_words(decoded(raw, f"{path}: {member}", "latin-1")):
            found.append((group, words))
    return labelled_set(name, found, str(path), f"posts in {folder}/<group>/", NEWSGROUPS)


def _long_words(post: str) -> str:
    head, _, body = post.partition("\n\n")
    subject = SUBJECT.search(head)
    return " ".join(LONG_WORD.findall(f"{subject[1] if subject else ''} {body}".lower()))


FINE = {
    "ABBR": "abb exp",
    "DESC": "def desc manner reason",
    "ENTY": "animal body color cremat currency dismed event food instru lang letter other plant product religion sport "
    "substance symbol techmeth termeq veh word",
    "HUM": "desc gr ind title",
    "LOC": "city country mount other state",
    "NUM": "code count date dist money ord other perc period speed temp volsize weight",
}
TREC_CLASSES = tuple(f"{coarse}:{fine}" for coarse, names in FINE.items() for fine in names.split())
QUESTION = re.compile(r"(\S+) (.*\S)\s*")


def read_trec(path: Path, name: str = "trec") -> TextSet:
    """train_5500.label or TREC_10.label: questions as they are spelled, with the 50 fine labels of the train part.

    The test part holds 42 of them; both are numbered alike. The original has one byte that is no ASCII (0xF0), so it
    is read as latin-1. Raises FormatError naming file and line for a label outside the 50 or a line without question.
    """
    found = []
    for number, line in text_lines(file_bytes(path), str(path), "latin-1"):
        parts = QUESTION.fullmatch(line)
        if not parts or parts[1] not in TREC_CLASSES:
            raise FormatError(
                f"{path} line {number} is {shown(line)}; expected `COARSE:fine question` with one of the "
                f"{len(TREC_CLASSES)} labels {TREC_CLASSES[0]} to {TREC_CLASSES[-1]}"
            )
        found.append((parts[1], parts[2]))
    return labelled_set(name, found, str(path), "`COARSE:fine question` in each line", TREC_CLASSES)


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
    where = f"{path}: {member}"
    lines = text_lines(zip_member(path, member), where)
    sentences = [_sentence(line, f"{where} line {number}") for number, line in lines]
    kept = [(feeling, text) for feeling, text in sentences if feeling in SST_CLASSES]
    return labelled_set(name, kept, where, "one tree a line", SST_CLASSES)


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


IMDB_CLASSES = ("neg", "pos")
REVIEW = re.compile(r"(?:^|/)aclImdb/test/(neg|pos)/[^/]+\.txt$")
BREAK = re.compile(r"<br\s*/?>")


def read_imdb(path: Path, name: str = "imdb") -> TextSet:
    """aclImdb_v1.tar.gz: aclImdb/test/{neg,pos}/*.txt, in the archive's order; the markup `<br />` becomes a space.

    Raises FormatError naming the archive when it is cut off or lacks one of the two folders, and the member when it is
    empty or no UTF-8.
    """
    found = []
    for member, raw in tar_members(path, lambda held: bool(REVIEW.search(held))):
        text = one_line(BREAK.sub(" ", decoded(raw, f"{path}: {member}")))
        if not text:
            raise FormatError(f"{path}: {member} is empty; expected a review. Get the archive again")
        found.append((REVIEW.search(member)[1], text))
    if missing := sorted(set(IMDB_CLASSES) - {label for label, _ in found}):
        raise FormatError(f"{path}: holds no review under aclImdb/test/{missing[0]}/; expected reviews there")
    return labelled_set(name, found, str(path), "aclImdb/test/", IMDB_CLASSES)
