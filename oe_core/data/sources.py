"""Where data come from: the reader's own folder, what the packages carry, or the catalog's files; images or texts."""

import hashlib
import io
import logging
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from oe_core.arguments import ArgumentError
from oe_core.atomic import DamagedFileError, is_there, understood, write_whole
from oe_core.data import derived, folders, text_folders
from oe_core.data.catalog import CATALOG, DataSet, source_of
from oe_core.data.examples import Examples, ImageSet, TextSet
from oe_core.data.fetch.download import download_folder, downloaded, how_to_get
from oe_core.data.readers.arrays import npz_array, read_npz
from oe_core.data.readers.lines import text_set
from oe_core.data.sentences import sentences
from oe_core.errors import ExplainedError, printable
from oe_core.scales import data_root

logger = logging.getLogger(__name__)

DECODING = 2  # raise it when decoding or resizing changes, so that what earlier versions kept is made again


class MissingDataError(ExplainedError, FileNotFoundError):
    """A known data set is not on this machine; the message says how to get it."""


@dataclass(frozen=True)
class Sources:
    """Names and whereabouts of all data sets of one kind.

    kind: "images" or "text", as in the catalog. splits: those that may be asked for. layouts: what a reader may put
    where, with {folder} and {split} to fill in. ways: how a name may go on, see `data.derived`.
    """

    kind: str
    splits: tuple[str, ...]
    layouts: str
    ways: tuple[derived.Way, ...] = ()

    def known_names(self) -> tuple[str, ...]:
        """Every known name, sorted: the reader's folders and the catalog's rows of this kind."""
        rows = (key for key, row in CATALOG.items() if row.kind == self.kind)
        return tuple(sorted({*folders.folder_names(), *rows}))

    def made_of(self, name: str) -> tuple[str, tuple[derived.Way, ...]]:
        """The set that `name` is made of, and in which ways: "cifar10" and one of "cifar10~noise=0.2".

        What is known as it stands, such as a folder with that sign in its name, is made of nothing else; nor is what
        begins with no known name. Raises ValueError listing the ways for one that there is not.
        """
        known, root, texts = self.known_names(), name, []
        while root not in known and derived.SIGN in root:
            root, _, text = root.rpartition(derived.SIGN)
            texts.insert(0, text)
        if root not in known:
            return name, ()
        try:
            return root, tuple(derived.way_of(text, self.ways) for text in texts)
        except ValueError as error:
            own = f"or put a folder of your own at {data_root() / name}/ with train and test in it"
            raise ArgumentError(f"data set {name!r}: {error}; {own}") from error

    def root(self, name: str) -> str:
        """The set that `name` is made of; errors as `made_of`."""
        return self.made_of(name)[0]

    def available(self, name: str, split: str) -> str:
        """Where `name` would be taken from: "folder", "embedded", "catalog", or "" when it is not there.

        Reads no data, though new downloads are held against their hashes. Raises ValueError for an unknown split.
        """
        if split not in self.splits:
            raise ArgumentError(f"split={split!r} of {name} is unknown; choose one of {', '.join(self.splits)}")
        name = self.root(name)
        row = self._row(name)
        if split in self._own_splits(name):
            return "folder"
        if row and row.make:
            return "embedded" if split in row.splits else ""
        source = row and row.sources.get(split)
        return "catalog" if source and downloaded(row, source.files) else ""

    def resolve(self, name: str, split: str, without: Iterable[str] = (), apart_from: Iterable[str] = ()) -> str:
        """`name` itself when it is available, else the first available stand-in that the catalog names for it.

        What is made of a set is made of its stand-in. without: names that may not stand in, because the experiment uses
        them already. apart_from: sets of which no part may, either. Raises MissingDataError saying how to get it when
        neither is there, ValueError when the name is unknown.
        """
        self.check_name(name)
        root, taken = self.root(name), set(map(self.root, without))
        sources = {source_of(self.root(one)) for one in apart_from}
        stand_ins = row.stand_ins if (row := self._row(root)) else ()
        for candidate in (root, *(key for key in stand_ins if key not in taken and source_of(key) not in sources)):
            if self.available(candidate, split):
                return candidate + name.removeprefix(root)
        raise MissingDataError(self.how_to_get(name, split))

    def origin(self, name: str, split: str) -> str:
        """As `available`, but never "": MissingDataError saying how to get it, ValueError for an unknown name."""
        self.check_name(name)
        origin = self.available(name, split)
        if not origin:
            raise MissingDataError(self.how_to_get(name, split))
        return origin

    def check_name(self, name: str) -> None:
        """Raise a ValueError that lists the known names unless `name` is one of them, or made of one."""
        known = self.known_names()
        if self.root(name) in known:
            return
        wrong = f"is no set of {self.kind}" if name in CATALOG else "is unknown"
        raise ArgumentError(
            f"data set {name!r} {wrong}; known are {', '.join(map(printable, known))}; or put a folder of your own at "
            f"{data_root() / str(name)}/ with train and test in it"
        )

    def how_to_get(self, name: str, split: str) -> str:
        """Every way to a split that is not there, one a line."""
        name = self.root(name)
        own, row = data_root() / name, self._row(name)
        lines = [f"{name}: its {split} {'texts' if self.kind == 'text' else self.kind} are not on this machine."]
        if present := self._own_splits(name):
            lines.append(f"{own} has no {split}; it has {' and '.join(present)}.")
        elif own.is_dir() and (held := sorted(path.name for path in own.iterdir() if path.name[0] != ".")):
            lines.append(f"{own} holds {', '.join(map(printable, held[:5]))}, which is not read as {self.kind}.")
        if row and split not in row.splits:
            which = f"The embedded set {name}" if row.make else row.title
            lines.append(f"{which} has no {split}; it has {' and '.join(row.splits)}.")
        elif row:
            lines.append(how_to_get(row))
        lines.append("Your own: put " + self.layouts.format(folder=own, split=split) + ".")
        return "\n".join(lines)

    def _own_splits(self, name: str) -> tuple[str, ...]:
        return text_folders.text_splits(name) if self.kind == "text" else folders.folder_splits(name)

    def _row(self, name: str) -> DataSet | None:
        row = CATALOG.get(name)
        return row if row and row.kind == self.kind else None


