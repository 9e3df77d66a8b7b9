"""Every kind of network: one line a detector."""

from collections.abc import Sequence
from dataclasses import fields

from oe_core.arguments import ArgumentError, check_choice
from oe_core.detectors.branch import BRANCH
from oe_core.detectors.density import DENSITY
from oe_core.detectors.gan import GAN
from oe_core.detectors.images import IMAGES
from oe_core.detectors.kind import Kind
from oe_core.detectors.language import LANGUAGE
from oe_core.detectors.objectives import OBJECTIVES
from oe_core.detectors.text import TEXT
from oe_core.experiments import Experiment, Settings
from oe_core.recipe import Recipe
from oe_core.scales import check_scale

KINDS: dict[str, Kind] = {kind.name: kind for kind in (IMAGES, TEXT, OBJECTIVES, BRANCH, GAN, DENSITY, LANGUAGE)}


def kind_of(recipe: Recipe) -> Kind:
    """The kind of a recipe's network."""
    return KINDS[recipe.KIND]


def in_dists(scale: str, detector: str = "images") -> tuple[str, ...]:
    """The in-distributions of a detector's experiments at one scale.

    >>> in_dists("demo"), in_dists("paper", "text")
    (('digits',), ('20newsgroups', 'trec', 'sst'))
    """
    return _settings(detector).in_dists[check_scale(scale)]


def experiment(
    in_dist: str, scale: str, detector: str = "images", *, outliers: str = "", out_dists: Sequence[str] = (), **options
) -> Experiment:
    """The experiment of one in-distribution at one scale with one detector.

    outliers, out_dists: replace the paper's when given. options: as the detector's settings have them, such as
    variant="code", which follows the official code where the text says otherwise; `in_place_of`, whose experiment
    another set gets; and `share`, of every schedule's epochs. Raises ValueError for unknown detectors, and as
    `Settings.experiment`.

    >>> plan = experiment("digits", "demo", out_dists=["gaussian", "font-letters"])
    >>> plan.exposed.outliers, plan.exposed.parent == plan.baseline, plan.longer.outliers
    ('photo-china', True, None)
    """
    return _settings(detector).experiment(in_dist, scale, outliers=outliers, out_dists=out_dists, **options)


def _settings(detector: str) -> Settings:
    check_choice("detector", detector, (name for name, kind in KINDS.items() if kind.settings))
    return KINDS[detector].settings


def recipe_from_json(values: dict) -> Recipe:
    """The inverse of `Recipe.to_json`. Raises ValueError for an unknown kind or field, naming the known kinds."""
    name, values = values.get("kind", ""), {field: value for field, value in values.items() if field != "kind"}
    check_choice("kind", name, KINDS)
    recipe, parent = KINDS[name].recipe, values.get("parent")
    unknown = sorted(set(values) - {field.name for field in fields(recipe)})
    if unknown:
        raise ArgumentError(f"{recipe.__name__} has unknown fields {unknown}")
    return recipe(**{**values, "parent": recipe_from_json(parent) if parent else None})
