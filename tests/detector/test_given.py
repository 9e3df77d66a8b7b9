"""Every form in which a user may give examples, and what follows from their number and size."""


import numpy as np
import pandas as pd
import pytest
import torch
from own_data import of_digit, save, sentences
from PIL import Image

from oe_core.data.examples import ImageSet, TextSet
from oe_core.data.readers.pixels import FormatError
from oe_core.detector.given import BESIDE, Files, given, named
from oe_core.detector.settings import holdout, pixels, recipe, shown

IMAGES = np.concatenate([of_digit(0)[:3], of_digit(1)[:2]])
LABELS = ["zero"] * 3 + ["one"] * 2
TEXTS = ["the wind blows", "flour and sugar", "rain"]


def _same(found, expected_images, expected_labels):
    assert isinstance(found, ImageSet)
    assert found.images.permute(0, 2, 3, 1).numpy().tolist() == np.asarray(expected_images).tolist()
    assert [found.classes[label] for label in found.labels] == expected_labels


def test_a_folder_paths_arrays_and_tables_of_pictures_give_the_same_examples(tmp_path):
    paths = save(IMAGES[:3], tmp_path / "set/zero") + save(IMAGES[3:], tmp_path / "set/one")
    by_name = [*IMAGES[3:], *IMAGES[:3]], [*LABELS[3:], *LABELS[:3]]
    folder = given(tmp_path / "set", "in_dist")
    assert (folder.name, folder.kind, folder.files) == ("set", "images", Files(16, "PNG", 1.0, None))
    _same(folder.load("set", 16), *by_name)
    table = {"path": [str(path) for path in paths], "label": LABELS}
    rows = [f"{label},set/{path.parent.name}/{path.name}" for label, path in zip(LABELS, paths, strict=True)]
    (tmp_path / "set.csv").write_text("\n".join(["label,path", *rows]))
    np.savez(tmp_path / "set.npz", images=IMAGES, labels=[0] * 3 + [1] * 2, classes=["zero", "one"])
    for source, labels in [
        (IMAGES, LABELS), (torch.from_numpy(IMAGES), LABELS), (list(IMAGES), LABELS), (IMAGES / 255, LABELS),
        (paths, LABELS), ([str(path) for path in paths], LABELS), (table, None), (pd.DataFrame(table), None),
        (tmp_path / "set.csv", None), (str(tmp_path / "set.npz"), None),
    ]:  # fmt: skip
        found = given(source, "in_dist", labels)
        assert found.files.side == 16
        _same(found.load("x", 16), IMAGES, LABELS)
    assert given(tmp_path / "set", "in_dist").load("set", 8).size == 8


