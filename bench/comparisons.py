"""What is compared: the input pipeline, the OE training steps, scoring, the detection and the calibration metrics."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from bench import plain, plain_calibration, plain_density, plain_gan, plain_language
from bench.alternation import Alternation
from bench.timing import Comparison, alternate, clock, seconds_of
from oe_core.data.batches import Augmented, JointBatches, network_inputs
from oe_core.data.examples import ImageSet
from oe_core.data.streams import END, UNKNOWN, Stream
from oe_core.detectors.density import DENSITY
from oe_core.detectors.density.recipe import DensityRecipe
from oe_core.detectors.gan import GAN as GAN_KIND
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.images import IMAGES
from oe_core.detectors.images.network import build
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.detectors.images.training import predict
from oe_core.detectors.language import LANGUAGE
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.devices import auto_precision
from oe_core.evaluation import calibration, metrics
from oe_core.scores import msp

# WRN-40-2, 128 + 256: the paper's step; a low rate, since noise has nothing to learn and must not diverge.
WRN = ImageRecipe("bench", "random pixels", outliers="random pixels", learning_rate=0.001)
# The network of scale course, where a CPU can time bfloat16 that it has to emulate.
FAST = replace(WRN, model="fast-48", dropout=0.0, outlier_batch_size=128)
TINY = replace(WRN, model="wrn-10-1", size=8, batch_size=8, outlier_batch_size=16, crop_padding=1, epochs=50)
# 20 + 20 segments of 70 words, 4 layers of 1,550: the paper's step, at a low rate for the same reason.
QRNN = LanguageRecipe("bench", "random words", outliers="random words", learning_rate=0.1)
TINY_QRNN = replace(QRNN, vocabulary=30, length=7, embedding=8, hidden=12, layers=2, batch_size=3, outlier_batch_size=4)

# Pairs of images as at scale course, where a CPU can time it, and as in the paper.
PIXEL_CNN = DensityRecipe("bench", "random pixels", outliers="random pixels", learning_rate=1e-5)
SMALL_PIXEL_CNN = replace(PIXEL_CNN, filters=24, blocks=1, mixtures=5, batch_size=16, outlier_batch_size=16)
TINY_PIXEL_CNN = replace(SMALL_PIXEL_CNN, size=8, filters=4, batch_size=4, outlier_batch_size=4)

# WRN-40-4 beside the DCGAN at CIFAR-10's batch, in the order of the public code.
GAN = GanRecipe("bench", "random pixels", batch_size=64, beta=0.1, joint_pass=False, learning_rate=1e-5)
TINY_GAN = replace(GAN, model="wrn-10-1", size=8, batch_size=8, filters=4, latent=5)


def random_images(name: str, count: int, size: int) -> ImageSet:
    """Uniform noise as an image set of 10 classes: no part of the work timed here depends on what is in a picture."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (count, 3, size, size), dtype=torch.uint8, generator=generator)
    return ImageSet(name, pixels, torch.arange(count) % 10, tuple("0123456789"), "embedded")


def random_words(name: str, count: int, held_out: int, vocabulary: int) -> Stream:
    """`count` words to train on and `held_out` more, each of `vocabulary` kinds as likely as the others."""
    ids = torch.randint(vocabulary, (count + held_out,), dtype=torch.int32, generator=torch.Generator().manual_seed(0))
    words = (UNKNOWN, END, *(str(number) for number in range(2, vocabulary)))
    return Stream(name, "words", ids, words, held_out, "embedded")


def input_pipeline(
    recipe: ImageRecipe, device: torch.device, count: int, steps: int, workers: tuple[int, ...], rounds: int
) -> Comparison:
    """Joint batches of crops and flips, normalised, on `device`; the plain way's DataLoaders after their start.

    count: images in memory on each side, enough to leave the processor's caches. steps: batches timed a round.
    """
    inliers, outliers = (random_images("random pixels", count, recipe.size) for _ in range(2))

    def through_pil(processes: int) -> float:
        batches = plain.pil_batches(recipe, inliers.images, outliers.images, processes)
        for _ in islice(batches, 2 * processes + 1):  # until the queues of finished batches are in their steady state
            pass
        start = clock(device)
        for inputs in islice(batches, steps):
            inputs.to(device, non_blocking=True)
        seconds = (clock(device) - start) / steps
        batches.close()
        return seconds

    parts = [Augmented(part.images.to(device), recipe.crop_padding, recipe.flip) for part in (inliers, outliers)]
    resident = JointBatches(
        parts[0], inliers.labels.to(device), recipe.batch_size, torch.Generator().manual_seed(0),
        parts[1], recipe.outlier_batch_size, recipe.outlier_order,
    )  # fmt: skip

    def an_epoch() -> None:
        for batch in resident.epoch():
            network_inputs(batch.inputs, recipe.scaling)

    variants = {f"PIL, {processes} workers": lambda p=processes: through_pil(p) for processes in workers}
    seconds = alternate({"ours": lambda: seconds_of(an_epoch, device) / len(resident), **variants}, rounds)
    items = recipe.batch_size + recipe.outlier_batch_size
    return Comparison("input pipeline", _others(seconds), seconds["ours"], items, target=15)


