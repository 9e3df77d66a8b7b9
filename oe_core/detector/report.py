"""What a detector catches and what it misses: metrics with intervals, near and far anomalies apart, and the misses."""

import heapq
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from oe_core.arguments import ArgumentError, expanded
from oe_core.atomic import write_text
from oe_core.data.anomalies import NEAR, YOURS
from oe_core.data.examples import Examples, ImageSet
from oe_core.data.overlap import example_digests, shared
from oe_core.detector import settings
from oe_core.detector.anomalies import noises, synthetic, without_class, words_at_random
from oe_core.detector.detector import ANOMALY, INLIER, Detector
from oe_core.detector.saved import CARD
from oe_core.detector.sets import GivenSets, in_memory
from oe_core.detector.threshold import least
from oe_core.evaluation.bootstrap import interval, resampled_metrics, resamples
from oe_core.evaluation.metrics import detection_metrics
from oe_core.parts import held_out_part
from oe_core.runs.store import Store

RESAMPLES = 1000
MISSES = 8  # of each set that are shown
# Anomalies below which FPR95 hangs on the lowest two or three: of 150 samples of a normal law, its 95 % interval held
# the true value in 68 to 77 % with 20 anomalies and in 93 % with 50, those of AUROC and AUPR in 87 to 95 % with either.
ENOUGH = 50
CAUGHT = {ANOMALY: " rings", INLIER: "", "": ""}
LOG = logging.getLogger("oe_core")


class Miss(NamedTuple):
    """One of the anomalies that a detector doubts least: score, where it is from, its supposed class, and itself.

    verdict: "inlier" of one that is missed, "anomaly" of one that comes next; "" without a threshold.
    """

    score: float
    path: str
    class_name: str
    verdict: str
    content: Tensor | str


@dataclass(frozen=True)
class Report:
    """What `evaluate` measured.

    table: a row a set of anomalies: group ("yours", "near" or "far"), set, inliers, anomalies (numbers), FPR95, AUROC,
    AUPR, each with its interval in <metric>_low and _high, and caught (at the threshold; NaN where too few inliers are
    held out for one, as they may be once a class is left out), in percent; no interval of less than two. misses: by
    set, the anomalies of the lowest scores, lowest first, those that are missed before those that come next.
    """

    table: pd.DataFrame
    misses: dict[str, list[Miss]]

    def sheet(self):
        """A figure of the misses: a row a set, above each its supposed class and score. Raises ValueError for texts."""
        from oe_core import figures

        if not self._shows_pictures:
            raise ArgumentError("the misses are texts, of which there is no picture; `save` writes them to misses.csv")
        rows, captions = {}, {}
        for name, misses in self.misses.items():
            rows[name] = figures.pixels(torch.stack([miss.content for miss in misses]))
            captions[name] = [f"{miss.class_name[:8]} {miss.score:.2f}{CAUGHT[miss.verdict]}" for miss in misses]
        return figures.image_grid(rows, captions)

    @property
    def _shows_pictures(self) -> bool:
        return any(torch.is_tensor(miss.content) for misses in self.misses.values() for miss in misses)

    def save(self, folder: str | Path) -> None:
        """Write evaluation.csv, misses.csv and, of pictures, misses.png and .svg into `folder`."""
        folder = expanded(folder)
        check_place(folder)
        write_text(folder / "evaluation.csv", self.table.to_csv(index=False))
        rows = [(name, *miss) for name, misses in self.misses.items() for miss in misses]
        frame = pd.DataFrame(rows, columns=["set", "score", "path", "class", "verdict", "text"])
        frame = frame.drop(columns="text") if self._shows_pictures else frame
        write_text(folder / "misses.csv", frame.to_csv(index=False))
        if self._shows_pictures:
            from oe_core import figures

            figures.publish(self.sheet(), "misses", folder)


def check_place(folder: Path) -> None:
    """Raise an ArgumentError for the folder of a detector, which would be none any more."""
    if (folder / CARD).exists():
        raise ArgumentError(f"{folder} holds a detector; choose another folder for the report")


