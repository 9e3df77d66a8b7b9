"""Image sets made from what the installed packages carry: real data with no download and no licence question.

scikit-learn's handwritten digits and two photographs, letters and icons drawn with matplotlib's fonts, and shapes.
Everything is drawn from fixed seeds. Every set passes through the same bilinear resize, so that a kernel does not
betray the source.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from oe_core.data.embedded.docstrings import package_home
from oe_core.data.examples import ImageSet

DIGITS_TEST = 397  # of 1,797, as nearly the same share of every class as whole numbers allow
# Number and seed of the patches of each photograph, by split.
PHOTO_PATCHES = {"photo-china": {"train": (6000, 1), "test": (1000, 4)}, "photo-flower": {"test": (1000, 2)}}
SMALLEST_PATCH, LARGEST_PATCH = 8, 320  # pixels of the photograph, drawn log-uniformly
LETTERS = {"train": (3000, 5), "test": (1000, 3)}
# The digits have no colour; this share of patches and letters has none either, or colour alone would tell them apart.
GREY_SHARE = 0.5
CANVAS = 64  # pixels, on which glyphs and leaves are drawn before they are resized
LUMINANCE = (0.299, 0.587, 0.114)
# Left out, beside the digit each is taken for: D O Q o (0), I J L i j l (1), Z z (2), A (4), S s (5), G b (6), T (7),
# B (8), g q (9), and a Y y that small renderings turn into 4 or 7.
LETTER_CLASSES = tuple("CEFHKMNPRUVWXacdefhkmnprtuvwx")
LETTER_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-BoldOblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic"),
    *("cmr10", "cmb10", "cmss10", "cmtt10"),
)

# Chess pieces, weather, tools, hands, stars, arrows; no digit, no letter, and nothing that is a bare ring or bar.
ICON_CLASSES = tuple("☀☁☂☃★☄☎☕☘☠☢☣☮☯☹☺☼☽♔♕♖♗♘♙♚♛♜♝♞♟♠♣♥♦♨♩♫♲⚐⚑⚒⚓⚔⚖⚗⚙⚛⚜⚠⚡✁✂✆✇✈✉✌✍✎✐✓✗✚✝✡✤✪✯✰✳✿❀❄❋❖❤❦➔➘➜➢➤➨➳➸⌂⌘⏏")
ICONS = {"train": (3000, 6)}
DEAD_LEAVES = {"train": (3000, 7)}
LEAVES, LEAF_RADII = 60, (4.0, 40.0)  # of an image; pixels of the canvas, with a density that falls as radius^-3
ROUND = 24  # corners of a disc


@cache  # drawn once a process: sets are asked for again and again, and nothing changes them
def digits(split: str, size: int) -> ImageSet:
    """scikit-learn's 8x8 handwritten digits, light on dark grey levels: 1,400 "train" and 397 "test" images."""
    rows = np.loadtxt(_of_scikit_learn("data/digits.csv.gz"), np.uint8, delimiter=",")  # 64 greys of 0 to 16, a class
    greys, labels = rows[:, :64].reshape(-1, 8, 8), rows[:, 64]
    order = np.random.default_rng(0).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    # Evenly spaced positions in the class-sorted order give every class its share of the test set.
    in_test = np.diff(np.arange(len(order) + 1) * DIGITS_TEST // len(order)).astype(bool)
    chosen = np.sort(order[in_test == (split == "test")])
    pixels = np.rint(greys[chosen] * (255 / 16)).astype(np.uint8)
    images = [_resized(Image.fromarray(image).convert("RGB"), size) for image in pixels]
    return _image_set("digits", images, labels[chosen], tuple("0123456789"), "SVHN")


@cache
def photo_china(split: str, size: int) -> ImageSet:
    """Square patches of scikit-learn's photograph of a temple, of 8 to 320 pixels, resized.

    6,000 "train" and 1,000 "test"; both are drawn from the whole photograph, so that their patches overlap.
    """
    return _patches("photo-china", "china.jpg", split, size, "80 Million Tiny Images")


@cache
def photo_flower(split: str, size: int) -> ImageSet:
    """1,000 square patches of scikit-learn's photograph of a flower, of 8 to 320 pixels, resized; "test" only."""
    return _patches("photo-flower", "flower.jpg", split, size, "Places365")


@cache
def font_letters(split: str, size: int) -> ImageSet:
    """Letters in matplotlib's fonts, colours, sizes and places varied, no look-alike of a digit: 3,000 "train", 1,000
    "test"."""
    return _glyphs("font-letters", LETTER_CLASSES, LETTER_FONTS, *LETTERS[split], size, "Chars74K")


@cache
def font_icons(split: str, size: int) -> ImageSet:
    """Icons of matplotlib's DejaVu Sans, drawn as the letters are: 3,000 "train"."""
    return _glyphs("font-icons", ICON_CLASSES, LETTER_FONTS[:1], *ICONS[split], size)


@cache
def dead_leaves(split: str, size: int) -> ImageSet:
    """Discs, triangles and squares of many sizes that cover one another as leaves do on the ground: 3,000 "train".

    Sources: Lee, Mumford and Huang 2001, Occlusion models for natural images; Baradad et al. 2021, Learning to see by
    looking at noise, whose networks learn to see from such images alone.
    """
    count, seed = DEAD_LEAVES[split]
    rng = np.random.default_rng(seed)
    return _image_set("dead-leaves", [_resized(_leaves(rng), size) for _ in range(count)], np.zeros(count), ("leaves",))


def _of_scikit_learn(name: str) -> Path:
    """A file of the installed scikit-learn's data sets. It is not imported, which costs every process two seconds."""
    return package_home("sklearn").parent / "datasets" / name


def _image_set(name: str, images: list[np.ndarray], labels: np.ndarray, classes: tuple[str, ...],
               stand_in_for: str = "") -> ImageSet:  # fmt: skip
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()
    return ImageSet(name, pixels, torch.from_numpy(labels.astype(np.int64)), classes, "embedded", stand_in_for)


def _resized(image: Image.Image, size: int, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=box))


