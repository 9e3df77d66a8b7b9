import io
import shutil
from zipfile import ZipFile

import numpy as np
import pytest
from genuine_files import channels_first, noise, picture, shorten, write_tar

from oe_core.data import sources
from oe_core.data.catalog.embedded import EMBEDDED
from oe_core.data.readers.pixels import FormatError
from oe_core.data.sources import IMAGES, MissingDataError, load_images, load_texts

known_names, available, resolve = IMAGES.known_names, IMAGES.available, IMAGES.resolve
TEXTURES = [noise(8, 8, 3, seed=seed) for seed in range(2)]


def put_npz(folder, count=2, size=8):
    folder.mkdir(parents=True)
    np.savez(folder / "images.npz", images=noise(count, size, size, 3), labels=np.zeros(count, np.int64))


def put_textures(root, monkeypatch):
    """A small DTD archive among the downloads, taken as verified."""
    folder = root / "downloads/textures"
    folder.mkdir(parents=True)
    names = ("dtd/images/banded/1.jpg", "dtd/images/zigzagged/1.jpg")
    members = {name: picture(image) for name, image in zip(names, TEXTURES, strict=True)}
    path = write_tar(folder / "dtd-r1.0.1.tar.gz", members)
    monkeypatch.setattr(sources, "downloaded", lambda row, names: [path] if row.key == "textures" else [])
    return path


def test_the_readers_folder_comes_before_the_embedded_set_and_the_catalog(root, monkeypatch):
    put_textures(root, monkeypatch)
    assert (available("textures", "test"), available("digits", "test")) == ("catalog", "embedded")
    put_npz(root / "textures/test")
    put_npz(root / "digits/test")
    assert (available("textures", "test"), available("digits", "test")) == ("folder", "folder")
    assert load_images("digits", "test", 8).origin == "folder" and load_images("digits", "test", 8).stand_in_for == ""
    assert load_images("textures", "test", 8).images.tolist() == [channels_first(i) for i in noise(2, 8, 8, 3)]


def test_a_folder_with_another_split_leaves_the_embedded_set_in_place(root):
    put_npz(root / "digits/train")
    assert (available("digits", "train"), available("digits", "test")) == ("folder", "embedded")


def test_an_embedded_set_is_available_in_the_splits_of_its_row(root):
    images = [row for row in EMBEDDED if row.kind == "images"]
    found = {row.key: {split for split in ("train", "test") if available(row.key, split)} for row in images}
    assert found == {row.key: set(row.splits) for row in images}
    assert len(load_images("digits", "test", 8)) == 397


def test_a_catalog_archive_is_decoded_once_and_found_again(root, monkeypatch):
    path = put_textures(root, monkeypatch)
    first = load_images("textures", "test", 8)
    assert first.images.tolist() == [channels_first(image) for image in TEXTURES]
    assert (first.classes, first.origin) == (("banded", "zigzagged"), "catalog")
    assert sorted(file.name.partition("px-")[0] for file in path.parent.iterdir()) == ["decoded-test-8", path.name]
    path.write_bytes(b"not opened again")
    assert load_images("textures", "test", 8).fingerprint == first.fingerprint
    with pytest.raises(FormatError, match="dtd-r1.0.1.tar.gz: truncated or damaged"):
        load_images("textures", "test", 4)


def other_pixels(kept):
    """As whole as before, but one pixel is another."""
    with np.load(kept) as arrays:
        parts = dict(arrays)
    parts["images"][0, 0, 0, 0] ^= 1
    np.savez(kept, **parts)


def no_seal(kept):
    """As an earlier version kept it."""
    with np.load(kept) as arrays:
        parts = {name: arrays[name] for name in arrays if name != "seal"}
    np.savez(kept, **parts)


def absurd_seal(kept):
    """An array in the seal's place that claims to have terabytes."""
    with np.load(kept) as arrays:
        parts = {name: arrays[name] for name in arrays if name != "seal"}
    np.savez(kept, **parts)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<i8", "fortran_order": False, "shape": (10**12,)})
    with ZipFile(kept, "a") as archive:
        archive.writestr("seal.npy", header.getvalue())


