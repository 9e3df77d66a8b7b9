"""Classifiers trained beside a GAN whose images they must not be sure of: how they are built, fed, optimised and asked.

Method: Lee et al. 2018, Training confidence-calibrated classifiers for detecting out-of-distribution samples; code
alinlab/Confident_classifier `src/run_joint_confidence.py`. The loop is `oe_core.train`'s.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from oe_core import train
from oe_core.data.batches import network_inputs
from oe_core.data.examples import ImageSet
from oe_core.detectors.gan.network import Discriminator, Generator, diversity
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.images.network import build
from oe_core.detectors.images.training import joint_batches
from oe_core.devices import autocast
from oe_core.losses import outlier_exposure, uniform_cross_entropy
from oe_core.parts import training_part
from oe_core.train import joint_update, step

WATCHED = 64  # images of which diversity is measured after each epoch
SHOWN = 10  # of these, kept


class Trio(nn.Module):
    """A classifier and, where the recipe's beta is positive, the generator and discriminator trained beside it.

    forward: the classifier's. samples: uint8 (epochs, SHOWN, 3, size, size), what the generator made of the same codes
    after each epoch. verdicts: running sums of D(real), D(fake) and 1 over the steps of the epoch.
    """

    def __init__(self, recipe: GanRecipe, num_classes: int):
        super().__init__()
        self.classifier = build(recipe.model, num_classes, recipe.dropout)
        self.generator = self.discriminator = None
        if recipe.beta:
            self.generator = Generator(recipe.size, recipe.latent, recipe.filters)
            self.discriminator = Discriminator(recipe.size, recipe.filters)
            shape = (recipe.epochs, SHOWN, 3, recipe.size, recipe.size)
            self.register_buffer("samples", torch.zeros(shape, dtype=torch.uint8))
            self.register_buffer("verdicts", torch.zeros(3))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.classifier(inputs)


def _network(recipe: GanRecipe, num_classes: int, device: torch.device) -> nn.Module:
    trio = Trio(recipe, num_classes).to(device)
    for player in trio.children():  # samples has five dimensions and cannot lie in channels_last
        player.to(memory_format=torch.channels_last)
    return trio


def _groups(trio: Trio) -> Iterator[dict]:
    """Adam's groups: its own defaults for the classifier, a shorter memory of gradients for the players."""
    yield {"params": list(trio.classifier.parameters())}
    for player in filter(None, (trio.generator, trio.discriminator)):
        yield {"params": list(player.parameters()), "betas": (0.5, 0.999)}


def _rate(recipe: GanRecipe, position: int, steps_an_epoch: int) -> float:
    dropped = position >= recipe.drop_after * steps_an_epoch
    return recipe.learning_rate * (recipe.rate_drop if dropped else 1)


def adversarial(logits: Tensor, real: bool) -> Tensor:
    """-E[log D] where the images should pass for `real`, else -E[log(1 - D)]; logits (batch,) of D, in nats."""
    return F.softplus(-logits if real else logits).mean()