def _others(seconds: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: values for name, values in seconds.items() if name != "ours"}


def training_step(recipe: ImageRecipe, device: torch.device, steps: int, warm_up: int, rounds: int) -> Comparison:
    """One Outlier Exposure step: `fit` as the chapters call it, batches included, against float32 on ready inputs.

    steps: steps in a row that make one round; warm_up: steps before the first round (compilation, on a GPU).
    """
    inliers = random_images("random pixels", 16 * recipe.batch_size, recipe.size)
    outliers = random_images("random pixels", 16 * recipe.outlier_batch_size, recipe.size)
    alternation = Alternation(plain.Training(recipe, 10, device).step, device, steps, warm_up, rounds)
    # On a GPU `fit` compiles long trainings only; this one is long and is left early.
    long = replace(recipe, epochs=recipe.epochs if device.type == "cpu" else 1000)
    alternation.leave_early(partial(IMAGES.fit, long, inliers, outliers))
    items = recipe.batch_size + recipe.outlier_batch_size
    flops, target = step_flops(recipe, items), step_target(device)
    return Comparison(
        f"OE step, {recipe.model}", {"float32, contiguous": alternation.plain}, alternation.ours, items, target, flops
    )


def step_target(device: torch.device) -> float | None:
    """The ratio wanted of `training_step` on two CPU cores: layout, optimiser and mask alone give half as much again.

    Twice that where bfloat16 is multiplied in hardware. On a GPU none: its peak says more.
    """
    if device.type == "cuda":
        return None
    return 3.0 if auto_precision(device)[0] == "bfloat16" else 1.5


def language_step(recipe: LanguageRecipe, device: torch.device, steps: int, warm_up: int, rounds: int) -> Comparison:
    """One Outlier Exposure step of a language model, compared as `training_step` does; items are words to predict.

    The text's first epoch is as long as the rounds, so that the validation at an epoch's end is never timed.
    """
    batch = max(recipe.batch_size, recipe.outlier_batch_size)
    count = (warm_up + rounds * steps) * batch * recipe.length + 1
    words = random_words("random words", count, recipe.length + 1, recipe.vocabulary)
    alternation = Alternation(plain_language.Training(recipe, device).step, device, steps, warm_up, rounds)
    alternation.leave_early(partial(LANGUAGE.fit, recipe, words, words))
    segments = recipe.batch_size + recipe.outlier_batch_size
    model = LANGUAGE.task.network(recipe, recipe.vocabulary, torch.device("cpu")).eval()
    flops = segments * training_flops(model, torch.zeros(1, recipe.length, dtype=torch.int64))
    items = segments * recipe.length
    return Comparison(
        f"LM step, {recipe.model}", {"float32, loop": alternation.plain}, alternation.ours, items, 2.0, flops
    )


def density_step(recipe: DensityRecipe, device: torch.device, steps: int, warm_up: int, rounds: int) -> Comparison:
    """One Outlier Exposure step of a density estimator, compared as `training_step` does."""
    images = random_images("random pixels", 16 * recipe.batch_size, recipe.size)
    alternation = Alternation(plain_density.Training(recipe, device).step, device, steps, warm_up, rounds)
    alternation.leave_early(partial(DENSITY.fit, recipe, images, images))
    items = 2 * recipe.batch_size
    model = DENSITY.task.network(recipe, 1, torch.device("cpu"))
    flops = items * training_flops(model, torch.zeros(1, 3, recipe.size, recipe.size))
    work = f"density step, {recipe.blocks} x {recipe.filters}"
    return Comparison(work, {"float32, contiguous": alternation.plain}, alternation.ours, items, flops=flops)