def of_another_size(kept):
    """What was kept of the same archive at another size."""
    load_images("textures", "test", 4)
    shutil.copy(next(kept.parent.glob("decoded-test-4px-*")), kept)


def a_folder(kept):
    """A folder in its place."""
    kept.unlink()
    kept.mkdir()


def a_link_to_nothing(kept):
    """A link in its place."""
    kept.unlink()
    kept.symlink_to("nowhere")


@pytest.mark.parametrize(
    "spoil",
    [lambda kept: shorten(kept, 0.5), other_pixels, no_seal, absurd_seal, of_another_size, a_folder, a_link_to_nothing],
)
def test_a_kept_copy_that_is_not_what_was_kept_is_named_and_made_again(root, monkeypatch, caplog, spoil):
    path = put_textures(root, monkeypatch)
    first = load_images("textures", "test", 8)
    kept = next(path.parent.glob("decoded-test-8px-*"))
    spoil(kept)
    caplog.clear()
    assert load_images("textures", "test", 8).fingerprint == first.fingerprint
    assert str(kept) in caplog.text and "it is made again" in caplog.text
    path.write_bytes(b"not opened again")
    caplog.clear()
    assert load_images("textures", "test", 8).fingerprint == first.fingerprint and caplog.text == ""


def test_a_failed_write_of_the_kept_copy_warns_and_leaves_nothing(root, monkeypatch):
    path = put_textures(root, monkeypatch)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match="decoded-test-8px-.* could not be written .*No space left"):
        textures = load_images("textures", "test", 8)
    assert len(textures) == 2 and [file.name for file in path.parent.iterdir()] == [path.name]


def test_resolve_keeps_an_available_name_and_else_takes_the_first_available_stand_in(root):
    assert resolve("svhn", "test") == "digits"
    assert resolve("tiny-images-80m", "train") == "photo-china"
    put_npz(root / "tiny-imagenet-32-no-cifar10/train")
    assert resolve("tiny-images-80m", "train") == "tiny-imagenet-32-no-cifar10"
    put_npz(root / "svhn/test")
    assert resolve("svhn", "test") == "svhn" and resolve("svhn", "train") == "digits"


def test_resolve_passes_over_stand_ins_that_the_experiment_uses_already(root):
    put_npz(root / "tiny-imagenet-32-no-cifar10/train")
    assert resolve("tiny-images-80m", "train", without=["tiny-imagenet-32-no-cifar10"]) == "photo-china"
    with pytest.raises(MissingDataError, match="svhn: its train images"):
        resolve("svhn", "train", without=["digits"])


def test_resolve_passes_over_parts_of_what_has_another_role(root):
    for name in ("places-mini/test", "intel-scenes/test", "lsun-categories/test", "scene15/test"):
        put_npz(root / name)
    assert [resolve(name, "test") for name in ("places365", "lsun")] == ["places-mini", "lsun-categories"]
    for other in ("places-mini", "places365"):
        found = [resolve(name, "test", apart_from=[other]) for name in ("places365", "lsun")]
        assert found == ["intel-scenes", "scene15"]


def test_a_stand_in_carries_the_name_that_the_caller_says_it_replaces(root):
    put_npz(root / "scenes/test")
    assert load_images("scenes", "test", 8).stand_in_for == ""
    assert load_images("scenes", "test", 8, stand_in_for="Places365").stand_in_for == "Places365"


def test_missing_open_data_say_address_size_and_folder(root):
    with pytest.raises(MissingDataError) as error:
        load_images("svhn", "train", 32)
    message = str(error.value)
    assert message.startswith("svhn: its train images are not on this machine.")
    for part in (
        "https://ufldl.stanford.edu/housenumbers/extra_32x32.mat",
        "1.3 GB",
        f"{root}/downloads/svhn",
        "digits",
    ):
        assert part in message
    assert f"{root}/svhn/train/" in message and isinstance(error.value, FileNotFoundError)


