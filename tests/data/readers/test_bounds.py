"""Small files that would fill the memory, wait for ever or run a program."""

import gzip
import io
import os
import struct
import threading
import zlib

import numpy as np
import pytest
from genuine_files import noise, picture, write_zip
from scipy.io import savemat

from oe_core.data.folders import read_folder
from oe_core.data.readers import arrays, bounds, lines, pixels
from oe_core.data.readers.arrays import read_idx, read_npz, read_svhn
from oe_core.data.readers.corpora import read_wikitext
from oe_core.data.readers.lines import read_lines
from oe_core.data.readers.pictures import read_textures
from oe_core.data.readers.pixels import FormatError, Picture, decode, decode_all
from oe_core.data.readers.small_images import read_300k
from oe_core.data.text_folders import read_text_folder, text_splits

LABELS = np.array([0, 1])


@pytest.fixture
def narrow(monkeypatch):
    """Bounds that small files of a test exceed."""
    monkeypatch.setattr(bounds, "FLOOR", 10_000)
    monkeypatch.setattr(bounds, "RATIO", 3)


def npy(shape, kind, content=b""):
    """An .npy whose header claims `shape`."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": kind, "fortran_order": False, "shape": shape})
    return buffer.getvalue() + content


def saved(array, **how):
    buffer = io.BytesIO()
    np.save(buffer, array, **how)
    return buffer.getvalue()


def npz(tmp_path, **members):
    return write_zip(tmp_path / "images.npz", {f"{key}.npy": content for key, content in members.items()})


def test_a_huge_label_takes_no_room(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, images=noise(2, 8, 8, 3), labels=np.array([7, 3_000_000_000]))
    assert read_npz(path, 8, "x").classes == ("7", "3000000000")


@pytest.mark.parametrize("shape", [(10**9, 10, 10, 3), (10**15, 10, 10, 3), (2**62, 4, 1, 1)])
def test_an_npz_makes_no_room_for_what_its_header_alone_claims(tmp_path, shape):
    path = npz(tmp_path, images=npy(shape, "|u1"), labels=saved(LABELS))
    with pytest.raises(FormatError, match=r"images\.npz: images claims to be uint8 \(.*\), but has 128 bytes"):
        read_npz(path, 8, "x")


def test_an_npz_of_labels_or_names_without_content_is_refused(tmp_path):
    images = saved(noise(2, 8, 8, 3))
    with pytest.raises(FormatError, match=r"labels claims to be int64 \(600000000,\), but has 128 bytes"):
        read_npz(npz(tmp_path, images=images, labels=npy((6 * 10**8,), "<i8")), 8, "x")
    with pytest.raises(FormatError, match=r"classes claims to be <U0 \(1000000000,\), but has 128 bytes"):
        names = npy((10**9,), "<U0")
        read_npz(npz(tmp_path, images=images, labels=saved(LABELS), classes=names), 8, "x")


def test_what_unpacks_to_far_more_than_its_size_is_refused_with_what_is_allowed(tmp_path, narrow):
    path = tmp_path / "images.npz"
    np.savez_compressed(path, images=np.zeros((100, 8, 8, 3), np.uint8), labels=np.zeros(100, int))
    allowed = r"unpacks to [\d,]+ bytes or more; expected at most 10,000, as it has [\d,]+\. If you trust it"
    with pytest.raises(FormatError, match=rf"images\.npz: {allowed}"):
        read_npz(path, 8, "x")
    path = tmp_path / "train.txt.gz"
    path.write_bytes(gzip.compress(b"line\n" * 3000))
    with pytest.raises(FormatError, match=rf"train\.txt\.gz: {allowed}"):
        read_lines(path, "x")
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(bytes((0, 0, 8, 3)) + struct.pack(">3I", 20, 28, 28) + bytes(20 * 28 * 28)))
    with pytest.raises(FormatError, match=rf"images\.gz: {allowed}"):
        read_idx(path, size=28, name="x")
    with pytest.raises(FormatError, match=rf"w\.zip: {allowed}"):
        read_wikitext(write_zip(tmp_path / "w.zip", {"wiki.test.tokens": b"word \n" * 3000}), "test")


def test_many_images_of_one_pixel_are_not_enlarged_beyond_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "MOST_ENLARGED", 10_000)
    path = tmp_path / "images.npz"
    np.savez_compressed(path, images=np.zeros((1000, 1, 1), np.uint8), labels=np.zeros(1000, int))
    with pytest.raises(FormatError, match=r"images\.npz: its 1,000 images take 12,288,000 bytes at 64 x 64 pixels; e"):
        read_npz(path, 64, "x")
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(bytes((0, 0, 8, 3)) + struct.pack(">3I", 1000, 1, 1) + bytes(1000)))
    with pytest.raises(FormatError, match=r"images\.gz: its 1,000 images take 12,288,000 bytes at 64 x 64 pixels; e"):
        read_idx(path, size=64, name="x")


def test_a_mat_whose_header_claims_more_than_it_can_hold_is_refused(tmp_path, narrow):
    path = tmp_path / "test.mat"
    savemat(path, {"X": np.zeros((32, 32, 3, 9), np.uint8), "y": np.ones((9, 1), np.uint8)}, do_compression=True)
    with pytest.raises(FormatError, match=r"test\.mat: unpacks to 27,648 bytes or more; expected at most 10,000"):
        read_svhn(path, size=32)


def test_an_npy_that_claims_more_than_it_has_is_refused(tmp_path):
    path = tmp_path / "300K_random_images.npy"
    path.write_bytes(npy((10**9, 32, 32, 3), "|u1", bytes(3072)))
    with pytest.raises(FormatError, match=r"300K_random_images\.npy: truncated or damaged"):
        read_300k(path, 32)


def test_more_lines_than_memory_has_room_for_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "MOST_LINES", 3)
    (tmp_path / "a.txt").write_text("one\ntwo\n\nthree\n")
    with pytest.raises(FormatError, match=r"a\.txt has 4 lines; expected at most 3: shorten it"):
        read_lines(tmp_path / "a.txt", "x")


def test_a_picture_that_is_endless_when_its_shorter_side_is_resized_is_refused(tmp_path):
    long = noise(1, 1_500_000, 3)
    found = r"1500000 x 1 pixels are 48000000 x 32 when the shorter side is 32; expected at most 89,478,485"
    with pytest.raises(FormatError, match=rf"long\.png: {found}"):
        decode(Picture("a", "long.png", picture(long)), 32)
    np.savez(tmp_path / "images.npz", images=long[None], labels=np.array([0]))
    with pytest.raises(FormatError, match=rf"images\.npz: {found}"):
        read_npz(tmp_path / "images.npz", 32, "x")
    assert decode(Picture("a", "long.png", picture(long)), 8, squash=True).shape == (3, 8, 8)


@pytest.mark.filterwarnings("ignore")  # Pillow warns as well
@pytest.mark.parametrize("width, height", [(13300, 13300), (60000, 60000)])
def test_a_picture_of_very_many_pixels_is_refused_before_it_is_decoded(width, height):
    content = bytearray(picture(noise(1, 1)))
    content[16:24] = struct.pack(">2I", width, height)  # the header's size; its checksum follows
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    with pytest.raises(FormatError, match=r"big\.png: .*; expected at most 89,478,485"):
        decode(Picture("a", "big.png", bytes(content)), 8)


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch):
    monkeypatch.setattr(pixels, "LARGE", 63)
    fit, held = pixels.fit, []
    monkeypatch.setattr(pixels, "fit", lambda *given: held.append(pixels._one_large.locked()) or fit(*given))
    decode_all([Picture("a", "", picture(noise(8, 8))), Picture("a", "", picture(noise(7, 7)))] * 3, 8)
    assert sorted(held)[3:] == [True] * 3 and not pixels._one_large.locked()


@pytest.mark.parametrize("start", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", b"%PDF-1.4\n"])
def test_what_only_another_program_could_read_is_no_picture(start, tmp_path, monkeypatch):
    monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("a program was started"))
    (tmp_path / "a.png").write_bytes(start + b"showpage\n" * 20)
    with pytest.raises(FormatError, match=r"a\.png: not a whole picture"):
        decode(Picture("a", "a.png", tmp_path / "a.png"), 8)


class Payload:
    """Opening its pickle makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_nothing_in_an_array_file_is_ever_unpickled(tmp_path):
    bad = np.array([Payload(tmp_path / "executed")], dtype=object)
    fine = {"images": noise(1, 8, 8, 3), "labels": np.array([0]), "classes": np.array(["a"])}
    for key in fine:
        np.savez(tmp_path / "images.npz", **(fine | {key: bad}))
        with pytest.raises(FormatError, match=r"images\.npz: truncated or damaged .*expected an \.npz without pickled"):
            read_npz(tmp_path / "images.npz", 8, "x")
    np.save(tmp_path / "a.npy", bad, allow_pickle=True)
    with pytest.raises(FormatError, match=r"a\.npy: truncated or damaged .*without pickled objects"):
        read_300k(tmp_path / "a.npy", 32)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[128:])  # a bare pickle
    with pytest.raises(FormatError, match=r"a\.npy: truncated or damaged .*without pickled objects"):
        read_300k(tmp_path / "a.npy", 32)
    assert not (tmp_path / "executed").exists()