def update(training: train.Training, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """One step each of discriminator, generator and classifier, in the order of Lee et al.'s code.

    Returns (E[-log f_y], E[H(U; f)]), the latter over generated images. Without a GAN it is the joint update on inliers
    and outliers of every classifier.
    """
    trio, recipe = training.model, training.recipe
    if trio.generator is None:
        return joint_update(training, images, labels)
    with training.autocast():
        fakes = trio.generator(_codes(len(labels), recipe, images.device))
        real_logits, fake_logits = trio.discriminator(images), trio.discriminator(fakes.detach())
    believed = [logits.detach().sigmoid().mean() for logits in (real_logits, fake_logits)]
    trio.verdicts += torch.stack([*believed, torch.ones_like(believed[0])])
    step(training, adversarial(real_logits, True) + adversarial(fake_logits, False), trio.discriminator)

    with training.autocast():
        fake_logits = trio.discriminator(fakes)
        posterior_logits = _judged(trio.classifier, fakes, recipe)
    generator_loss = adversarial(fake_logits, True) + recipe.beta * uniform_cross_entropy(posterior_logits.float())
    step(training, generator_loss, trio.generator)

    with training.autocast():
        with torch.no_grad():
            fresh = trio.generator(_codes(len(labels), recipe, images.device))
        logits = _both(trio.classifier, images, fresh, recipe)
    loss, *parts = outlier_exposure(logits.float(), labels, recipe.beta)
    step(training, loss, trio.classifier)
    return parts


def _codes(count: int, recipe: GanRecipe, device: torch.device) -> Tensor:
    return torch.randn(count, recipe.latent, device=device)


def _both(classifier: nn.Module, images: Tensor, fakes: Tensor, recipe: GanRecipe) -> Tensor:
    """Logits of real images, then of generated ones, in one pass under shared batch statistics or in one pass each."""
    if recipe.joint_pass:
        return classifier(torch.cat([images, fakes]))
    return torch.cat([classifier(images), classifier(fakes)])


def _judged(classifier: nn.Module, fakes: Tensor, recipe: GanRecipe) -> Tensor:
    """Logits that the generator is led by. A batch of fakes alone must not move the statistics of a joint pass."""
    classifier.train(not recipe.joint_pass)
    logits = classifier(fakes)
    classifier.train()
    return logits


@torch.inference_mode()
def generated(recipe: GanRecipe, weights: dict[str, Tensor], count: int, seed: int = 0) -> Tensor:
    """`count` images that the generator of a finished training makes of new codes.

    weights: the run's. The codes come from one seeded stream, and whole batches of the recipe's size go through the
    generator, which normalises by the batch: the first images do not depend on how many are asked for. Computed on the
    CPU in float32. Returns uint8 (count, 3, recipe.size, recipe.size). Raises ValueError for a recipe without a GAN and
    for a count below 1.
    """
    if not recipe.beta:
        raise ValueError(
            f"recipe {recipe.name!r} has beta={recipe.beta}: no GAN was trained; take one with beta above 0"
        )
    if count < 1:
        raise ValueError(f"count={count} must be at least 1 image")
    generator = Generator(recipe.size, recipe.latent, recipe.filters)
    part = "generator."
    generator.load_state_dict({name[len(part) :]: value for name, value in weights.items() if name.startswith(part)})
    stream = torch.Generator().manual_seed(seed)
    batches = []
    for _ in range(0, count, recipe.batch_size):
        fakes = generator(torch.randn(recipe.batch_size, recipe.latent, generator=stream))
        batches.append((255 * fakes).round().to(torch.uint8))
    return torch.cat(batches)[:count].contiguous()


@torch.no_grad()
def after_epoch(
    trio: Trio, optimiser: torch.optim.Optimizer, recipe: GanRecipe, inliers: ImageSet, log: list[dict]
) -> dict:
    """Keeps the epoch's samples in the network, and says how the game stands.

    d_real, d_fake: mean probability of being real that D gave to real and to generated images, over the epoch's steps,
    each before D's own step. diversity, real_diversity: `network.diversity` of WATCHED generated and real images.
    """
    if trio.generator is None:
        return {}
    device = trio.verdicts.device
    codes = torch.randn(WATCHED, recipe.latent, generator=torch.Generator().manual_seed(0)).to(device)
    with autocast(recipe.precision, device):
        fakes = trio.generator(codes)
    trio.samples[len(log)] = (255 * fakes[:SHOWN]).round().to(torch.uint8)
    real = network_inputs(training_part(inliers, recipe).images[:WATCHED], recipe.scaling)
    d_real, d_fake, steps = trio.verdicts.tolist()
    trio.verdicts.zero_()
    return {
        "d_real": d_real / steps, "d_fake": d_fake / steps,
        "diversity": diversity(fakes), "real_diversity": diversity(real),
    }  # fmt: skip


TASK = train.Task(
    batches=joint_batches,
    network=_network,
    inputs=lambda images, recipe: network_inputs(images, recipe.scaling),
    parameters=_groups,
    optimiser=lambda groups, recipe: torch.optim.Adam(groups, recipe.learning_rate, fused=True),
    rate=_rate,
    update=update,
    after_epoch=after_epoch,
    compiles=False,  # a step runs each network several times before anything is backpropagated
    inherited=lambda weights: {name: tensor for name, tensor in weights.items() if name.startswith("classifier.")},
)
