"""What it costs a trained network to take its pictures from files rather than from memory."""

import tempfile
from pathlib import Path

import torch
from PIL import Image

from bench.comparisons import random_images
from bench.timing import Comparison, alternate, seconds_of
from oe_core.detector.asking import image_chunks
from oe_core.detectors.images import IMAGES
from oe_core.detectors.images.network import build
from oe_core.detectors.images.recipe import ImageRecipe


def scoring(recipe: ImageRecipe, device: torch.device, count: int, rounds: int) -> Comparison:
    """Logits of `count` pictures: JPEG files that are decoded a chunk ahead, as by `oe detect`, against an array."""
    network = IMAGES.network(recipe, build(recipe.model, 10, recipe.dropout).state_dict(), 10, device)
    pixels = random_images("random pixels", count, recipe.size).images
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number:06}.jpg") for number in range(count)]
        for path, image in zip(paths, pixels.permute(0, 2, 3, 1).numpy(), strict=True):
            Image.fromarray(image).save(path)

        def from_files() -> None:
            for _, chunk in image_chunks(paths, recipe.size):
                IMAGES.predict(network, chunk.images, recipe)

        variants = {
            "in memory": lambda: seconds_of(lambda: IMAGES.predict(network, pixels, recipe), device),
            "files": lambda: seconds_of(from_files, device),
        }
        seconds = alternate(variants, rounds)
    plain = {"in memory": seconds["in memory"]}
    return Comparison(f"scoring files, {recipe.model}", plain, seconds["files"], count, target=0.9)
