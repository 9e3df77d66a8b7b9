"""The networks that come with the package: put into a store before the book is built, and made of a store's runs.

`seed` is what `make book PRETRAINED=1` and `make runs PRETRAINED=1` call first, `make` what `make pretrained` calls.
"""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("pretrained")


import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import safetensors.torch
import torch
from commandline import add_wanted

from oe_core import Detector, Store, evaluate, experiment, kind_of, runs_root, substituted
from oe_core.atomic import DamagedFileError, write_record, write_whole
from oe_core.data.catalog import CATALOG
from oe_core.data.sources import MissingDataError
from oe_core.detector import saved
from oe_core.detector.checks import learned_classes
from oe_core.detector.pretrained import PRETRAINED, names, seed
from oe_core.detectors.kind import right
from oe_core.errors import printable
from oe_core.evaluation.asking import Asked
from oe_core.evaluation.evaluate import Evaluation
from oe_core.parts import held_out_part, training_part
from oe_core.runs.engine import jobs
from oe_core.runs.store import STAMP, WEIGHTS, Run
from oe_core.scales import check_scale
from runs import say_not_at_hand, wanted_jobs


@dataclass(frozen=True)
class Row:
    """An experiment whose networks come with the package: baseline, exposed and, if it has any, those between.

    variant: of the experiment; seeds: trainings of each. A network is called as its recipe, those of a seed other than
    0 with it: digits-oe-seed1.
    """

    in_dist: str
    detector: str
    scale: str
    variant: str = "paper"
    seeds: int = 1


# All of them are to stay below 20 MB: a pair for CIFAR-10 or CIFAR-100 takes 4.5 MB, one for a set of texts 2.8 MB.
ROWS = (
    Row("digits", "images", "demo", seeds=2),
    Row("mnist", "images", "course"),
    Row("cifar10", "images", "course"),
    Row("cifar100", "images", "course"),
    Row("trec", "text", "course"),
    # A detector is asked in one spelling, of which a network that reads the capitals of inliers alone knows half.
    Row("sst", "text", "course", variant="one-case"),
    Row("20newsgroups", "text", "course"),
)
# Half the bytes of float32. Measured for CIFAR-10: a score moves by 0.002 at most, AUROC by 0.0004 points.
STORED = torch.float16


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; 0, 1 where a network of ROWS could not be made, 2 for a wrong request."""
    options = _parse(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError, DamagedFileError) as error:
        print(f"pretrained.py: {error}", file=sys.stderr)
        return 2


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pretrained.py", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="command")
    one = commands.add_parser("seed", help="take those that the chapters need into the store of a scale")
    add_wanted(one)
    one.set_defaults(run=seeded)
    one = commands.add_parser("make", help=f"write those whose runs are in the store (OE_RUNS) into {PRETRAINED}")
    one.set_defaults(run=make)
    return parser.parse_args(arguments)


def seeded(options: argparse.Namespace) -> int:
    """Say of every network that comes with the package whether the chapters' store took it, and if not, why."""
    store = Store(runs_root() / check_scale(options.scale))
    wanted, not_run = wanted_jobs(store, options)
    say_not_at_hand(not_run)
    for name, became in seed(wanted, store.trained):
        print(f"pretrained {name}: {printable(became)}")
    return 0


def make(options: argparse.Namespace) -> int:
    """Write the networks of every row that is trained, and say of each other row what it lacks."""
    lacking = 0
    for row in ROWS:
        try:
            for name in made(row):
                print(f"{row.in_dist}: made {name}")
        except (ValueError, MissingDataError) as error:
            lacking += 1
            print(f"{row.in_dist}: left as it is: {error}")
    print(f"\n{table()}")
    return int(lacking > 0)


def made(row: Row) -> Iterator[str]:
    """Write the networks of a row, and give the name of each.

    Raises ValueError where one is not trained, or was trained by code that is no commit's, and MissingDataError.
    """
    store, plan = Store(runs_root() / row.scale), experiment(row.in_dist, row.scale, row.detector, variant=row.variant)
    recipes = substituted(plan).networks.values()
    wanted = [recipe.with_seed(number) for recipe in recipes for number in range(row.seeds)]
    for job in jobs(store, wanted):
        if not job.sound():
            raise ValueError(f"{job.name}, is not trained in {store.trained}: see make runs SCALE={row.scale}")
    with TemporaryDirectory() as folder:
        small = Store(Path(folder))
        for recipe in wanted:
            rounded(store.run(recipe), small.trained)
        measured = evaluate(small, plan, seeds=row.seeds)
        for (method, number), asked in measured.asked.items():
            name = asked.recipe.name + (f"-seed{number}" if number else "")
            detector(measured, method, asked).save(PRETRAINED / name)
            yield name


