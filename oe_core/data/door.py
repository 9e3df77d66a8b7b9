"""The one door to data, of images and of texts alike: the reader's own folder, what the packages carry, the catalog."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from oe_core.data.catalog import CATALOG, DataSet
from oe_core.data.fetch.download import downloaded, how_to_get
from oe_core.data.folders import folder_names
from oe_core.scales import data_root


class MissingDataError(FileNotFoundError):
    """A known data set is not on this machine; the message says how to get it."""


@dataclass(frozen=True)
class Door:
    """Names and whereabouts of all data sets of one kind.

    kind: "images" or "text", as in the catalog. splits: those that may be asked for. folder_splits: name -> splits of
    the reader's folder that hold this kind. embedded: name -> its splits. sources: name -> split -> what it is read
    from, which has `files`. layouts: what a reader may put where, with {folder} and {split} to fill in. stray: name ->
    a remark on a folder that holds the other kind, "" for none.
    """

    kind: str
    splits: tuple[str, ...]
    folder_splits: Callable[[str], tuple[str, ...]]
    embedded: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, Mapping[str, object]]
    layouts: str
    stray: Callable[[str], str]

    def known_names(self) -> tuple[str, ...]:
        """Every known name, sorted: the reader's folders, the embedded sets and the catalog's rows of this kind."""
        rows = (key for key, row in CATALOG.items() if row.kind == self.kind)
        return tuple(sorted({*folder_names(), *self.embedded, *rows}))

    def available(self, name: str, split: str) -> str:
        """Where `name` would be taken from: "folder", "embedded", "catalog", or "" when it is not there.

        Reads no data, though new downloads are held against their hashes. Raises ValueError for an unknown split.
        """
        if split not in self.splits:
            raise ValueError(f"split={split!r} of {name} is unknown; choose one of {', '.join(self.splits)}")
        if split in self.folder_splits(name):
            return "folder"
        if split in self.embedded.get(name, ()):
            return "embedded"
        source = self.sources.get(name, {}).get(split)
        return "catalog" if source and set(source.files) <= set(downloaded(name)) else ""

    def resolve(self, name: str, split: str, without: Iterable[str] = ()) -> str:
        """`name` itself when it is available, else the first available stand-in that the catalog names for it.

        without: names that may not stand in, because the experiment uses them already.
        Raises MissingDataError saying how to get it when neither is there, ValueError when the name is unknown.
        """
        self.check_name(name)
        row = self._row(name)
        stand_ins = row.stand_ins if row else ()
        for candidate in (name, *(key for key in stand_ins if key not in set(without))):
            if self.available(candidate, split):
                return candidate
        raise MissingDataError(self.how_to_get(name, split))

    def origin(self, name: str, split: str) -> str:
        """As `available`, but never "": MissingDataError saying how to get it, ValueError for an unknown name."""
        self.check_name(name)
        origin = self.available(name, split)
        if not origin:
            raise MissingDataError(self.how_to_get(name, split))
        return origin

    def check_name(self, name: str) -> None:
        """Raise a ValueError that lists the known names unless `name` is one of them."""
        known = self.known_names()
        if name in known:
            return
        wrong = f"is no set of {self.kind}" if name in CATALOG else "is unknown"
        raise ValueError(
            f"data set {name!r} {wrong}; known are {', '.join(known)}; or put a folder of your own at "
            f"{data_root() / str(name)}/ with train and test in it"
        )

    def how_to_get(self, name: str, split: str) -> str:
        """Every way to a split that is not there, one a line."""
        own = data_root() / name
        examples = "texts" if self.kind == "text" else self.kind
        lines = [f"{name}: its {split} {examples} are not on this machine."]
        if stray := self.stray(name):
            lines.append(stray)
        if present := self.folder_splits(name):
            lines.append(f"{own} has no {split}; it has {' and '.join(present)}.")
        if name in self.embedded:
            lines.append(f"The embedded set {name} has no {split}; it has {' and '.join(self.embedded[name])}.")
        row = self._row(name)
        if row and split not in row.splits:
            lines.append(f"{row.title} has no {split}; it has {' and '.join(row.splits)}.")
        elif row:
            lines.append(how_to_get(row))
        lines.append("Your own: put " + self.layouts.format(folder=own, split=split) + ".")
        return "\n".join(lines)

    def _row(self, name: str) -> DataSet | None:
        row = CATALOG.get(name)
        return row if row and row.kind == self.kind else None
