"""Language models: how one is built, fed, optimised, averaged and asked; the loop is `oe_core.train`'s."""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from oe_core import train
from oe_core.data.batches import JointBatches, Tokens
from oe_core.data.streams import Stream
from oe_core.detectors.kind import asked
from oe_core.detectors.language.losses import activation_penalty, slowness_penalty
from oe_core.detectors.language.network import QRNNLanguageModel
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.losses import outlier_exposure
from oe_core.recipe import cosine

NOT_YET = 1e12  # a step that no training reaches


def segments(ids: Tensor, length: int, name: str = "stream") -> Tensor:
    """Consecutive segments of token ids (m,), int64 (n, length + 1): each one's last token is the next one's first.

    A segment has `length` tokens to predict, each from those before it; what does not fill one at the end is left out.
    Raises ValueError for a stream too short for one.
    """
    if len(ids) <= length:
        raise ValueError(f"{name} has {len(ids)} tokens, too few for a first one and a segment of length={length}")
    return ids.long().unfold(0, length + 1, length)


def segments_of(stream: Stream, training: Stream, recipe: LanguageRecipe) -> Tensor:
    """The segments of a stream as the network of `recipe`, trained on `training`, reads them; as `segments`."""
    return segments(stream.spelled_in(training.vocabulary(recipe.vocabulary)), recipe.length, stream.name)


def validation_segments(training: Stream, recipe: LanguageRecipe) -> Tensor:
    """The segments of the held-out part of the stream that a network is trained on; as `segments`."""
    held_out = training.spelled_in(training.vocabulary(recipe.vocabulary), training.validation)
    return segments(held_out, recipe.length, f"{training.name}, held out,")


def as_text(segment: Tensor, vocabulary: tuple[str, ...], unit: str) -> str:
    """A segment (length + 1,) as text, in the words that the network knows."""
    tokens = [vocabulary[number] for number in segment.tolist()]
    return " ".join(tokens) if unit == "words" else "".join(tokens).replace("_", " ")


def side_by_side(available: int, steps: int, streams: int) -> Tensor:
    """Which of the segments are read when they are parted into streams, one of each at every step; from the first on.

    int64 (steps * streams,), a step after the other. Streams are read again from their beginning where they are too
    short. Raises ValueError for fewer segments than streams.
    """
    length = available // streams
    if not length:
        raise ValueError(f"{available} segments are too few for {streams} streams, as many as a batch has segments")
    return (torch.arange(steps)[:, None] % length + length * torch.arange(streams)).flatten()


class StreamBatches(JointBatches):
    """The same batches in every epoch, each with the next segment of as many streams as it has segments.

    Outliers are read as far into their streams as the inliers' reach. Source: hendrycks/outlier-exposure
    `NLP_language_modeling/train.py`, which reads so the first 45 % of each of 20 parts of WikiText-2.
    """

    def __len__(self) -> int:
        return len(self.inliers) // self.batch_size

    def inliers_read(self) -> Tensor:
        return side_by_side(len(self.inliers), len(self), self.batch_size)

    def outliers_read(self, needed: int) -> Tensor:
        return side_by_side(len(self.outliers), len(self), self.outlier_batch_size)


def _batches(recipe: LanguageRecipe, inliers: Stream, outliers: Stream | None, device: torch.device) -> JointBatches:
    vocabulary, generator = inliers.vocabulary(recipe.vocabulary), torch.Generator().manual_seed(recipe.seed)

    def of(stream: Stream, limit: int | None) -> Tensor:
        return segments(stream.spelled_in(vocabulary, stream.training), recipe.length, stream.name)[:limit].to(device)

    validation_segments(inliers, recipe)  # too little text for one is an error before the first epoch, not after it
    inside = of(inliers, recipe.limit)
    outside = None if outliers is None else Tokens(of(outliers, recipe.outlier_limit)[:, :-1])
    batches = StreamBatches if recipe.order == "streams" else JointBatches
    return batches(
        Tokens(inside[:, :-1]), inside[:, 1:], recipe.batch_size, generator,
        outside, recipe.outlier_batch_size, recipe.outlier_order,
    )  # fmt: skip


def _network(recipe: LanguageRecipe, num_classes: int, device: torch.device) -> nn.Module:
    if recipe.model != "qrnn":
        raise ValueError(f"model={recipe.model!r} is unknown; the language model is a qrnn")
    return QRNNLanguageModel(min(recipe.vocabulary, num_classes), recipe).to(device)


