import numpy as np
import pytest
from genuine_files import channels_first, noise, shorten, write_tar

from oe_core.data.readers import small_images
from oe_core.data.readers.pixels import FormatError, resized
from oe_core.data.readers.small_images import read_300k, read_cifar, read_tiny_images

NAMES10 = "airplane automobile bird cat deer dog frog horse ship truck".split()
NAMES100 = [f"fine{number:02}" for number in range(100)]


def records(label_columns, seed):
    """Records of CIFAR's binary version, and their pixels as (n, 3, 32, 32)."""
    labels = np.array(label_columns, np.uint8)
    pixels = noise(len(labels), 3, 32, 32, seed=seed)
    return np.hstack([labels, pixels.reshape(len(labels), -1)]).tobytes(), pixels


def cifar10_members():
    parts = {f"cifar-10-batches-bin/data_batch_{part}.bin": records([[part], [9]], part)[0] for part in range(1, 6)}
    test = {"cifar-10-batches-bin/test_batch.bin": records([[3]], 9)[0]}
    return {"cifar-10-batches-bin/batches.meta.txt": "\n".join([*NAMES10, ""]).encode(), **parts, **test}


def cifar100_members(fine=99):
    return {
        "cifar-100-binary/fine_label_names.txt": "\n".join([*NAMES100, ""]).encode(),
        "cifar-100-binary/train.bin": records([[19, 0], [4, fine]], 1)[0],
        "cifar-100-binary/test.bin": records([[0, 50]], 2)[0],
    }


def test_cifar10_joins_its_five_batches_in_order(tmp_path):
    archive = write_tar(tmp_path / "cifar-10-binary.tar.gz", dict(reversed(cifar10_members().items())))
    train = read_cifar(archive, "train", 32, "cifar10")
    assert train.labels.tolist() == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]
    assert train.images[2:4].tolist() == records([[2], [9]], 2)[1].tolist()
    assert train.classes == tuple(NAMES10)
    test = read_cifar(archive, "test", 32, "cifar10")
    assert test.labels.tolist() == [3] and test.images.tolist() == records([[3]], 9)[1].tolist()


def test_cifar100_takes_the_fine_labels(tmp_path):
    archive = write_tar(tmp_path / "cifar-100-binary.tar.gz", cifar100_members())
    train = read_cifar(archive, "train", 32, "cifar100")
    assert train.labels.tolist() == [0, 99] and train.classes == tuple(NAMES100)
    assert train.images.tolist() == records([[19, 0], [4, 99]], 1)[1].tolist()


def test_cifar_is_resized_when_another_size_is_asked_for(tmp_path):
    archive = write_tar(tmp_path / "cifar-10-binary.tar.gz", cifar10_members())
    pixels = records([[3]], 9)[1].transpose(0, 2, 3, 1)
    assert read_cifar(archive, "test", 64, "cifar10").images.tolist() == resized(pixels, 64).tolist()


def test_cifar_names_the_missing_member(tmp_path):
    members = cifar10_members()
    del members["cifar-10-batches-bin/data_batch_4.bin"]
    archive = write_tar(tmp_path / "cifar-10-binary.tar.gz", members)
    with pytest.raises(FormatError, match=r"cifar-10-binary\.tar\.gz: has no member data_batch_4\.bin"):
        read_cifar(archive, "train", 32, "cifar10")


@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_cifar_names_a_truncated_archive(tmp_path, share):
    archive = shorten(write_tar(tmp_path / "cifar-10-binary.tar.gz", cifar10_members()), share)
    with pytest.raises(FormatError, match=r"cifar-10-binary\.tar\.gz: truncated or damaged .*; expected a whole tar"):
        read_cifar(archive, "train", 32, "cifar10")


def test_cifar_names_a_member_with_part_of_a_record(tmp_path):
    members = cifar10_members()
    members["cifar-10-batches-bin/test_batch.bin"] = members["cifar-10-batches-bin/test_batch.bin"][:-1]
    archive = write_tar(tmp_path / "c.tar.gz", members)
    with pytest.raises(FormatError, match=r"c\.tar\.gz: test_batch\.bin has 3072 bytes; expected a multiple of 3073"):
        read_cifar(archive, "test", 32, "cifar10")


def test_cifar_names_a_label_out_of_range(tmp_path):
    archive = write_tar(tmp_path / "c.tar.gz", cifar100_members(fine=100))
    with pytest.raises(FormatError, match=r"c\.tar\.gz: train\.bin has the label 100; expected 0 to 99"):
        read_cifar(archive, "train", 32, "cifar100")


def test_cifar_names_a_wrong_list_of_classes(tmp_path):
    archive = write_tar(tmp_path / "c.tar.gz", {**cifar10_members(), "x/batches.meta.txt": b"cat\ndog\n"})
    with pytest.raises(FormatError, match=r"batches\.meta\.txt names 2 classes; expected 10"):
        read_cifar(archive, "test", 32, "cifar10")


IMAGES = noise(6, 32, 32, 3)


def tiny_images(tmp_path, listed="2\n6\n"):
    path = tmp_path / "tiny_images.bin"
    path.write_bytes(b"".join(image.tobytes(order="F") for image in IMAGES))
    (tmp_path / "80mn_cifar_idxs.txt").write_text(listed)
    return path, tmp_path / "80mn_cifar_idxs.txt"


def test_tiny_images_are_read_in_fortran_order_without_those_of_cifar(tmp_path):
    read = read_tiny_images(*tiny_images(tmp_path), 32)
    assert read.images.tolist() == [channels_first(IMAGES[place]) for place in (0, 2, 3, 4)]
    assert read.classes == ("unlabelled",)


def test_fewer_tiny_images_are_taken_evenly_from_the_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(small_images, "TINY_IMAGES_READ", 2)
    read = read_tiny_images(*tiny_images(tmp_path), 32)
    assert read.images.tolist() == [channels_first(IMAGES[place]) for place in (0, 4)]


def test_tiny_images_need_the_list_of_cifars_images(tmp_path):
    with pytest.raises(FormatError, match=r"80mn_cifar_idxs\.txt: truncated or damaged .*; expected one index"):
        read_tiny_images(*tiny_images(tmp_path, "2\nsix\n"), 32)


def test_tiny_images_name_a_file_with_part_of_an_image(tmp_path):
    path, listed = tiny_images(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match=r"tiny_images\.bin: has 18431 bytes; expected a multiple of 3072"):
        read_tiny_images(path, listed, 32)


def test_tiny_images_refuse_a_list_that_leaves_nothing(tmp_path):
    with pytest.raises(FormatError, match="lists all of its 6 images"):
        read_tiny_images(*tiny_images(tmp_path, "1\n2\n3\n4\n5\n6\n"), 32)


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
