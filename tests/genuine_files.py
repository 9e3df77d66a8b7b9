"""Small files in the genuine formats, built for the readers' tests."""

import io
import tarfile
import zipfile

import numpy as np
from PIL import Image


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """uint8 noise of `shape`."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def picture(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    """An encoded picture of uint8 (height, width[, 3])."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def channels_first(pixels: np.ndarray) -> list:
    """uint8 (height, width, 3), or (height, width) of grey, as nested lists of (3, height, width)."""
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return pixels.transpose(2, 0, 1).tolist()


def write_tar(path, members: dict[str, bytes]):
    """A tar, gzipped where the name says so; returns `path`."""
    with tarfile.open(path, "w:gz" if path.name.endswith(("gz", "tgz")) else "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_zip(path, members: dict[str, bytes]):
    """A zip; returns `path`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def shorten(path, share: float):
    """Cut `path` to a share of its length, as a broken transfer leaves it; returns `path`."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def put(path, image):
    """A picture file of an image uint8 (height, width, 3), and the folders on the way to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(image))


def put_npz(folder, images, labels, **more):
    """The `images.npz` of a split."""
    folder.mkdir(parents=True)
    np.savez(folder / "images.npz", images=images, labels=np.array(labels), **more)
