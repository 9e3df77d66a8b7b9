"""Pictures of any samples in 8-bit RGB: wider ones are scaled by what says how bright their white is, or refused."""

import numpy as np
from PIL import ExifTags, Image, ImageOps

from oe_core.errors import FormatError

BACKGROUND = (128, 128, 128, 255)  # behind transparent pixels: neither dark nor bright drawings vanish in it
SCALED_BY_PILLOW = ("PNG", "PPM")  # their mode "I" is 16 bits in 32
# Of a TIFF, and what Pillow leaves to its users where samples are wider than 8 bits.
BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
WHITE_IS_ZERO, WITH_SIGN = 0, 2
ORIENTATION = ExifTags.Base.Orientation


def eight_bits(samples: np.ndarray, what: str) -> np.ndarray:
    """Samples of any width as uint8, rounded: those of 16 bits divided by 257, floats in [0, 1] times 255.

    Raises FormatError naming `what`, type and range of all others, which do not say how bright their white is.
    """
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype.kind == "u" and samples.dtype.itemsize == 2:
        return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    low, high = samples.min(), samples.max()
    if samples.dtype.kind == "f" and low >= 0 and high <= 1:
        return np.rint(samples * 255).astype(np.uint8)
    raise FormatError(f"{what} {samples.dtype} from {low} to {high}; expected 8 or 16 bits without sign, or 0.0 to 1.0")


def in_colour(picture: Image.Image) -> Image.Image:
    """Any picture in 8-bit RGB: wider samples as `eight_bits`, transparent pixels over BACKGROUND, a middle grey."""
    if picture.mode.startswith(("I", "F")):
        picture = _narrow(picture)
    elif WITH_SIGN in np.atleast_1d(getattr(picture, "tag_v2", {}).get(SAMPLE_FORMAT, ())):  # which Pillow passes over
        raise FormatError("its samples are 8 bits with sign; expected 8 or 16 bits without sign, or 0.0 to 1.0")
    if picture.has_transparency_data:
        shown = picture if picture.mode == "RGBA" else _eight_bits_of_transparency(picture).convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, BACKGROUND), shown)
    return picture if picture.mode == "RGB" else picture.convert("RGB")  # it would copy even its own mode


def upright(picture: Image.Image) -> Image.Image:
    """As `in_colour`, and turned as its EXIF orientation says."""
    coloured = in_colour(picture)
    if turned := picture.getexif().get(ORIENTATION):
        coloured.getexif()[ORIENTATION] = turned
    return ImageOps.exif_transpose(coloured)


def _narrow(picture: Image.Image) -> Image.Image:
    """A picture of samples wider than 8 bits, grey ones all, in 8."""
    samples, tags = np.asarray(picture), getattr(picture, "tag_v2", {})
    (bits,) = tags.get(BITS, (16,))
    if picture.mode == "I" and picture.format in SCALED_BY_PILLOW:
        samples = samples.astype(np.uint16)
    elif bits < 16:
        samples = (samples.astype(np.uint32) * 65535 // (2**bits - 1)).astype(np.uint16)
    narrow = eight_bits(samples, f"its samples (mode {picture.mode}) are")
    narrow = 255 - narrow if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else narrow
    hidden = picture.info.get("transparency")  # a value, of a PNG
    if hidden is None:
        return Image.fromarray(narrow)
    return Image.fromarray(np.stack([narrow, np.where(samples == hidden, 0, 255).astype(np.uint8)], axis=2), "LA")


def _eight_bits_of_transparency(picture: Image.Image) -> Image.Image:
    """The same, where its transparent colour is given in the 16 bits that a PNG's samples had."""
    hidden = picture.info.get("transparency")
    if isinstance(hidden, tuple) and max(hidden) > 255:
        picture = picture.copy()
        picture.info["transparency"] = tuple(sample >> 8 for sample in hidden)  # as Pillow narrows the samples
    return picture
