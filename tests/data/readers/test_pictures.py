import numpy as np
import pytest
from genuine_files import channels_first, noise, picture, shorten, write_tar, write_zip
from PIL import Image

from oe_core.data.readers.pictures import (
    CHARS74K_CLASSES,
    CHARS74K_KEPT,
    CHARS74K_REMOVED,
    OMNIGLOT_LEFT_OUT,
    read_chars74k,
    read_flat_tar,
    read_omniglot,
    read_textures,
)
from oe_core.data.readers.pixels import FormatError

IMAGES = [noise(8, 8, 3, seed=seed) for seed in range(4)]


def dtd(tmp_path, **more):
    names = ("dtd/images/zigzagged/z_1.jpg", "dtd/images/banded/b_1.jpg", "dtd/images/banded/b_2.jpg")
    members = {name: picture(image) for name, image in zip(names, IMAGES, strict=False)}
    members |= {"dtd/labels/train1.txt": b"banded/b_1.jpg\n", "dtd/imdb/imdb.mat": b"", **more}
    return write_tar(tmp_path / "dtd-r1.0.1.tar.gz", members)


def test_textures_are_all_pictures_of_all_classes(tmp_path):
    textures = read_textures(dtd(tmp_path), 8)
    assert textures.classes == ("banded", "zigzagged") and textures.labels.tolist() == [1, 0, 0]
    assert textures.images.tolist() == [channels_first(image) for image in IMAGES[:3]]


def test_textures_name_a_truncated_archive_and_one_without_pictures(tmp_path):
    with pytest.raises(FormatError, match=r"dtd-r1\.0\.1\.tar\.gz: truncated or damaged"):
        read_textures(shorten(dtd(tmp_path), 0.7), 8)
    other = write_tar(tmp_path / "other.tar.gz", {"images/banded/b.jpg": picture(IMAGES[0])})
    with pytest.raises(FormatError, match=r"other\.tar\.gz: holds no picture under dtd/images/<class>/"):
        read_textures(other, 8)


def chars74k(tmp_path, samples, part="GoodImg"):
    members = {
        f"English/Img/{part}/Bmp/Sample{sample:03}/img{sample:03}-00001.png": picture(image)
        for sample, image in zip(samples, IMAGES, strict=False)
    }
    return write_tar(tmp_path / "EnglishImg.tgz", members)


def test_chars74k_leaves_out_digits_and_letters_that_look_like_them(tmp_path):
    letters = read_chars74k(chars74k(tmp_path, [1, 11, 13, 47]), 8)  # 0, A, C, k
    assert [letters.classes[label] for label in letters.labels] == ["C", "k"]
    assert letters.images.tolist() == [channels_first(IMAGES[2]), channels_first(IMAGES[3])]


def test_chars74k_samples_run_from_digits_over_capitals_to_small_letters():
    assert (CHARS74K_CLASSES[0], CHARS74K_CLASSES[10], CHARS74K_CLASSES[36], CHARS74K_CLASSES[61]) == tuple("0Aaz")
    assert sorted(CHARS74K_KEPT + CHARS74K_REMOVED) == sorted(CHARS74K_CLASSES)
    assert {*"0123456789", "O", "l"} <= set(CHARS74K_REMOVED)  # those that the paper names


def test_chars74k_names_a_sample_out_of_range_and_an_archive_without_good_images(tmp_path):
    with pytest.raises(
        FormatError, match=r"Sample063/img063-00001\.png belongs to the sample '063'; expected 001 to 062"
    ):
        read_chars74k(chars74k(tmp_path, [13, 63]), 8)
    with pytest.raises(FormatError, match=r"EnglishImg\.tgz: holds no picture under English/Img/GoodImg"):
        read_chars74k(chars74k(tmp_path, [13], part="BadImag"), 8)
    with pytest.raises(FormatError, match=r"EnglishImg\.tgz: truncated or damaged"):
        read_chars74k(shorten(chars74k(tmp_path, [13, 14]), 0.6), 8)


def test_a_flat_tar_is_one_class_in_the_archives_order(tmp_path):
    members = {f"ILSVRC2012_val_{n:08}.JPEG": picture(image) for n, image in enumerate(IMAGES)}
    val = read_flat_tar(write_tar(tmp_path / "ILSVRC2012_img_val.tar", members), 8, "imagenet-1k")
    assert val.images.tolist() == [channels_first(image) for image in IMAGES]
    assert val.classes == ("unlabelled",) and val.name == "imagenet-1k"


def test_omniglot_is_white_ink_on_black_with_a_class_an_alphabet(tmp_path):
    paper = np.ones((8, 8), bool)
    paper[2, 3] = False
    drawing = picture(np.asarray(Image.fromarray(paper)))
    members = {f"images_background/{name}/character01/0001_01.png": drawing for name in ("Greek", "Braille")}
    omniglot = read_omniglot(write_zip(tmp_path / "images_background.zip", members), 8)
    assert omniglot.classes == ("Braille", "Greek") and omniglot.labels.tolist() == [1, 0]
    expected = np.where(paper, 0, 255)
    assert omniglot.images.tolist() == [[expected.tolist()] * 3] * 2


def test_omniglot_leaves_out_the_alphabets_that_look_like_digits(tmp_path):
    names = ("Korean", "Greek", "Tagalog", "Bengali")
    members = {f"images_background/{name}/character01/0001_01.png": picture(IMAGES[0]) for name in names}
    omniglot = read_omniglot(write_zip(tmp_path / "images_background.zip", members), 8)
    assert omniglot.classes == ("Bengali", "Greek") and len(omniglot) == 2
    assert len(set(OMNIGLOT_LEFT_OUT)) == 15
    path = write_zip(tmp_path / "few.zip", {"images_background/Korean/character01/1.png": picture(IMAGES[0])})
    with pytest.raises(FormatError, match=r"few\.zip: holds no picture under <alphabet>/characterNN/ of an alphabet"):
        read_omniglot(path, 8)


def test_omniglot_names_a_truncated_archive(tmp_path):
    path = write_zip(tmp_path / "images_background.zip", {"b/Greek/character01/1.png": picture(IMAGES[0])})
    with pytest.raises(FormatError, match=r"images_background\.zip: truncated or damaged"):
        read_omniglot(shorten(path, 0.9), 8)
