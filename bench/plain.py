"""The plain way, as the paper's public code works: what this engine is measured against.

PIL transforms in DataLoader workers; float32 networks in contiguous order with `nn.Dropout` and the unfused SGD;
scikit-learn's metrics. Source: hendrycks/outlier-exposure `CIFAR/oe_scratch.py`, `CIFAR/test.py` and
`utils/display_results.py`.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from oe_core.data.batches import CHANNEL_STATISTICS
from oe_core.detectors.images.network import build
from oe_core.detectors.images.recipe import ImageRecipe
from oe_core.networks.dropout import Dropout


class _Pictures(Dataset):
    def __init__(self, images: NDArray[np.uint8], transform: Callable):
        self.images, self.transform = images, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.transform(self.images[index])


def _loader(images: Tensor, steps: list, batch_size: int, workers: int, shuffle: bool) -> DataLoader:
    pictures = _Pictures(images.permute(0, 2, 3, 1).contiguous().numpy(), transforms.Compose(steps))
    return DataLoader(pictures, batch_size, shuffle=shuffle, num_workers=workers, pin_memory=torch.cuda.is_available())


@contextmanager
def _remarks_on_workers_silenced() -> Iterator[None]:
    # The paper's code asks for 4 workers on any machine, which torch remarks on where there are fewer cores; starting
    # them forks, which Python remarks on beside torch's threads.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This DataLoader will create")
        warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)
        yield


def pil_batches(recipe: ImageRecipe, inliers: Tensor, outliers: Tensor, workers: int) -> Iterator[Tensor]:
    """Joint batches, float32 (batch, 3, h, w), of uint8 images (n, 3, h, w), through PIL in `workers` processes."""
    normalise = [transforms.ToTensor(), transforms.Normalize(*CHANNEL_STATISTICS[recipe.scaling])]
    crop, flip = transforms.RandomCrop(recipe.size, recipe.crop_padding), transforms.RandomHorizontalFlip()
    # The outlier file yields arrays, which that code turns into tensors, then pictures, then tensors again.
    outlier_steps = [transforms.ToTensor(), transforms.ToPILImage(), crop, flip, *normalise]
    with _remarks_on_workers_silenced():
        first = _loader(inliers, [Image.fromarray, flip, crop, *normalise], recipe.batch_size, workers, True)
        second = _loader(outliers, outlier_steps, recipe.outlier_batch_size, workers, False)
        pairs = zip(iter(first), iter(second), strict=False)
    for parts in pairs:
        yield torch.cat(parts)


def network(recipe: ImageRecipe, num_classes: int, device: torch.device) -> nn.Module:
    """The recipe's network with torch's own dropout, float32, contiguous."""
    return with_torchs_dropout(build(recipe.model, num_classes, recipe.dropout)).to(device)


def with_torchs_dropout(model: nn.Module) -> nn.Module:
    """`model` itself, with `nn.Dropout` wherever it had ours."""
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, Dropout):
                setattr(module, name, nn.Dropout(child.probability))
    return model


def exposure_loss(logits: Tensor, labels: Tensor, oe_weight: float) -> Tensor:
    """Equation 1 as the paper's code writes it: slices of the joint logits, the outliers' by mean and logsumexp."""
    inliers, outliers = logits[: len(labels)], logits[len(labels) :]
    return F.cross_entropy(inliers, labels) - oe_weight * (outliers.mean(1) - torch.logsumexp(outliers, dim=1)).mean()


class Training:
    """Float32 steps on ready-made inputs; the pipeline is measured by itself."""

    def __init__(self, recipe: ImageRecipe, num_classes: int, device: torch.device):
        self.recipe = recipe
        self.model = network(recipe, num_classes, device).train()
        self.inputs = torch.randn(recipe.batch_size + recipe.outlier_batch_size, 3, recipe.size, recipe.size).to(device)
        self.labels = (torch.arange(recipe.batch_size) % num_classes).to(device)
        self.optimiser = torch.optim.SGD(
            self.model.parameters(), recipe.learning_rate, recipe.momentum,
            weight_decay=recipe.weight_decay, nesterov=True,
        )  # fmt: skip

    def step(self) -> None:
        """One joint forward pass, one backward pass, one update."""
        loss = exposure_loss(self.model(self.inputs), self.labels, self.recipe.oe_weight)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()


@torch.no_grad()
def msp_scores(model: nn.Module, inputs: Tensor, batch_size: int = 200) -> NDArray[np.float32]:
    """-max softmax for float32 inputs (n, 3, h, w), batch by batch."""
    scores = [-F.softmax(model(batch), dim=1).cpu().numpy().max(axis=1) for batch in inputs.split(batch_size)]
    return np.concatenate(scores)


def detection_metrics(in_scores: NDArray, out_scores: NDArray, tpr: float = 0.95) -> dict[str, float]:
    """FPR95 (recall nearest `tpr`), AUROC and AUPR by scikit-learn's route: a full sort of all scores for each."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    scores = np.concatenate([out_scores, in_scores])
    positive = np.zeros(len(scores), np.int32)
    positive[: len(out_scores)] = 1
    auroc, aupr = roc_auc_score(positive, scores), average_precision_score(positive, scores)
    order = np.argsort(scores, kind="mergesort")[::-1]
    ordered, hit = scores[order], positive[order]
    thresholds = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    hits = np.cumsum(hit, dtype=np.float64)[thresholds]
    false_alarms = 1 + thresholds - hits
    recall = hits / hits[-1]
    downwards = slice(hits.searchsorted(hits[-1]), None, -1)
    nearest = np.argmin(np.abs(np.append(recall[downwards], 1) - tpr))
    fpr = np.append(false_alarms[downwards], 0)[nearest] / len(in_scores)
    return {"FPR95": float(fpr), "AUROC": float(auroc), "AUPR": float(aupr)}
