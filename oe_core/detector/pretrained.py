"""Small networks that come with the package: folders of saved detectors, whose runs a store takes in.

`book/pretrained.py` makes them of a store's runs, and rounds their weights to 16 bits; so has the run that is taken in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

from oe_core.arguments import check_choice
from oe_core.atomic import read_whole, write_record, write_whole
from oe_core.detector import saved
from oe_core.detectors.registry import kind_of, recipe_from_json
from oe_core.recipe import Recipe
from oe_core.runs.carry import CarryError, take_in
from oe_core.runs.engine import Job
from oe_core.runs.store import HASH_DIGITS, STAMP, WEIGHTS, facts, training_sets

PRETRAINED = Path(__file__).resolve().parents[1] / "pretrained"


def names() -> list[str]:
    """The networks that come with the package."""
    return sorted(path.parent.name for path in PRETRAINED.glob(f"*/{saved.CARD}"))


def folder_of(name: str) -> Path:
    """Where a network lies. Raises ValueError for an unknown name, listing the known ones."""
    check_choice("name", name, names())
    return PRETRAINED / name


def seed(wanted: Iterable[Job], trained: Path) -> Iterator[tuple[str, str]]:
    """Take the networks that are wanted into `trained`, the folder of a store's runs; (name, what became of it) each.

    A network is taken where recipe and data are those of a job; the store then finds its run, bit for bit but for the
    stamp's "pretrained", which is its name. Nothing that is there is replaced. Raises DamagedFileError naming the
    network's file.
    """
    jobs = {job.identity: job for job in wanted}
    for name in names():
        stamp = saved.read_card(PRETRAINED / name)["run"]
        job = jobs.get(stamp["identity"])
        yield name, _taken(name, stamp, job, trained) if job else f"left out: {_why_not(stamp, jobs.values())}"


def _taken(name: str, stamp: dict, job: Job, trained: Path) -> str:
    payload = read_whole(PRETRAINED / name / saved.WEIGHTS, stamp["files"][WEIGHTS]["sha256"])

    def write(staging: Path) -> None:
        write_whole(staging / job.folder.name / WEIGHTS, payload)
        write_record(staging / job.folder.name / STAMP, stamp | {"pretrained": name})

    try:
        (became,) = take_in(write, trained).values()
    except CarryError as error:
        return f"left out: {error}"
    return became


def _why_not(stamp: dict, jobs: Iterable[Job]) -> str:
    """What the nearest of the jobs has otherwise: of its data, where the recipe is the same, else of its recipe."""
    recipe = recipe_from_json(stamp["recipe"])
    near = [job.recipe for job in jobs if (job.recipe.KIND, job.recipe.in_dist) == (recipe.KIND, recipe.in_dist)]
    if not near:
        return f"recipe: nothing that is asked for learns {recipe.in_dist} with the detector {recipe.KIND}"
    found = min(near, key=lambda other: len(_differences(recipe, other)))
    if differences := _differences(recipe, found):
        return f"recipe: {found.name} is asked for with {', '.join(differences)}"
    sets = zip(stamp["data"].values(), training_sets(found, kind_of(found).load), strict=True)
    others = [(was, facts(examples)) for was, examples in sets if was]
    said = [
        f"{now['name']} has {now['n']} examples ({now['fingerprint'][:HASH_DIGITS]}), it learned from "
        f"{was['n']} ({was['fingerprint'][:HASH_DIGITS]})"
        for was, now in others
        if was["fingerprint"] != now["fingerprint"]
    ]
    return f"data: {'; '.join(said) or 'its parent learned from others'}"


def _differences(ours: Recipe, theirs: Recipe) -> list[str]:
    """What `theirs`, or its parent, has otherwise."""
    names = [field.name for field in fields(ours) if field.name not in (*ours.LABELS, "parent")]
    values = ((name, getattr(ours, name), getattr(theirs, name)) for name in names)
    found = [f"{name}={other!r}" for name, own, other in values if own != other]
    if ours.parent and theirs.parent:
        found += [f"parent {one}" for one in _differences(ours.parent, theirs.parent) if one not in found]
    elif ours.parent != theirs.parent:
        found.append("another parent")
    return found
