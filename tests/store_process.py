"""One process that asks the store for a run; tests start it, and let it kill itself at a chosen moment."""

import os
import signal
import time
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from tqdm import tqdm

from oe_core import train
from oe_core.data.examples import ImageSet
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.recipe import fine_tuned
from oe_core.runs.store import Run, Store

BASELINE = ImageRecipe(
    "digits", "digits", model="wrn-10-1", size=8, scaling="unit", epochs=2, batch_size=16, crop_padding=1,
    outlier_batch_size=16, outlier_crop_padding=1, precision="float32",
)  # fmt: skip
EXPOSED = fine_tuned(BASELINE, "negatives", name="exposed", epochs=2)


def digits(key: str, split: str, size: int) -> ImageSet:
    """64 handwritten digits (8 x 8), or under the key "negatives" the next 64 with ink and paper exchanged."""
    found = load_digits()
    pixels = torch.from_numpy(found.images * 15).to(torch.uint8)[:, None].expand(-1, 3, -1, -1).contiguous()
    labels = torch.from_numpy(found.target).long()
    part = slice(0, 64) if key == "digits" else slice(64, 128)
    images = pixels[part] if key == "digits" else 255 - pixels[part]
    return ImageSet(key, images, labels[part], tuple("0123456789"), "embedded")


def other_digits(key: str, split: str, size: int) -> ImageSet:
    """`digits` under the same names with one row of pixels changed."""
    images = digits(key, split, size)
    images.images[0, 0, 0, 0] += 1
    return images


def damage(path: Path) -> None:
    """Flip one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    """Take the last 7 bytes away."""
    path.write_bytes(path.read_bytes()[:-7])


def trainings(root: Path) -> list[str]:
    """Names of the recipes whose training was begun by a `quiet_store`, resumptions included."""
    return (root / "trainings.txt").read_text().split()


def quiet_store(root: Path, bar=tqdm) -> Store:
    """A store on the CPU without bars, whose trainings are listed in `<root>/trainings.txt`."""

    def listed(desc, **settings):
        with open(root / "trainings.txt", "a") as file:
            file.write(f"{desc}\n")
        return bar(disable=True, **settings)

    return Store(root, device=torch.device("cpu"), progress=listed)


def kill_at(moment: str, folder: str, file: str, count: int) -> None:
    """Send SIGKILL to this process "before" or "after" the `count`-th renaming of `file` to its place in `folder`."""
    replace, seen = os.replace, []

    def replace_or_die(source, target):
        here = Path(target).name == file and Path(target).parent.name.startswith(folder + "-")
        seen.extend([target] if here else [])
        if here and len(seen) == count and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if here and len(seen) == count:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace_or_die


def slow_down(pause: float) -> None:
    """Sleep `pause` seconds before and after every renaming, so that a kill from outside finds the time to land."""
    replace = os.replace

    def replace_slowly(source, target):
        time.sleep(pause)
        replace(source, target)
        time.sleep(pause)

    os.replace = replace_slowly


def main(root: Path, kill: tuple | None, checkpoint_seconds: float, pause: float) -> Run:
    """Ask for the run of EXPOSED under `root`, one thread, dying at the moment `kill` (arguments of `kill_at`)."""
    torch.set_num_threads(1)
    train.CHECKPOINT_SECONDS = checkpoint_seconds
    if kill is not None:
        kill_at(*kill)
    if pause:
        slow_down(pause)
    return quiet_store(root).run(EXPOSED, load=digits)


if __name__ == "__main__":
    main(*ARGUMENTS)  # noqa: F821  given by runpy
