"""Which network and data a measured number rests on, and how they are not the paper's.

A network is the paper's where its recipe, which the evidence has, is one of the paper's experiment. A set is where it
was generated, or read from the catalog's files, whose published hashes were checked, or where its content was shown to
be that of the published files (`equal.csv`). The name of a folder shows nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from oe_core.data.catalog import CATALOG, printed_name
from oe_core.detectors.registry import KINDS, recipe_from_json
from oe_core.evaluation.holdout import calibration_experiment
from oe_core.evaluation.records import OWN_FOLDER
from oe_core.experiments import Settings
from oe_core.paper import comparison, index
from oe_core.paper.render import MEAN, replaced
from oe_core.paper.results import Source
from oe_core.recipe import Recipe

# key and split of a set, the fingerprint of its examples, and how they were shown to be those of the published files.
EQUAL = pd.read_csv(Path(__file__).with_name("equal.csv"))
_KNOWN_UNLIKE = {
    name: f"{name}, of which the paper had {row.unlike}"
    for row in CATALOG.values() if row.unlike for name in (row.printed_name, *row.stream_names.values())
}  # fmt: skip


def _stand_ins() -> Mapping[str, list[str]]:
    """The printed names of what may stand in for a set of the paper, by its printed name, as the catalog has them."""
    found = defaultdict(list)
    for row in CATALOG.values():
        found[row.printed_name] += map(printed_name, row.stand_ins)
    return found


_STAND_INS = _stand_ins()


def _network(recipe: Recipe) -> str:
    """The digest of a recipe, whatever its seed and the name of its outliers."""
    return replace(recipe.with_seed(0), outliers=recipe.outliers and "outliers").digest


@dataclass(frozen=True, eq=False)
class Block:
    """What one evaluation measured of one in-distribution for one table. own: the in-distribution as in the records."""

    source: Source
    table: int
    own: str

    @cached_property
    def records(self) -> pd.DataFrame:
        """As in the file, the rows that the table shows alone."""
        chosen = index.row(self.table).shown(self.source.records)
        return chosen[chosen["in_dist"] == self.own]

    @cached_property
    def in_dist(self) -> str:
        """The in-distribution as the table prints it: its own name, or the name of what it stands in for."""
        original = self._replaced.get(self.own, OWN_FOLDER)
        return index.row(self.table).title_of(self.own if original == OWN_FOLDER else original)

    @cached_property
    def in_place(self) -> dict[str, str]:
        """{the paper's out-distribution: the tested set in its place}: itself, else the best of its stand-ins.

        Empty for an in-distribution that the table does not print. Stand-ins go by the order of the catalog, then by
        what the records say; one that the table prints stands for no other set.
        """
        printed = comparison.paper_table(self.table)
        wanted = dict.fromkeys(printed[printed["in_dist"] == self.in_dist]["out_dist"])
        tested = {*self.records["out_dist"], MEAN}
        found = {}
        for name in wanted:
            declared = [own for own, original in self._replaced.items() if original == name]
            others = [own for own in (*_STAND_INS.get(name, ()), *declared) if own not in wanted]
            if present := [own for own in (name, *others) if own in tested]:
                found[name] = present[0]
        return found

    def unlike(self, out_dist: str, outliers: str) -> str:
        """How network and data behind a number are not the paper's, in words; "" where they are.

        out_dist: as the table prints it. outliers: as in the records, "" for a network that saw none.
        """
        exposure = self._unlike(outliers, self._papers_outliers) if outliers else ""
        inside = self._unlike(self.own, self.own)
        tested = self._unlike_mean if out_dist == MEAN else self._unlike(self.in_place[out_dist], out_dist)
        return "; ".join(filter(None, (self._unlike_network, inside, exposure, tested)))

    @cached_property
    def _unlike_network(self) -> str:
        if self.source.scale != "paper":
            return f"scale {self.source.scale}"
        try:
            recipes = [recipe_from_json(stamp["recipe"]) for stamp in self.source.evidence.get("runs", [])]
        except ValueError:
            return "recipes of another version"
        if not recipes:
            return "no evidence"
        if recipes[0].in_dist not in self._settings.outliers:
            return ""  # no set of the paper, which is said of the in-distribution
        known = {_network(recipe) for recipe in self._papers_networks(recipes[0])}
        return "" if known.issuperset(map(_network, recipes)) else "another network or training"

    @property
    def _settings(self) -> Settings:
        return KINDS[index.row(self.table).detector].settings

    def _papers_networks(self, asked: Recipe) -> Iterable[Recipe]:
        """The networks of the paper's experiment with the in-distribution of a recipe."""
        settings = self._settings
        options = {option: getattr(asked, option) for option in settings.options if hasattr(asked, option)}
        if asked.model.startswith("allconv"):
            options["network"] = "allconv"
        make = calibration_experiment if "held_out" in self.source.evidence else settings.experiment
        return make(asked.in_dist, "paper", **options).networks.values()

    def _unlike(self, own: str, wanted: str) -> str:
        original = self._replaced.get(own, "")
        if original not in ("", OWN_FOLDER):
            return f"{own} for {original}"
        if own != wanted:
            return f"{own} for {wanted}"
        if original == OWN_FOLDER and not self._shown_equal(own):
            return f"{own} from a folder"
        return _KNOWN_UNLIKE.get(own, "")

    def _shown_equal(self, own: str) -> bool:
        content = self._content.get(own, set())
        return bool(content) and content <= set(EQUAL["fingerprint"])

    @cached_property
    def _unlike_mean(self) -> str:
        tested = set(self.records["out_dist"])
        if tested != comparison.paper_out_dists(self.table, self.in_dist):
            return "a mean over other sets"
        return "a mean over other data" if any(self._unlike(name, name) for name in tested) else ""

    @cached_property
    def _replaced(self) -> dict[str, str]:
        return replaced(self.records)

    @cached_property
    def _content(self) -> Mapping[str, set[str]]:
        """The fingerprints of each set by its printed name, as the evidence has them."""
        evidence, found = self.source.evidence, defaultdict(set)
        for name, test in evidence.get("tests", {}).items():
            found[name].add(test["data"])
        found[self.own] |= {evidence["in_dist_test"]["sha256"]} if "in_dist_test" in evidence else set()
        for data in (stamp["data"] for stamp in evidence.get("runs", [])):
            found[self.own].add(data["inliers"]["fingerprint"])
            if data.get("outliers"):
                found[printed_name(data["outliers"]["name"])].add(data["outliers"]["fingerprint"])
        return found

    @property
    def _papers_outliers(self) -> str:
        by_name = {
            index.row(self.table).title_of(name): printed_name(outliers)
            for key, outliers in self._settings.outliers.items() if key in CATALOG
            for name in (CATALOG[key].printed_name, *CATALOG[key].stream_names.values())
        }  # fmt: skip
        return by_name[self.in_dist]
