import io
import struct
import zlib

import numpy as np
import pytest
import torch
from genuine_files import channels_first, noise, picture
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Resize

from oe_core.data.readers import pixels
from oe_core.data.readers.arrays import in_memory
from oe_core.data.readers.class_names import numbered
from oe_core.data.readers.pixels import (
    FormatError,
    Picture,
    damage_named,
    decode,
    decode_all,
    decode_chunks,
    fit,
    holds_picture,
    is_picture,
    resized,
)
from oe_core.data.readers.samples import eight_bits


@pytest.mark.parametrize("height, width", [(40, 64), (65, 33), (31, 31), (32, 47), (20, 100), (64, 64)])
def test_fit_equals_torchvision_resize_and_centre_crop(height, width):
    image = Image.fromarray(noise(height, width, 3))
    expected = Compose([Resize(32), CenterCrop(32)])(image)
    assert np.array_equal(fit(image, 32), np.asarray(expected).transpose(2, 0, 1))


def test_fit_with_squash_equals_resizing_both_sides():
    image = Image.fromarray(noise(40, 64, 3))
    assert np.array_equal(fit(image, 32, squash=True), np.asarray(Resize((32, 32))(image)).transpose(2, 0, 1))


def test_fit_leaves_a_picture_of_the_size_as_it_is():
    pixels = noise(32, 32, 3)
    assert np.array_equal(fit(Image.fromarray(pixels), 32), pixels.transpose(2, 0, 1))


def test_fit_repeats_grey():
    grey = noise(8, 8)
    assert np.array_equal(fit(Image.fromarray(grey), 8), np.stack([grey] * 3))


def encoded(image, kind, **settings):
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def values(content, **settings):
    """The red channel of a 2 x 2 picture, row by row."""
    return decode(Picture("c", "here.png", content), 2, **settings)[0].flatten().tolist()


def png_of_16_bits_in_colour(samples, transparent=()):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], 16, 2, 0, 0, 0)
    hidden = chunk(b"tRNS", struct.pack(">HHH", *transparent)) if transparent else b""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), hidden, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    )


def tiff(packed, bits, kind=1, photometric=1):
    """A 2 x 2 grey TIFF. kind: 1 without sign, 2 with, 3 floats. photometric: 1 black is zero, 0 white is."""
    tags = [(256, 2), (257, 2), (258, bits), (259, 1), (262, photometric), (273, 8 + 2 + 12 * 9 + 4), (277, 1),
            (279, len(packed)), (339, kind)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + packed


WIDE = np.array([[0, 257], [32896, 65535]], np.uint16)  # 0, 1, 128 and 255 times 257
TWELVE = bytes([0x00, 0x00, 0x10, 0x80, 0x8F, 0xFF])  # 0, 16, 2056 and 4095, two in three bytes
FLOATS = (WIDE / 65535).astype(np.float32)


@pytest.mark.parametrize(
    "content",
    [
        encoded(Image.fromarray(WIDE), "PNG"),
        encoded(Image.fromarray(WIDE), "TIFF"),
        encoded(Image.fromarray((WIDE / 65535).astype(np.float32)), "TIFF"),
        b"P5 2 2 65535\n" + WIDE.astype(">u2").tobytes(),
        png_of_16_bits_in_colour(np.repeat(WIDE[..., None], 3, axis=2)),
        tiff(TWELVE, 12),
        tiff(WIDE.tobytes(), 16),
        tiff((65535 - WIDE).tobytes(), 16, photometric=0),
        tiff(bytes([255, 254, 127, 0]), 8, photometric=0),
        tiff((1 - FLOATS).tobytes(), 32, kind=3, photometric=0),
    ],
    ids=["PNG", "TIFF", "TIFF of floats", "PGM", "PNG in colour", "12 bits", "16 bits", "16 bits, white is zero",
         "8 bits, white is zero", "floats, white is zero"],
)  # fmt: skip
def test_samples_are_scaled_by_the_range_of_their_type(content):
    assert values(content) == [0, 1, 128, 255]
    assert in_memory(Image.open(io.BytesIO(content)), "x")[..., 0].flatten().tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("bits", [8, 16])
def test_samples_with_a_sign_are_refused(bits):
    content = tiff(np.arange(-2, 2).astype(f"<i{bits // 8}").tobytes(), bits, kind=2)
    with pytest.raises(FormatError, match=r"here\.png: its samples .*; expected 8 or 16 bits without sign"):
        values(content)


def test_what_is_transparent_in_16_bits_is_as_it_is_in_8():
    grey, colour = io.BytesIO(), WIDE[..., None].repeat(3, axis=2)
    Image.fromarray(WIDE).save(grey, "PNG", transparency=65535)
    assert values(grey.getvalue()) == [0, 1, 128, 128]
    assert values(png_of_16_bits_in_colour(colour, transparent=(65535, 65535, 65535))) == [0, 1, 128, 128]


def test_a_16_bit_sample_is_rounded_to_the_nearest_of_8_bits():
    assert eight_bits(np.array([128, 129, 385, 386, 65406, 65407], np.uint16), "").tolist() == [0, 1, 1, 2, 254, 255]


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        (WIDE.astype(np.int32), r"its samples \(mode I\) are int32 from 0 to 65535; expected 8 or 16 bits"),
        (np.array([[0, 1], [2, 3]], np.float32), r"its samples \(mode F\) are float32 from 0\.0 to 3\.0; expected"),
        (np.full((2, 2), np.nan, np.float32), r"its samples \(mode F\) are float32 from nan to nan; expected"),
    ],
)
def test_samples_that_do_not_say_how_bright_white_is_are_refused(samples, found):
    with pytest.raises(FormatError, match=f"here.png: {found}"):
        values(encoded(Image.fromarray(samples), "TIFF"))


