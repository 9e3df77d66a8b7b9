"""A detector to take away: trained on what its user has, with a threshold that can be believed, saved and loaded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

import oe_core
from oe_core.arguments import ArgumentError, check_counts, expanded
from oe_core.atomic import understood
from oe_core.data.examples import Examples, TextSet, check_trainable
from oe_core.data.vocabulary import Vocabulary
from oe_core.detector import checks, pretrained, saved, settings
from oe_core.detector.asking import image_chunks, text_chunks
from oe_core.detector.checks import Finding
from oe_core.detector.given import BESIDE, Files, check_known, given, looks_like_a_path, named
from oe_core.detector.sets import GivenSets, in_memory, read_again
from oe_core.detector.tables import Refused
from oe_core.detector.threshold import Threshold, check_enough, check_rate, threshold
from oe_core.detectors.kind import right
from oe_core.detectors.registry import KINDS, kind_of, recipe_from_json
from oe_core.detectors.text.training import token_ids, vocabulary_of
from oe_core.devices import default_device, meant
from oe_core.evaluation.roles import shared_examples
from oe_core.parts import held_out_part, mixed, training_part
from oe_core.recipe import Recipe
from oe_core.runs.store import Run, Store, facts
from oe_core.scales import runs_root

if TYPE_CHECKING:
    from oe_core.detector.report import Report

ANOMALY, INLIER = "anomaly", "inlier"
FALSE_ALARM_RATE = 0.05
LEFT_OUT = 3  # classes
MOST_ASKED = 2_000  # of the outliers, about which a trained network is asked


class Prediction(NamedTuple):
    """What a detector says of one example. path: where it is from. class_name: the likeliest of the inliers' classes.

    score: higher = more anomalous. verdict: "anomaly" or "inlier".
    """

    path: str
    class_name: str
    score: float
    verdict: str


@dataclass
class Detector:
    """A trained classifier that scores how unlike its classes an example is; higher = more anomalous.

    recipe: of its network. classes: of the in-distribution. vocabulary: of a detector of texts. held_out_scores: of
    inliers that it never learned from, float64 (n,). findings: what was checked after training. threshold: None where
    too few examples were held out. card: how, of what data and where it was made: the stamp of its `run`, and what was
    `held_out`. data: what it was made of, None after it was loaded.
    """

    recipe: Recipe
    classes: tuple[str, ...]
    weights: dict[str, Tensor] = field(repr=False)
    held_out_scores: np.ndarray = field(repr=False)
    vocabulary: Vocabulary | None = field(default=None, repr=False)
    findings: list[Finding] = field(default_factory=list)
    threshold: Threshold | None = None
    card: dict = field(default_factory=dict, repr=False)
    data: GivenSets | None = field(default=None, repr=False)

    @classmethod
    def fit(
        cls, in_dist: object, outliers: object = None, *, labels: Sequence | None = None, held_out: object = None,
        false_alarm_rate: float | None = None, store: Store | None = None, **changes,
    ) -> Self:  # fmt: skip
        """Train a detector on examples of at least two classes, and on outliers, which are to be told from them.

        in_dist: as `given.WAYS` has it; labels: where it has none. outliers: the same without labels; None: those of
        `settings.DEFAULT_OUTLIERS`, which need no download. held_out: inliers of the same classes to check with and to
        set the threshold by; None: a part of in_dist that is then not trained on. false_alarm_rate: refused where too
        few are held out for it; None: FALSE_ALARM_RATE, or no threshold then. store: where the training is kept, to be
        found again or to go on; None: OE_RUNS/own. changes: other settings than follow from the data, any field of the
        recipe or `steps`. Raises ValueError for what cannot be learned from, and as `given` and the readers.
        What does not hold of the result is said in the log, and stands in `findings`.
        """
        if false_alarm_rate is not None:
            check_rate(false_alarm_rate)
        inside = given(in_dist, "in_dist", labels)
        settings.check(KINDS[inside.kind], changes)
        outside = named(settings.DEFAULT_OUTLIERS[inside.kind]) if outliers is None else given(outliers, "outliers")
        kept = None if held_out is None else given(held_out, "held_out")
        for argument, other in (("outliers", outside), ("held_out", kept)):
            if other is not None and other.kind != inside.kind:
                raise ArgumentError(f"{argument}: {other.name} has {other.kind}, in_dist has {inside.kind}")
        size = [changes.get("size", settings.pixels(inside.files.side))] if inside.kind == "images" else []
        inliers, test = inside.load(inside.name, *size), None if kept is None else kept.load(kept.name, *size)
        beside = f"{outside.name}{BESIDE}" if outside.name == inside.name else outside.name
        recipe = settings.recipe(inside.name, inliers, beside, kept is None, **changes)
        check_trainable(inliers, test, held_out=recipe.holdout / len(inliers))
        others = mixed(outside.load(beside, *size))
        recipe = replace(recipe, outlier_limit=settings.shown(others, recipe.outlier_limit))
        unseen = others.take(torch.arange(recipe.outlier_limit, len(others))[:MOST_ASKED])
        training, test = training_part(inliers, recipe), held_out_part(inliers, recipe) if test is None else test
        settings.check_learned(training)
        if false_alarm_rate is not None:
            check_enough(len(test), false_alarm_rate)
        sets = GivenSets(inliers, others, test)
        overlaps = shared_examples(sets.roles(recipe))
        store = store or Store(runs_root() / "own")
        run = store.run(recipe, load=in_memory(recipe, inliers, others))
        detector = cls.of_run(run, inliers, test)
        detector.data = sets
        usual = int(training.labels.bincount().argmax())
        detector.findings = [
            *detector._checked(test, unseen, usual, (inside.files, outside.files)),
            checks.loss_fell(run.log, len(inliers.classes)), checks.apart(overlaps),
        ]  # fmt: skip
        try:
            detector.set_threshold(false_alarm_rate or FALSE_ALARM_RATE)
        except ValueError as refusal:
            detector.findings.append(Finding("threshold", False, str(refusal)))
        checks.say(detector.findings)
        return detector

    @classmethod
    def of_run(cls, run: Run, inliers: Examples, held_out: Examples) -> Self:
        """The detector of a finished training on `inliers`; held_out: those that it never saw."""
        recipe, card = run.recipe, {"run": run.stamp, "held_out": facts(held_out)}
        # What is computed later, on any machine, is computed in the precision in which the threshold is set.
        recipe = replace(recipe, precision=meant(recipe.precision, default_device()))
        vocabulary = vocabulary_of(inliers, recipe) if isinstance(inliers, TextSet) else None
        detector = cls(recipe, inliers.classes, run.weights, np.empty(0), vocabulary, card=card)
        detector.held_out_scores = detector.score(held_out)
        return detector

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """The detector that was saved in `folder`.

        Raises FileNotFoundError where there is none, ValueError for one of a newer version, and DamagedFileError naming
        the file that is missing, or is not what was written.
        """
        folder = expanded(folder)
        card, weights, held_out = saved.read(folder)
        with understood(folder / saved.CARD), torch.random.fork_rng([]):
            words = card.pop("vocabulary")
            limit = card.pop("threshold")
            detector = cls(
                recipe_from_json(card.pop("recipe")), tuple(card.pop("classes")), weights, held_out["scores"],
                None if words is None else Vocabulary(tuple(words)), [Finding(**one) for one in card.pop("findings")],
                limit and Threshold(**{**limit, "interval": tuple(limit["interval"])}), card,
            )  # fmt: skip
            _ = detector.network, card["run"]["data"], card["held_out"]  # they fit the recipe, and are there
        return detector

    @classmethod
    def from_pretrained(cls, name: str) -> Self:
        """A detector that comes with the package. Raises ValueError listing those that do, and as `load`.

        >>> from oe_core import auroc, load_images
        >>> detector = Detector.from_pretrained("digits-oe")
        >>> digits, flowers = (load_images(name, "test", 16) for name in ("digits", "photo-flower"))
        >>> round(auroc(detector.score(digits), detector.score(flowers)), 2)
        1.0
        """
        return cls.load(pretrained.folder_of(name))

    def save(self, folder: str | Path) -> None:
        """Write the detector into a folder of its own, replacing an earlier one there.

        Raises ValueError for a folder that holds other files, OSError where it cannot be written.
        """
        card = {
            "made_by": f"oe_core {oe_core.__version__}", "recipe": self.recipe.to_json(), "classes": self.classes,
            "vocabulary": self.vocabulary and self.vocabulary.tokens,
            "threshold": self.threshold and asdict(self.threshold),
            "findings": [asdict(finding) for finding in self.findings],
        }  # fmt: skip
        saved.write(expanded(folder), self.card | card, self.weights, {"scores": self.held_out_scores})

    def score(self, examples: object) -> np.ndarray:
        """Anomaly scores float64 (n,), higher = more anomalous, in bounded memory.

        examples: as `asking.image_chunks` or `text_chunks` have it, whose errors it raises; of a name: `examples_of`.
        """
        return np.concatenate([np.empty(0), *(scores for *_, scores in self.answers(examples))])

    def answers(
        self, examples: object, refused: Refused | None = None
    ) -> Iterator[tuple[list[str], Examples, np.ndarray, np.ndarray]]:
        """A chunk at a time: where its examples are from, they, their logits float32 (n, classes), and scores (n,).

        Arguments and errors as `score` and `stream`.
        """
        score = kind_of(self.recipe).score(self.recipe)
        images = self.vocabulary is None
        chunks = image_chunks(examples, self.recipe.size, refused) if images else text_chunks(examples, refused)
        for places, chunk in chunks:
            outputs = self._outputs(chunk)
            yield places, chunk, outputs, score(outputs)

    def predict(self, examples: object) -> list[Prediction]:
        """Class, score and verdict of each example; as `stream`, whole."""
        return list(self.stream(examples))

    def stream(self, examples: object, refused: Refused | None = None) -> Iterator[Prediction]:
        """What `predict` gives, as it comes, of any number of examples.

        refused: is told of each example that cannot be read, which is left out; None: that raises FormatError. Raises
        ValueError where there is no threshold.
        """
        if self.threshold is None:
            raise ArgumentError(
                "there is no threshold; set_threshold, or oe threshold, sets one if enough was held out"
            )
        for places, _, outputs, scores in self.answers(examples, refused):
            named = [self.classes[label] for label in outputs.argmax(axis=1)]
            for place, name, value in zip(places, named, scores.tolist(), strict=True):
                yield Prediction(place, name, value, self.verdict(value))

    def verdict(self, score: float) -> str:
        """ANOMALY from the threshold on, else INLIER; "" without a threshold."""
        if self.threshold is None:
            return ""
        return ANOMALY if score >= self.threshold.value else INLIER

    def set_threshold(self, false_alarm_rate: float = FALSE_ALARM_RATE) -> Threshold:
        """Set from which score on an alarm is given, so that this share of the inliers ring on average.

        By the held-out inliers. Errors as `threshold.threshold`: for too few of them it says how many it takes.
        """
        self.threshold = threshold(self.held_out_scores, false_alarm_rate)
        self.findings = [finding for finding in self.findings if finding.check != "threshold"]  # that there was none
        return self.threshold

    def evaluate(
        self, anomalies: object = None, *, in_dist: object = None, outliers: object = None,
        labels: Sequence | None = None, left_out: int | None = None, store: Store | None = None,
    ) -> "Report":  # fmt: skip
        """What it catches, and what it does not; needs pandas, and matplotlib for pictures of the misses.

        anomalies: of your own, as `score` takes them, or the name of a data set; or several, {name: them}; what cannot
        be read of them, and what was trained on, is said in the log. in_dist, outliers, labels: what a loaded detector
        was trained on, as in `fit`; without, no synthetic anomaly is tested on but noise, or words at random. left_out:
        for so many of three or more classes another detector is trained without one, which is then an anomaly; None:
        LEFT_OUT where it is known what it was trained on. Raises ValueError for another in_dist, and as `fit`.
        """
        from oe_core.detector import report

        check_counts(least=0, given=left_out is not None, left_out=left_out)
        if left_out and in_dist is None and self.data is None:
            raise ArgumentError(f"left_out={left_out}: takes in_dist (--in-dist), what the detector was trained on")
        left_out = LEFT_OUT if left_out is None else left_out
        data = self.data if in_dist is None else read_again(self, in_dist, outliers, labels, left_out)
        mine = anomalies if isinstance(anomalies, Mapping) else {} if anomalies is None else {"anomalies": anomalies}
        mine = {name: self.examples_of(one) if isinstance(one, str) else one for name, one in mine.items()}
        return report.evaluate(self, mine, data, store or Store(runs_root() / "own"), left_out)

    def examples_of(self, place: str) -> Path | Examples:
        """A path, or of the name of a data set its test examples, else those to train on. Errors as of `given`."""
        if looks_like_a_path(place):
            return Path(place)  # whose reader says where there is nothing
        kind, size = kind_of(self.recipe), [self.recipe.size] if self.vocabulary is None else []
        check_known(place, kind.sources)
        split = "test" if kind.sources.available(place, "test") else "train"
        return kind.load(place, split, *size)

    @cached_property
    def network(self) -> nn.Module:
        """On the first GPU, else the CPU."""
        return kind_of(self.recipe).network(self.recipe, self.weights, len(self.classes), default_device())

    def _checked(self, test: Examples, outliers: Examples, usual: int, files: tuple[Files, Files]) -> list[Finding]:
        outputs = self._outputs(test)
        return [
            checks.learned_classes(right(outputs, test), test.labels.numpy(), usual),
            checks.told_outliers(self.held_out_scores, self.score(outliers), self.recipe.outlier_limit),
            checks.not_by_files(test, outliers, files, self.score),
        ]

    def _outputs(self, chunk: Examples) -> np.ndarray:
        """Logits float32 (n, classes)."""
        words = self.vocabulary
        inputs = chunk.images if words is None else token_ids(chunk, words, self.recipe, inside=True)
        return kind_of(self.recipe).predict(self.network, inputs, self.recipe).numpy()