def test_a_file_a_list_and_a_table_of_texts_give_the_same_examples(tmp_path):
    labels = ["weather", "kitchen", "weather"]
    (tmp_path / "notes.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in zip(labels, TEXTS, strict=True)))
    (tmp_path / "notes.txt").write_text("\n".join(TEXTS))
    table = {"text": TEXTS, "label": labels}
    for source, names in [
        (tmp_path / "notes.tsv", None), (tmp_path / "notes.txt", labels), (TEXTS, labels), (table, None),
        (pd.DataFrame(table), None), (pd.Series(TEXTS), pd.Series(labels)),
    ]:  # fmt: skip
        found = given(source, "in_dist", names)
        assert found.kind == "text"
        examples = found.load("notes")
        assert examples.texts == tuple(TEXTS) and [examples.classes[label] for label in examples.labels] == labels


def test_a_folder_in_the_layout_of_the_book_gives_its_training_part(tmp_path):
    save(IMAGES[:3], tmp_path / "set/train/zero")
    save(IMAGES[3:], tmp_path / "set/train/one")
    save(IMAGES[3:], tmp_path / "set/test/one")
    assert len(given(tmp_path / "set", "in_dist").load("set", 16)) == 5
    save(IMAGES[:3], tmp_path / "vehicles/train")
    save(IMAGES[3:], tmp_path / "vehicles/car")
    assert given(tmp_path / "vehicles", "in_dist").load("vehicles", 16).classes == ("car", "train")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/train.tsv").write_text("a\tb c\nd\te f\n")
    assert given(tmp_path / "texts", "in_dist").load("texts").texts == ("b c", "e f")


@pytest.mark.parametrize("splits", [("Train", "Validation"), ("training", "test"), ("TRAIN", "val", "Test")])
def test_splits_by_their_other_names_are_no_classes(tmp_path, splits):
    for split in splits:
        save(IMAGES[:3], tmp_path / split / "zero")
    assert given(tmp_path, "in_dist").load("set", 16).classes == ("zero",)


def test_a_file_of_texts_is_one_in_capitals_too(tmp_path):
    (tmp_path / "TRAIN.TSV").write_text("a\tb c\nd\te f\n")
    for source in (tmp_path, tmp_path / "TRAIN.TSV"):
        assert given(source, "in_dist").load("texts").classes == ("a", "d")


def test_twelve_bits_in_sixteen_are_refused_as_nearly_black(tmp_path):
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 4096, (2, 16, 16)).astype(np.uint16)
    for number, picture in enumerate(samples):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    said = "nearly black, none brighter than 16 of 255; .* of 12 bits in 16, multiply them by 16"
    with pytest.raises(FormatError, match=said):
        given(tmp_path, "in_dist").load("set", 16)
    with pytest.raises(FormatError, match="images is uint16 up to 40.., nearly black; .* of 12 bits by 16"):
        given(samples, "in_dist")
    for number, picture in enumerate(16 * samples):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    assert given(tmp_path, "in_dist").load("set", 16).images.max() > 250


def test_names_of_the_books_sets_give_their_training_examples():
    assert given("digits", "in_dist").load("digits", 16).classes == tuple("0123456789")
    assert given("docstrings-stdlib", "outliers").kind == "text"
    assert named(f"docstrings-stdlib{BESIDE}").name == "docstrings-stdlib"


@pytest.mark.parametrize(
    ("source", "labels", "said"),
    [
        (5, None, "in_dist is int; expected a folder of class folders"),
        ([], None, "in_dist is an empty list; expected"),
        ("unknown-name", None, "holds no 'unknown-name', and data set 'unknown-name' is unknown; known are"),
        ("long" * 1000, None, "holds no 'longlong"),
        ("missing/folder", None, "missing/folder: there is nothing there"),
        (IMAGES, ["a"], "labels has 1 entries, in_dist 5 examples; expected one each"),
        (IMAGES, ["a", "b", None, "", "c"], r"labels\[2\] is missing, of 2 that are"),
        (IMAGES.astype(float), LABELS, "in_dist: images is float64 from 0.0 to 255.0; expected 8 or 16 bits"),
        (np.zeros((3, 4, 5, 7), np.uint8), LABELS[:3], r"in_dist: images is uint8 \(3, 4, 5, 7\)"),
        ({"picture": ["a"], "label": ["b"]}, None, r"has the columns \['picture', 'label'\]; expected one of them to"),
    ],
)
def test_what_is_no_source_is_refused_in_words(source, labels, said):
    with pytest.raises((ValueError, OSError), match=said):
        given(source, "in_dist", labels)


def test_size_follows_from_the_pictures_and_the_held_out_part_from_their_number():
    assert [pixels(side) for side in (8, 16, 31, 32, 500, None)] == [16, 16, 16, 32, 32, 32]
    assert [holdout(count) for count in (6, 57, 180, 1_000, 50_000)] == [2, 19, 36, 200, 2_000]


