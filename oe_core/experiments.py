"""Experiments as data: which network meets which outliers, and which anomalies it is tested on.

An `Experiment` is one in-distribution's block of rows in a table of the paper; a detector's `Settings` make them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from oe_core.arguments import ArgumentError, check_choice
from oe_core.data.catalog import source_of
from oe_core.data.sources import Sources
from oe_core.errors import printable
from oe_core.recipe import Recipe, fine_tuned
from oe_core.scales import check_scale

DRAWS = {"smoke": 2, "demo": 10, "course": 10, "paper": 10}
SEEDS = {"smoke": 1, "demo": 1, "course": 1, "paper": 1}  # the paper trained each network once


@dataclass(frozen=True)
class Experiment:
    """A baseline, the same network with Outlier Exposure, and the anomalies that test both.

    seeds: trainings of each; draws: redraws of every test subset (the paper's "10 runs"). test_limit: test on that many
    examples of every set, the first of a seeded order; None: on all. between: further networks of the comparison by
    their role. in_place_of: the paper's in-distribution for which ours stands in.
    """

    scale: str
    baseline: Recipe
    exposed: Recipe
    out_dists: tuple[str, ...]
    seeds: int
    draws: int
    test_limit: int | None = None
    between: Mapping[str, Recipe] = field(default_factory=dict)
    in_place_of: str = ""

    @property
    def networks(self) -> dict[str, Recipe]:
        """Every recipe that is trained, by its role."""
        return {"baseline": self.baseline, **self.between, "exposed": self.exposed}

    @property
    def longer(self) -> Recipe:
        """A control for what exposure gains: the exposed network's recipe without the outliers."""
        return replace(self.exposed, name=f"{self.exposed.name.removesuffix('-oe')}-longer", outliers=None)

    @property
    def extent(self) -> str:
        """Its scale and, where schedules are shortened, what is left of them: "paper, 30 of 100 epochs and 3 of 10"."""
        return ", ".join(filter(None, (self.scale, self.exposed.shortening)))

    def shortened(self, share: float) -> Self:
        """The same with a `share` of every network's epochs; errors as `Recipe.shortened`."""
        cut = {role: recipe.shortened(share) for role, recipe in self.networks.items()}
        return replace(self, baseline=cut.pop("baseline"), exposed=cut.pop("exposed"), between=cut)


@dataclass(frozen=True)
class Row:
    """What changes where: {role of a network: {field of its recipe: value}}; the others inherit the baseline's.

    where: {"in_dist" | "scale" | an option: the value, or the values, with which the row counts}; {}: always.
    refused: why there is no such experiment. A "name" may hold {in_dist} and the options in braces.
    """

    changes: Mapping[str, Mapping[str, object]]
    where: Mapping[str, str | tuple[str, ...]]
    refused: str

    def counts(self, asked: Mapping[str, str]) -> bool:
        """Whether every condition holds of what is asked for."""
        return all(asked[key] in ((value,) if isinstance(value, str) else value) for key, value in self.where.items())


def row(
    baseline: Mapping[str, object] | None = None, exposed: Mapping[str, object] | None = None, *, refused: str = "",
    others: Mapping[str, Mapping[str, object]] | None = None, **where: str | tuple[str, ...],
) -> Row:  # fmt: skip
    """A `Row` of changes of the baseline, of the exposed network, and of others by their role."""
    return Row({"baseline": baseline or {}, "exposed": exposed or {}} | (others or {}), where, refused)


@dataclass(frozen=True)
class Settings:
    """All experiments of one detector.

    recipe: the kind of its recipes. rows: what changes where, later ones over earlier ones. default: the
    in-distribution whose rows serve every set that the paper does not have. in_dists: those of each scale. outliers,
    out_dists: by in-distribution, the `default`'s where it has none. sources: of a role's data. made: anomalies that
    have none. options: what may be asked for, {option: its choices, the usual one first}. between: how further
    networks are made, by role, where rows have changes for them: (baseline, outliers, changes) -> recipe. parent: the
    exposed one's start.
    """

    recipe: type[Recipe]
    rows: Sequence[Row]
    default: str
    in_dists: Mapping[str, tuple[str, ...]]
    outliers: Mapping[str, str]
    out_dists: Mapping[str, tuple[str, ...]]
    sources: Sources
    made: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=lambda: SEEDS)
    test_limit: Mapping[str, int] = field(default_factory=dict)
    between: Mapping[str, Callable[[Recipe, str, dict], Recipe]] = field(default_factory=dict)
    parent: str = "baseline"

    def experiment(
        self, in_dist: str, scale: str, *, outliers: str = "", out_dists: Sequence[str] = (), in_place_of: str = "",
        share: float = 1.0, **options: str,
    ) -> Experiment:  # fmt: skip
        """The experiment of one in-distribution; `outliers` and `out_dists` replace the paper's when given.

        An in-distribution that is made of another one gets its settings; one that the paper does not have gets those of
        `default`, or all of the experiment of `in_place_of`, in whose place a part of one of the paper's sets always
        is. share: of every schedule's epochs. Raises ValueError for an unknown name, listing the known ones, for a data
        set in two roles, for an experiment that there is not, and as `Recipe.shortened`.
        """
        asked = {"scale": check_scale(scale)} | {option: choices[0] for option, choices in self.options.items()}
        for option, value in options.items():
            check_choice("option", option, self.options)
            check_choice(option, value, self.options[option])
            asked[option] = value
        if in_place_of:
            check_choice("in_place_of", in_place_of, self.outliers)
        root = self.sources.root(in_dist)
        source, like = source_of(root), in_place_of or (root if root in self.outliers else self.default)
        outliers = outliers or self.outliers[like]
        out_dists = tuple(out_dists) or self.out_dists.get(like, self.out_dists[self.default])
        check_names(in_dist, outliers, out_dists, self.sources, self.made)
        return Experiment(
            scale, **self._networks(in_dist, outliers, asked | {"in_dist": like}), out_dists=out_dists,
            seeds=self.seeds[scale], draws=DRAWS[scale], test_limit=self.test_limit.get(scale),
            in_place_of=in_place_of or (source if source != root else ""),
        ).shortened(share)  # fmt: skip

    def _networks(self, in_dist: str, outliers: str, asked: Mapping[str, str]) -> dict:
        rows, named = [one for one in self.rows if one.counts(asked)], {**asked, "in_dist": in_dist}
        for one in rows:
            if one.refused:
                raise ArgumentError(one.refused.format(**named))
        baseline = self.recipe(**{"name": in_dist} | _merged(rows, "baseline", named), in_dist=in_dist)
        between = {
            role: made(baseline, outliers, _merged(rows, role, named))
            for role, made in self.between.items()
            if any(role in one.changes for one in rows)
        }
        exposed = fine_tuned(between.get(self.parent, baseline), outliers, **_merged(rows, "exposed", named))
        return {"baseline": baseline, "exposed": exposed, "between": between}


