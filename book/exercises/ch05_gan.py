"""The checks of chapter 5's exercises."""

import numpy as np
import torch

from exercises.answers import close, exercise, need, number, numbers, table
from oe_core.detectors.gan.network import diversity
from oe_core.evaluation import metrics
from oe_core.scores import msp

COLUMNS = ("MSP, then real", "GAN, then real")


@exercise(1)
def running_averages(generated_share):
    """A function of the order of a step's batches, 1 for generated and 0 for real."""
    for order, right, said in (([1], 1, "where only generated batches pass, all of the average is theirs after many steps"),
                               ([0, 0], 0, "where none is generated, nothing of the average is"),
                               ([1, 0, 1], 2 / 3, "each batch moves the average by a tenth, and the old average keeps nine tenths; for many steps"),
                               ([1, 0, 0, 0], 1 / 4, "a step may hold more than three batches")):  # fmt: skip
        share = number(generated_share(order), f"generated_share({order})")
        need(close(share, right, 0.05), f"generated_share({order}) is {share:.2f}; {said}")


@exercise(2)
def walk(codes, images, largest, ask, generator):
    """Codes of a batch (the walk's ten first), ten images, their largest posteriors; images -> logits, codes -> images."""
    steps = np.diff(np.asarray(codes, dtype=float)[:10], axis=0)
    need(steps.shape[0] == 9 and close(steps, steps[:1], 1e-4), "the first ten codes are not ten equal steps along a line")
    need(np.abs(steps).max() > 0, "all codes of the walk are one code")
    need(len(codes) >= 32, "ten codes alone are another batch than any in training, and the generator normalises by its batch")
    need(len(images) == 10, f"the walk has ten images, and {len(images)} are given")
    with torch.inference_mode():
        need(close(images, generator(codes)[:10], 1e-3), "images is not what the generator makes of the first ten codes in one batch with the others")
    given = numbers(largest, "largest", 10)
    need(given.min() > 0, "a posterior is positive; a score has its sign turned")
    need(close(given, -msp(ask(images)), 0.02), "largest is not what the +GAN classifier says of these ten images, the largest probability of each")


@exercise(3)
def collapsed(spread, twins, generator, latent):
    """Two distances to the nearest other image; and codes -> images, and how long a code is."""
    apart, together = number(spread, "spread"), number(twins, "twins")
    need(together > 0, "twins is 0: the codes are the very same, without any noise")
    need(together < apart, "codes that are nearly one give images that are nearer to each other than those of 64 others; is it the other way round?")
    codes = torch.randn(64, latent, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        of_others, of_twins = (diversity(generator(some)) for some in (codes, codes[:1] + 0.01 * codes))
    for name, value, usual in (("spread", apart, of_others), ("twins", together, of_twins)):
        need(usual / 3 < value < 3 * usual, f"{name} is {value:.4g}, which is far from what 64 other codes of that kind give; are they of the length latent, drawn from a normal distribution, and the images the generator's?")


@exercise(4)
def without_the_detour(both, direct, evaluation):
    """A table of percent, a row for each out-distribution; the evaluation of its first column, and the chapter's."""
    found = table(both, "both", evaluation.scores, COLUMNS)
    need(found.to_numpy().max() > 1, "the values are shares of one; give percent")
    need(direct.runs["+OE", 0].recipe.parent == evaluation.runs["MSP", 0].recipe,
         "direct is not of a network that starts from the MSP baseline; whose weights does its fine-tuning take?")  # fmt: skip
    for column, of in zip(COLUMNS, (direct, evaluation), strict=True):
        right = [100 * metrics.auroc(*of.scores[out]["+OE"]) for out in found.index]
        need(close(found[column], right, 0.06), f"{column} is not the AUROC of that +OE network of seed 0 on whole test sets, row by row")
