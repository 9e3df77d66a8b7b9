import gzip

import numpy as np
import pytest
from genuine_files import channels_first, noise, picture
from PIL import Image

from oe_core.data.catalog import dataset
from oe_core.data.folders import folder_names, folder_splits, read_folder, read_text_folder, text_splits
from oe_core.data.readers.pixels import FormatError, fit

IMAGES = [noise(8, 8, 3, seed=seed) for seed in range(4)]


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    return tmp_path


def put(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(image))


def put_npz(folder, images, labels, **more):
    folder.mkdir(parents=True)
    np.savez(folder / "images.npz", images=images, labels=np.array(labels), **more)


def test_class_folders_are_numbered_in_sorted_order_at_any_depth(root):
    put(root / "pets/train/dog/1.png", IMAGES[0])
    put(root / "pets/train/cat/images/2.png", IMAGES[1])
    put(root / "pets/train/cat/1.png", IMAGES[2])
    pets = read_folder("pets", "train", 8)
    assert pets.classes == ("cat", "dog") and pets.labels.tolist() == [0, 0, 1]
    assert pets.images.tolist() == [channels_first(IMAGES[place]) for place in (2, 1, 0)]
    assert (pets.name, pets.origin, pets.stand_in_for) == ("pets", "folder", "")


def test_a_class_that_one_split_lacks_moves_no_label(root):
    for place, name in enumerate(("ant", "bee", "cat")):
        put(root / f"animals/train/{name}/1.png", IMAGES[place])
    put(root / "animals/test/cat/1.png", IMAGES[3])
    test = read_folder("animals", "test", 8)
    assert test.classes == ("ant", "bee", "cat") and test.labels.tolist() == [2]


def test_wordnet_class_folders_given_by_hand_are_read_under_their_catalog_name(root):
    put(root / "imagenet-800/test/n01440764/val_1.png", noise(12, 20, 3))
    test = read_folder("imagenet-800", "test", 8)
    assert test.classes == ("n01440764",) and test.origin == "folder"
    assert test.images[0].tolist() == fit(Image.fromarray(noise(12, 20, 3)), 8).tolist()


def test_a_flat_folder_is_one_class(root):
    put(root / "photos/test/b.png", IMAGES[0])
    put(root / "photos/test/a.png", IMAGES[1])
    photos = read_folder("photos", "test", 8)
    assert photos.classes == ("unlabelled",) and photos.labels.tolist() == [0, 0]
    assert photos.images.tolist() == [channels_first(IMAGES[1]), channels_first(IMAGES[0])]


def test_an_npz_is_read_and_resized(root):
    images = noise(2, 12, 12, 3)
    put_npz(root / "mine/train", images, [0, 1], classes=np.array(["a", "b"]))
    mine = read_folder("mine", "train", 8)
    assert mine.images.tolist() == [fit(Image.fromarray(image), 8).tolist() for image in images]
    assert mine.classes == ("a", "b") and mine.origin == "folder"


def test_icons_are_squashed_and_their_numbers_left_out(root):
    wide = noise(8, 16, 3)
    put(root / "icons/test/animals/1.png", wide)
    put(root / "icons/test/numbers/1.png", IMAGES[0])
    icons = read_folder("icons", "test", 8, dataset("icons"))
    assert icons.classes == ("animals",)
    assert icons.images.tolist() == [fit(Image.fromarray(wide), 8, squash=True).tolist()]


def test_alphabets_that_look_like_digits_are_left_out_of_omniglot_s_folder_in_either_layout(root):
    put(root / "omniglot/train/Greek/1.png", IMAGES[0])
    put(root / "omniglot/train/N_Ko/1.png", IMAGES[1])
    assert read_folder("omniglot", "train", 8, dataset("omniglot")).classes == ("Greek",)
    names = np.array(["Early_Aramaic", "Greek", "Korean", "Latin"])
    put_npz(root / "omniglot/test", np.stack(IMAGES), [3, 0, 1, 2], classes=names)
    test = read_folder("omniglot", "test", 8, dataset("omniglot"))
    assert test.classes == ("Greek", "Latin") and test.labels.tolist() == [1, 0]
    assert test.images.tolist() == [channels_first(IMAGES[0]), channels_first(IMAGES[2])]


def test_a_folder_of_nothing_but_what_its_name_leaves_out_is_named(root):
    put_npz(root / "omniglot/test", np.stack(IMAGES[:2]), [0, 0], classes=np.array(["Korean"]))
    with pytest.raises(FormatError, match=r"omniglot/test: images\.npz holds only classes that omniglot leaves out: "):
        read_folder("omniglot", "test", 8, dataset("omniglot"))


def test_a_missing_split_lists_those_that_are_there(root):
    put(root / "pets/test/cat/1.png", IMAGES[0])
    with pytest.raises(FileNotFoundError, match="pets/train: no images there; splits of pets that are: test. Expected"):
        read_folder("pets", "train", 8)


