"""Text classifiers: how one is built, fed, optimised and asked; the loop is `oe_core.train`'s."""

import torch
from torch import Tensor, nn

from oe_core import train
from oe_core.data.batches import JointBatches, Tokens
from oe_core.data.examples import TextSet
from oe_core.data.vocabulary import PADDING, Vocabulary, padded
from oe_core.detectors.kind import asked
from oe_core.detectors.text.network import GRUClassifier
from oe_core.detectors.text.recipe import TextRecipe
from oe_core.parts import training_part
from oe_core.recipe import cosine

UNREAD = -1  # stands in a batch in front of its longest text, where a recipe reads padding


def vocabulary_of(inliers: TextSet, recipe: TextRecipe) -> Vocabulary:
    """The vocabulary of `recipe`: of the part of the in-distribution that it trains on."""
    return Vocabulary.of(_spelled(training_part(inliers, recipe), recipe.lower_inliers), recipe.vocabulary)


def token_ids(texts: TextSet, vocabulary: Vocabulary, recipe: TextRecipe, inside: bool | None = None) -> Tensor:
    """Token ids int64 (n, length) of a set: of inliers as the recipe spells them, of any other set in lower case.

    A set that keeps its case is read as it stands, by a vocabulary that may know no capitals. All are cut to the
    recipe's length; where it reads padding, inliers alone. inside: whether they are read as inliers are; None: those
    that have the in-distribution's name.
    """
    inside = texts.name == recipe.in_dist if inside is None else inside
    lower = (recipe.lower_inliers or not inside) and not texts.keeps_case
    return vocabulary.encode(_spelled(texts, lower), recipe.length if inside or not recipe.reads_padding else None)


def _spelled(texts: TextSet, lower: bool) -> tuple[str, ...]:
    return tuple(text.lower() for text in texts.texts) if lower else texts.texts


def filled(ids: Tensor) -> Tensor:
    """A batch of token ids (n, length) with UNREAD in place of the padding in front of its longest text."""
    return ids.masked_fill((ids == PADDING).all(dim=0), UNREAD)


class FilledTokens(Tokens):
    """Token ids whose batches are `filled`, the inliers and the outliers of a joint batch apart, as in the code."""

    def batch(self, indices: Tensor, choices: Tensor) -> Tensor:
        return filled(super().batch(indices, choices))


def _batches(recipe: TextRecipe, inliers: TextSet, outliers: TextSet | None, device: torch.device) -> JointBatches:
    vocabulary, part = vocabulary_of(inliers, recipe), training_part(inliers, recipe)
    sets = [token_ids(part, vocabulary, recipe)]
    if outliers is not None:
        sets.append(token_ids(outliers, vocabulary, recipe)[: recipe.outlier_limit])
    longest = max(ids.shape[1] for ids in sets)
    tokens = FilledTokens if recipe.reads_padding else Tokens
    inside, *outside = (tokens(padded(ids, longest).to(device)) for ids in sets)
    return JointBatches(
        inside, part.labels.to(device), recipe.batch_size, torch.Generator().manual_seed(recipe.seed),
        outside[0] if outside else None, recipe.outlier_batch_size, recipe.outlier_order,
    )  # fmt: skip


def _network(recipe: TextRecipe, num_classes: int, device: torch.device) -> nn.Module:
    if recipe.model != "gru":
        raise ValueError(f"model={recipe.model!r} is unknown; texts are classified by gru")
    unread = UNREAD if recipe.reads_padding else PADDING
    return GRUClassifier(recipe.vocabulary, num_classes, unread=unread).to(device)


TASK = train.Task(
    batches=_batches,
    network=_network,
    inputs=lambda ids, recipe: ids,
    optimiser=lambda parameters, recipe: torch.optim.Adam(parameters, recipe.learning_rate, fused=True),
    # One rate an epoch, the first the initial one.
    rate=lambda recipe, position, steps: cosine(position // steps, recipe.epochs, recipe.learning_rate),
    compiles=False,
    captures=False,  # a batch has as many tokens as its longest text
)


def predict(model: nn.Module, ids: Tensor, recipe: TextRecipe, batch_size: int = 512) -> Tensor:
    """Logits float32 (n, classes) on the CPU for token ids (n, length), padded in front.

    Texts of like length go together, so that a batch does not wait for one long text; but where the recipe reads
    padding they go as they come, as many at a time as in training.
    """
    device = next(model.parameters()).device
    if recipe.reads_padding:
        order, batches = torch.arange(len(ids)), map(filled, ids.split(recipe.batch_size))
    else:
        order = (ids != PADDING).sum(dim=1).argsort(stable=True)
        batches = (ids[batch] for batch in order.split(batch_size))
    logits = asked(model, recipe, (batch.to(device) for batch in batches))
    return logits[order.argsort()]
