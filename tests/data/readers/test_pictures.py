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
    read_places365_train,
    read_places365_val,
    read_textures,
    read_tiny_imagenet,
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


ROOT = "tiny-imagenet-200"
TRAIN = {"n02": [noise(8, 8, 3, seed=1), noise(8, 8, seed=2)], "n01": [noise(8, 8, 3, seed=3)]}
VAL = [("val_0.JPEG", "n02", noise(8, 8, seed=4)), ("val_1.JPEG", "n01", noise(8, 8, 3, seed=5))]


def members():
    """The archive's layout; the pictures are PNG under their .JPEG names, so that pixels can be compared."""
    files = {f"{ROOT}/wnids.txt": b"n02\nn01\n", f"{ROOT}/words.txt": b"n01\tgoldfish\n"}
    for wnid, images in TRAIN.items():
        files[f"{ROOT}/train/{wnid}/{wnid}_boxes.txt"] = b"x_0.JPEG\t0\t0\t7\t7\n"
        files |= {f"{ROOT}/train/{wnid}/images/{wnid}_{n}.JPEG": picture(image) for n, image in enumerate(images)}
    files |= {f"{ROOT}/val/images/{file}": picture(image) for file, _, image in VAL}
    lines = [f"{file}\t{wnid}\t0\t0\t7\t7" for file, wnid, _ in VAL]
    files[f"{ROOT}/val/val_annotations.txt"] = "\n".join([*lines, ""]).encode()
    files[f"{ROOT}/test/images/test_0.JPEG"] = picture(noise(8, 8, 3, seed=6))
    return files


def archive(tmp_path, without=(), **changed):
    files = {name: content for name, content in members().items() if not name.endswith(tuple(without) or "none")}
    for ending, content in changed.items():
        files[next(name for name in files if name.endswith(ending.replace("__", ".")))] = content
    return write_zip(tmp_path / "tiny-imagenet-200.zip", files)


def test_train_is_grouped_by_folder_and_grey_pictures_become_rgb(tmp_path):
    train = read_tiny_imagenet(archive(tmp_path), "train", 8)
    assert train.classes == ("n01", "n02") and train.labels.tolist() == [1, 1, 0]
    assert train.images.tolist() == [channels_first(image) for image in (*TRAIN["n02"], *TRAIN["n01"])]


def test_test_is_the_val_split_regrouped_by_its_annotation_file(tmp_path):
    test = read_tiny_imagenet(archive(tmp_path), "test", 8)
    assert test.classes == ("n01", "n02") and test.labels.tolist() == [1, 0]
    assert test.images.tolist() == [channels_first(image) for _, _, image in VAL]


@pytest.mark.parametrize(
    "without, split, message",
    [
        (["wnids.txt"], "train", "has no member wnids.txt"),
        (["val_annotations.txt"], "test", "has no member val/val_annotations.txt"),
        (["val_1.JPEG"], "test", r"val/images has no val_1\.JPEG \(1 missing\); val_annotations\.txt names it"),
        (["n01_0.JPEG"], "train", r"classes \['n01'\] \(1 in all\) are in only one of wnids.txt and train"),
    ],
)
def test_a_missing_member_is_named(tmp_path, without, split, message):
    with pytest.raises(FormatError, match=r"tiny-imagenet-200\.zip: " + message):
        read_tiny_imagenet(archive(tmp_path, without), split, 8)


def test_a_class_outside_the_list_is_named(tmp_path):
    path = archive(tmp_path, val_annotations__txt=b"val_0.JPEG\tn02\nval_1.JPEG\tn99\n")
    with pytest.raises(
        FormatError, match=r"classes \['n01', 'n99'\] \(2 in all\) are in only one of wnids.txt and test"
    ):
        read_tiny_imagenet(path, "test", 8)


def test_an_annotation_without_a_class_is_named_by_its_line(tmp_path):
    path = archive(tmp_path, val_annotations__txt=b"val_0.JPEG\tn02\nval_1.JPEG\n")
    with pytest.raises(FormatError, match="val_annotations.txt line 2 has no class"):
        read_tiny_imagenet(path, "test", 8)


def test_a_truncated_archive_and_a_damaged_picture_are_named(tmp_path):
    path = archive(tmp_path, n02_1__JPEG=b"not a picture")
    with pytest.raises(FormatError, match=r"zip: tiny-imagenet-200/train/n02/images/n02_1\.JPEG: not a whole picture"):
        read_tiny_imagenet(path, "train", 8)
    with pytest.raises(FormatError, match=r"tiny-imagenet-200\.zip: truncated or damaged .*; expected a whole zip"):
        read_tiny_imagenet(shorten(path, 0.8), "train", 8)


