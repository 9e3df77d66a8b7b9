"""What the catalog says about one data set: a frozen row with its facts, its files and who reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from oe_core.data.examples import Examples


@dataclass(frozen=True)
class DataFile:
    """One file as its owner publishes it.

    name: file name under `downloads/<key>/`; addresses: tried in order; bytes: None where unpublished. digest: the
    strongest published one, md5 or sha256 in hexadecimal digits, "" where there is none.
    """

    name: str
    addresses: tuple[str, ...] = ()
    bytes: int | None = None
    digest: str = ""

    @property
    def hash(self) -> tuple[str, str] | None:
        """The digest as (algorithm, hexadecimal digits), None where none is published."""
        return ("md5" if len(self.digest) == 32 else "sha256", self.digest) if self.digest else None


@dataclass(frozen=True)
class Source:
    """How one split is read: `read(*paths, name=...)`, of images also `size=...`, with the paths of `files` in order.

    decodes: the files hold encoded pictures, so that decoding them takes long enough to be worth keeping the result.
    """

    files: tuple[str, ...]
    read: Callable[..., Examples]
    decodes: bool = False


@dataclass(frozen=True)
class DataSet:
    """One row of the catalog: all that the book knows of a data set.

    printed_name: as in the paper's tables; title: the longer name that tells it from its relatives.
    access: "open" to anyone; "account" where terms stand before it; "by-hand" where no stable address or no hash is
    published; "withdrawn" by its authors; "embedded" in the installed packages. kind: "images" or "text".
    splits: number of examples in each split as the book reads it, None where no count is published. Images come as
    "train" and "test", text may have "dev" or "valid" besides.
    terms: licence or terms, "unverified" where no source could be quoted; by_hand: how to get it without the book.
    sources: split -> files and reader; {} for a set that comes as the reader's own folders, or is embedded.
    make: of an embedded set, (split, size) -> images or split -> texts; make_raw: its texts without any preparation.
    needs: scale -> what it takes of the set (splits, and files of no split), where that is not as `needed` says.
    stand_ins: keys that may replace it, the best first; note: what surprises its users.
    in_paper: False for a set that only ever replaces one of the paper's. unlike: what the paper used instead of the
    examples that the book reads, where that is known to be something else.
    part_of: key of the set of which it is a part, whose place it takes as an in-distribution. Parts of one set play no
    two roles, but may be two out-distributions.
    browser_agent: the server refuses programs that do not name themselves a browser.
    squash: pictures are squashed to a square, not cropped; left_out: classes that are no examples.
    sentence_ends: of running text, whose examples are its sentences: "apart" from the words or "clinging" to them.
    stream_names: printed names as a stream, by unit ("words", "characters") and, as an out-distribution, "".
    stream_of: key of the set that it stands in for as a stream.
    subject: what its examples show or are about; sets of one subject lie near to one another.
    """

    key: str
    printed_name: str
    title: str
    access: str
    kind: str
    splits: Mapping[str, int | None] = field(hash=False)
    terms: str
    by_hand: str
    citation: str
    note: str = ""
    files: tuple[DataFile, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict, hash=False)
    make: Callable[..., Examples] | None = None
    make_raw: Callable[..., Examples] | None = None
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    stand_ins: tuple[str, ...] = ()
    in_paper: bool = True
    unlike: str = ""
    part_of: str = ""
    browser_agent: bool = False
    squash: bool = False
    left_out: tuple[str, ...] = ()
    sentence_ends: str = ""
    stream_names: Mapping[str, str] = field(default_factory=dict, hash=False)
    stream_of: str = ""
    subject: str = ""

    def file(self, name: str) -> DataFile:
        """The file called `name`; ValueError listing the row's files when there is none."""
        for file in self.files:
            if file.name == name:
                return file
        raise ValueError(f"{self.key} has no file {name!r}; it has {', '.join(f.name for f in self.files) or 'none'}")

    def fetchable(self, file: DataFile) -> bool:
        """Whether the book may fetch `file`: not withdrawn, with an address, and with a hash to hold it against.

        It goes by the file, as an open list of classes may belong to pictures behind an account.
        """
        return self.access != "withdrawn" and bool(file.addresses) and file.hash is not None

    def everything(self) -> tuple[str, ...]:
        """Every split that can be read from its files; of a set that comes as image folders, every file."""
        return tuple(self.sources) or tuple(file.name for file in self.files)

    def needed(self, scale: str) -> tuple[str, ...] | None:
        """What `scale` takes of the set: `needs`, else everything at scale "paper"; None when it does without."""
        return self.needs.get(scale, self.everything() if scale == "paper" and self.in_paper else None)


def hosted(hosts: str | Sequence[str], *entries) -> tuple[DataFile, ...]:
    """The files that lie under their names on each of `hosts`; an entry is name, bytes, digest."""
    hosts = (hosts,) if isinstance(hosts, str) else hosts
    return tuple(DataFile(name, tuple(host + name for host in hosts), *rest) for name, *rest in entries)


def either(place: str) -> tuple[str, str]:
    """A host's https address before its http one, for hosts whose encryption may be out of order; a hash decides."""
    return f"https://{place}", f"http://{place}"


def read_by(reader: Callable[..., Examples], *files: str, decodes: bool = False, **settings) -> Source:
    """A split that `reader(*paths, name=..., [size=...], **settings)` reads from `files`."""
    return Source(files, partial(reader, **settings), decodes)


def split_by(reader: Callable[..., Examples], file: str, splits: Sequence[str], decodes: bool = False):
    """Split -> source where one file has all splits and its reader gets the split's name."""
    return {split: read_by(reader, file, decodes=decodes, split=split) for split in splits}


# What a scale takes.
TEST, BOTH = ("test",), ("train", "test")