@pytest.mark.parametrize(
    ("count", "model", "batch"),
    [(180, "fast-16", 32), (2_000, "fast-16", 64), (8_000, "fast-24", 128), (60_000, "fast-48", 128)],
)
def test_network_and_steps_follow_from_the_number_of_pictures(count, model, batch):
    pixels = torch.zeros(1, 3, 1, 1, dtype=torch.uint8).expand(count, 3, 32, 32)
    images = ImageSet("many", pixels, torch.arange(count) % 2, ("a", "b"), "folder")
    made = recipe("many", images, "others", True)
    steps = made.epochs * -(-(count - made.holdout) // batch)
    assert (made.model, made.batch_size, made.outliers, made.crop_padding) == (model, batch, "others", 4)
    assert 250 <= steps <= 4_500 and not made.flip
    changed = recipe("many", images, "others", True, steps=50, flip=True, model="wrn-10-1", holdout=10)
    assert (changed.flip, changed.model, changed.holdout) == (True, "wrn-10-1", 10)
    assert recipe("many", images, "others", False).holdout == 0


def test_a_part_of_the_outliers_is_never_shown():
    outliers = [TextSet("other", ("x",) * count, torch.zeros(count, dtype=torch.int64), ("x",), "folder")
                for count in (1, 2, 200, 50_000)]  # fmt: skip
    assert [shown(one, None) for one in outliers[1:]] == [1, 180, 48_000]
    assert shown(outliers[2], 50) == 50 and shown(outliers[2], 500) == 180
    with pytest.raises(ValueError, match="outliers: other holds one example; expected at least two"):
        shown(outliers[0], None)


def test_length_and_vocabulary_follow_from_the_texts():
    texts = (*sentences(["sun", "rain", "wind"], 95, 0), "once", *("a long text " * 100,) * 3)
    examples = TextSet("notes", texts, torch.arange(len(texts)) % 2, ("a", "b"), "folder")
    made = recipe("notes", examples, "others", True)
    assert made.length == 9 and made.vocabulary == 6  # sun, rain, wind, a, long, text; "once" occurs once


@pytest.mark.parametrize("first", ["gone.png", "~/gone.png"])
def test_a_list_of_pictures_whose_first_is_missing_is_no_list_of_texts(tmp_path, first):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    found = given([first, str(tmp_path / "a.png"), str(tmp_path / "a.png")], "in_dist")
    assert found.kind == "images"
    with pytest.raises(FormatError, match="gone.png: there is nothing there"):
        found.load("in_dist", 8)


def test_labels_may_be_a_tensor_have_one_dimension_and_an_order():
    assert given(["one", "two"], "in_dist", torch.tensor([3, 10])).load("in_dist").classes == ("10", "3")
    with pytest.raises(ValueError, match="expected one label for each"):
        given(["one", "two"], "in_dist", np.eye(2))
    with pytest.raises(ValueError, match="has no order for labels; give a list"):
        given({"one", "two"}, "in_dist", ["a", "b"])


def test_labels_are_refused_where_the_examples_have_their_own(tmp_path):
    (tmp_path / "folder/a").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "folder/a/1.png")
    np.savez(tmp_path / "images.npz", images=np.zeros((2, 8, 8, 3), np.uint8), labels=np.arange(2))
    for source in (tmp_path / "folder", tmp_path / "images.npz", "digits"):
        with pytest.raises(ValueError, match="labels has 2 entries, but .*; leave labels out"):
            given(source, "in_dist", ["a", "b"])


def test_names_of_pictures_or_files_are_no_texts(tmp_path):
    (tmp_path / "train.tsv").write_text("cat\ta/1.jpg\ndog\tb/2.jpg\n" * 5)
    with pytest.raises(FormatError, match=r"are names of pictures, such as 'a/1\.jpg'; put them into a \.csv"):
        given(tmp_path, "in_dist").load("in_dist")
    (tmp_path / "cat").mkdir()
    with pytest.raises(FormatError, match=r"holds train\.tsv beside the folder cat; give the one that is meant"):
        given(tmp_path, "in_dist")
    with pytest.raises(ValueError, match="in_dist holds names of data sets, such as 'textures'; give one of them"):
        given(["textures", "icons"], "in_dist")
    with pytest.raises(ValueError, match="in_dist holds names of files, such as"):
        given([str(tmp_path / "train.tsv")] * 2, "in_dist")


