import numpy as np
import pytest
from genuine_files import channels_first, noise

from oe_core.data.readers.pixels import FormatError
from oe_core.data.readers.tiny_images import CIFAR_LIST, read_300k, read_tiny_images

IMAGES = noise(6, 32, 32, 3)


def tiny_images(tmp_path, listed="2\n6\n"):
    path = tmp_path / "tiny_images.bin"
    path.write_bytes(b"".join(image.tobytes(order="F") for image in IMAGES))
    (tmp_path / CIFAR_LIST).write_text(listed)
    return path


def test_tiny_images_are_read_in_fortran_order_without_those_of_cifar(tmp_path):
    read = read_tiny_images(tiny_images(tmp_path), 32)
    assert read.images.tolist() == [channels_first(IMAGES[place]) for place in (0, 2, 3, 4)]
    assert read.classes == ("unlabelled",)


def test_fewer_tiny_images_are_taken_evenly_from_the_whole_file(tmp_path):
    read = read_tiny_images(tiny_images(tmp_path), 32, count=2)
    assert read.images.tolist() == [channels_first(IMAGES[place]) for place in (0, 4)]


def test_tiny_images_need_the_list_of_cifars_images(tmp_path):
    path = tiny_images(tmp_path)
    (tmp_path / CIFAR_LIST).write_text("2\nsix\n")
    with pytest.raises(FormatError, match=r"80mn_cifar_idxs\.txt: truncated or damaged .*; expected one index"):
        read_tiny_images(path, 32)
    (tmp_path / CIFAR_LIST).unlink()
    with pytest.raises(FormatError, match=r"80mn_cifar_idxs\.txt is missing; put it there"):
        read_tiny_images(path, 32)


def test_tiny_images_name_a_file_with_part_of_an_image(tmp_path):
    path = tiny_images(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match=r"tiny_images\.bin: has 18431 bytes; expected a multiple of 3072"):
        read_tiny_images(path, 32)


def test_tiny_images_refuse_a_list_that_leaves_nothing(tmp_path):
    with pytest.raises(FormatError, match="lists all of its 6 images"):
        read_tiny_images(tiny_images(tmp_path, "1\n2\n3\n4\n5\n6\n"), 32)


def test_the_300k_selection_is_one_class(tmp_path):
    path = tmp_path / "300K_random_images.npy"
    np.save(path, IMAGES)
    read = read_300k(path, 32)
    assert read.images.tolist() == [channels_first(image) for image in IMAGES] and read.labels.tolist() == [0] * 6


@pytest.mark.parametrize(
    "array, message",
    [
        (IMAGES[0], r"holds uint8 \(32, 32, 3\); expected uint8 \(n, 32, 32, 3\)"),
        (IMAGES.astype(np.float32), r"holds float32 \(6, 32, 32, 3\)"),
        (np.array([{"a": 1}], object), "truncated or damaged .*without pickled objects"),
    ],
)
def test_the_300k_selection_names_another_array(tmp_path, array, message):
    np.save(tmp_path / "300K_random_images.npy", array, allow_pickle=True)
    with pytest.raises(FormatError, match=r"300K_random_images\.npy: " + message):
        read_300k(tmp_path / "300K_random_images.npy", 32)
