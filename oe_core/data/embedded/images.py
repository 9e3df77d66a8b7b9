"""Image sets made from what the installed packages carry: real data with no download and no licence question.

scikit-learn's handwritten digits and two photographs, and letters drawn with matplotlib's fonts. Everything is drawn
from fixed seeds. Every set passes through the same bilinear resize, so that a kernel does not betray the source.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from oe_core.data.examples import ImageSet

DIGITS_TEST = 397  # of 1,797, as nearly the same share of every class as whole numbers allow
# Number and seed of the patches of each photograph, by split.
PHOTO_PATCHES = {"photo-china": {"train": (6000, 1), "test": (1000, 4)}, "photo-flower": {"test": (1000, 2)}}
SMALLEST_PATCH, LARGEST_PATCH = 8, 320  # pixels of the photograph, drawn log-uniformly
LETTERS = {"train": (3000, 5), "test": (1000, 3)}
# The digits have no colour; this share of patches and letters has none either, or colour alone would tell them apart.
GREY_SHARE = 0.5
LUMINANCE = (0.299, 0.587, 0.114)
# Left out, beside the digit each is taken for: D O Q o (0), I J L i j l (1), Z z (2), A (4), S s (5), G b (6), T (7),
# B (8), g q (9), and a Y y that small renderings turn into 4 or 7.
LETTER_CLASSES = tuple("CEFHKMNPRUVWXacdefhkmnprtuvwx")
LETTER_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-BoldOblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic"),
    *("cmr10", "cmb10", "cmss10", "cmtt10"),
)


@cache  # drawn once a process: sets are asked for again and again, and nothing changes them
def digits(split: str, size: int) -> ImageSet:
    """scikit-learn's 8x8 handwritten digits, light on dark grey levels: 1,400 "train" and 397 "test" images."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    order = order[np.argsort(bunch.target[order], kind="stable")]
    # Evenly spaced positions in the class-sorted order give every class its share of the test set.
    in_test = np.diff(np.arange(len(order) + 1) * DIGITS_TEST // len(order)).astype(bool)
    chosen = np.sort(order[in_test == (split == "test")])
    pixels = np.rint(bunch.images[chosen] * (255 / 16)).astype(np.uint8)
    images = [_resized(Image.fromarray(image).convert("RGB"), size) for image in pixels]
    return _image_set("digits", images, bunch.target[chosen], tuple("0123456789"), "SVHN")


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
    count, seed = LETTERS[split]
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(LETTER_CLASSES))
    images = [_resized(_letter(LETTER_CLASSES[label], rng), size) for label in labels]
    return _image_set("font-letters", images, labels, LETTER_CLASSES, "Chars74K")


def _image_set(name: str, images: list[np.ndarray], labels: np.ndarray, classes: tuple[str, ...], stand_in_for: str):
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()
    return ImageSet(name, pixels, torch.from_numpy(labels.astype(np.int64)), classes, "embedded", stand_in_for)


def _resized(image: Image.Image, size: int, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=box))


def _patches(name: str, photograph: str, split: str, size: int, stand_in_for: str) -> ImageSet:
    from sklearn.datasets import load_sample_image

    image = Image.fromarray(load_sample_image(photograph))
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
        raise ImportError("font-letters is drawn with matplotlib's fonts; install matplotlib") from missing
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"), points)


def _letter(letter: str, rng: np.random.Generator) -> Image.Image:
    """One letter on a 64x64 canvas: 60 to 100 % of its height, anywhere it fits, ink and paper well apart."""
    font = _font(LETTER_FONTS[rng.integers(len(LETTER_FONTS))], 64)
    left, top, right, bottom = font.getbbox(letter)
    width, height = right - left, bottom - top
    glyph = Image.new("L", (width, height))
    ImageDraw.Draw(glyph).text((-left, -top), letter, fill=255, font=font)
    scale = rng.uniform(0.6, 1.0) * 64 / max(width, height)
    glyph = glyph.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BILINEAR)
    ink, paper = _colours(rng)
    canvas = Image.new("RGB", (64, 64), paper)
    place = (int(rng.integers(64 - glyph.width + 1)), int(rng.integers(64 - glyph.height + 1)))
    canvas.paste(ink, (*place, place[0] + glyph.width, place[1] + glyph.height), glyph)
    return canvas.convert("L").convert("RGB") if rng.random() < GREY_SHARE else canvas


def _colours(rng: np.random.Generator) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Two colours whose brightness (the grey level that Pillow gives them) differs by at least 80 of 255."""
    while True:
        ink, paper = rng.integers(0, 256, (2, 3))
        if abs((ink - paper) @ LUMINANCE) >= 80:
            return tuple(ink.tolist()), tuple(paper.tolist())
