import gzip
import struct
from functools import partial

import numpy as np
import pytest
from genuine_files import channels_first, noise, shorten
from scipy.io import savemat

from oe_core.data.examples import UNLABELLED
from oe_core.data.readers.arrays import npz_labels, npz_side, read_idx, read_npz, read_svhn
from oe_core.data.readers.pixels import FormatError, resized

WIDE = np.array([[[0, 257], [32896, 65535]]], np.uint16)  # one grey image: 0, 1, 128 and 255 times 257


def write_mat(path, images, labels):
    savemat(path, {"X": images.transpose(1, 2, 3, 0), "y": np.array(labels, np.uint8)[:, None]}, do_compression=True)
    return path


def test_svhn_joins_train_and_extra_and_reads_ten_as_the_digit_zero(tmp_path):
    train, extra = noise(2, 32, 32, 3), noise(3, 32, 32, 3, seed=1)
    paths = [write_mat(tmp_path / "train.mat", train, [1, 10]), write_mat(tmp_path / "extra.mat", extra, [9, 10, 2])]
    svhn = read_svhn(*paths, size=32)
    assert svhn.images.tolist() == [channels_first(image) for image in np.concatenate([train, extra])]
    assert svhn.labels.tolist() == [1, 0, 9, 0, 2]
    assert svhn.classes == tuple("0123456789") and svhn.origin == "catalog"


def test_svhn_is_resized_when_another_size_is_asked_for(tmp_path):
    images = noise(2, 32, 32, 3)
    svhn = read_svhn(write_mat(tmp_path / "test.mat", images, [1, 2]), size=16)
    assert svhn.images.tolist() == resized(images, 16).tolist()


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_svhn_names_a_truncated_file(tmp_path, share):
    path = shorten(write_mat(tmp_path / "test.mat", noise(4, 32, 32, 3), [1, 2, 3, 4]), share)
    with pytest.raises(
        FormatError, match=r"test\.mat: truncated or foreign, it holds the variables \['X'\]; expected X"
    ):
        read_svhn(path, size=32)
    savemat(path, {"y": np.array([[1], [2]], np.uint8), "X": noise(32, 32, 3, 2)}, do_compression=True)
    with pytest.raises(FormatError, match=r"test\.mat: truncated or damaged .*; expected a MATLAB v5 file"):
        read_svhn(shorten(path, max(share, 0.5)), size=32)


@pytest.mark.parametrize("label", [0, 11])
def test_svhn_names_a_label_out_of_range(tmp_path, label):
    path = write_mat(tmp_path / "test.mat", noise(2, 32, 32, 3), [5, label])
    with pytest.raises(FormatError, match=rf"test\.mat: y runs from .*{label}.*; expected 1 to 10"):
        read_svhn(path, size=32)


def test_svhn_names_wrong_shapes_and_missing_variables(tmp_path):
    path = tmp_path / "test.mat"
    with pytest.raises(FormatError, match=r"X has the shape \(16, 16, 3, 2\); expected \(32, 32, 3, n\)"):
        read_svhn(write_mat(path, noise(2, 16, 16, 3), [1, 2]), size=32)
    with pytest.raises(FormatError, match="uint8 with 2 images and y has 3 labels"):
        read_svhn(write_mat(path, noise(2, 32, 32, 3), [1, 2, 3]), size=32)
    savemat(path, {"X": noise(32, 32, 3, 2)})
    with pytest.raises(FormatError, match=r"holds the variables \['X'\]; expected X and y"):
        read_svhn(path, size=32)


def test_npz_is_read_with_its_class_names(tmp_path):
    images = noise(3, 8, 8, 3)
    np.savez(tmp_path / "images.npz", images=images, labels=np.array([1, 0, 1]), classes=np.array(["cat", "dog"]))
    read = read_npz(tmp_path / "images.npz", 8, "pets")
    assert read.images.tolist() == [channels_first(image) for image in images]
    assert (read.labels.tolist(), read.classes, read.origin) == ([1, 0, 1], ("cat", "dog"), "folder")


def test_npz_of_grey_images_is_repeated_and_resized(tmp_path):
    images = noise(2, 28, 28)
    np.savez_compressed(tmp_path / "images.npz", images=images, labels=np.array([0, 4], np.uint8))
    read = read_npz(tmp_path / "images.npz", 32, "grey")
    assert read.images.tolist() == resized(np.repeat(images[..., None], 3, axis=3), 32).tolist()
    assert read.classes == ("0", "4") and read.labels.tolist() == [0, 1]


@pytest.mark.parametrize("images", [WIDE, WIDE / np.float32(65535), WIDE / 65535], ids=["uint16", "float32", "float64"])
def test_npz_of_wide_samples_is_scaled_as_pictures_are(tmp_path, images):
    np.savez(tmp_path / "images.npz", images=images, labels=np.array([0]))
    assert read_npz(tmp_path / "images.npz", 2, "wide").images[0, 0].flatten().tolist() == [0, 1, 128, 255]


def test_npz_of_8_bit_values_in_16_bits_is_refused_as_nearly_black(tmp_path):
    np.savez(tmp_path / "images.npz", images=noise(1, 8, 8, 3).astype(np.uint16), labels=np.array([0]))
    with pytest.raises(FormatError, match=r"images\.npz: images is uint16 up to 2\d\d, nearly black; save 8-bit"):
        read_npz(tmp_path / "images.npz", 8, "wide")


FINE = {"images": noise(2, 8, 8, 3), "labels": np.array([0, 1]), "classes": np.array(["a", "b"])}