OWN_IMAGES = f"{folders.LAYOUTS} at {{folder}}/{{split}}/"
OWN_TEXTS = f"{text_folders.TEXT_LAYOUTS} into {{folder}}/, for the split {{split}}"
IMAGES = Sources("images", folders.IMAGE_SPLITS, OWN_IMAGES, derived.OF_IMAGES)
TEXTS = Sources("text", text_folders.TEXT_SPLITS, OWN_TEXTS, derived.OF_TEXTS)
LINES = Sources("text", text_folders.TEXT_SPLITS, OWN_TEXTS)  # as a stream reads them, without any preparation


def load_images(name: str, split: str, size: int, stand_in_for: str = "") -> ImageSet:
    """The images of `name`, which may be a derived one, split "train" or "test", at size x size pixels.

    size: pixels; other sizes are made by bilinear resizing of the shorter side and a centre crop (icons: squashed).
    stand_in_for: the paper's name of the set that this one replaces, as `resolve` may have decided.
    Raises MissingDataError saying how to get it, ValueError for an unknown name, split or size, FormatError for damage.

    >>> digits = load_images("digits", "test", size=16)  # 8-bit colour, channels first
    >>> digits.images.shape, digits.images.dtype, digits.classes[:3]
    (torch.Size([397, 3, 16, 16]), torch.uint8, ('0', '1', '2'))
    """
    if size < 1:
        raise ArgumentError(f"size={size} of {name} must be at least 1 pixel")
    origin, (root, ways) = IMAGES.origin(name, split), IMAGES.made_of(name)
    row = CATALOG.get(root)
    if origin == "folder":
        images = folders.read_folder(root, split, size, row)
    else:
        images = row.make(split, size) if origin == "embedded" else _read_downloads(row, split, size)
    return _standing_in(derived.made(images, name, split, ways), stand_in_for)