def _optimiser(parameters: Iterable[nn.Parameter], recipe: LanguageRecipe) -> torch.optim.Optimizer:
    """Adam, or SGD that can begin to average its weights: torch's ASGD, whose average starts at step t0."""
    parameters = list(parameters)
    if recipe.optimiser == "adam":
        made = torch.optim.Adam(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    else:
        made = torch.optim.ASGD(parameters, recipe.learning_rate, lambd=0, t0=NOT_YET, weight_decay=recipe.weight_decay)

    def clip(*_) -> None:
        nn.utils.clip_grad_norm_(parameters, recipe.clip)

    made.register_step_pre_hook(clip)
    return made


def _rate(recipe: LanguageRecipe, position: int, steps_an_epoch: int) -> float:
    if recipe.optimiser == "adam":
        return cosine(position, recipe.epochs * steps_an_epoch, recipe.learning_rate)
    return recipe.learning_rate


def is_averaging(optimiser: torch.optim.Optimizer) -> bool:
    """Whether the training has come to the point from which its weights are averaged."""
    return optimiser.param_groups[0].get("t0", NOT_YET) < NOT_YET


def _begin_averaging(optimiser: torch.optim.Optimizer) -> None:
    # torch weighs the iterate of step s by 1 / (s - 1 - t0): this t0 gives the mean from the next step on.
    for group in optimiser.param_groups:
        group["t0"] = float(next(iter(optimiser.state.values()))["step"]) - 1


def current_weights(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The network's state dict, with the averages in place of the parameters where they are averaged."""
    return model.state_dict() | (train.kept(model, optimiser, "ax") if is_averaging(optimiser) else {})


def final_weights(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What a training ends with: the weights of its best epoch where they were kept, or else the current ones."""
    return current_weights(model, optimiser) | train.kept(model, optimiser, "best")


def _after_epoch(
    model: nn.Module, optimiser: torch.optim.Optimizer, recipe: LanguageRecipe, inliers: Stream, log: list[dict]
) -> dict:
    """Validation perplexity; after `patience` validations that brought no gain, averaging begins (NT-ASGD).

    Where the recipe wants the best epoch, the optimiser's state keeps its weights, so that a checkpoint has them.
    Source: Merity et al. 2018a, algorithm 1; salesforce/awd-lstm-lm main.py.
    """
    averaging = is_averaging(optimiser)
    trained = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    weights = current_weights(model, optimiser)
    model.load_state_dict(weights)
    perplexity = validation_perplexity(model, inliers, recipe)
    model.load_state_dict(trained)
    if recipe.best_epoch and all(perplexity < row["validation_perplexity"] for row in log):
        for name, parameter in model.named_parameters():
            optimiser.state[parameter]["best"] = weights[name].detach().clone()
    before = [row["validation_perplexity"] for row in log[: -recipe.patience]]
    if recipe.optimiser == "asgd" and not averaging and before and perplexity > min(before):
        _begin_averaging(optimiser)
    return {"validation_perplexity": perplexity, "averaged": averaging}


def validation_perplexity(model: nn.Module, inliers: Stream, recipe: LanguageRecipe) -> float:
    """Perplexity per token on the held-out part of the stream that the network was trained on."""
    was_training = model.training
    losses = predict(model.eval(), validation_segments(inliers, recipe), recipe)
    model.train(was_training)
    return math.exp(float(losses[:, 0].mean()))


def _loss(outputs: tuple[Tensor, Tensor, Tensor], labels: Tensor, recipe: LanguageRecipe):
    logits, dropped, raw = outputs
    total, *parts = outlier_exposure(logits.float(), labels.flatten(), recipe.oe_weight)
    penalty = recipe.activation_penalty * activation_penalty(dropped) + recipe.slowness_penalty * slowness_penalty(raw)
    return total + penalty, *parts


TASK = train.Task(
    batches=_batches,
    network=_network,
    inputs=lambda ids, recipe: ids,
    optimiser=_optimiser,
    rate=_rate,
    loss=_loss,
    after_epoch=_after_epoch,
    weights=final_weights,
)


def predict(model: nn.Module, pieces: Tensor, recipe: LanguageRecipe, batch_size: int = 40) -> Tensor:
    """Two means over the tokens of each segment (n, length + 1), nats, float32 (n, 2) on the CPU.

    Column 0 is the negative log-likelihood -log p(token | those before), column 1 the cross entropy H(U; p) from the
    uniform distribution to what the network expects.
    """
    device = next(model.parameters()).device

    def losses(batch: Tensor) -> Tensor:
        logs = F.log_softmax(model(batch[:, :-1]).float(), dim=1)
        likelihood = -logs.gather(1, batch[:, 1:].flatten()[:, None]).view(len(batch), -1).mean(dim=1)
        uniform = -logs.mean(dim=1).view(len(batch), -1).mean(dim=1)
        return torch.stack([likelihood, uniform], dim=1)

    return asked(losses, recipe, (batch.to(device) for batch in pieces.split(batch_size)))