def evaluate(
    detector: Detector, anomalies: Mapping[str, object], data: GivenSets | None, store: Store, left_out: int
) -> Report:
    """What `detector` says of anomalies of a user's own, of synthetic ones, and of classes that it did not learn.

    anomalies: by name, as `Detector.score` takes them. data: what it was trained on; None where that is not at hand,
    which leaves noise alone of the synthetic ones, or words at random. left_out: for so many classes another detector
    is trained without one.
    """
    rows, misses = [], {}
    for group, name, by, inliers, (scores, lowest) in _answers(detector, anomalies, data, store, left_out):
        name = f"{name} ({group})" if name in misses else name  # a set of a user's own may be called as a synthetic one
        misses[name] = lowest
        caught = by.threshold and 100 * float((scores >= by.threshold.value).mean())
        rows.append({
            "group": group, "set": name, "inliers": len(inliers), "anomalies": len(scores),
            **_with_intervals(inliers, scores), "caught": caught,
        })  # fmt: skip
    table = pd.DataFrame(rows).astype({"caught": float})
    if few := table["set"][table["anomalies"] < ENOUGH].tolist():
        LOG.warning("fewer than %d anomalies are few for FPR95, whose interval is too narrow then; AUROC's and AUPR's "
                    "are not: %s", ENOUGH, ", ".join(few))  # fmt: skip
    return Report(table, misses)


def _answers(detector, anomalies, data, store, left_out) -> Iterator[tuple]:
    """(group, set, the detector that was asked, its inliers' scores, its answers) of every set."""
    known = {role: example_digests(examples) for role, examples in data.roles(detector.recipe).items()} if data else {}
    for name, examples in anomalies.items():
        *found, twice = _asked(detector, examples, known)
        for role, count in twice.items():
            LOG.warning("%s: %d of its %d examples are also in %s: no test of these", name, count, len(found[0]), role)
        if not len(found[0]):
            raise ArgumentError(f"anomalies: {name} holds no example; leave it out")
        yield YOURS, name, detector, detector.held_out_scores, found
    for group, name, examples in synthetic(data.held_out) if data else _made_of_nothing(detector):
        yield group, name, detector, detector.held_out_scores, _asked(detector, examples)[:2]
    if data is None:
        return
    classes = np.random.default_rng(0).permutation(len(detector.classes))
    for label in classes[: left_out if len(classes) > 2 else 0]:
        part, left = without_class(data.inliers, int(label))
        other = _trained_on(detector, part, data.outliers, store)
        yield NEAR, f"{detector.classes[label]}, left out", other, other.held_out_scores, _asked(other, left)[:2]


def _made_of_nothing(detector: Detector) -> Iterator[tuple[str, str, Examples]]:
    """The synthetic anomalies for which no inlier is needed."""
    words, recipe = detector.vocabulary, detector.recipe
    return noises(recipe.size) if words is None else words_at_random(words.tokens, recipe.length)


def _trained_on(detector: Detector, part: Examples, outliers: Examples, store: Store) -> Detector:
    """A detector by the same recipe of a part of the classes."""
    recipe = replace(detector.recipe, name=part.name, in_dist=part.name, holdout=settings.holdout(len(part)))
    run = store.run(recipe, load=in_memory(recipe, part, outliers))
    other = Detector.of_run(run, part, held_out_part(part, recipe))
    if detector.threshold and len(other.held_out_scores) >= least(detector.threshold.false_alarm_rate):
        other.set_threshold(detector.threshold.false_alarm_rate)
    return other


def _asked(
    detector: Detector, examples: object, known: Mapping[str, Counter[bytes]] | None = None
) -> tuple[np.ndarray, list[Miss], Counter[str]]:
    """All scores of a set, its MISSES lowest, and how many of it are `known`, in bounded memory."""
    scores, lowest, twice = [], [], Counter()
    for places, chunk, outputs, found in detector.answers(examples, lambda refusal: LOG.warning("%s", refusal)):
        scores.append(found)
        if known:
            digests = example_digests(chunk)
            twice += Counter({role: shared(of, digests) for role, of in known.items()})
        contents = chunk.images if isinstance(chunk, ImageSet) else chunk.texts
        named = [detector.classes[label] for label in outputs.argmax(axis=1)]
        verdicts = map(detector.verdict, found)
        misses = [*lowest, *map(Miss, found.tolist(), places, named, verdicts, contents)]
        lowest = heapq.nsmallest(MISSES, misses, key=lambda miss: miss.score)
    return np.concatenate([np.empty(0), *scores]), lowest, twice


def _with_intervals(in_scores: np.ndarray, out_scores: np.ndarray) -> dict[str, float]:
    """The three metrics in percent, with their bootstrap intervals over examples of both kinds."""
    measured = detection_metrics(in_scores, out_scores)
    sizes, limits = (len(in_scores), len(out_scores)), dict.fromkeys(measured, (np.nan, np.nan))
    if min(sizes) > 1:  # of one alone nothing is known but itself
        again = resampled_metrics(in_scores, out_scores, resamples(*sizes, RESAMPLES))
        limits = {metric: interval(values) for metric, values in again.items()}
    return {
        f"{metric}{which}": 100 * float(number)
        for metric, value in measured.items()
        for which, number in zip(("", "_low", "_high"), (value, *limits[metric]), strict=True)
    }
