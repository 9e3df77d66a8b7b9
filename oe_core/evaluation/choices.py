"""The design choices of section 5 and the appendices as data: which networks the tests of chapters 9 and 12 compare.

All of them are known before any is trained, so that `make runs` trains them, but for those of `LATER`.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from oe_core.arguments import ArgumentError
from oe_core.data.catalog import CATALOG, source_of
from oe_core.data.sources import IMAGES, TEXTS, MissingDataError, load_images
from oe_core.detectors.gan.recipe import GanRecipe
from oe_core.detectors.images.settings import MADE
from oe_core.detectors.objectives.recipe import with_objective
from oe_core.detectors.registry import experiment, in_dists
from oe_core.evaluation.test_sets import substituted
from oe_core.experiments import Experiment
from oe_core.recipe import Recipe, fine_tuned, from_scratch

Recipes = Mapping[str, Recipe]  # by their setting, as the tables name it

NOISE, OTHER_NOISES = 0.2, (0.05, 0.8)  # on inliers, of the range from black to white; the text does not say
TAIL = 20  # how many times as large as the last class the first one is, where classes are imbalanced
# Fine-tuning on SVHN, or on the digits that stand in for it, where text and code disagree.
SCHEDULES = {"text": {"epochs": 10, "learning_rate": 0.001}, "code": {"epochs": 5, "learning_rate": 0.0001}}
LENDERS = {"digits": "font-letters", "cifar10": "cifar100", "cifar100": "cifar10"}  # labelled sets as outliers
MEETING = ("oe_weight", "outlier_batch_size", "outlier_crop_padding", "outlier_flip", "outlier_order", "outlier_limit")
LONGER = "longer, without"  # the setting of the control: as many further epochs as fine-tuning has, without outliers
# What anybody may cite and use: photographs and textures made of them, scenes, what fonts hold, shapes, mixtures of
# inliers. {own} are the outliers of an experiment, {in_dist} its inliers, {count} is how many are taken.
SOURCES = (
    "{own}~part={count}", "{own}~part={count}~phases", "places-mini~part={count}", "font-letters~part={count}",
    "font-icons~part={count}", "dead-leaves~part={count}", "{in_dist}~mixed={count}",
)  # fmt: skip
# Networks that another, trained one determines, by the names of their recipes.
GENERATED, MARGINS = "generated images", "energy margins"
LATER = {
    GENERATED: "its outliers are what a trained GAN generates",
    MARGINS: "its margins are quantiles of a trained baseline's energies",
}


@dataclass(frozen=True)
class Choice:
    """One test: the networks that it compares, and the experiment on whose test sets they are measured."""

    tests: Experiment
    recipes: Recipes


def choices(
    plan: Experiment, all_convolutional: Experiment, words: Experiment, *, weights: Sequence[float],
    counts: Sequence[int], classes: Sequence[int] = (), lender: str = "", share: float = 1.0,
) -> dict[str, Choice]:  # fmt: skip
    """Every test by its topic; what lends outliers to one of its networks is not among its test sets.

    plan, all_convolutional: of one in-distribution of images; words: as `text_plan`. weights: lambdas. counts: how many
    outliers there are at all. classes: of how many classes they are, (): of a few to all. lender: the set that has
    these, and that takes the outliers' place, "": that of LENDERS. share: of every schedule's epochs, which is that of
    the plans. Nothing is loaded but the lender's labels. Errors as those of the recipes, and as `load_images`.
    """
    recipes = _of_training(plan, weights, share) | _activations(all_convolutional)
    recipes |= _of_outliers(plan, counts, lender) | _few_classes(plan, classes, lender) | _of_losses(plan)
    found = {topic: Choice(_tests(plan, compared), compared) for topic, compared in recipes.items()}
    return found | {"text": _raw_and_close(words), "prior": _long_tailed(plan)}


def of_sources(plan: Experiment, counts: Sequence[int], sources: Sequence[str] = SOURCES) -> Choice:
    """Networks taught by `counts` outliers of each of the `sources`, as "source, count", beside the one without any.

    Left out are sources that are not at hand, that have too few images, or that `plan` tests on. A test set whose
    relatives lend outliers gives way to a stand-in, or goes. Raises ValueError for a source without {count}, and for an
    unknown name.
    """
    recipes: dict[str, Recipe] = {"without": plan.baseline}
    for source in sources:
        if "{count}" not in source:
            raise ArgumentError(
                f"sources: {source!r} does not say where the number of images goes; write {{count}} there"
            )
        printed = re.sub("(~part)?={count}", "", source)
        for count in counts:
            roles = {"own": plan.exposed.outliers, "in_dist": plan.baseline.in_dist, "count": count}
            name = source.format(**roles)
            IMAGES.check_name(name)
            if IMAGES.root(name) not in plan.out_dists and _lends(name, count):
                recipes[f"{printed.format(**roles)}, {count}"] = _taught_by(plan, name)
    return Choice(replace(plan, out_dists=_apart(plan, recipes)), recipes)


def _lends(name: str, count: int) -> bool:
    """Whether the set that `name` is made of is at hand and, as far as the catalog knows, has so many images."""
    root = IMAGES.root(name)
    held = CATALOG[root].splits.get("train") if root in CATALOG and "~part=" in name else None
    return bool(IMAGES.available(root, "train")) and (held is None or count <= held)


def _apart(plan: Experiment, recipes: Recipes) -> tuple[str, ...]:
    """The out-distributions, or stand-ins, of which no relative lends outliers to any of the `recipes`."""
    lenders, found = [IMAGES.root(recipe.outliers) for recipe in recipes.values() if recipe.outliers], []
    for name in plan.out_dists:
        with suppress(MissingDataError):
            taken = [*plan.out_dists, *found]
            present = name if name in MADE else IMAGES.resolve(name, "test", without=taken, apart_from=lenders)
            if source_of(present) not in map(source_of, lenders):
                found.append(present)
    return tuple(found)


def text_plan(scale: str, in_dist: str = "", share: float = 1.0) -> Experiment:
    """Chapter 3's experiment with `in_dist`, "": with the first at hand; at scale demo with a third of its texts.

    share: of every schedule's epochs.
    """
    known = in_dists(scale, "text")
    first = next((name for name in known if TEXTS.available(name, "train")), known[0])
    plan = at_hand(experiment(in_dist or first, scale, "text", share=share))
    less = {"limit": 1_500, "length": 100} if scale == "demo" else {}
    baseline = replace(plan.baseline, **less)
    return replace(plan, baseline=baseline, exposed=replace(plan.exposed, parent=baseline, **less))


def generator(plan: Experiment, share: float = 1.0) -> GanRecipe:
    """Chapter 5's GAN beside a classifier of what `plan` learns, with images of the size of its networks.

    share: of every schedule's epochs.
    """
    roles = {"outliers": plan.exposed.outliers, "out_dists": plan.out_dists}
    gan = experiment(plan.baseline.in_dist, plan.scale, "gan", **roles, share=share)
    return replace(gan.networks["synthetic"], size=plan.baseline.size)


def at_hand(plan: Experiment) -> Experiment:
    """`plan` with outliers that are at hand; as it is where none are, so that its training says what is missing."""
    with suppress(MissingDataError):
        return substituted(plan)
    return plan


def _tests(plan: Experiment, recipes: Recipes) -> Experiment:
    lenders = {IMAGES.root(recipe.outliers) for recipe in recipes.values() if recipe.outliers}
    return replace(plan, out_dists=tuple(name for name in plan.out_dists if name not in lenders))


def _of_training(plan: Experiment, weights: Sequence[float], share: float) -> dict[str, Recipes]:
    base, exposed = plan.baseline, plan.exposed
    scratch = from_scratch(base, exposed.outliers, **{field: getattr(exposed, field) for field in MEETING})
    # The control: what fine-tuning does without any outlier.
    longer = replace(base, name=f"{base.name}, longer", parent=base, epochs=exposed.epochs,
                     whole_epochs=exposed.whole_epochs, learning_rate=exposed.learning_rate)  # fmt: skip
    topics = {
        "scratch": {"without": base, LONGER: longer, "fine-tuned": exposed, "from scratch": scratch},
        "weight": {f"{weight:g}": replace(exposed, name=f"weight {weight:g}", oe_weight=weight) for weight in weights},
    }
    if base.in_dist in ("svhn", "svhn-10k", "digits"):
        whole = {who: replace(exposed, name=f"{base.in_dist} tuned as in the {who}", whole_epochs=None, **changes)
                 for who, changes in SCHEDULES.items()}  # fmt: skip
        tuned = {f"fine-tuned as in the {who}": recipe.shortened(share) for who, recipe in whole.items()}
        topics["schedule"] = {"without": base, **tuned}
    return topics


def _activations(plan: Experiment) -> dict[str, Recipes]:
    if plan.baseline.model.startswith("allconv-relu"):  # Tiny ImageNet's has ReLUs in the code as well
        return {}
    of_code = {"GELU, without": plan.baseline, "GELU, with": plan.exposed}
    of_text = {setting.replace("GELU", "ReLU"): _with_relu(recipe) for setting, recipe in of_code.items()}
    return {"activation": of_code | of_text}


def _with_relu(recipe: Recipe) -> Recipe:
    model, parent = recipe.model.replace("allconv-", "allconv-relu-"), recipe.parent and _with_relu(recipe.parent)
    return replace(recipe, name=f"{recipe.name}, ReLU", model=model, parent=parent)


def _taught_by(plan: Experiment, outliers: str) -> Recipe:
    return replace(plan.exposed, name=outliers, outliers=outliers, outlier_limit=None)


def _of_outliers(plan: Experiment, counts: Sequence[int], lender: str) -> dict[str, Recipes]:
    base, exposed, own, in_dist = plan.baseline, plan.exposed, plan.exposed.outliers, plan.baseline.in_dist
    noise = {sigma: _taught_by(plan, f"{in_dist}~noise={sigma:g}") for sigma in (NOISE, *OTHER_NOISES)}
    parts = {f"{count} outliers": _taught_by(plan, f"{own}~part={count}") for count in counts}
    instead, order, batch = lender or LENDERS.get(in_dist, "cifar10"), exposed.outlier_order, exposed.outlier_batch_size
    other = "contiguous" if order == "shuffled" else "shuffled"
    return {
        "outliers": {"without": base, "all outliers": exposed, "noisy inliers": noise[NOISE], **parts},
        "instead": {"without": base, f"outliers: {own}": exposed, f"outliers: {instead}": _taught_by(plan, instead)},
        "order": {f"{order}, {batch} a batch": exposed,
                  f"{other}, {batch} a batch": replace(exposed, name=other, outlier_order=other),
                  f"{order}, {batch // 4} a batch": replace(exposed, name="fewer", outlier_batch_size=batch // 4)},
        "noise": {"without": base, **{f"noise {sigma}": noise[sigma] for sigma in OTHER_NOISES}, "real": exposed},
    }  # fmt: skip


def _few_classes(plan: Experiment, classes: Sequence[int], lender: str) -> dict[str, Recipes]:
    """Equally many images of few classes and of many."""
    lender, named = lender or LENDERS.get(plan.baseline.in_dist, "cifar100"), {}
    if IMAGES.available(lender, "train"):
        labelled = load_images(lender, "train", plan.baseline.size)
        total = len(labelled.classes)
        counts = classes or sorted({max(1, total // 10), max(1, 3 * total // 10), max(1, total // 2), total})
        images = counts[0] * int(labelled.labels.bincount().min())
        named = {f"{count} classes": f"{lender}~classes={count},images={images}" for count in counts}
    # A set that is not at hand stands here by its name: what trains on it says how to get it.
    taught = {setting: _taught_by(plan, name) for setting, name in (named or {lender: lender}).items()}
    return {"classes": {"without": plan.baseline, **taught}}


def _of_losses(plan: Experiment) -> dict[str, Recipes]:
    base, exposed = plan.baseline, plan.exposed
    hard, outputs = with_objective(exposed, "hard-outliers"), {"softmax, without": base, "softmax, with": exposed}
    for objective in ("multilabel", "reject-class"):
        start = outputs[f"{objective}, without"] = with_objective(base, objective)
        outputs[f"{objective}, with"] = _tuned(start, exposed)
    of_hard = {"all outliers": exposed, f"hardest {hard.hard_share:.0%}": hard}
    return {"hard": of_hard, "outputs": outputs, "energy": {"MSP, uniform": exposed}}


def _long_tailed(plan: Experiment) -> Choice:
    in_dist = plan.baseline.in_dist
    start = replace(plan.baseline, name=f"long-tailed {in_dist}", in_dist=f"{in_dist}~tail={TAIL:g}", holdout=0)
    uniform = _tuned(start, plan.exposed)
    recipes = {"without": start, "uniform": uniform, "class prior": with_objective(uniform, "class-prior")}
    return Choice(replace(plan, baseline=start, exposed=uniform), recipes)


def _tuned(start: Recipe, like: Recipe) -> Recipe:
    settings = {field: getattr(like, field) for field in (*MEETING, "epochs", "whole_epochs", "learning_rate")}
    return fine_tuned(start, like.outliers, **settings)


def _raw_and_close(words: Experiment) -> Choice:
    raw = f"{words.exposed.outliers}~raw"
    of_raw = replace(words.exposed, name=f"{words.baseline.in_dist}, raw outliers", outliers=raw)
    return Choice(words, {"without": words.baseline, "raw": of_raw, "brought close": words.exposed})