def _merged(rows: Iterable[Row], role: str, named: Mapping[str, str]) -> dict[str, object]:
    changes = {name: value for one in rows for name, value in one.changes.get(role, {}).items()}
    return changes | {"name": changes["name"].format(**named)} if "name" in changes else changes


def check_names(
    in_dist: str, outliers: str, out_dists: Sequence[str], sources: Sources, made: Iterable[str] = ()
) -> None:
    """Raise a ValueError for a name that is not known, listing those that are, and for a data set in two roles.

    Known are the names of `sources`, what is made of those, and `made`. Anomalies must not come from a set that is
    learned or lends outliers; those two may come from one, such as inliers and inliers under noise.
    """
    known = {*sources.known_names(), *made}
    for argument, name in [("in_dist", in_dist), ("outliers", outliers), *(("out_dists", key) for key in out_dists)]:
        if sources.root(name) not in known:
            ways = f"known are {printable(', '.join(sorted(known)))}, or put a folder at OE_DATA/{name}/"
            raise ArgumentError(f"{argument}: {name!r} is unknown; {ways}")
    # A stand-in may yet be found for a part of what has another role.
    check_roles(in_dist, outliers, out_dists, sources, parts=False)


def check_roles(in_dist: str, outliers: str, out_dists: Sequence[str], sources: Sources, parts: bool = True) -> None:
    """Raise a ValueError for a data set in two roles.

    Anomalies must not come from a set that is learned or lends outliers; those two may be made of one, such as inliers
    and inliers under noise. parts: parts of one set are that set, but two of them may be out-distributions.
    """
    roots = [sources.root(name) for name in (in_dist, outliers, *out_dists)]
    inside, seen, *unseen = map(source_of, roots) if parts else roots
    if in_dist == outliers or (inside == seen and roots[0] != roots[1]) or {inside, seen} & set(unseen):
        roles = f"in_dist={in_dist!r}, outliers={outliers!r} and out_dists={list(out_dists)}"
        raise ArgumentError(f"{roles} must be different data sets, and no parts of the same one: a detector is tested "
                            "on anomalies that it never saw")  # fmt: skip
