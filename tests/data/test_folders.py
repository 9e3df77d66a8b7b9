import numpy as np
import pytest
from genuine_files import channels_first, noise, put, put_npz
from PIL import Image

from oe_core.data.catalog import dataset
from oe_core.data.folders import folder_names, folder_splits, read_folder
from oe_core.data.readers.pixels import FormatError, fit
from oe_core.data.text_folders import text_splits

IMAGES = [noise(8, 8, 3, seed=seed) for seed in range(4)]


def test_class_folders_are_numbered_in_sorted_order_at_any_depth(root):
    put(root / "pets/train/dog/1.png", IMAGES[0])
    put(root / "pets/train/cat/images/2.png", IMAGES[1])
    put(root / "pets/train/cat/1.png", IMAGES[2])
    pets = read_folder("pets", "train", 8)
    assert pets.classes == ("cat", "dog") and pets.labels.tolist() == [0, 0, 1]
    assert pets.images.tolist() == [channels_first(IMAGES[place]) for place in (2, 1, 0)]
    assert (pets.name, pets.origin, pets.stand_in_for) == ("pets", "folder", "")


def test_an_npz_without_labels_is_one_class_beside_class_folders(root):
    put(root / "animals/train/ant/1.png", IMAGES[0])
    (root / "animals/test").mkdir()
    np.savez(root / "animals/test/images.npz", images=np.stack(IMAGES[:2]))
    assert read_folder("animals", "test", 8).classes == ("unlabelled",)
    assert read_folder("animals", "train", 8).classes == ("ant",)


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


def test_digits_and_letters_that_look_like_them_are_left_out_of_chars74k_s_folder(root):
    put_npz(root / "chars74k/test", np.stack(IMAGES), [0, 1, 2, 3], classes=np.array(["0", "A", "R", "s"]))
    assert read_folder("chars74k", "test", 8, dataset("chars74k")).classes == ("R",)
    put(root / "chars74k/train/Sample028/1.png", IMAGES[0])
    assert "Sample028" in read_folder("chars74k", "train", 8, dataset("chars74k")).classes  # no class is called so


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


def test_all_unreadable_pictures_are_named_at_once_and_many_are_counted(root):
    put(root / "pets/test/cat/whole.png", IMAGES[0])
    for number in range(7):
        (root / f"pets/test/cat/{number}.png").write_bytes(b"no picture")
    with pytest.raises(FormatError) as caught:
        read_folder("pets", "test", 8)
    said = str(caught.value)
    assert said.startswith(f"7 of 8 pictures cannot be read: {root}/pets/test/cat/0.png: not a whole picture")
    assert "/4.png" in said and "/5.png" not in said and said.endswith("; and 2 more")


def test_pictures_of_formats_that_are_not_read_are_to_be_converted(root, caplog):
    put(root / "pets/test/cat/1.png", IMAGES[0])
    (root / "pets/test/cat/IMG_1.HEIC").write_bytes(b"....ftypheic")
    assert len(read_folder("pets", "test", 8)) == 1
    assert "left out 1 file ending in .HEIC (convert them to be read), not read as pictures" in caplog.text
    (root / "phone/test/cat").mkdir(parents=True)
    (root / "phone/test/cat/IMG_1.heic").write_bytes(b"....ftypheic")
    with pytest.raises(FormatError, match="holds no picture; .*; convert IMG_1.heic and what is like it"):
        read_folder("phone", "test", 8)


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


def test_hidden_files_and_folders_are_no_examples_at_any_depth(root, caplog):
    put(root / "pets/train/cat/1.png", IMAGES[0])
    for path in (
        ".cache/x.png",
        "__MACOSX/cat/1.png",
        "cat/.thumbnails/1.png",
        "cat/deep/.1.png",
        "cat/__MACOSX/1.png",
    ):
        put(root / "pets/train" / path, IMAGES[1])
    pets = read_folder("pets", "train", 8)
    assert len(pets) == 1 and pets.classes == ("cat",) and caplog.text == ""


def test_pictures_are_found_by_content_whatever_their_endings(root):
    for place, name in enumerate(("1.JPEG", "2.dat", "3")):
        put(root / "pets/train/cat" / name, IMAGES[place])
        put(root / "flat/train" / name, IMAGES[place])
    expected = [channels_first(image) for image in IMAGES[:3]]
    assert (
        read_folder("pets", "train", 8).images.tolist() == read_folder("flat", "train", 8).images.tolist() == expected
    )


def test_what_is_left_out_is_counted_and_said_in_one_line_a_set(root, caplog):
    put(root / "pets/train/cat/1.png", IMAGES[0])
    put(root / "elsewhere/more/2.png", IMAGES[1])
    for name in ("cat/notes.txt", "cat/deep/Read Me.txt", "cat/LICENSE"):
        (root / "pets/train" / name).parent.mkdir(exist_ok=True)
        (root / "pets/train" / name).write_text("no picture")
    (root / "pets/train/cat/gone.png").symlink_to(root / "absent.png")
    (root / "pets/train/cat/more").symlink_to(root / "elsewhere/more")
    assert len(read_folder("pets", "train", 8)) == 1
    assert [(record.name, record.levelname) for record in caplog.records] == [("oe_core.data.folders", "WARNING")]
    assert caplog.messages[0] == (
        f"{root}/pets/train: left out 1 dangling link, 2 files ending in .txt, 1 file without ending, "
        "1 linked folder, not read as pictures; the first is cat/LICENSE"
    )


def test_folders_of_texts_are_told_how_texts_are_given(root):
    (root / "reviews/train/pos").mkdir(parents=True)
    (root / "reviews/train/pos/1.txt").write_text("good\n")
    with pytest.raises(FormatError, match=r"pos: holds no picture; .*; texts go into one \.tsv, label<TAB>text"):
        read_folder("reviews", "train", 8)


def test_a_level_too_many_is_said(root, caplog):
    for place in ("pets/train/all/cat/1.png", "pets/train/all/dog/1.png"):
        put(root / place, IMAGES[0])
    assert read_folder("pets", "train", 8).classes == ("all",)
    assert caplog.messages == [
        f"{root}/pets/train: is read as one class, all; if the 2 folders in that are the classes (cat, dog), "
        f"give {root}/pets/train/all"
    ]
    put(root / "pets/train/rest/1.png", IMAGES[0])
    caplog.clear()
    assert read_folder("pets", "train", 8).classes == ("all", "rest") and not caplog.messages


def test_a_class_folder_may_be_a_link_and_an_unlabelled_one_a_class(root):
    put(root / "elsewhere/1.png", IMAGES[0])
    put(root / "pets/train/unlabelled/1.png", IMAGES[1])
    (root / "pets/train/cat").symlink_to(root / "elsewhere")
    assert read_folder("pets", "train", 8).classes == ("cat", "unlabelled")


def test_a_photograph_is_turned_as_its_camera_was_held(root):
    (root / "photos/test").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(IMAGES[0]).save(root / "photos/test/1.png", exif=exif)
    assert read_folder("photos", "test", 8).images[0].tolist() == channels_first(IMAGES[0][::-1, ::-1])


def test_only_train_and_test_are_splits_of_images_and_named_files_of_text(root):
    for split in ("train", "backup", "val"):
        put(root / "pets" / split / "cat/1.png", IMAGES[0])
    assert folder_splits("pets") == ("train",)
    (root / "mail").mkdir()
    for name in ("notes.txt", "train.tsv", "training.tsv"):
        (root / "mail" / name).write_text("a\tone\n")
    assert text_splits("mail") == ("train",)
