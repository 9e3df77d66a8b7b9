"""What a user might have: a small folder of pictures and a small table of texts, and what is learned of them."""

from pathlib import Path

import numpy as np
from PIL import Image

from oe_core import Detector
from oe_core.data.embedded.images import digits

STEPS = 48  # enough for four digits and for three kinds of sentences; the store finds the training again
SHOWN = ("zero", "one", "six", "seven")
OTHER = (2, 3, 4, 5)  # digits that no detector of these tests has seen
WORDS = {
    "weather": "the wind rain cloud storm sun snow blows falls over in from north tonight later".split(),
    "kitchen": "the pan oven flour sugar butter boils bakes mixes in with for an hour slowly".split(),
    "garden": "the rose tree hedge soil seed grows blooms needs in under every spring water".split(),
}
FOREIGN = "das Haus steht am Rand einer Stadt mit vielen Menschen und alten Straßen ohne Namen".split()


def save(images: np.ndarray, folder: Path, kind: str = "png", **options) -> list[Path]:
    """uint8 (n, height, width, 3) as numbered pictures in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.{kind}" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path, **options)
    return paths


def of_digit(digit: int, split: str = "train") -> np.ndarray:
    """uint8 (n, 16, 16, 3)"""
    images = digits(split, 16)
    return images.images[images.labels == digit].permute(0, 2, 3, 1).numpy()


def pictures(folder: Path) -> Path:
    """60 pictures of each of four digits, in class folders."""
    for digit, name in zip((0, 1, 6, 7), SHOWN, strict=True):
        save(of_digit(digit)[:60], folder / name)
    return folder


def sentences(words: list[str], count: int, seed: int) -> list[str]:
    """Words of a list in random order, 5 to 9 at a time."""
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, rng.integers(5, 10))) for _ in range(count)]


def texts(path: Path) -> Path:
    """80 sentences of each of three kinds, label<TAB>text."""
    lines = [f"{label}\t{text}" for label, words in WORDS.items() for text in sentences(words, 80, len(label))]
    path.write_text("\n".join(lines) + "\n")
    return path


def foreign(path: Path) -> Path:
    """Sentences of other words, one a line: the outliers."""
    path.write_text("\n".join(sentences(FOREIGN, 200, 1)) + "\n")
    return path


def picture_detector(folder: Path) -> Detector:
    """Of `pictures`, trained once a session."""
    return Detector.fit(pictures(folder / "numbers"), steps=STEPS)


def text_detector(folder: Path) -> Detector:
    """Of `texts` with `foreign` as outliers, trained once a session."""
    return Detector.fit(texts(folder / "notes.tsv"), foreign(folder / "other.txt"), steps=STEPS)