SEEN_AND_UNSEEN = np.array([[[200, 0, 0, 255], [200, 0, 0, 0]], [[0, 0, 0, 255], [255, 255, 255, 0]]], np.uint8)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P"])
def test_transparent_pixels_are_the_middle_grey_behind_them(mode):
    picture = Image.fromarray(SEEN_AND_UNSEEN)
    if mode == "LA":
        picture = Image.merge("LA", (picture.getchannel(0), picture.getchannel(3)))
    elif mode != "RGBA":
        picture = Image.fromarray(np.array([[2, 1], [0, 1]], np.uint8)).convert("P")
        picture.putpalette([0, 0, 0, 9, 9, 9, 200, 0, 0])
        if mode == "P":
            picture.info["transparency"] = 1
        else:
            picture = Image.merge("PA", (picture, Image.fromarray(SEEN_AND_UNSEEN[..., 3])))
    assert fit(picture, 2)[0].flatten().tolist() == [200, 128, 0, 128]


def test_half_transparent_pixels_are_half_grey():
    assert fit(Image.new("RGBA", (1, 1), (228, 28, 128, 128)), 1).flatten().tolist() == [178, 78, 128]


def test_only_the_readers_own_pictures_are_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn it clockwise
    content = encoded(Image.fromarray(np.array([[10, 20], [30, 40]], np.uint8)), "PNG", exif=exif)
    assert values(content) == [10, 20, 30, 40] and values(content, upright=True) == [30, 10, 40, 20]
    wide = encoded(Image.fromarray(WIDE), "PNG", exif=exif)
    assert values(wide, upright=True) == [128, 0, 255, 1]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF"])
def test_the_usual_formats_are_read_by_their_content(kind, tmp_path):
    (tmp_path / "picture.dat").write_bytes(encoded(Image.new("RGB", (2, 2), (250, 0, 0)), kind))
    assert holds_picture(tmp_path / "picture.dat")
    assert min(values((tmp_path / "picture.dat").read_bytes())) > 240


@pytest.mark.parametrize("kind", ["PDF", "EPS", "ICO"])
def test_other_formats_are_refused_whatever_their_name(kind, tmp_path):
    (tmp_path / "picture.png").write_bytes(encoded(Image.new("RGB", (16, 16)), kind))
    assert not holds_picture(tmp_path / "picture.png")
    with pytest.raises(FormatError, match=r"here\.png: not a whole picture .*; expected PNG, JPEG, WEBP"):
        values((tmp_path / "picture.png").read_bytes())


def test_a_file_among_the_downloads_may_be_got_again_and_the_readers_own_is_not_to_be_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    for place, advice in (("downloads/mnist/a.gz", "Delete it and get it again"), ("mine/train.tsv.gz", "gzip file")):
        with pytest.raises(FormatError) as error, damage_named(tmp_path / place, (OSError,), "a whole gzip file"):
            raise OSError("cut off")
        assert str(error.value).endswith(advice)


def test_decode_all_keeps_the_order_over_several_chunks(monkeypatch):
    monkeypatch.setattr(pixels, "CHUNK", 3)
    drawn = noise(8, 4, 4, 3)
    pictures = (Picture(str(place), "", picture(image)) for place, image in enumerate(drawn))
    images, names = decode_all(pictures, 4)
    assert torch.equal(images, torch.from_numpy(drawn.transpose(0, 3, 1, 2).copy()))
    assert names == list("01234567")


def test_decode_all_names_the_picture_that_is_cut_short():
    whole = picture(noise(32, 32, 3), "JPEG")
    with pytest.raises(FormatError, match=r"a\.tar: 7\.jpg: not a whole picture .*; expected PNG, JPEG"):
        decode_all([Picture("c", "a.tar: 7.jpg", whole[: len(whole) // 2])], 32)
    with pytest.raises(FormatError, match="empty.png: not a whole picture"):
        decode_all([Picture("c", "empty.png", b"")], 32)


def test_resized_equals_fitting_each_image_and_only_rearranges_the_same_size():
    pixels = noise(3, 28, 20, 3)
    expected = [fit(Image.fromarray(image), 32).tolist() for image in pixels]
    assert resized(pixels, 32).tolist() == expected
    same = resized(noise(2, 6, 6, 3), 6)
    assert same.tolist() == [channels_first(image) for image in noise(2, 6, 6, 3)] and same.is_contiguous()


def test_numbered_sorts_the_names_unless_the_classes_are_given():
    labels, classes = numbered(["b", "a", "b"])
    assert labels.tolist() == [1, 0, 1] and classes == ("a", "b")
    assert numbered(["b"], ("z", "y", "b"))[0].tolist() == [2]


def test_is_picture_goes_by_the_suffix_and_passes_over_hidden_files():
    names = ("a/b.JPEG", "b.png", "a/._b.png", ".c.jpg", "labels.txt", "png")
    assert [is_picture(name) for name in names] == [True, True, False, False, False, False]


def test_pictures_are_decoded_a_chunk_ahead_and_no_further(tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "CHUNK", 2)
    begun = []
    (tmp_path / "a.png").write_bytes(picture(noise(8, 8, 3)))
    (tmp_path / "b.png").write_bytes(b"no picture")

    def given():
        for name in "aaaaab":
            begun.append(name)
            yield Picture("", name, tmp_path / f"{name}.png")

    chunks = decode_chunks(pixels.chunks(given()), 8)
    assert [len(kept) for kept, _ in [next(chunks)]] == [2]
    assert begun == ["a"] * 4
    assert len(next(chunks)[0]) == 2
    with pytest.raises(FormatError, match="b"):
        next(chunks)
