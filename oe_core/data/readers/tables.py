"""Tables with a text a row: SNLI (tab separated), Yelp reviews and Multi30K captions (comma separated)."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from oe_core.data.examples import TextSet
from oe_core.data.readers.archives import tar_member, zip_member
from oe_core.data.readers.lines import decoded, file_bytes, labelled_set, one_line, text_lines, text_set
from oe_core.data.readers.pixels import FormatError
from oe_core.errors import shown

SNLI_TEST, YELP_TEST = "snli_1.0_test.txt", "test.csv"  # members of the archives
GOLD_LABELS = ("entailment", "neutral", "contradiction", "-")
STARS = tuple("12345")


def read_snli(path: Path, name: str = "snli") -> TextSet:
    """snli_1.0.zip: the hypotheses (`sentence2`) of its test part, without the pairs that have no gold label ("-").

    A label belongs to premise and hypothesis together, so that the hypotheses alone are unlabelled. Raises FormatError
    naming archive, member and line for a missing column, a short row or an unknown label.
    """
    where = f"{path}: {SNLI_TEST}"
    lines = text_lines(zip_member(path, SNLI_TEST), where)
    header = lines[0][1].split("\t") if lines else []
    if missing := [column for column in ("gold_label", "sentence2") if column not in header]:
        raise FormatError(f"{where} line 1 has no column {missing[0]}; expected gold_label and sentence2 among others")
    gold, hypothesis = header.index("gold_label"), header.index("sentence2")
    texts = []
    for number, line in lines[1:]:
        row = line.split("\t")
        if len(row) <= max(gold, hypothesis) or row[gold] not in GOLD_LABELS or not row[hypothesis].strip():
            raise FormatError(
                f"{where} line {number} is {shown(line)}; expected a gold label of {', '.join(GOLD_LABELS)} and a "
                f"sentence2 in column {hypothesis + 1}"
            )
        if row[gold] != "-":
            texts.append(row[hypothesis].strip())
    return text_set(name, texts, where, "pairs with a gold label")


def read_yelp(path: Path, name: str = "yelp") -> TextSet:
    r"""yelp_review_full_csv.tgz: the reviews of its test part, with their stars "1" to "5" as classes.

    A line break inside a review is written as the two characters `\n`; it becomes a space. A review of
    blanks alone is dropped. Raises FormatError naming archive, member and line for a row that is not
    `"stars","review"`.
    """
    where, found = f"{path}: {YELP_TEST}", []
    for number, row in _rows(tar_member(path, YELP_TEST), where):
        if len(row) != 2 or row[0] not in STARS:
            raise FormatError(
                f'{where} line {number} is {shown(",".join(row))}; expected "stars","review" with 1 to 5 stars'
            )
        if text := one_line(row[1].replace("\\n", " ")):
            found.append((row[0], text))
    return labelled_set(name, found, where, '"stars","review" in each row', STARS)


def read_multi30k(path: Path, name: str = "multi30k") -> TextSet:
    """train.txt of the paper's code (or val.txt): one caption a row, quoted where it has a comma or a quotation mark.

    Raises FormatError naming file and line for a row of more than one field and for a quotation mark left open.
    """
    texts = []
    for number, row in _rows(file_bytes(path), str(path)):
        if len(row) != 1:
            raise FormatError(
                f"{path} line {number} has {len(row)} fields, {shown(','.join(row))}; expected one caption, in "
                "quotation marks where it has a comma"
            )
        texts.append(row[0].strip())
    return text_set(name, texts, str(path), "one caption a line")


def _rows(raw: bytes, where: str) -> Iterator[tuple[int, list[str]]]:
    """Line and fields of each row of a comma-separated table that is not blank."""
    reader = csv.reader(io.StringIO(decoded(raw, where), newline=""), strict=True)
    try:
        yield from ((reader.line_num, row) for row in reader if any(map(str.strip, row)))
    except csv.Error as damage:
        raise FormatError(
            f"{where} line {reader.line_num} is no row of comma-separated values ({damage}); expected fields in "
            "quotation marks, with inner ones doubled"
        ) from damage
