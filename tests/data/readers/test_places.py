import pytest
from genuine_files import channels_first, noise, picture, shorten, write_tar

from oe_core.data.readers.pixels import FormatError
from oe_core.data.readers.places import read_places365_train, read_places365_val

CATEGORIES = "".join(f"/c/class{label:03} {label}\n" for label in range(365)).encode()
IMAGES = [noise(16, 16, 3, seed=seed) for seed in range(2)]
LABELS = b"Places365_val_00000001.jpg 364\nPlaces365_val_00000002.jpg 7\n"


def val_tar(tmp_path, files=("Places365_val_00000002.jpg", "Places365_val_00000001.jpg")):
    members = {f"val_256/{file}": picture(image) for file, image in zip(files, IMAGES, strict=True)}
    return write_tar(tmp_path / "val_256.tar", members)


def lists_tar(tmp_path, labels=LABELS, categories=CATEGORIES):
    members = {"places365_val.txt": labels, "categories_places365.txt": categories}
    return write_tar(tmp_path / "filelist_places365-standard.tar", members)


def test_val_takes_its_labels_from_the_list_whatever_the_order_of_the_archive(tmp_path):
    val = read_places365_val(val_tar(tmp_path), lists_tar(tmp_path), 16)
    assert val.labels.tolist() == [7, 364]
    assert val.images.tolist() == [channels_first(image) for image in IMAGES]
    assert val.classes[7] == "c/class007" and len(val.classes) == 365


def test_val_labels_may_come_as_the_plain_text_file(tmp_path):
    (tmp_path / "places365_val.txt").write_bytes(LABELS)
    val = read_places365_val(val_tar(tmp_path), tmp_path / "places365_val.txt", 16)
    assert val.labels.tolist() == [7, 364] and val.classes[364] == "364"


def test_train_is_grouped_by_folder_in_the_numbering_of_the_categories(tmp_path):
    names = ("data_256/c/class364/00000001.jpg", "data_256/c/class000/00000001.jpg")
    members = {name: picture(image) for name, image in zip(names, IMAGES, strict=True)}
    path = write_tar(tmp_path / "train_256_places365standard.tar", members)
    assert read_places365_train(path, lists_tar(tmp_path), 16).labels.tolist() == [364, 0]
    members["data_256/z/zoo/00000001.jpg"] = picture(IMAGES[0])
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
