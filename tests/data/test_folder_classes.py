"""Classes of one's own pictures: numbered by name over both splits, whatever holds them."""

import numpy as np
import pytest
from genuine_files import noise, put, put_npz

from oe_core.data.folders import read_folder
from oe_core.data.readers.pixels import FormatError

IMAGES = [noise(8, 8, 3, seed=seed) for seed in range(4)]


def test_a_class_that_one_split_lacks_moves_no_label(root):
    for place, name in enumerate(("ant", "bee", "cat")):
        put(root / f"animals/train/{name}/1.png", IMAGES[place])
    put(root / "animals/test/cat/1.png", IMAGES[3])
    test = read_folder("animals", "test", 8)
    assert test.classes == ("ant", "bee", "cat") and test.labels.tolist() == [2]


def test_classes_of_two_npz_files_are_numbered_by_name_not_by_place(root):
    put_npz(root / "pets/train", np.stack(IMAGES[:3]), [0, 1, 2], classes=np.array(["dog", "cat", "ant"]))
    put_npz(root / "pets/test", np.stack(IMAGES[:3]), [0, 1, 2], classes=np.array(["ant", "bee", "dog"]))
    train, test = (read_folder("pets", split, 8) for split in ("train", "test"))
    assert train.classes == test.classes == ("dog", "cat", "ant", "bee")
    assert train.labels.tolist() == [0, 1, 2] and test.labels.tolist() == [2, 3, 0]


def test_class_folders_and_an_npz_are_numbered_together(root):
    put(root / "pets/train/cat/1.png", IMAGES[0])
    put(root / "pets/train/dog/1.png", IMAGES[1])
    put_npz(root / "pets/test", np.stack(IMAGES[:2]), [0, 1], classes=np.array(["dog", "cat"]))
    train, test = (read_folder("pets", split, 8) for split in ("train", "test"))
    assert [train.classes[label] for label in train.labels] == ["cat", "dog"]
    assert test.classes == train.classes and [test.classes[label] for label in test.labels] == ["dog", "cat"]


def test_an_npz_with_classes_beside_one_without_is_refused_with_both_lists(root):
    put_npz(root / "pets/train", np.stack(IMAGES[:2]), [0, 1], classes=np.array(["cat", "dog"]))
    put_npz(root / "pets/test", np.stack(IMAGES[:2]), [0, 1])
    for split in ("train", "test"):
        with pytest.raises(
            FormatError, match=r"pets: train has cat, dog and test has 0, 1; expected names of the classes in both"
        ):
            read_folder("pets", split, 8)


def test_numbers_beside_class_folders_are_their_names_or_refused(root):
    for name in "01":
        put(root / f"digits-of-mine/train/{name}/1.png", IMAGES[0])
        put(root / f"pets/train/{name}{name}/1.png", IMAGES[0])
    for own in ("digits-of-mine", "pets"):
        put_npz(root / own / "test", np.stack(IMAGES[:2]), [1, 0])
    assert read_folder("digits-of-mine", "test", 8).labels.tolist() == [1, 0]
    with pytest.raises(FormatError, match=r"pets: train has 00, 11 and test has 0, 1; expected names of the classes"):
        read_folder("pets", "train", 8)


def test_labels_with_gaps_are_the_classes_that_occur_over_both_splits(root):
    put_npz(root / "pets/train", np.stack(IMAGES[:2]), [30_000_000, 7])
    put_npz(root / "pets/test", np.stack(IMAGES[:2]), [10, 7])
    train, test = (read_folder("pets", split, 8) for split in ("train", "test"))
    assert train.classes == test.classes == ("7", "10", "30000000")
    assert train.labels.tolist() == [2, 0] and test.labels.tolist() == [1, 0]
