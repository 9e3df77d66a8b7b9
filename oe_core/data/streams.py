"""Running text as one stream of tokens, words or characters: what a language model reads."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from oe_core.data.catalog import CATALOG, printed_name
from oe_core.data.examples import ImageSet, TextSet
from oe_core.data.sources import LINES, load_lines

UNITS = ("words", "characters")
UNKNOWN, END = "<unk>", "<eos>"
VALIDATION_SHARE = 0.1  # of a training text that comes without a validation part
KEPT_STREAMS = 24  # in memory, the last ones used


def _check_unit(unit: str) -> None:
    if unit not in UNITS:
        raise ValueError(f"unit={unit!r} is unknown; choose one of {', '.join(UNITS)}")


@dataclass(frozen=True, eq=False)
class Stream:
    """Tokens in a row, as numbers of their own kinds.

    unit: "words" or "characters". ids: int32 (n,), indices of `classes`. classes: the kinds of tokens, the most
    frequent first; END closes each line. held_out: how many tokens at the end are for validation and never trained on.
    origin, stand_in_for: as of `TextSet`. Raises ValueError for words without UNKNOWN among the classes.
    """

    name: str
    unit: str
    ids: Tensor
    classes: tuple[str, ...]
    held_out: int
    origin: str
    stand_in_for: str = ""

    def __post_init__(self):
        _check_unit(self.unit)
        if self.unit == "words" and UNKNOWN not in self.classes:
            raise ValueError(f"{self.name}: classes have no {UNKNOWN}, as which a word outside of them is read")

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) of the tokens and of which of them are held out."""
        digest = hashlib.sha256(f"{self.unit} {self.held_out} {' '.join(self.classes)}".encode())
        digest.update(self.ids.numpy().tobytes())
        return digest.hexdigest()

    @property
    def training(self) -> Tensor:
        """The ids that are trained on, int32."""
        return self.ids[: len(self.ids) - self.held_out]

    @property
    def validation(self) -> Tensor:
        """The ids held out, int32."""
        return self.ids[len(self.ids) - self.held_out :]

    def vocabulary(self, size: int) -> tuple[str, ...]:
        """At most `size` of the classes, the most frequent ones; of words always with UNKNOWN among them.

        Raises ValueError for a size below 3.
        """
        if size < 3:
            raise ValueError(f"size={size} of a vocabulary must be at least 3: two tokens and {UNKNOWN}")
        kept = self.classes[:size]
        return kept if self.unit == "characters" or UNKNOWN in kept else (*kept[: size - 1], UNKNOWN)

    def spelled_in(self, vocabulary: tuple[str, ...], ids: Tensor | None = None) -> Tensor:
        """The stream (or the part `ids` of it) as indices of another `vocabulary`, int64 (m,).

        A word outside of it becomes UNKNOWN; a character outside of it is left out (section 4.4 of the paper).
        """
        index = {token: number for number, token in enumerate(vocabulary)}
        table = torch.tensor([index.get(token, index.get(UNKNOWN, -1)) for token in self.classes])
        spelled = table[(self.ids if ids is None else ids).long()]
        return spelled[spelled >= 0]


AnyExamples = ImageSet | TextSet | Stream


def load_stream(name: str, split: str, unit: str, lower: bool = False) -> Stream:
    """The stream of a text data set's split, as `stream_of`.

    The "train" split of a set ends with its "valid" split as the held-out part, or else holds out its own last tenth.
    The files are read each time, but the same text is cut into tokens only once. Raises ValueError for an unknown unit,
    and as `oe_core.data.sources.load_lines`.
    """
    lines = load_lines(name, split)
    if split != "train":
        return stream_of(lines, unit, lower)
    if LINES.available(name, "valid") == lines.origin:  # and not another's, of the same name
        return _stream(lines, load_lines(name, "valid"), 0.0, unit, lower)
    return _stream(lines, None, VALIDATION_SHARE, unit, lower)


def stream_of(lines: TextSet, unit: str, lower: bool = False) -> Stream:
    """Lines of text as a stream; blank ones are left out.

    unit: "words" are parted at blanks; "characters" are those of the Penn Treebank's character form, in which a blank
    is `_`. lower: in lower case. The texts of a labelled set, which are stored class by class, are mixed first.
    Raises ValueError for an unknown unit.
    """
    return _stream(lines, None, 0.0, unit, lower)


@lru_cache(KEPT_STREAMS)
def _stream(text: TextSet, valid: TextSet | None, share: float, unit: str, lower: bool) -> Stream:
    """A text that ends with the last `share` of its tokens held out, or else with `valid`.

    Held-out tokens that do not occur before are unknown, or left out where nothing is unknown.
    """
    tokens = _tokens(text, unit, lower)
    count = len(tokens) - round(share * len(tokens))
    held_out = _tokens(valid, unit, lower) if valid else tokens[count:]
    classes = _classes(tokens[:count], unit)
    index = {token: number for number, token in enumerate(classes)}
    unknown = index.get(UNKNOWN, -1)
    known = [number for token in held_out if (number := index.get(token, unknown)) >= 0]
    ids = torch.tensor([index[token] for token in tokens[:count]] + known, dtype=torch.int32)
    name, origin = text.name, text.origin
    return Stream(name, unit, ids, classes, len(known), origin, _replaced(text, unit))


def printed_stream_name(name: str, unit: str = "") -> str:
    """The name of a stream in Tables 6 and 11, where the Web Treebank goes by its domains.

    unit: of an in-distribution, which may be there as words and as characters: the Penn Treebank is "PTB Word" or
    "PTB Char", any other set gets its unit in parentheses.
    """
    if unit:
        _check_unit(unit)
    names = CATALOG[name].stream_names if name in CATALOG else {}
    if unit in names:
        return names[unit]
    printed = names.get("", printed_name(name))
    return f"{printed} ({unit})" if unit else printed


def _replaced(lines: TextSet, unit: str) -> str:
    # The sentences of the packages stand in for 20 Newsgroups when they are classified, here for the Penn Treebank.
    row = CATALOG.get(lines.name)
    as_stream = row.stream_of if row and lines.origin == "embedded" else ""
    return printed_stream_name(as_stream, unit) if as_stream else lines.stand_in_for


def characters(lines: Iterable[str]) -> str:
    r"""The character form of the Penn Treebank, derived from the lines of a word file.

    Blanks at both ends of a line go, lines end in \n, a space becomes `_`, and one space follows every character, the
    line's end included. `<unk>` becomes five characters. On ptb.valid.txt and ptb.test.txt this gives the published
    ptb.char.valid.txt and ptb.char.test.txt byte for byte.
    """
    text = "".join(f"{line.strip()}\n" for line in lines)
    return "".join(f"{character} " for character in text.replace(" ", "_"))


def _tokens(lines: TextSet, unit: str, lower: bool) -> list[str]:
    _check_unit(unit)
    texts = [text for text in lines.texts if text.strip()]
    if len(lines.classes) > 1:
        order = torch.randperm(len(texts), generator=torch.Generator().manual_seed(0))
        texts = [texts[number] for number in order]
    if lower:
        texts = [text.lower() for text in texts]
    if unit == "words":
        return [token for text in texts for token in (*text.split(), END)]
    return [END if character == "\n" else character for character in characters(texts)[::2]]


def _classes(tokens: list[str], unit: str) -> tuple[str, ...]:
    counts = Counter(tokens)
    if unit == "words":
        counts.setdefault(UNKNOWN, 0)
    return tuple(token for token, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
