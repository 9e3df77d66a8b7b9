"""What the networks of an experiment are asked about: the in-distribution's test set, and each out-distribution."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

from torch import Tensor

from oe_core.arguments import check_counts
from oe_core.data.anomalies import ANOMALIES, ANOMALY_NAMES, anomalies
from oe_core.data.catalog import CATALOG
from oe_core.data.derived import DERIVED
from oe_core.data.examples import ImageSet, TextSet, check_trainable
from oe_core.data.sources import MissingDataError
from oe_core.data.streams import AnyExamples
from oe_core.detectors.registry import kind_of
from oe_core.evaluation.records import OWN_FOLDER
from oe_core.evaluation.roles import TEST, TRAIN, overlaps
from oe_core.experiments import Experiment, check_roles
from oe_core.parts import held_out_part, limited
from oe_core.recipe import Recipe
from oe_core.runs.store import Load


@dataclass(frozen=True, eq=False)
class TestSet:
    """One set, ready to be scored: what it is called, and the inputs of a network, with their fingerprint.

    stand_in_for: the paper's name of the set that it replaces, or "". examples: behind the inputs, None for noise.
    """

    key: str
    printed: str
    stand_in_for: str
    fingerprint: str
    inputs: Callable[[], Tensor]
    examples: AnyExamples | None = None


@dataclass(frozen=True, eq=False)
class Tests:
    """An experiment whose data are at hand, and what its networks are asked about.

    experiment: as it is run. load: (name, split, *load_options) -> examples. inside: the in-distribution's test set.
    outs: the out-distributions at hand, or their stand-ins; missing: {printed name: why it was not run}. stand_ins:
    {printed name: what it stands in for} of in-distribution and outliers. overlaps: as `roles.overlaps`.
    """

    experiment: Experiment
    load: Load
    inside: TestSet
    outs: list[TestSet]
    missing: dict[str, str]
    stand_ins: dict[str, str]
    overlaps: list[dict]

    def named(self, out: TestSet, recipe: Recipe) -> dict[str, str]:
        """What records say of a network of `recipe` on `out`: every column but those of the measurement itself."""
        outliers = kind_of(recipe).printed(recipe.outliers, recipe) if recipe.outliers else ""
        replaced = {**self.stand_ins, out.printed: out.stand_in_for}
        return {
            "in_dist": self.inside.printed, "out_dist": out.printed, "outliers": outliers,
            "scale": self.experiment.scale,
            "stand_in_for": "; ".join(f"{own}={paper}" for own, paper in replaced.items() if paper),
            "shortened": recipe.shortening,
        }  # fmt: skip


def prepared(
    experiment: Experiment, load: Load | None = None, *, seeds: int | None = None, draws: int | None = None
) -> Tests:
    """The data of an experiment, brought together before any network is trained.

    load: for sets that the catalog does not know; None: as its networks' kind. seeds, draws: None: the experiment's.
    Raises MissingDataError when the in-distribution, the outliers or all out-distributions are not at hand; ValueError
    for seeds or draws below 1, for too little to learn from, and for equal data, or parts of one set, in two roles.
    """
    check_counts(seeds=seeds, draws=draws)
    wanted = experiment.exposed.outliers
    experiment = replace(substituted(experiment), seeds=seeds or experiment.seeds, draws=draws or experiment.draws)
    baseline, exposed = experiment.baseline, experiment.exposed
    kind = kind_of(baseline)
    load = cache(load or kind.load)
    test = limited(load(baseline.in_dist, "test", *baseline.load_options), experiment.test_limit)
    train = load(baseline.in_dist, "train", *baseline.load_options)
    if isinstance(train, ImageSet | TextSet):
        check_trainable(train, test, held_out=baseline.holdout / len(train), classified=kind.classifies)
    outs, missing = out_sets(experiment, len(test), load)
    if not outs:
        raise MissingDataError(f"none of {list(experiment.out_dists)} is at hand: " + " ".join(missing.values()))
    check_roles(baseline.in_dist, exposed.outliers, [out.key for out in outs], kind.sources)
    outliers = load(exposed.outliers, "train", *exposed.other_load_options)
    inside = _test_set(baseline.in_dist, test, baseline, load)
    in_place_of = experiment.in_place_of and kind.printed(experiment.in_place_of, baseline)
    replaced = replaces(outliers) if exposed.outliers == wanted else kind.printed(wanted, exposed)
    stand_ins = {inside.printed: in_place_of or inside.stand_in_for, kind.printed(exposed.outliers, exposed): replaced}
    roles = {
        TRAIN: train, "the outliers": outliers, TEST: test,
        **{f"the out-distribution {out.printed}": out.examples for out in outs if out.examples is not None},
    }  # fmt: skip
    return Tests(experiment, load, inside, outs, missing, stand_ins, overlaps(roles))


def substituted(experiment: Experiment) -> Experiment:
    """The experiment with its outliers, where they are not at hand, replaced by their stand-in.

    Raises MissingDataError when neither is at hand; the message says how to get them.
    """
    wanted, kind = experiment.exposed.outliers, kind_of(experiment.exposed)
    inside = [experiment.baseline.in_dist]
    present = kind.sources.resolve(wanted, "train", without=experiment.out_dists, apart_from=inside)
    between = {
        role: replace(recipe, outliers=present) if recipe.outliers == wanted else recipe
        for role, recipe in experiment.between.items()
    }
    return replace(experiment, between=between, exposed=replace(experiment.exposed, outliers=present))


def out_sets(
    experiment: Experiment, num_inliers: int, load: Load | None = None
) -> tuple[list[TestSet], dict[str, str]]:
    """The out-distributions at hand (or their stand-ins), and for each missing one the reason."""
    found, missing = [], {}
    recipe, kind = experiment.exposed, kind_of(experiment.exposed)
    load = load or cache(kind.load)
    for key in experiment.out_dists:
        if key in ANOMALIES:
            found.append(_generated(key, num_inliers, recipe))
        elif key in DERIVED:
            found.append(_derived(key, experiment, load))
        else:
            taken, trained_on = [*experiment.out_dists, *(out.key for out in found)], [recipe.in_dist, recipe.outliers]
            try:
                present = kind.sources.resolve(key, "test", without=taken, apart_from=trained_on)
            except MissingDataError as error:
                missing[kind.printed(key, recipe)] = str(error)
                continue
            examples = limited(load(present, "test", *recipe.other_load_options), experiment.test_limit)
            out = _test_set(present, examples, recipe, load)
            found.append(out if present == key else replace(out, stand_in_for=kind.printed(key, recipe)))
    return found, missing


def held_out(recipe: Recipe, load: Load) -> TestSet:
    """The part of the in-distribution's training set that `recipe` holds out."""
    part = held_out_part(load(recipe.in_dist, "train", *recipe.load_options), recipe)
    return _test_set("held-out", part, recipe, load)


