"""How simple an image is: the bits that a general compressor needs for it, which no network has a part in.

Source: Serra et al. 2020, Input complexity and out-of-distribution detection with likelihood-based generative models.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

# Both lossless; each image gets the shorter of the two files.
COMPRESSORS = ({"format": "PNG", "optimize": True}, {"format": "WEBP", "lossless": True, "quality": 100, "method": 6})


def compressed_bits(images: Tensor) -> NDArray[np.float64]:
    """Bits per pixel of the smallest lossless file of each uint8 image (n, 3, height, width), float64 (n,); > 0.

    Raises ValueError for other images.
    """
    if images.dim() != 4 or images.shape[1] != 3 or images.is_floating_point():
        raise ValueError(f"images must be uint8 (n, 3, height, width), got {images.dtype} {tuple(images.shape)}")
    pixels = images.shape[2] * images.shape[3]
    pictures = images.permute(0, 2, 3, 1).cpu().numpy().astype(np.uint8)
    shortest = [min(_bytes(Image.fromarray(picture), how) for how in COMPRESSORS) for picture in pictures]
    return np.array(shortest) * 8 / pixels


def _bytes(picture: Image.Image, how: dict) -> int:
    buffer = io.BytesIO()
    picture.save(buffer, **how)
    return buffer.tell()