@pytest.mark.parametrize(
    "change, message",
    [
        (
            {"images": FINE["images"].astype(np.float32)},
            r"images is float32 from \d\.0 to 25\d\.0; expected 8 or 16 bits",
        ),
        (
            {"images": noise(2, 3, 8, 8)},
            r"images is uint8 \(2, 3, 8, 8\); expected `images` uint8 \(n, height, width, 3",
        ),
        ({"images": noise(0, 8, 8, 3)}, r"images is uint8 \(0, 8, 8, 3\)"),
        ({"labels": np.array([0, 1, 1])}, r"labels is int64 \(3,\); expected whole numbers \(2,\)"),
        ({"labels": np.array(["a", "b"])}, r"labels is <U1 \(2,\); expected whole numbers"),
        ({"labels": np.array([0, 2])}, "labels run from 0 to 2; expected 0 to 1"),
        ({"labels": np.array([-1, 0])}, "labels run from -1 to 0; expected 0 to 1"),
        ({"classes": np.array(["a", "a"])}, r"classes is <U1 \(2,\); expected a list of different names"),
        ({"classes": np.array([1, 2])}, r"classes is int64 \(2,\); expected a list of different names"),
        ({"labels": np.array([0, None])}, r"truncated or damaged .*expected an \.npz without pickled objects"),
    ],
)
def test_npz_names_the_array_that_is_wrong(tmp_path, change, message):
    np.savez(tmp_path / "images.npz", **{**FINE, **change})
    with pytest.raises(FormatError, match=r"images\.npz: " + message):
        read_npz(tmp_path / "images.npz", 8, "set")


@pytest.mark.parametrize("read", [npz_side, npz_labels, partial(read_npz, size=8, name="set")])
def test_npz_without_images_is_told_what_it_holds(tmp_path, read):
    np.savez(tmp_path / "images.npz", pictures=FINE["images"], labels=FINE["labels"])
    with pytest.raises(FormatError, match=r"npz: holds \['pictures', 'labels'\], not \['images'\]; expected `images`"):
        read(tmp_path / "images.npz")


def test_npz_without_labels_is_unlabelled(tmp_path):
    np.savez(tmp_path / "images.npz", images=FINE["images"])
    found = read_npz(tmp_path / "images.npz", 8, "set")
    assert found.classes == (UNLABELLED,) and found.labels.tolist() == [0, 0]
    np.savez(tmp_path / "images.npz", images=np.uint8(3))
    with pytest.raises(FormatError, match=r"images.npz: images is uint8 \(\); expected `images`"):
        npz_side(tmp_path / "images.npz")


def test_npz_names_a_truncated_or_foreign_file(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, **FINE)
    with pytest.raises(FormatError, match=r"images\.npz: truncated or damaged"):
        read_npz(shorten(path, 0.7), 8, "set")
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(FormatError, match=r"images\.npz: truncated or damaged"):
        read_npz(path, 8, "set")
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "absent.npz", 8, "set")


def write_idx(path, values):
    header = bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
    content = header + values.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_pairs_are_read_as_three_equal_channels(tmp_path, suffix):
    images, labels = noise(3, 28, 28), np.array([7, 0, 9], np.uint8)
    mnist = read_idx(
        write_idx(tmp_path / f"i{suffix}", images), write_idx(tmp_path / f"l{suffix}", labels), size=28, name="mnist"
    )
    assert mnist.images.tolist() == [channels_first(image) for image in images]
    assert mnist.labels.tolist() == [7, 0, 9] and len(mnist.classes) == 10


def test_idx_without_labels_is_one_class(tmp_path):
    glyphs = read_idx(write_idx(tmp_path / "i", noise(2, 28, 28)), size=28, name="notmnist", classes=("unlabelled",))
    assert glyphs.labels.tolist() == [0, 0] and glyphs.classes == ("unlabelled",)


def test_idx_names_the_damaged_file(tmp_path):
    images = write_idx(tmp_path / "images.gz", noise(3, 28, 28))
    labels = write_idx(tmp_path / "labels.gz", np.array([1, 2, 3], np.uint8))
    with pytest.raises(FormatError, match=r"labels\.gz: begins with 00000801 .*; expected 00000803"):
        read_idx(labels, labels, size=28, name="mnist")
    with pytest.raises(FormatError, match=r"few\.gz: holds 2 labels; expected 3"):
        read_idx(images, write_idx(tmp_path / "few.gz", np.array([1, 2], np.uint8)), size=28, name="mnist")
    with pytest.raises(FormatError, match=r"high\.gz: labels run to 10; expected 0 to 9"):
        read_idx(images, write_idx(tmp_path / "high.gz", np.array([1, 2, 10], np.uint8)), size=28, name="mnist")
    with pytest.raises(FormatError, match=r"plain: has 2000 bytes; expected 2368 for the shape \(3, 28, 28\)"):
        plain = write_idx(tmp_path / "plain", noise(3, 28, 28))
        plain.write_bytes(plain.read_bytes()[:2000])
        read_idx(plain, labels, size=28, name="mnist")
    with pytest.raises(FormatError, match=r"huge: has 16 bytes; expected 18446744073709551632 for the shape"):
        huge = tmp_path / "huge"  # 2 ** 64 pixels, which are none in 64 bits
        huge.write_bytes(bytes((0, 0, 8, 3)) + struct.pack(">3I", 2**31, 2**31, 4))
        read_idx(huge, labels, size=28, name="mnist")
    with pytest.raises(FormatError, match=r"images\.gz: truncated or damaged .*expected an idx file"):
        read_idx(shorten(images, 0.6), labels, size=28, name="mnist")