def test_a_member_whose_checksum_fails_is_named_with_its_archive(tmp_path):
    path = archive(tmp_path)
    content = bytearray(path.read_bytes())
    content[content.index(b"n02_0.JPEG") + 40] ^= 255
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"tiny-imagenet-200\.zip: truncated or damaged .*n02_0\.JPEG"):
        read_tiny_imagenet(path, "train", 8)


CATEGORIES = "".join(f"/c/class{label:03} {label}\n" for label in range(365)).encode()
SCENES = [noise(16, 16, 3, seed=seed) for seed in range(2)]
LABELS = b"Places365_val_00000001.jpg 364\nPlaces365_val_00000002.jpg 7\n"


def val_tar(tmp_path, files=("Places365_val_00000002.jpg", "Places365_val_00000001.jpg")):
    members = {f"val_256/{file}": picture(image) for file, image in zip(files, SCENES, strict=True)}
    return write_tar(tmp_path / "val_256.tar", members)


def lists_tar(tmp_path, labels=LABELS, categories=CATEGORIES):
    members = {"places365_val.txt": labels, "categories_places365.txt": categories}
    return write_tar(tmp_path / "filelist_places365-standard.tar", members)


def test_val_takes_its_labels_from_the_list_whatever_the_order_of_the_archive(tmp_path):
    val = read_places365_val(val_tar(tmp_path), lists_tar(tmp_path), 16)
    assert val.labels.tolist() == [7, 364]
    assert val.images.tolist() == [channels_first(image) for image in SCENES]
    assert val.classes[7] == "c/class007" and len(val.classes) == 365


def test_train_is_grouped_by_folder_in_the_numbering_of_the_categories(tmp_path):
    names = ("data_256/c/class364/00000001.jpg", "data_256/c/class000/00000001.jpg")
    members = {name: picture(image) for name, image in zip(names, SCENES, strict=True)}
    path = write_tar(tmp_path / "train_256_places365standard.tar", members)
    assert read_places365_train(path, lists_tar(tmp_path), 16).labels.tolist() == [364, 0]
    members["data_256/z/zoo/00000001.jpg"] = picture(SCENES[0])
    with pytest.raises(FormatError, match=r"data_256/z/zoo/00000001\.jpg is of no class that .*standard\.tar names"):
        read_places365_train(write_tar(path, members), lists_tar(tmp_path), 16)


@pytest.mark.parametrize(
    "line", ["Places365_val_00000002.jpg 365", "Places365_val_00000002.jpg", "a.jpg -1", "a.jpg b"]
)
def test_a_label_out_of_range_is_named_by_its_line(tmp_path, line):
    lists = lists_tar(tmp_path, f"Places365_val_00000001.jpg 3\n{line}\n".encode())
    with pytest.raises(FormatError, match=r"standard\.tar: places365_val\.txt line 2 is '.*'; expected .* 0 to 364"):
        read_places365_val(val_tar(tmp_path), lists, 16)


def test_a_picture_without_label_or_a_label_without_picture_is_named(tmp_path):
    archive = val_tar(tmp_path, ("Places365_val_00000001.jpg", "Places365_val_00000003.jpg"))
    with pytest.raises(FormatError, match=r"val_256\.tar: Places365_val_00000002\.jpg \(2 in all\) is in only one of"):
        read_places365_val(archive, lists_tar(tmp_path), 16)


def test_missing_lists_and_a_short_list_of_categories_are_named(tmp_path):
    empty = write_tar(tmp_path / "other.tar", {"readme.txt": b""})
    with pytest.raises(FormatError, match=r"other\.tar: has no member places365_val\.txt"):
        read_places365_val(val_tar(tmp_path), empty, 16)
    with pytest.raises(FormatError, match=r"categories_places365\.txt names 1 classes; expected 365"):
        read_places365_val(val_tar(tmp_path), lists_tar(tmp_path, categories=b"/a/airfield 0\n"), 16)


@pytest.mark.parametrize("share", [0.05, 0.15, 0.2])
def test_a_truncated_archive_is_named(tmp_path, share):
    archive = shorten(val_tar(tmp_path), share)
    with pytest.raises(FormatError, match=r"val_256\.tar: (truncated or damaged|.*in only one of)"):
        read_places365_val(archive, lists_tar(tmp_path), 16)