def gan_step(recipe: GanRecipe, device: torch.device, steps: int, warm_up: int, rounds: int) -> Comparison:
    """One step of classifier, generator and discriminator, compared as `training_step` does; items are real images."""
    images = random_images("random pixels", 16 * recipe.batch_size, recipe.size)
    alternation = Alternation(plain_gan.Training(recipe, 10, device).step, device, steps, warm_up, rounds)
    alternation.leave_early(partial(GAN_KIND.fit, recipe, images))
    seconds = {"float32, wasted gradients": alternation.plain}
    return Comparison(f"GAN step, {recipe.model}", seconds, alternation.ours, recipe.batch_size, target=2.2)


def step_flops(recipe: ImageRecipe, batch: int) -> float:
    """Operations of a step on `batch` images, as `training_flops`."""
    model = build(recipe.model, 10, recipe.dropout)
    return training_flops(model, torch.zeros(2, 3, recipe.size, recipe.size)) / 2 * batch


def training_flops(model: nn.Module, inputs: Tensor) -> float:
    """Operations (a multiplication and an addition are two) of a forward and a backward pass over `inputs`."""
    with FlopCounterMode(display=False) as counter:
        model(inputs).sum().backward()
    return counter.get_total_flops()


def scoring(recipe: ImageRecipe, device: torch.device, count: int, rounds: int) -> Comparison:
    """MSP scores of `count` images: `predict` on uint8 images against float32 batches of 200 ready inputs."""
    images = random_images("random pixels", count, recipe.size).images
    inputs = network_inputs(images, recipe.scaling).contiguous().to(device)
    float32 = plain.network(recipe, 10, device).eval()
    ours = IMAGES.network(recipe, build(recipe.model, 10, recipe.dropout).state_dict(), 10, device)
    variants = {
        "ours": lambda: seconds_of(lambda: msp(predict(ours, images, recipe).numpy()), device),
        "float32, contiguous": lambda: seconds_of(lambda: plain.msp_scores(float32, inputs), device),
    }
    seconds = alternate(variants, rounds)
    flops = step_flops(recipe, count) / 3
    return Comparison(f"scoring, {recipe.model}", _others(seconds), seconds["ours"], count, flops=flops)


def detection(num_in: int, num_out: int, rounds: int) -> Comparison:
    """FPR95, AUROC and AUPR of float64 scores: ours against scikit-learn's route, which must give the same values.

    Raises ArithmeticError when they differ by more than 1e-12.
    """
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 1, num_in), rng.normal(1, 1, num_out)
    work = f"metrics, {num_in:,} + {num_out:,} scores"
    routes = (metrics.detection_metrics, plain.detection_metrics)
    return _equal_metrics(work, scores, routes, "scikit-learn", num_in + num_out, rounds, target=25)


def calibration_errors(count: int, rounds: int) -> Comparison:
    """RMS and MAD error and soft F1 of `count` confidences: ours against two loops over the bins, equal values asked.

    Raises ArithmeticError when they differ by more than 1e-12.
    """
    rng = np.random.default_rng(0)
    predictions = rng.random(count), rng.integers(0, 2, count)
    routes = (calibration.calibration_metrics, plain_calibration.calibration_metrics)
    work = f"calibration, {count:,} examples"
    return _equal_metrics(work, predictions, routes, "two loops", count, rounds, target=8)


def _equal_metrics(
    work: str, arrays: tuple, routes: tuple[Callable, Callable], plain_name: str, items: int, rounds: int, target: float
) -> Comparison:
    """Time two `routes`, ours first, from the same arrays to the same values; ArithmeticError when those differ."""
    ours, theirs = (route(*arrays) for route in routes)
    apart = max(abs(ours[name] - theirs[name]) for name in theirs)
    if apart > 1e-12:
        raise ArithmeticError(f"{work}: ours gives {ours} and {plain_name} {theirs}, {apart:.1e} apart")
    cpu = torch.device("cpu")
    repeats = max(1, 100_000 // items)
    variants = {
        name: lambda route=route: seconds_of(lambda: route(*arrays), cpu, repeats)
        for name, route in zip(("ours", plain_name), routes, strict=True)
    }
    seconds = alternate(variants, rounds)
    return Comparison(work, _others(seconds), seconds["ours"], items, target=target)
