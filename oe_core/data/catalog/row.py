"""What the catalog says about one data set: a frozen row with its files."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES = ("in_dist", "outliers", "out_dist")
KINDS = ("images", "text")
ACCESS = {
    "open": "anyone may fetch it; the book does so where a hash is published",
    "account": "an account and its terms stand before it; the reader puts the files in place",
    "by-hand": "no stable address or no published hash; the reader puts the files in place",
    "withdrawn": "taken back by its authors; the book holds no address and never fetches it",
}


@dataclass(frozen=True)
class DataFile:
    """One file as its owner publishes it.

    name: file name under `downloads/<key>/`; addresses: tried in order; bytes, md5, sha256: None where unpublished.
    unpack: its reader needs the members as real files (an LMDB is opened as a folder), beside the archive.
    """

    name: str
    addresses: tuple[str, ...] = ()
    bytes: int | None = None
    md5: str | None = None
    sha256: str | None = None
    unpack: bool = False

    @property
    def hash(self) -> tuple[str, str] | None:
        """The strongest published hash as (algorithm, hexadecimal digits), None where none is published."""
        if self.sha256:
            return "sha256", self.sha256
        return ("md5", self.md5) if self.md5 else None


@dataclass(frozen=True)
class DataSet:
    """One row of the catalog.

    printed_name: as in the paper's tables; title: the longer name that tells it from its relatives.
    roles: of "in_dist", "outliers", "out_dist", as the paper uses it; access: a key of ACCESS.
    splits: number of examples in each split as the book reads it, None where no count is published. Images come as
    "train" and "test", text may have "dev" or "valid" besides.
    terms: licence or terms, "unverified" where no source could be quoted; by_hand: how to get it without the book.
    stand_ins: keys that may replace it, the best first; note: what surprises its users.
    in_paper: False for a set that only ever replaces one of the paper's.
    browser_agent: the server refuses programs that do not name themselves a browser.
    kind: "images" or "text", which says who reads it.
    """

    key: str
    printed_name: str
    title: str
    roles: tuple[str, ...]
    access: str
    terms: str
    by_hand: str
    citation: str
    splits: Mapping[str, int | None] = field(hash=False)
    files: tuple[DataFile, ...] = ()
    stand_ins: tuple[str, ...] = ()
    note: str = ""
    in_paper: bool = True
    browser_agent: bool = False
    kind: str = "images"

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