def test_a_class_is_one_however_its_name_is_composed(tmp_path):
    composed, parted = "Caf\u00e9", "Cafe\u0301"
    for number, name in enumerate((composed, parted, "Tea")):
        save(IMAGES[:2] + number, tmp_path / "rooms" / name)
    assert given(tmp_path / "rooms", "in_dist").load("in_dist", 4).classes == (composed, "Tea")
    assert given(["a", "b"], "in_dist", [composed, parted]).load("in_dist").classes == (composed,)
    (tmp_path / "notes.tsv").write_text(f"{composed}\ta\n{parted}\tb\n")
    assert given(tmp_path / "notes.tsv", "in_dist").load("in_dist").classes == (composed,)


def test_folders_of_which_some_are_called_as_splits_are_said_to_be_classes(tmp_path, caplog):
    for name in ("trian", "test"):
        save(IMAGES[:2], tmp_path / "own" / name)
    assert given(tmp_path / "own", "in_dist").load("in_dist", 4).classes == ("test", "trian")
    assert "own: test is read as a class, as trian is no name of a split; those are train, training, dev" in caplog.text


def test_a_linked_class_folder_is_one_and_not_said_to_be_left_out(tmp_path, caplog):
    save(IMAGES[:2], tmp_path / "elsewhere")
    (tmp_path / "own").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "own" / name).symlink_to(tmp_path / "elsewhere")
    assert given(tmp_path / "own", "in_dist").load("in_dist", 4).classes == ("cat", "dog") and not caplog.messages


def test_pictures_in_memory_may_have_sizes_of_their_own():
    pictures = [np.full((side, side + 2, 3), side, np.uint8) for side in (8, 16, 32)]
    found = given(
        [pictures[0], Image.fromarray(pictures[1]), torch.from_numpy(pictures[2])], "in_dist", ["a", "b", "a"]
    )
    examples = found.load("x", 8)
    assert found.files.side == 16 and examples.classes == ("a", "b")
    assert examples.images.flatten(1).unique(dim=1).tolist() == [[8], [16], [32]]
    with pytest.raises(ValueError, match=r"in_dist\[1\] is float; expected a path, an array"):
        given([pictures[0], 0.5], "in_dist")


def test_a_picture_of_pillow_is_read_as_its_file_is_and_named_where_that_is_damaged(tmp_path):
    half = np.repeat(np.array([[[0], [200]]], np.uint8), 8, axis=0).repeat(4, axis=1).repeat(3, axis=2)
    turned = Image.Exif()
    turned[0x0112] = 3  # upside down, so that what is left is right
    Image.fromarray(half).save(tmp_path / "turned.png", exif=turned)
    of_path = given([tmp_path / "turned.png"], "in_dist").load("x", 8).images
    with Image.open(tmp_path / "turned.png") as opened:
        assert given([opened], "in_dist").load("x", 8).images.equal(of_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:3000])
    with (
        Image.open(tmp_path / "cut.png") as opened,
        pytest.raises(FormatError, match=r"in_dist\[1\]: not a whole picture"),
    ):
        given([half, opened], "in_dist")


def test_pictures_in_memory_of_one_size_may_have_samples_of_two_kinds():
    bright = np.full((8, 8, 3), 204, np.uint8)
    images = given([bright, bright / 255], "in_dist").load("x", 8).images
    assert images.unique().tolist() == [204]


def test_pictures_in_a_file_without_labels_are_unlabelled_or_get_them(tmp_path):
    np.savez(tmp_path / "images.npz", images=IMAGES)
    _same(given(tmp_path / "images.npz", "outliers").load("x", 16), IMAGES, ["unlabelled"] * 5)
    _same(given(tmp_path / "images.npz", "in_dist", LABELS).load("x", 16), IMAGES, LABELS)
    _same(given(tmp_path, "outliers").load("x", 16), IMAGES, ["unlabelled"] * 5)


def test_a_split_that_is_not_read_is_said(tmp_path, caplog):
    for split in ("train", "test"):
        save(IMAGES[:2], tmp_path / "own" / split / "cat")
        (tmp_path / f"{split}.tsv").write_text("a\tone\nb\ttwo\n")
    given(tmp_path / "own", "in_dist")
    assert caplog.messages == ["own: train is read, and test is not"]
