import pytest
from genuine_files import channels_first, noise, picture, shorten, write_zip

from oe_core.data.readers.pixels import FormatError
from oe_core.data.readers.tiny_imagenet import read_tiny_imagenet

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
