"""Every reader, given a genuine file that was damaged, reads it or says what is wrong in its own error."""

import gzip
import io
import struct
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from genuine_files import noise, picture, write_tar, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat
from spoiled import emptied, folder_instead, link_to_itself, link_to_nothing

from oe_core.data import folders, text_folders
from oe_core.data.readers import arrays, corpora, labelled, lines, pictures, pixels, small_images, tables

PNG, GREY = picture(noise(8, 8, 3)), picture(noise(8, 8))
WNIDS = "tiny-imagenet-200/wnids.txt"
CATEGORIES = "".join(f"/c/class{label:03} {label}\n" for label in range(365)).encode()
LISTS = {"places365_val.txt": b"a.jpg 364\nb.jpg 7\n", "categories_places365.txt": CATEGORIES}
SNLI = b"gold_label\tsentence1\tsentence2\nneutral\ta\tA man .\n-\ta\tb\n"


def saved(save, *given, **arrays):
    buffer = io.BytesIO()
    save(buffer, *given, **arrays)
    return buffer.getvalue()


def idx(values):
    return bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def held(write, members):
    """The content of a tar (not compressed, so that damage reaches its headers) or zip of `members`."""
    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder, "plain"), members).read_bytes()


def mat(size):
    return saved(savemat, {"X": noise(32, 32, 3, size), "y": np.ones((size, 1), np.uint8)}, do_compression=True)


IMAGES = {"images": noise(2, 8, 8, 3), "labels": np.array([0, 1]), "classes": np.array(["a", "b"])}
POSTS = {"20news-bydate-train/sci.med/3": b"Subject: doctors\n\nword words\n"}
REVIEWS = {"aclImdb/test/neg/0.txt": b"bad", "aclImdb/test/pos/1.txt": b"good"}
VAL = {f"tiny-imagenet-200/val/images/{name}": GREY for name in ("a.JPEG", "b.JPEG")}
TINY = {WNIDS: b"n1\nn2\n", "tiny-imagenet-200/val/val_annotations.txt": b"a.JPEG\tn1\nb.JPEG\tn2\n"} | VAL
CIFAR = {"test_batch.bin": bytes(3073), "batches.meta.txt": "\n".join("abcdefghij").encode()}
SCENES = {"val_256/a.jpg": PNG, "val_256/b.jpg": GREY}
TREE = b"(3 (2 It) (4 (2 's) (4 lovely)))\n"
SENTENCE = b"# sent_id = email-1\n1\tHello" + b"\t_" * 8 + b"\n\n"


# name of the file, its content (or how to build it), and how it is read.
READERS = {
    "npz": ("images.npz", saved(np.savez, **IMAGES), partial(arrays.read_npz, size=8, name="x")),
    "npz compressed": ("images.npz", saved(np.savez_compressed, **IMAGES), partial(arrays.read_npz, size=4, name="x")),
    "idx": ("images", idx(noise(3, 8, 8)), partial(arrays.read_idx, size=8, name="x", classes=("a",))),
    "idx.gz": ("images.gz", gzip.compress(idx(noise(3, 8, 8))), partial(arrays.read_idx, size=8, name="x")),
    "svhn": ("test.mat", mat(2), partial(arrays.read_svhn, size=32)),
    "300k": ("images.npy", saved(np.save, noise(2, 32, 32, 3)), partial(small_images.read_300k, size=32)),
    "cifar": (
        "c.tar.gz", held(write_tar, CIFAR), partial(small_images.read_cifar, split="test", size=32, name="cifar10")
    ),
    "tiny images": ("tiny_images.bin", bytes(3 * 3072),
                    lambda path: small_images.read_tiny_images(path, path.with_name("80mn_cifar_idxs.txt"), 32)),
    "textures": ("d.tar", held(write_tar, {"dtd/images/a/1.png": PNG}), partial(pictures.read_textures, size=8)),
    "flat tar": ("d.tar", held(write_tar, {"1.png": PNG}), partial(pictures.read_flat_tar, size=8, name="x")),
    "chars74k": (
        "d.tgz", held(write_tar, {"English/GoodImg/Bmp/Sample013/a.png": PNG}), partial(pictures.read_chars74k, size=8)
    ),
    "omniglot": (
        "o.zip", held(write_zip, {"b/Greek/character01/1.png": GREY}), partial(pictures.read_omniglot, size=8)
    ),
    "tiny imagenet": ("t.zip", held(write_zip, TINY), partial(pictures.read_tiny_imagenet, split="test", size=8)),
    "places365": (
        "lists.tar", held(write_tar, LISTS),
        lambda path: pictures.read_places365_val(write_tar(path.with_name("val.tar"), SCENES), path, 8),
    ),
    "bydate": ("d.tar.gz", held(write_tar, POSTS), partial(labelled.read_bydate, split="train")),
    "no short": ("d.txt", b"sci.med\tdoctor word\n", labelled.read_no_short),
    "trec": ("d.label", b"LOC:city Where ?\n", labelled.read_trec),
    "sst": ("d.zip", held(write_zip, {"trees/dev.txt": TREE}), partial(labelled.read_sst, split="dev")),
    "imdb": ("d.tar.gz", held(write_tar, REVIEWS), labelled.read_imdb),
    "wikitext": (
        "w.zip", held(write_zip, {"wiki.test.tokens": b" a b \n"}), partial(corpora.read_wikitext, split="test")
    ),
    "books": ("g.zip", held(write_zip, {"g/a.txt": b"One.\n\nTwo.\n"}), corpora.read_books),
    "conllu": ("e.conllu", SENTENCE, lambda path: corpora.read_conllu(path, genre="email", name="x")),
    "snli": ("s.zip", held(write_zip, {"s/snli_1.0_test.txt": SNLI}), tables.read_snli),
    "yelp": ("y.tgz", held(write_tar, {"y/test.csv": b'"1","bad, bad"\n"5","good"\n'}), tables.read_yelp),
    "multi30k": ("train.txt", b'a dog\n"a cat, black"\n', tables.read_multi30k),
    "lines": ("train.txt.gz", gzip.compress(b"one\ntwo\n"), partial(lines.read_lines, name="x")),
}  # fmt: skip