def in_time(call):
    """What `call` raises, within seconds: a pipe that is opened would be waited for without end."""
    found = []

    def run():
        try:
            call()
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert found, "it waits, or raises nothing"
    return found[0]


def test_pipes_and_folders_under_a_files_name_are_refused_and_not_waited_for(root):
    (root / "own/train").mkdir(parents=True)
    for name in ("own/train/images.npz", "own/test.tsv", "own/a.gz", "own/a.tar", "own/a.zip", "own/a.png"):
        os.mkfifo(root / name)
    os.mkdir(root / "own/dev.txt")
    calls = {
        "images.npz": lambda: read_folder("own", "train", 8),
        "test.tsv": lambda: read_text_folder("own", "test"),
        "dev.txt": lambda: read_text_folder("own", "dev"),
        "a.gz": lambda: read_idx(root / "own/a.gz", size=8, name="x"),
        "a.tar": lambda: read_textures(root / "own/a.tar", 8),
        "a.zip": lambda: read_wikitext(root / "own/a.zip", "test"),
        "a.png": lambda: decode(Picture("a", "a.png", root / "own/a.png"), 8),
    }
    for name, call in calls.items():
        error = in_time(call)
        assert isinstance(error, FormatError) and f"{name}: is no regular file; expected" in str(error), error
    assert text_splits("own") == ("dev", "test")