def rounded(run: Run, trained: Path) -> None:
    """Lay a run with its weights as STORED into `trained`; its stamp says so under "rounded"."""
    if run.stamp["dirty"] is not False:
        raise ValueError(f"{run.folder.name} was trained by code that is no commit's: from a clean checkout, "
                         "train it again")  # fmt: skip
    stored = {name: one.to(STORED) if one.is_floating_point() else one for name, one in run.weights.items()}
    if beyond := [name for name, tensor in stored.items() if not tensor.isfinite().all()]:
        raise ValueError(f"{run.folder.name}: {beyond[0]} has weights beyond those of {STORED}")
    payload, stamp = safetensors.torch.save(stored), {key: run.stamp[key] for key in run.stamp if key != "pretrained"}
    files = {WEIGHTS: {"sha256": write_whole(trained / run.folder.name / WEIGHTS, payload), "bytes": len(payload)}}
    stamp |= {"files": files, "rounded": str(STORED).removeprefix("torch.")}
    write_record(trained / run.folder.name / STAMP, stamp)


def detector(measured: Evaluation, method: str, asked: Asked) -> Detector:
    """The detector of one network, with its threshold, what was measured, and the terms of what it learned from.

    What it holds out of training sets its threshold, or the test set where it holds out nothing.
    """
    recipe, test = asked.recipe, measured.test
    inliers = measured.tests.load(recipe.in_dist, "train", *recipe.load_options)
    made = Detector.of_run(asked.run, inliers, held_out_part(inliers, recipe) if recipe.holdout else test)
    made.set_threshold()
    usual, labels = int(training_part(inliers, recipe).labels.bincount().argmax()), test.labels.numpy()
    made.findings = [learned_classes(right(asked.outputs(measured.tests.inside), test), labels, usual)]
    rows = [CATALOG[key] for key in (recipe.in_dist, recipe.outliers) if key]
    made.card |= {
        "terms": {row.title: row.terms for row in rows},
        "evaluation": {
            "accuracy": found(measured.quality, method=method, seed=recipe.seed)["accuracy"].item(),
            "guessing": 100 * float((labels == usual).mean()), "examples": len(test),
            "draws": measured.tests.experiment.draws, "out_dists": on_out_dists(measured, method, recipe.seed),
            "tests": measured.evidence()["tests"],
        },
    }  # fmt: skip
    return made


def found(frame: pd.DataFrame, **values: object) -> pd.DataFrame:
    """The rows that have these values."""
    return frame[(frame[list(values)] == pd.Series(values)).all(axis=1)]


def on_out_dists(measured: Evaluation, method: str, number: int) -> list[dict]:
    """FPR, AUROC and AUPR in percent on each out-distribution: of the score that the network was taught, over draws."""
    table = kind_of(measured.tests.experiment.baseline).main_columns[0].table
    records = found(measured.records, table=table, method=method, seed=number)
    means = records.pivot_table("value", "out_dist", "metric", sort=False)
    return means.reset_index().to_dict("records")


def table() -> str:
    """What the cards of all networks say, as the page of own data has it."""
    lines = [
        "| name | learned | outliers | accuracy (guessing) | FPR95 ↓, of texts FPR90 ↓ | AUROC ↑ | AUPR ↑ |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for name in names():
        card = saved.read_card(PRETRAINED / name)
        data, measured = card["run"]["data"], card["evaluation"]
        kept_out = {"inliers": card["run"]["recipe"].get("holdout", 0)}
        sets = [
            f"{one['n'] - kept_out.get(role, 0):,} of `{one['name']}`" if one else "none" for role, one in data.items()
        ]
        over = pd.DataFrame(measured["out_dists"]).mean(numeric_only=True)
        accuracy = f"{measured['accuracy']:.1f} ({measured['guessing']:.1f})"
        lines.append(f"| `{name}` | {' | '.join([*sets, accuracy, *(f'{value:.1f}' for value in over)])} |")
    return "\n".join(lines)