def decoded(path):
    return pixels.decode(pixels.Picture("a", str(path), path), 4)


READERS |= {f"{kind} picture": ("1.png", picture(noise(8, 8, 3), kind), decoded) for kind in pixels._formats()}
OWN = {
    "own pictures": ("own/train/cat/1.dat", PNG, lambda _: folders.read_folder("own", "train", 8)),
    "own npz": ("own/train/images.npz", saved(np.savez, **IMAGES), lambda _: folders.read_folder("own", "train", 8)),
    "own tsv": ("own/train.tsv", b"spam\tBuy !\nham\tHi\n", lambda _: text_folders.read_text_folder("own", "train")),
    "own txt.gz": ("own/train.txt.gz", gzip.compress(b"one\n"),
                   lambda _: text_folders.read_text_folder("own", "train")),
}  # fmt: skip
PLACE = st.floats(0, 1, exclude_max=True)
DAMAGES = st.one_of(
    st.tuples(st.just("flip"), st.lists(st.tuples(PLACE, st.integers(0, 255)), min_size=1, max_size=8)),
    st.tuples(st.just("begin"), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("insert"), PLACE, st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("cut"), PLACE),
    st.tuples(st.just("replace"), st.binary(max_size=300)),
)


def damaged(content, damage):
    match damage:
        case "flip", flips:
            content = bytearray(content)
            for place, byte in flips:
                content[int(place * len(content))] = byte
            return bytes(content)
        case "begin", start:
            return start + content[len(start) :]
        case "insert", place, more:
            return content[: int(place * len(content))] + more + content[int(place * len(content)) :]
        case "cut", place:
            return content[: int(place * len(content))]
        case "replace", other:
            return other


@pytest.mark.filterwarnings("ignore")  # a library's warning about a damaged file is no error
@pytest.mark.parametrize("reader", [*READERS, *OWN])
@settings(max_examples=40)
@given(damage=DAMAGES)
def test_a_damaged_file_is_read_or_refused_in_the_readers_own_words(reader, damage):
    file, content, read = (READERS | OWN)[reader]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_DATA", folder)
        path = Path(folder, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name("80mn_cifar_idxs.txt").write_text("1\n")
        path.write_bytes(damaged(content, damage))
        try:
            read(path)
        except pixels.FormatError as refusal:
            assert str(refusal).isprintable()
        except FileNotFoundError as absent:  # a file that no longer looks like a picture is none
            assert reader in OWN and "no images there" in str(absent)


@pytest.mark.parametrize("reader", [*READERS, *OWN])
def test_what_stands_in_a_files_place_is_refused_and_named(reader, tmp_path, monkeypatch):
    file, content, read = (READERS | OWN)[reader]
    for number, spoil in enumerate((emptied, folder_instead, link_to_nothing, link_to_itself)):
        folder = tmp_path / str(number)
        monkeypatch.setenv("OE_DATA", str(folder))
        path = folder / file
        path.parent.mkdir(parents=True)
        path.with_name("80mn_cifar_idxs.txt").write_text("1\n")
        path.write_bytes(content)
        spoil(path)
        with pytest.raises((pixels.FormatError, OSError)) as refusal:
            read(path)
        assert path.name in str(refusal.value) or (reader in OWN and "own" in str(refusal.value))
