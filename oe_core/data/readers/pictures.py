"""Archives whose folders are their classes (DTD, Chars74K, Omniglot), and ImageNet's flat val archive."""

import re
from pathlib import Path

from oe_core.data.examples import ImageSet
from oe_core.data.readers.archives import decode_members, opened_zip, tar_members
from oe_core.data.readers.pixels import FormatError, Picture, is_picture, numbered

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
    images, names = decode_members(path, pictures, size, "dtd/images/<class>/")
    return ImageSet(name, images, *numbered(names), "catalog")


def read_flat_tar(path: Path, size: int, name: str) -> ImageSet:
    """Every picture of a tar as one class, "unlabelled": for out-distributions such as ILSVRC2012_img_val.tar."""
    pictures = (Picture("unlabelled", f"{path}: {member}", raw) for member, raw in tar_members(path, is_picture))
    images, names = decode_members(path, pictures, size, "its names")
    return ImageSet(name, images, *numbered(names), "catalog")


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

    images, names = decode_members(
        path, pictures(), size, "English/Img/GoodImg/Bmp/SampleNNN/ with a letter that looks like no digit"
    )
    return ImageSet(name, images, *numbered(names, CHARS74K_KEPT), "catalog")


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
        images, names = decode_members(path, pictures, size, expected, len(kept))
    return ImageSet(name, 255 - images, *numbered(names), "catalog")