def test_missing_data_that_only_a_reader_can_bring_say_so(root):
    with pytest.raises(MissingDataError, match="By hand: with an account at https://image-net.org"):
        resolve("imagenet-1k", "test")
    with pytest.raises(MissingDataError, match="withdrew it .*\n") as error:
        load_images("tiny-images-80m", "train", 32)
    assert "http" not in str(error.value) and "photo-china" in str(error.value)


def test_a_split_that_does_not_exist_lists_those_that_do(root):
    put_npz(root / "pets/test")
    with pytest.raises(MissingDataError, match="pets has no train; it has test"):
        load_images("pets", "train", 8)
    with pytest.raises(MissingDataError, match="The embedded set photo-flower has no train; it has test"):
        load_images("photo-flower", "train", 8)
    with pytest.raises(MissingDataError, match="Describable Textures Dataset.* has no train; it has test"):
        load_images("textures", "train", 8)
    with pytest.raises(ValueError, match="split='val' of pets is unknown; choose one of train, test"):
        load_images("pets", "val", 8)


def test_an_unknown_name_lists_the_known_ones_and_the_way_to_bring_data(root):
    put_npz(root / "pets/test")
    message = (
        r"data set 'cifar' is unknown; known are .*cifar10, .*digits, .*pets, .*put a folder of your own at .*/cifar/"
    )
    for ask in (lambda: load_images("cifar", "test", 8), lambda: resolve("cifar", "test")):
        with pytest.raises(ValueError, match=message):
            ask()
    assert {"cifar10", "digits", "pets"} <= set(known_names())
    assert {"trec", "wikitext-2"} & set(known_names()) == set()


def test_a_name_that_holds_text_is_not_read_as_images(root):
    (root / "trec").mkdir()
    (root / "trec/train.tsv").write_text("NUM\tHow many ?\n")
    with pytest.raises(MissingDataError, match=r"trec holds train.tsv, which is not read as images"):
        load_images("trec", "train", 8)


def test_a_text_set_of_the_catalog_is_not_read_as_images(root):
    for ask in (lambda: load_images("sst", "test", 8), lambda: resolve("sst", "test")):
        with pytest.raises(ValueError, match="data set 'sst' is no set of images; known are .*, svhn,"):
            ask()


def test_a_size_below_one_pixel_is_refused(root):
    with pytest.raises(ValueError, match="size=0 of digits must be at least 1 pixel"):
        load_images("digits", "train", 0)


def test_wikitext_is_raw_with_its_headings_and_capitals_and_close_in_sentences(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    (tmp_path / "wikitext-2").mkdir()
    lines = [" = Old Towns = ", " The town lies on a river . It has two bridges . "]
    (tmp_path / "wikitext-2" / "train.txt").write_text("\n".join(lines))
    raw = load_texts("wikitext-2~raw", "train")
    assert (raw.name, raw.texts, raw.keeps_case) == ("wikitext-2~raw", tuple(lines), True)
    close = load_texts("wikitext-2", "train")
    assert close.texts == ("The town lies on a river .", "It has two bridges .") and not close.keeps_case


def test_embedded_outliers_are_raw_as_blocks_with_capitals_and_markup():
    raw, close = (load_texts(name, "train") for name in ("docstrings-stdlib~raw", "docstrings-stdlib"))
    assert len(raw) == len(close) == 6000 and (raw.name, raw.origin) == ("docstrings-stdlib~raw", "embedded")
    with_capitals = [sum(text != text.lower() for text in texts.texts) / 6000 for texts in (raw, close)]
    assert with_capitals[0] > 0.8 and with_capitals[1] == 0


def test_a_set_without_a_raw_form_is_refused():
    with pytest.raises(ValueError, match="python-code has only its prepared form.* choose docstrings-stdlib"):
        load_texts("python-code~raw", "test")
