"""Names that would speak to the terminal: of files, members, arrays, classes and data sets."""

import zipfile

import numpy as np
import pytest
from genuine_files import noise, picture, write_tar

from oe_core.data.folders import read_folder
from oe_core.data.readers.arrays import read_npz
from oe_core.data.readers.pictures import read_flat_tar
from oe_core.data.readers.pixels import FormatError
from oe_core.data.sources import IMAGES
from oe_core.data.text_folders import read_text_folder

ODD = "a\x1b]0;owned\x07\n\u202eb"


def test_a_message_shows_odd_characters_of_names_and_obeys_none(root):
    (root / "own/train").mkdir(parents=True)
    (root / "own/train" / f"{ODD}.png").write_bytes(b"no picture")
    with pytest.raises(FormatError) as caught:
        read_folder("own", "train", 8)
    assert r"a\x1b]0;owned\x07\n\u202eb.png: not a whole picture" in str(caught.value)
    archive = write_tar(root / "set.tar", {f"{ODD}.png": b"no picture"})
    with pytest.raises(FormatError, match=r"set\.tar: a\\x1b\]0;owned\\x07\\n"):
        read_flat_tar(archive, 8, "x")
    with zipfile.ZipFile(root / "images.npz", "w") as written:
        written.writestr(f"{ODD}.npy", b"")
    with pytest.raises(FormatError) as caught:
        read_npz(root / "images.npz", 8, "x")
    assert str(caught.value).isprintable()


def test_what_is_left_out_is_said_with_odd_characters_shown(root, caplog):
    (root / "own/train").mkdir(parents=True)
    (root / "own/train/1.png").write_bytes(picture(noise(8, 8)))
    (root / "own/train" / f"{ODD}.t\x1bxt").write_bytes(b"no picture")
    assert len(read_folder("own", "train", 8)) == 1
    assert "file ending in .t\\x1bxt" in caplog.messages[0] and caplog.messages[0].isprintable()
    (root / ODD).mkdir()
    with pytest.raises(ValueError, match=r"known are a\\x1b\]0;owned") as caught:
        IMAGES.check_name("absent")
    assert str(caught.value).isprintable()


def test_a_class_that_a_terminal_would_obey_is_refused(root):
    for folder in ("cat", "dog\x1b[2J"):
        (root / "pets/train" / folder).mkdir(parents=True)
        (root / "pets/train" / folder / "1.png").write_bytes(picture(noise(8, 8)))
    expected = r"the class 'dog\\x1b\[2J' has control characters; expected a name without any: rename it"
    with pytest.raises(FormatError, match=expected):
        read_folder("pets", "train", 8)
    for names in (np.array(["dog\x1b[2J"]), np.array([b"dog\x1b[2J"])):
        np.savez(root / "images.npz", images=noise(1, 8, 8), labels=np.array([0]), classes=names)
        with pytest.raises(FormatError, match=expected):
            read_npz(root / "images.npz", 8, "x")
    (root / "pets/train.tsv").write_text("cat\tone\ndog\x1b[2J\ttwo\n")
    with pytest.raises(FormatError, match=expected):
        read_text_folder("pets", "train")
    (root / "pets/train.tsv").write_text("cat\u3000é\tone\n")  # letters and blanks of any script are fine
    assert read_text_folder("pets", "train").classes == ("cat\u3000é",)