def test_unclear_folders_are_refused_with_what_they_hold(root):
    put(root / "mixed/test/cat/1.png", IMAGES[0])
    put(root / "mixed/test/loose.png", IMAGES[0])
    with pytest.raises(FormatError, match=r"mixed/test: holds loose\.png beside the class folder cat"):
        read_folder("mixed", "test", 8)
    put_npz(root / "both/test", noise(1, 8, 8, 3), [0])
    put(root / "both/test/1.png", IMAGES[0])
    with pytest.raises(FormatError, match=r"both/test: holds images\.npz beside other pictures"):
        read_folder("both", "test", 8)


def test_an_empty_class_folder_and_an_unreadable_picture_are_named(root):
    put(root / "pets/test/cat/1.png", IMAGES[0])
    (root / "pets/test/dog").mkdir()
    with pytest.raises(FormatError, match="pets/test/dog: holds no picture; expected those of its class"):
        read_folder("pets", "test", 8)
    (root / "pets/test/dog/1.png").write_bytes(b"no picture")
    with pytest.raises(FormatError, match=r"pets/test/dog/1\.png: not a whole picture"):
        read_folder("pets", "test", 8)


def test_names_and_splits_pass_over_downloads_hidden_folders_and_text(root):
    put(root / "pets/test/cat/1.png", IMAGES[0])
    put(root / "pets/.cache/cat/1.png", IMAGES[0])
    (root / "downloads/svhn").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / "trec").mkdir()
    (root / "trec/train.tsv").write_text("NUM\tHow many ?\n")
    assert folder_names() == ("pets", "trec")
    assert folder_splits("pets") == ("test",) and folder_splits("trec") == () and folder_splits("absent") == ()
    assert text_splits("trec") == ("train",) and text_splits("pets") == ()


def test_a_name_with_a_path_in_it_is_no_folder_name(root):
    put(root / "pets/test/cat/1.png", IMAGES[0])
    assert folder_splits("../" + root.name + "/pets") == ()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The reader's folder "mail"."""
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    (tmp_path / "mail").mkdir()
    return tmp_path / "mail"


def test_a_tsv_is_labelled_by_what_stands_before_the_tab(home):
    (home / "train.tsv").write_text("spam\tBuy now !\n\nham\tSee you\tat two\n", newline="")
    mail = read_text_folder("mail", "train")
    assert mail.texts == ("Buy now !", "See you\tat two")
    assert mail.classes == ("ham", "spam") and mail.labels.tolist() == [1, 0]
    assert (mail.name, mail.origin, mail.stand_in_for) == ("mail", "folder", "")


def test_a_label_that_one_file_lacks_moves_no_label(home):
    (home / "train.tsv").write_text("b\tone\nc\ttwo\n")
    (home / "dev.tsv.gz").write_bytes(gzip.compress(b"a\tthree\n"))
    (home / "test.tsv").write_text("c\tfour\n")
    (home / "outliers.txt").write_text("d\tno label here\n")
    for split, labels in (("train", [1, 2]), ("dev", [0]), ("test", [2])):
        mail = read_text_folder("mail", split)
        assert mail.classes == ("a", "b", "c") and mail.labels.tolist() == labels


def test_a_txt_is_unlabelled_and_its_lines_kept_as_they_are(home):
    (home / "test.txt.gz").write_bytes(gzip.compress(b" = Title = \n\nlabel\ttext\r\n"))
    mail = read_text_folder("mail", "test")
    assert mail.texts == (" = Title = ", "label\ttext")
    assert mail.classes == ("unlabelled",) and mail.origin == "folder"


def test_splits_are_those_with_a_file(home):
    for name in ("train.tsv", "valid.txt.gz", "test.txt"):
        (home / name).touch()
    assert text_splits("mail") == ("test", "train", "valid") and text_splits("absent") == ()


def test_two_files_for_one_split_are_refused(home):
    (home / "train.tsv").write_text("a\tone\n")
    (home / "test.tsv").write_text("a\tone\n")
    (home / "train.txt").write_text("one\n")
    for split in ("train", "test"):
        with pytest.raises(FormatError, match="mail: holds train.tsv and train.txt for the split train; expected only"):
            read_text_folder("mail", split)


def test_a_missing_text_split_lists_those_that_are_there(home):
    (home / "test.txt").write_text("one\n")
    with pytest.raises(FileNotFoundError, match="mail: no text of the split 'train' there; splits of mail .*: test"):
        read_text_folder("mail", "train")


@pytest.mark.parametrize(
    "content, found",
    [
        (b"a\tone\nno tab\n", "line 2 is 'no tab'; expected label<TAB>text"),
        (b"a\tone\nb\t \n", "line 2 has no text after its label"),
        (b"a\tone\nb\tcaf\xe9\n", "line 2 holds the byte 0xE9, which is no UTF-8"),
    ],
)
def test_a_damaged_line_is_named(home, content, found):
    (home / "train.tsv").write_bytes(content)
    with pytest.raises(FormatError, match=rf"mail/train\.tsv {found}"):
        read_text_folder("mail", "train")


@pytest.mark.parametrize("name", ["train.tsv", "train.txt"])
def test_an_empty_file_is_named(home, name):
    (home / name).touch()
    with pytest.raises(FormatError, match=rf"mail/{name}: holds no text; expected"):
        read_text_folder("mail", "train")