def replaces(examples: AnyExamples) -> str:
    """What the tables say a set stands in for: the paper's name, "own folder" for the paper's set read from there."""
    taken_place = examples.origin == "folder" and examples.name in CATALOG
    return examples.stand_in_for or (OWN_FOLDER if taken_place else "")


def _test_set(key: str, examples: AnyExamples, recipe: Recipe, load: Load) -> TestSet:
    kind = kind_of(recipe)
    training = partial(load, recipe.in_dist, "train", *recipe.load_options)
    inputs = partial(kind.inputs, examples, recipe, training)
    return TestSet(key, kind.printed(examples.name, recipe), replaces(examples), examples.fingerprint, inputs, examples)


def _generated(key: str, count: int, recipe: Recipe) -> TestSet:
    size, signed = recipe.size, recipe.signed
    fingerprint = f"{key} count={count} size={size} signed={signed} seed=0" + (" grey" if recipe.grey else "")
    draw = partial(anomalies, key, count, size, signed, 0, grey=recipe.grey)
    return TestSet(key, ANOMALY_NAMES[key], "", fingerprint, draw)


def _derived(key: str, experiment: Experiment, load: Load) -> TestSet:
    recipe = experiment.baseline
    test = limited(load(recipe.in_dist, "test", *recipe.load_options), experiment.test_limit)
    printed = f"{key.capitalize()} {kind_of(recipe).printed(test.name, recipe)}"
    return replace(_test_set(key, DERIVED[key](test), recipe, load), printed=printed, stand_in_for="")
