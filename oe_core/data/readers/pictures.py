"""Archives of pictures: DTD, Chars74K, Omniglot, ImageNet's val part, Tiny ImageNet, Places365, LSUN."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from posixpath import basename, dirname
from tempfile import TemporaryDirectory

import torch

from oe_core.data.examples import UNLABELLED, ImageSet
from oe_core.data.readers.archives import opened_zip, picture_set, tar_member, tar_members, zip_member
from oe_core.data.readers.pixels import FormatError, Picture, damage_named, decode_all, is_picture

# Sample001-010 are the digits, 011-036 A-Z, 037-062 a-z. The paper leaves out the digits and letters that look like
# them without printing its list; this is ours, with the digit each letter is taken for: D O Q o (0), I J L i j l (1),
# Z z (2), A (4), S s (5), G b (6), T (7), B (8), g q (9), and Y y, which small pictures turn into 4 or 7.
CHARS74K_CLASSES = tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
CHARS74K_REMOVED = tuple("0123456789ABDGIJLOQSTYZbgijloqsyz")
CHARS74K_KEPT = tuple(name for name in CHARS74K_CLASSES if name not in CHARS74K_REMOVED)

# Of the 30 alphabets of the background set these have characters that look like digits and are left out by
# hendrycks/outlier-exposure MNIST/test.py, which lists the numbers of those it keeps; they are taken in sorted order.
OMNIGLOT_LEFT_OUT = (
    *("Anglo-Saxon_Futhorc", "Armenian", "Asomtavruli_(Georgian)", "Blackfoot_(Canadian_Aboriginal_Syllabics)"),
    *("Burmese_(Myanmar)", "Cyrillic", "Early_Aramaic", "Korean", "Malay_(Jawi_-_Arabic)", "Mkhedruli_(Georgian)"),
    *("N_Ko", "Ojibwe_(Canadian_Aboriginal_Syllabics)", "Syriac_(Estrangelo)", "Tagalog", "Tifinagh"),
)


def read_textures(path: Path, size: int, name: str = "textures") -> ImageSet:
    """dtd-r1.0.1.tar.gz: all of dtd/images/<class>/, whatever split (hendrycks/outlier-exposure CIFAR/test.py)."""
    in_class = re.compile(r"(?:^|/)dtd/images/([^/]+)/[^/]+$")
    members = tar_members(path, lambda member: bool(is_picture(member) and in_class.search(member)))
    pictures = (Picture(in_class.search(member)[1], f"{path}: {member}", raw) for member, raw in members)
    return picture_set(name, path, pictures, size, "dtd/images/<class>/")


def read_flat_tar(path: Path, size: int, name: str) -> ImageSet:
    """Every picture of a tar as one class, "unlabelled": for out-distributions such as ILSVRC2012_img_val.tar."""
    pictures = (Picture(UNLABELLED, f"{path}: {member}", raw) for member, raw in tar_members(path, is_picture))
    return picture_set(name, path, pictures, size, "its names")


def read_chars74k(path: Path, size: int, name: str = "chars74k") -> ImageSet:
    """EnglishImg.tgz: the pictures of GoodImg whose character is in CHARS74K_KEPT (no digit, no letter taken for one).

    Raises FormatError naming the member when a sample's number is not of 001 to 062.
    """

    def pictures():
        for member, raw in tar_members(path, lambda m: is_picture(m) and "/GoodImg/Bmp/Sample" in m):
            number = member.rsplit("/", 2)[-2].removeprefix("Sample")
            if not number.isdigit() or not 1 <= int(number) <= len(CHARS74K_CLASSES):
                raise FormatError(
                    f"{path}: {member} belongs to the sample {number!r}; expected 001 to {len(CHARS74K_CLASSES):03}"
                )
            if CHARS74K_CLASSES[int(number) - 1] in CHARS74K_KEPT:
                yield Picture(CHARS74K_CLASSES[int(number) - 1], f"{path}: {member}", raw)

    expected = "English/Img/GoodImg/Bmp/SampleNNN/ with a letter that looks like no digit"
    return picture_set(name, path, pictures(), size, expected, CHARS74K_KEPT)


def read_omniglot(path: Path, size: int, name: str = "omniglot") -> ImageSet:
    """images_background.zip without the alphabets of OMNIGLOT_LEFT_OUT: white ink on black, a class an alphabet.

    The published drawings are black on white; the paper's code inverts them (hendrycks/outlier-exposure MNIST/test.py).
    """
    drawing = re.compile(r"(?:^|/)([^/]+)/character\d+/[^/]+$")
    with opened_zip(path) as archive:
        found = {m: drawing.search(m)[1] for m in archive.namelist() if is_picture(m) and drawing.search(m)}
        kept = {member: alphabet for member, alphabet in found.items() if alphabet not in OMNIGLOT_LEFT_OUT}
        pictures = (Picture(alphabet, f"{path}: {m}", archive.read(m)) for m, alphabet in kept.items())
        expected = "<alphabet>/characterNN/ of an alphabet unlike digits"
        published = picture_set(name, path, pictures, size, expected, total=len(kept))
    return replace(published, images=255 - published.images)


def read_tiny_imagenet(path: Path, split: str, size: int, name: str = "tiny-imagenet") -> ImageSet:
    """tiny-imagenet-200.zip; "test" is its labelled val split, grouped by val_annotations.txt. Classes: sorted wnids.

    Raises FormatError naming archive and member when a picture or a list is missing or a class is not in wnids.txt.
    """
    with opened_zip(path) as archive:
        held = [member for member in archive.namelist() if is_picture(member)]
        classes = tuple(sorted(zip_member(path, "wnids.txt").decode("utf-8", "replace").split()))
        if split == "train":
            chosen = [(m, m.split("/")[-3]) for m in held if re.search(r"(^|/)train/[^/]+/images/[^/]+$", m)]
        else:
            chosen = _tiny_imagenet_val(path, held)
        present = {class_name for _, class_name in chosen}
        if present != set(classes):
            odd = sorted(present ^ set(classes))
            raise FormatError(
                f"{path}: classes {odd[:5]} ({len(odd)} in all) are in only one of wnids.txt and {split}; "
                f"expected the same {len(classes)} in both"
            )
        pictures = (Picture(class_name, f"{path}: {member}", archive.read(member)) for member, class_name in chosen)
        return picture_set(name, path, pictures, size, split, classes, len(chosen))


def _tiny_imagenet_val(path: Path, held: list[str]) -> list[tuple[str, str]]:
    """Member and wnid of each val picture, in the order of the annotation file."""
    members = {basename(member): member for member in held if re.search(r"(^|/)val/images/[^/]+$", member)}
    lines = zip_member(path, "val/val_annotations.txt").decode("utf-8", "replace").splitlines()
    annotated = [tuple(line.split("\t")[:2]) for line in lines if line.strip()]
    if short := [number for number, row in enumerate(annotated, 1) if len(row) < 2]:
        raise FormatError(f"{path}: val_annotations.txt line {short[0]} has no class; expected file<TAB>wnid<TAB>box")
    if missing := [file for file, _ in annotated if file not in members]:
        raise FormatError(
            f"{path}: val/images has no {missing[0]} ({len(missing)} missing); val_annotations.txt names it"
        )
    return [(members[file], wnid) for file, wnid in annotated]


PLACES365_CLASSES = 365


def read_places365_val(path: Path, lists: Path, size: int, name: str = "places365") -> ImageSet:
    """val_256.tar, in its own order, with labels and names of classes from the file-list tar `lists`.

    Raises FormatError naming file and line or picture when a label is out of 0..364 or either side misses a picture.
    """
    label_of, classes = _labels(lists, "places365_val.txt"), _classes(lists)
    members = tar_members(path, is_picture)
    pictures = (Picture(basename(member), f"{path}: {member}", raw) for member, raw in members)
    images, files = decode_all(pictures, size, total=len(label_of))
    if odd := sorted(set(files) ^ set(label_of)):
        raise FormatError(f"{path}: {odd[0]} ({len(odd)} in all) is in only one of this archive and {lists}")
    return ImageSet(name, images, torch.tensor([label_of[file] for file in files]), classes, "catalog")


def read_places365_train(path: Path, lists: Path, size: int, name: str = "places365") -> ImageSet:
    """train_256_places365standard.tar, data_256/<class>/...; 1.8 million pictures are 22 GB in memory at 64x64.

    Classes as the file-list tar `lists` numbers them; FormatError naming the member when its class is none of them.
    """
    classes = _classes(lists)

    def pictures():
        for member, raw in tar_members(path, is_picture):
            class_name = dirname(member).partition("data_256/")[2]
            if class_name not in classes:
                raise FormatError(f"{path}: {member} is of no class that {lists} names; expected data_256/<class>/")
            yield Picture(class_name, f"{path}: {member}", raw)

    return picture_set(name, path, pictures(), size, "data_256/<class>/", classes)


def _classes(lists: Path) -> tuple[str, ...]:
    file = "categories_places365.txt"
    label_of = _labels(lists, file)
    if sorted(label_of.values()) != list(range(PLACES365_CLASSES)):
        raise FormatError(
            f"{lists}: {file} names {len(label_of)} classes; expected {PLACES365_CLASSES}, each number once"
        )
    return tuple(class_name.removeprefix("/") for class_name in sorted(label_of, key=label_of.get))


def _labels(lists: Path, file: str) -> dict[str, int]:
    """Name -> label of the lines "name label" in the member `file` of the file-list tar."""
    labels = {}
    for number, line in enumerate(tar_member(lists, file).decode("utf-8", "replace").splitlines(), 1):
        key, _, label = line.strip().rpartition(" ")
        if not key or not label.isdigit() or int(label) >= PLACES365_CLASSES:
            allowed = f"0 to {PLACES365_CLASSES - 1}"
            raise FormatError(f"{lists}: {file} line {number} is {line!r}; expected a name and a label of {allowed}")
        labels[key] = int(label)
    return labels


def read_lsun(*paths: Path, size: int, name: str = "lsun") -> ImageSet:
    """LSUN databases, each <scene>_lmdb.zip with its data.mdb, joined in the order given.

    A file is a class, named without "_lmdb". Raises FormatError naming the file when it is damaged or holds no
    data.mdb, and the key of a picture that cannot be read.
    """
    pictures = (picture for path in paths for picture in _lmdb_pictures(path))
    return picture_set(name, paths[0], pictures, size, "any key")


def _lmdb_pictures(path: Path) -> Iterator[Picture]:
    import lmdb

    class_name = path.name.removesuffix(".zip").removesuffix("_lmdb")
    with TemporaryDirectory() as room:  # an LMDB must lie on disk to be opened
        database = _unzipped(path, Path(room))
        with (
            damage_named(path, (lmdb.Error,), "an LMDB of pictures"),
            lmdb.open(room, readonly=True, lock=False, readahead=False) as environment,
        ):
            # Before its pages are touched: reading past the end of a mapped file kills the process.
            expected = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
            if (length := database.stat().st_size) < expected:
                raise FormatError(f"{path}: its data.mdb has {length} bytes; expected {expected}")
            with environment.begin(buffers=False) as transaction:
                for key, value in transaction.cursor():
                    yield Picture(class_name, f"{path}: {key.decode('ascii', 'replace')}", value)


def _unzipped(path: Path, folder: Path) -> Path:
    """The one data.mdb of a zip, in `folder`."""
    with opened_zip(path) as archive:
        members = [member for member in archive.infolist() if basename(member.filename) == "data.mdb"]
        if len(members) != 1:
            raise FormatError(f"{path}: holds {len(members)} files data.mdb; expected one")
        free = shutil.disk_usage(folder).free
        if members[0].file_size > free:
            what = f"its data.mdb takes {members[0].file_size:,} bytes in {folder}, where {free:,} are free"
            raise FormatError(f"{path}: {what}; make room, or set TMPDIR to a folder that has it")
        with archive.open(members[0]) as source, open(folder / "data.mdb", "xb") as file:
            shutil.copyfileobj(source, file)
    return folder / "data.mdb"