def _patches(name: str, photograph: str, split: str, size: int, stand_in_for: str) -> ImageSet:
    image = Image.open(_of_scikit_learn(f"images/{photograph}")).convert("RGB")
    count, seed = PHOTO_PATCHES[name][split]
    rng = np.random.default_rng(seed)
    sides = np.exp(rng.uniform(np.log(SMALLEST_PATCH), np.log(LARGEST_PATCH), count)).astype(int)
    lefts = (rng.random(count) * (image.width - sides)).astype(int)
    tops = (rng.random(count) * (image.height - sides)).astype(int)
    boxes = zip(lefts.tolist(), tops.tolist(), (lefts + sides).tolist(), (tops + sides).tolist(), strict=True)
    greys = rng.random(count) < GREY_SHARE
    photographs = {False: image, True: image.convert("L").convert("RGB")}
    images = [_resized(photographs[grey], size, box) for grey, box in zip(greys.tolist(), boxes, strict=True)]
    return _image_set(name, images, np.zeros(count), ("patch",), stand_in_for)


@cache
def _font(name: str, points: int) -> ImageFont.FreeTypeFont:
    try:
        import matplotlib
    except ImportError as missing:
        raise ImportError("letters and icons are drawn with matplotlib's fonts; install matplotlib") from missing
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"), points)


def _glyphs(name: str, classes: tuple[str, ...], fonts: tuple[str, ...], count: int, seed: int, size: int,
            stand_in_for: str = "") -> ImageSet:  # fmt: skip
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(classes))
    images = [_resized(_glyph(classes[label], fonts, rng), size) for label in labels]
    return _image_set(name, images, labels, classes, stand_in_for)


def _glyph(glyph: str, fonts: tuple[str, ...], rng: np.random.Generator) -> Image.Image:
    """One glyph on a square canvas: 60 to 100 % of its height, anywhere it fits, ink and paper well apart."""
    font = _font(fonts[rng.integers(len(fonts))], CANVAS)
    left, top, right, bottom = font.getbbox(glyph)
    width, height = right - left, bottom - top
    drawn = Image.new("L", (width, height))
    ImageDraw.Draw(drawn).text((-left, -top), glyph, fill=255, font=font)
    scale = rng.uniform(0.6, 1.0) * CANVAS / max(width, height)
    drawn = drawn.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BILINEAR)
    ink, paper = _colours(rng)
    canvas = Image.new("RGB", (CANVAS, CANVAS), paper)
    place = (int(rng.integers(CANVAS - drawn.width + 1)), int(rng.integers(CANVAS - drawn.height + 1)))
    canvas.paste(ink, (*place, place[0] + drawn.width, place[1] + drawn.height), drawn)
    return _grey_or_not(canvas, rng)


def _leaves(rng: np.random.Generator) -> Image.Image:
    smallest, largest = LEAF_RADII
    # The inverse of the distribution function of a density proportional to radius^-3 between the two.
    radii = (smallest**-2 - rng.random(LEAVES) * (smallest**-2 - largest**-2)) ** -0.5
    corners, turns = rng.choice([3, 4, ROUND], (LEAVES, 1)), rng.uniform(0, 2 * np.pi, (LEAVES, 1))
    # ROUND points an outline, of which those of triangles and squares coincide.
    angles = turns + np.arange(ROUND) * corners // ROUND * (2 * np.pi / corners)
    outlines = np.stack([np.cos(angles), np.sin(angles)], axis=2) * radii[:, None, None]
    outlines += rng.uniform(0, CANVAS, (LEAVES, 1, 2))
    paper, *colours = map(tuple, rng.integers(0, 256, (LEAVES + 1, 3)).tolist())
    canvas = Image.new("RGB", (CANVAS, CANVAS), paper)
    pen = ImageDraw.Draw(canvas)
    for outline, colour in zip(outlines.reshape(LEAVES, -1).tolist(), colours, strict=True):
        pen.polygon(outline, fill=colour)
    return _grey_or_not(canvas, rng)


def _grey_or_not(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    return canvas.convert("L").convert("RGB") if rng.random() < GREY_SHARE else canvas


def _colours(rng: np.random.Generator) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Two colours whose brightness (the grey level that Pillow gives them) differs by at least 80 of 255."""
    while True:
        ink, paper = rng.integers(0, 256, (2, 3))
        if abs((ink - paper) @ LUMINANCE) >= 80:
            return tuple(ink.tolist()), tuple(paper.tolist())