def _read_downloads(row: DataSet, split: str, size: int) -> ImageSet:
    """The images of a split whose files are among the downloads, at size x size pixels.

    Raises DamagedFileError for a file that is not the published one, FormatError for damage inside it.
    """
    source = row.sources[split]
    paths = downloaded(row, source.files)
    if not source.decodes:
        return source.read(*paths, name=row.key, size=size)
    digest = _digest(row, source.files, paths)
    kept, of = download_folder(row) / f"decoded-{split}-{size}px-{digest[:12]}.npz", f"{row.key} {split} {digest}"
    try:
        if (found := _kept(kept, size, row.key, of)) is not None:
            return found
    except DamagedFileError as damage:  # not set aside: it may have gigabytes
        logger.warning("%s; it is made again", damage)
    images = source.read(*paths, name=row.key, size=size)
    try:
        write_whole(kept, _as_npz(images, of))
    except OSError as refusal:
        again = f"{row.key} will be decoded again next time"
        warnings.warn(f"{kept} could not be written ({refusal}); {again}", stacklevel=3)
    return images


def _digest(row: DataSet, files: Iterable[str], paths: Iterable[Path]) -> str:
    """sha256 (hex) of what the decoded pixels depend on: published hashes, else length and time of change."""
    parts = [str(DECODING)]
    for file, path in zip(files, paths, strict=True):
        stat = path.stat()
        parts.append(f"{file} {row.file(file).hash or (stat.st_size, stat.st_mtime_ns)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _as_npz(images: ImageSet, of: str) -> bytes:
    buffer = io.BytesIO()
    pixels, seal = images.images.permute(0, 2, 3, 1).numpy(), _seal(images, of)
    np.savez(buffer, images=pixels, labels=images.labels.numpy(), classes=np.array(images.classes), seal=seal)
    return buffer.getvalue()


def _seal(images: ImageSet, of: str) -> str:
    """A hash of decoded images and of what they belong to: the set, its split, and the files they were made `of`."""
    return hashlib.sha256(repr((of, images.classes, images.fingerprint)).encode()).hexdigest()


def _kept(kept: Path, size: int, name: str, of: str) -> ImageSet | None:
    """Decoded images as they were kept, None when there are none. Raises DamagedFileError for any others."""
    if not is_there(kept):
        return None
    with understood(kept):
        images = read_npz(kept, size, name, origin="catalog")
        if str(npz_array(kept, "seal")) != _seal(images, of):
            raise DamagedFileError(kept, "does not hold what was kept there")
    return images


def load_lines(name: str, split: str) -> TextSet:
    """The texts of `name` as their source divides them: WikiText's and Gutenberg's paragraphs, PTB's sentences.

    Raises MissingDataError saying how to get it, ValueError for an unknown name or split, FormatError for damage.
    """
    origin, row = LINES.origin(name, split), CATALOG.get(name)
    if origin == "folder":
        return text_folders.read_text_folder(name, split)
    if origin == "embedded":
        return row.make(split)
    source = row.sources[split]
    return source.read(*downloaded(row, source.files), name=name)


def load_texts(name: str, split: str, stand_in_for: str = "") -> TextSet:
    """The texts of `name` as examples of a classifier: as `load_lines`, running text divided into sentences.

    Those of "<set>~raw" are not prepared in any way: WikiText's paragraphs with its headings, and a docstring's blocks
    with its lists and markup, to be read with their capitals. stand_in_for: the paper's name of the set that this one
    replaces, as `Sources.resolve` may have decided. Raises ValueError for an embedded set that has only its prepared
    form, and as `load_lines`.

    >>> code = load_texts("python-code", "test")  # statements of the standard library
    >>> len(code), code.classes
    (800, ('unlabelled',))
    """
    TEXTS.check_name(name)
    root, ways = TEXTS.made_of(name)
    texts = _raw(root, split) if derived.RAW in ways else _prepared(root, split)
    return _standing_in(derived.made(texts, name, split, ways), stand_in_for)


def _prepared(name: str, split: str) -> TextSet:
    lines, row = load_lines(name, split), CATALOG.get(name)
    if not row or not row.sentence_ends:
        return lines
    found = sentences(lines.texts, clinging=row.sentence_ends == "clinging")
    return text_set(name, found, name, "sentences", lines.origin)


def _raw(name: str, split: str) -> TextSet:
    if LINES.origin(name, split) != "embedded":
        return load_lines(name, split)
    if not CATALOG[name].make_raw:
        known = ", ".join(key for key, row in CATALOG.items() if row.make_raw)
        raise ArgumentError(f"{name}~raw: {name} has only its prepared form; of embedded texts choose {known}")
    return CATALOG[name].make_raw(split)


def _standing_in(examples: Examples, stand_in_for: str) -> Examples:
    return replace(examples, stand_in_for=stand_in_for) if stand_in_for else examples
