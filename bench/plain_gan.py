"""The plain way of a classifier beside a GAN: the steps of alinlab/Confident_classifier `src/run_joint_confidence.py`.

Float32, contiguous, an Adam for each of the three; each backward pass fills the gradients of every network that it
crosses, and those that nobody asked for are thrown away.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.plain import with_torchs_dropout
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.gan.training import Trio


class Training:
    """Float32 steps on ready-made inputs."""

    def __init__(self, recipe: GanRecipe, num_classes: int, device: torch.device):
        self.recipe, self.num_classes = recipe, num_classes
        self.trio = with_torchs_dropout(Trio(recipe, num_classes)).to(device).train()
        self.images = torch.rand(recipe.batch_size, 3, recipe.size, recipe.size).to(device)
        self.labels = (torch.arange(recipe.batch_size) % num_classes).to(device)
        rate = recipe.learning_rate
        self.classifier_adam = torch.optim.Adam(self.trio.classifier.parameters(), rate)
        self.generator_adam = torch.optim.Adam(self.trio.generator.parameters(), rate, betas=(0.5, 0.999))
        self.discriminator_adam = torch.optim.Adam(self.trio.discriminator.parameters(), rate, betas=(0.5, 0.999))

    def fakes(self) -> Tensor:
        """As many generated images as a batch has real ones."""
        return self.trio.generator(torch.randn(len(self.labels), self.recipe.latent, device=self.labels.device))

    def confidence(self, fakes: Tensor) -> Tensor:
        """E[KL(U || p)] of generated images; that code's mean over elements, times the classes."""
        log_p = F.log_softmax(self.trio.classifier(fakes), dim=1)
        uniform = torch.full_like(log_p, 1 / self.num_classes)
        return F.kl_div(log_p, uniform, reduction="batchmean")

    def verdict(self, images: Tensor, target: float) -> Tensor:
        """Binary cross-entropy of the discriminator against 1 (real) or 0."""
        probabilities = self.trio.discriminator(images).sigmoid()
        return F.binary_cross_entropy(probabilities, torch.full_like(probabilities, target))

    def step(self) -> None:
        """Discriminator, generator, classifier; real and generated images pass one after another."""
        self.discriminator_adam.zero_grad()
        self.verdict(self.images, 1.0).backward()
        fakes = self.fakes()
        self.verdict(fakes.detach(), 0.0).backward()
        self.discriminator_adam.step()

        self.generator_adam.zero_grad()
        (self.verdict(fakes, 1.0) + self.recipe.beta * self.confidence(fakes)).backward()
        self.generator_adam.step()

        self.classifier_adam.zero_grad()
        loss = F.nll_loss(F.log_softmax(self.trio.classifier(self.images), dim=1), self.labels)
        (loss + self.recipe.beta * self.confidence(self.fakes())).backward()
        self.classifier_adam.step()
