"""The running texts of the language models: WikiText as its zip, the Penn Treebank word by word and by characters."""

from collections.abc import Iterable
from pathlib import Path

from oe_core.data.readers.archives import opened_zip, zip_member
from oe_core.data.readers.lines import read_lines, text_lines, text_set
from oe_core.data.text_set import TextSet


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


def characters(lines: Iterable[str]) -> str:
    r"""The character form of the Penn Treebank, derived from the lines of a word file.

    Blanks at both ends of a line go, lines end in \n, a space becomes `_`, and one space follows every character, the
    line's end included. `<unk>` becomes five characters. On ptb.valid.txt and ptb.test.txt this gives the published
    ptb.char.valid.txt and ptb.char.test.txt byte for byte.
    """
    text = "".join(f"{line.strip()}\n" for line in lines)
    return "".join(f"{character} " for character in text.replace(" ", "_"))
