"""Every later detector: one row each. A further one is a row, a function and a test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from oe_core.posthoc import activations, distances, logits, subspaces
from oe_core.posthoc.answers import Answers, Array, Score, TrainingFeatures, checked_features
from oe_core.posthoc.odin import TEMPERATURE, odin
from oe_core.scores import energy, max_logit, msp

READ = ("logits", "features", "labels", "head", "input gradients")


@dataclass(frozen=True)
class Later:
    """One detector that came after the paper, or beside it.

    name: as tables print it. year: of its publication. source: its key in book/site/references.bib. reads: what of a
    network, of `READ`. fit: what makes its score of a network's training. settings: what is fixed, by the paper or code
    that stands beside each constant, and never by test anomalies.
    """

    name: str
    year: int
    source: str
    reads: tuple[str, ...]
    fit: Callable[[TrainingFeatures], Score]
    settings: Mapping[str, float] = field(default_factory=dict, hash=False)

    def fitted(self, training: TrainingFeatures) -> Score:
        """Its score, fitted to a network's training; ValueError as those of `fit`.

        The score raises ValueError for features of another width than in training.
        """
        score, width = self.fit(training), training.features.shape[1]

        def checked(answers: Answers) -> Array:
            checked_features(answers.features[:1], width)
            return score(answers)

        return checked


def _of(part: str, score: Callable[[Array], Array], training: TrainingFeatures) -> Score:
    """A score of one part of the answers, for which nothing is fitted."""
    return lambda answers: score(getattr(answers, part))


def _logits(name: str, year: int, source: str, score: Callable[[Array], Array], **settings: float) -> Later:
    return Later(name, year, source, ("logits",), partial(_of, "logits", score), settings)


def _shaped(name: str, year: int, source: str, shape: Callable[[Array], Array], **settings: float) -> Later:
    return Later(name, year, source, ("features", "head"), partial(activations.of_shaped, shape), settings)


FEATURES, LABELLED, HEAD = ("features",), ("features", "labels"), ("features", "head")
LOGITS_TOO = ("logits", "features")
NEAREST = {"neighbours": distances.NEIGHBOURS, "training examples": distances.BANK}
DETECTORS: tuple[Later, ...] = (
    _logits("MSP", 2017, "hendrycks2017baseline", msp),
    _logits("Max logit", 2022, "hendrycks2022scaling", max_logit),
    _logits("Energy", 2020, "liu2020", energy, temperature=1),
    _logits("Entropy", 2021, "chan2021", logits.entropy),
    _logits("GEN", 2023, "liu2023gen", logits.gen, gamma=logits.GAMMA, largest=logits.LARGEST),
    Later("KL matching", 2022, "hendrycks2022scaling", ("logits",), logits.kl_matching),
    Later("ODIN", 2018, "liang2018", ("input gradients",), partial(_of, "perturbed", odin),
          {"temperature": TEMPERATURE}),
    Later("GradNorm", 2021, "huang2021gradnorm", LOGITS_TOO, subspaces.gradnorm, {"temperature": 1}),
    Later("ReAct", 2021, "sun2021react", HEAD, activations.react, {"percentile": activations.CLIPPED}),
    Later("DICE", 2022, "sun2022dice", HEAD, activations.dice, {"percentile": activations.SPARSE}),
    _shaped("ASH-P", 2023, "djurisic2023", activations.ash_p, percentile=activations.PRUNED),
    _shaped("ASH-B", 2023, "djurisic2023", activations.ash_b, percentile=activations.PRUNED),
    _shaped("ASH-S", 2023, "djurisic2023", activations.ash_s, percentile=activations.PRUNED),
    _shaped("SCALE", 2024, "xu2024scale", activations.scale, percentile=activations.SCALED),
    Later("Mahalanobis", 2018, "lee2018mahalanobis", LABELLED, distances.mahalanobis),
    Later("Relative Mahalanobis", 2021, "ren2021", LABELLED, distances.relative_mahalanobis),
    Later("Mahalanobis++", 2025, "mueller2025", LABELLED, distances.normalised_mahalanobis),
    Later("SSD", 2021, "sehwag2021", FEATURES, distances.ssd, {"clusters": 1}),
    Later("k-NN", 2022, "sun2022", FEATURES, distances.nearest_neighbours, NEAREST),
    Later("NNGuide", 2023, "park2023", (*LOGITS_TOO, "head"), distances.nnguide, NEAREST),
    Later("SHE", 2023, "zhang2023she", (*LOGITS_TOO, "labels", "head"), distances.she),
    Later("ViM", 2022, "wang2022", (*LOGITS_TOO, "head"), subspaces.vim),
    Later("Residual", 2022, "wang2022", HEAD, subspaces.residual),
    Later("NECO", 2024, "benammar2024", FEATURES, subspaces.neco, {"explained variance": subspaces.EXPLAINED}),
    Later("fDBD", 2024, "liu2024fdbd", (*LOGITS_TOO, "head"), subspaces.fdbd),
)  # fmt: skip
"""In the order of what they read: logits, a step of the input, activations, distances, subspaces."""
